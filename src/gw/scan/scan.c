#include "gw/scan/scan.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clean.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/scan/avast.h"
#include "gw/scan/custom.h"
#include "gw/scan/scan_int.h"
#include "gw/track/lines.h"
#include "lib/clamd/clamd.h"

enum {
	SPAM_READ_CHUNK = 16 * 1024, /* a mail is cut for the spam engine at a multiple of this */
	SPAM_ENOUGH = 5,	     /* points from elsewhere that make the engine unnecessary */
	LOG_HITS_MAX = 6000,	     /* bytes of the list of hits in the log */
	LOG_HEADER_MAX = 512,	     /* bytes of a header in the log */
};

/* filter.md 4.2: what the receiving side is told about a mail that clients may read differently. */
static void judge_structure(struct scan *s)
{
	struct str what = mime_anomaly_list(s->a, s->anomalies);

	if (s->ambiguous) {
		log_warn("message has ambiguous content - adding header: %.*s", STR_ARG(what));
		s->broken = STR("ambiguous content");
	} else if (mime_is_broken(s->mime)) {
		log_warn("message caused errors during parsing: %.*s - adding header",
			 STR_ARG(what));
		s->broken = STR("caused errors while parsing");
	}
}

static struct str header_for_log(struct scan *s, struct str name)
{
	const struct mime_header *h = mime_find(s->mime, name);

	return h ? str_trim(str_sub(mime_header_text(s->a, h), 0, LOG_HEADER_MAX)) : STR_NONE;
}

static void log_mail_headers(struct scan *s)
{
	struct buf rcpt;

	buf_init(&rcpt, s->a, LOG_HITS_MAX);
	for (size_t i = 0; i < s->env->n_rcpt; i++)
		buf_addf(&rcpt, "%s%.*s", i ? ", " : "", STR_ARG(s->env->rcpt[i].address));
	line_headers(s->env->sender, str_sub(buf_str(&rcpt), 0, LOG_HEADER_MAX),
		     header_for_log(s, STR("From")), header_for_log(s, STR("To")),
		     header_for_log(s, STR("Subject")));
}

static struct str client_ip(const struct smtp_envelope *env)
{
	struct str addr = env->xforward_addr;

	return str_istarts(addr, STR("IPv6:")) ? str_from(addr, 5) : addr;
}

int scan_open(struct arena *a, const struct scan_context *ctx, const char *id, const char *path,
	      struct str raw, const struct smtp_envelope *env, bool trusted, time_t now,
	      int64_t deadline, struct scan **out, struct err *e)
{
	struct mime_limits limits = { .parts = (uint32_t)ctx->cfg->clamav.archivemaxfiles };
	struct scan *s = NEW(a, struct scan);

	if (ctx->cfg->clamav.archivemaxfiles > MIME_PARTS_MAX)
		limits.parts = 0;
	*s = (struct scan){
		.a = a, .ctx = ctx, .env = env, .id = id, .path = path, .raw = raw,
		.trusted = trusted, .client_ip = client_ip(env), .now = now, .deadline = deadline,
	};
	if (mime_parse(a, raw, &limits, &s->mime, e) < 0)
		return err_wrap(e, "unable to parse message");
	mime_read_again(a, s->mime, &limits, &s->readings);
	s->anomalies = s->mime->mail->anomalies | s->readings.anomalies;
	s->ambiguous = s->anomalies & MIME_AMBIGUOUS || s->readings.cut;
	s->parts = s->mime->mail->parts;
	s->n_parts = s->mime->mail->part_count;
	s->types = NEW_N(a, struct scan_types *, s->n_parts);
	s->message_id = mime_message_id(a, s->mime);
	line_new_mail(s->message_id);
	if (ctx->cfg->mail.log_headers)
		log_mail_headers(s);
	judge_structure(s);
	*out = s;
	return 0;
}

/* Custom check: whatever goes wrong in it, the mail goes on. */
static void run_custom_check(struct scan *s)
{
	const struct cfg_admin *admin = &s->ctx->cfg->admin;
	struct custom_result result;
	int64_t start = net_now();

	if (!admin->custom_check)
		return;
	custom_check(s->a, str_z(s->a, admin->custom_check_path), s->path, s->deadline, &result);
	s->ms_custom = net_now() - start;
	s->custom_score = result.score;
	if (result.virus.n == 0)
		return;
	s->virus = result.virus;
	line_virus(str_fmt(s->a, "%.*s (custom)", STR_ARG(result.virus)));
}

/* A name from a scanner: a virus, or a heuristic that only counts as spam. */
static void note_virus(struct scan *s, struct str name, const char *scanner)
{
	const struct str heuristics = STR("Heuristics.");
	struct str full;

	if (name.n == 0)
		return;
	full = str_fmt(s->a, "%.*s (%s)", STR_ARG(name), scanner);
	line_virus(full);
	if (str_starts(name, heuristics))
		s->heuristic = str_from(full, heuristics.n);
	else
		s->virus = full;
}

static int run_clamav(struct scan *s, int fd, struct err *e)
{
	struct str name;

	if (clamd_scan(s->a, s->ctx->clamd_socket, fd, s->deadline, &name, e) < 0)
		return err_wrap(e, "ClamAV");
	note_virus(s, name, "clamav");
	return 0;
}

static int run_avast(struct scan *s, const char *path, struct err *e)
{
	struct str name;

	if (avast_scan(s->a, path, s->deadline, &name, e) < 0)
		return err_wrap(e, "Avast");
	note_virus(s, name, "avast");
	return 0;
}

static int run_scanners(struct scan *s, const char *path, int fd, struct err *e)
{
	const struct cfg_admin *admin = &s->ctx->cfg->admin;

	if (!s->virus.n && admin->avast && run_avast(s, path, e) < 0)
		return -1;
	if (!s->virus.n && admin->clamav && run_clamav(s, fd, e) < 0)
		return -1;
	return 0;
}

static int scan_raw(struct scan *s, struct err *e)
{
	CLEAN_FD int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_sys(e, "open %s", s->path);
	return run_scanners(s, s->path, fd, e);
}

/* A file that never was on a disk; the scanners find it by descriptor, or by its number. */
static int scan_readings(struct scan *s, struct err *e)
{
	CLEAN_FD int fd = -1;
	bool complete;

	if (readings_file(s, &fd, &complete, e) < 0)
		return err_wrap(e, "readings");
	if (!complete && !s->heuristic.n)
		s->heuristic = STR("Limits.Readings (mime)");
	return run_scanners(s, str_z(s->a, str_fmt(s->a, "/proc/%d/fd/%d", getpid(), fd)), fd, e);
}

/* The beginning of the mail that the engine looks at: filter.md 5.6. */
static struct str for_engine(const struct scan *s)
{
	size_t max = (size_t)cfg_spam_size(s->ctx->cfg);

	max = (max + SPAM_READ_CHUNK - 1) / SPAM_READ_CHUNK * SPAM_READ_CHUNK;
	return str_sub(s->raw, 0, max < SPAM_MAIL_MAX ? max : SPAM_MAIL_MAX);
}

static int begin_engine(struct scan *s, struct err *e)
{
	struct spam_envelope env = { s->env->sender, true, s->raw.n, s->now, s->ctx->network };

	if (spam_check_begin(s->a, s->ctx->spam, for_engine(s), &env, &s->check, e) < 0)
		return err_wrap(e, "spam engine");
	return 0;
}

static bool begins_early(const struct scan *s)
{
	return s->ctx->spam && s->ctx->network && !s->trusted &&
	       spam_rules_use_network(s->ctx->spam);
}

int scan_content(struct scan *s, struct err *e)
{
	const struct cfg_admin *admin = &s->ctx->cfg->admin;
	int64_t start;

	if (begins_early(s) && begin_engine(s, e) < 0)
		return -1;
	run_custom_check(s);
	start = net_now();
	if (!s->virus.n && (admin->avast || admin->clamav)) {
		if (scan_raw(s, e) < 0)
			return -1;
		if (!s->virus.n && readings_wanted(s) && scan_readings(s, e) < 0)
			return -1;
	}
	s->ms_clam = net_now() - start;
	return 0;
}

static struct str type_of_body(struct scan *s, const struct mime *part)
{
	if (part->child || mime_is_multipart(part))
		return STR_NONE;
	return magic_of_bytes(s->ctx->magic,
			      mime_body_start(s->a, part, magic_head(s->ctx->magic)));
}

static bool has_glob(const struct scan_types *t, struct str glob)
{
	for (; t; t = t->next)
		if (str_eq(t->glob, glob))
			return true;
	return false;
}

struct scan_types *scan_types_of(struct scan *s, const struct mime *part)
{
	struct mime_names names = mime_names(s->a, part);
	struct scan_types *first = NEW(s->a, struct scan_types), *more;

	first->header = part->header_type;
	first->magic = type_of_body(s, part);
	first->glob = names.n ? magic_of_name(s->ctx->magic, names.p[0]) : STR_NONE;
	for (size_t i = 1; i < names.n; i++) {
		struct str glob = magic_of_name(s->ctx->magic, names.p[i]);

		if (has_glob(first, glob))
			continue;
		more = NEW(s->a, struct scan_types);
		*more = *first;
		more->glob = glob;
		first->next = more;
	}
	return first;
}

/* Behind the types of the part itself come those of its readings, in any order. */
const struct scan_types *scan_part_types(struct scan *s, const struct mime *part)
{
	struct scan_types **slot = &s->types[part->aid - 1], *last;
	const struct mime_reading *r;
	size_t n;

	if (*slot)
		return *slot;
	r = mime_readings_of(&s->readings, part->aid, &n);
	*slot = last = scan_types_of(s, part);
	for (size_t i = 0; i < n; i++) {
		while (last->next)
			last = last->next;
		last->next = scan_types_of(s, r[i].part);
	}
	return *slot;
}

static void add_hit(struct scan *s, struct scan_spam *spam, struct str name,
		    struct str description, double score)
{
	/* Room for the engine's own hits is made when it has run; these two come first. */
	spam->hits = arena_grow(s->a, spam->hits, spam->n_hits * sizeof(*spam->hits),
				(spam->n_hits + 1) * sizeof(*spam->hits));
	spam->hits[spam->n_hits++] = (struct scan_hit){ name, description, score };
}

/* Points that the scanners found before the engine is asked. */
static double points_from_scanners(struct scan *s, struct scan_spam *spam)
{
	double sum = 0, score = (double)s->ctx->cfg->spam.clamav_heuristic_score;

	if (s->heuristic.n && score > 0) {
		add_hit(s, spam, STR("ClamAVHeuristics"),
			str_fmt(s->a, "ClamAV heuristic test: %.*s", STR_ARG(s->heuristic)), score);
		sum += score;
	}
	score = s->custom_score.n ? strtod(str_z(s->a, s->custom_score), NULL) : 0;
	if (score != 0) {
		add_hit(s, spam, STR("CustomCheck"), STR("Custom Check Script"), score);
		sum += score;
	}
	return sum;
}

static int run_engine(struct scan *s, struct scan_spam *spam, double *sum, struct err *e)
{
	struct spam_result result;

	if (!s->check && begin_engine(s, e) < 0)
		return -1;
	spam_check_finish(s->check, s->deadline, &result);
	if (result.timed_out)
		return err_set(e, ERR_TEMP, "spam engine: not finished in time");
	if (result.limited)
		log_warn("%u spam rules gave up at a matching limit", result.limited);
	for (size_t i = 0; i < result.n_hits; i++)
		add_hit(s, spam, result.hits[i].name, result.hits[i].description,
			result.hits[i].score);
	*sum += result.score;
	spam->required = result.required;
	spam->bayes = result.bayes;
	spam->autolearn = str_of(result.autolearn);
	return 0;
}

static struct str hits_for_log(struct scan *s, const struct scan_spam *spam)
{
	struct buf b;

	buf_init(&b, s->a, LOG_HITS_MAX);
	for (size_t i = 0; i < spam->n_hits; i++)
		buf_addf(&b, "%s%.*s(%.10g)", i ? "," : "", STR_ARG(spam->hits[i].name),
			 spam->hits[i].score);
	return buf_str(&b);
}

int scan_spam(struct scan *s, const struct scan_spam **out, struct err *e)
{
	struct scan_spam *spam;
	int64_t start = net_now();
	double sum;

	if (s->spam) {
		*out = s->spam;
		return 0;
	}
	spam = NEW(s->a, struct scan_spam);
	*spam = (struct scan_spam){
		.required = SPAM_ENOUGH, .bayes = -1, .autolearn = STR("no")
	};
	sum = points_from_scanners(s, spam);
	if (sum < SPAM_ENOUGH && s->ctx->spam && run_engine(s, spam, &sum, e) < 0)
		return -1;
	spam->level = sum > 0 ? (int64_t)sum : 0;
	spam->ms = net_now() - start;
	line_spam(spam->level, spam->required, spam->ms, spam->bayes, spam->autolearn,
		  hits_for_log(s, spam));
	*out = s->spam = spam;
	return 0;
}

void scan_learn(struct scan *s, int64_t deadline)
{
	if (s->check)
		spam_learn(s->check, deadline);
}
