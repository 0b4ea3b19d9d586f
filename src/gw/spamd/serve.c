#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "gw/spam/markup.h"
#include "gw/spam/teach.h"
#include "gw/spamd/spamd.h"

enum { PROTOCOL_1_2 = 102, PROTOCOL_1_3 = 103, INFLATE_ROOM = 1 << 16 };

struct session {
	struct conn *c;
	struct arena *a;
	const struct spamd *s;
	struct spamd_request r;
	struct str mail;
	struct spam_checked checked;
	struct spam_result result;
};

static void wait_anew(struct session *s)
{
	s->c->deadline = net_now() + SPAMD_IDLE_MS;
}

static int protocol_error(struct session *s, const char *what, struct err *e)
{
	log_warn("bad request: %s", what);
	return conn_printf(s->c, e, "SPAMD/1.0 76 Bad header line: %s\r\n", what);
}

static int unavailable(struct session *s, const char *what, struct err *e)
{
	log_warn("refused: %s", what);
	return conn_printf(s->c, e, "SPAMD/1.0 69 Service Unavailable: %s\r\n", what);
}

/* 0, -1, or 1: the request is wrong and was answered. */
static int answered(int rc)
{
	return rc < 0 ? -1 : 1;
}

static int read_line(struct session *s, char room[SPAMD_LINE_MAX], struct str *line,
		     const char *missing, struct err *e)
{
	bool eof;

	wait_anew(s);
	if (conn_line(s->c, room, SPAMD_LINE_MAX, line, &eof, e) < 0)
		return e->code == ERR_LIMIT ? answered(protocol_error(s, "(line too long)", e))
					    : -1;
	return eof ? answered(protocol_error(s, missing, e)) : 0;
}

static int read_headers(struct session *s, struct err *e)
{
	char room[SPAMD_LINE_MAX];
	struct str line;

	for (int i = 0; i <= SPAMD_HEADERS_MAX; i++) {
		int rc = read_line(s, room, &line, "(EOF during headers)", e);
		const char *wrong;

		if (rc)
			return rc;
		if (line.n == 0)
			return 0;
		wrong = spamd_header_line(line, &s->r);
		if (wrong)
			return answered(protocol_error(s, wrong, e));
	}
	return answered(protocol_error(s, "(too many headers)", e));
}

static int wrong_length(struct session *s, size_t got, struct err *e)
{
	struct str what = str_fmt(s->a,
				  "(Content-Length mismatch: Expected %zu bytes, got %zu bytes)",
				  s->r.length, got);

	return protocol_error(s, str_z(s->a, what), e);
}

static int read_mail(struct session *s, struct err *e)
{
	size_t max = s->r.has_length ? s->r.length : SPAM_MAIL_MAX;
	struct buf b;
	struct str got;

	buf_init(&b, s->a, SPAM_MAIL_MAX + CONN_BUFFER);
	while (!s->r.has_length || b.n < max) {
		wait_anew(s);
		if (conn_peek(s->c, &got, e) < 0)
			return -1;
		if (got.n == 0)
			break;
		if (b.n + got.n > max && !s->r.has_length)
			return answered(protocol_error(s, "(mail too large)", e));
		got = str_sub(got, 0, max - b.n);
		buf_add(&b, got);
		conn_take(s->c, got.n);
	}
	if (s->r.has_length && b.n < max)
		return answered(wrong_length(s, b.n, e));
	s->mail = buf_str(&b);
	return 0;
}

/* 0, or zlib's code; what is not there at the end of the mail is Z_BUF_ERROR. */
static int inflate_all(z_stream *z, struct buf *out)
{
	unsigned char room[INFLATE_ROOM];
	int rc;

	do {
		z->next_out = room;
		z->avail_out = sizeof(room);
		rc = inflate(z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END)
			return rc;
		buf_add(out, (struct str){ (char *)room, sizeof(room) - z->avail_out });
	} while (rc == Z_OK && !out->failed);
	return 0;
}

/* Makes the mail of what was sent for it. */
static int inflate_mail(struct session *s, struct err *e)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)s->mail.p, .avail_in = (uInt)s->mail.n };
	struct buf b;
	int rc;

	if (!s->r.compressed)
		return 0;
	buf_init(&b, s->a, SPAM_MAIL_MAX);
	if (inflateInit(&z) != Z_OK)
		return answered(unavailable(s, "zlib: out of memory", e));
	rc = inflate_all(&z, &b);
	inflateEnd(&z);
	if (rc)
		return answered(unavailable(s, "zlib: failed to find end of zlib stream", e));
	if (b.failed)
		return answered(unavailable(s, "zlib: the mail is too large", e));
	s->mail = buf_str(&b);
	return 0;
}

/* What follows the header of an answer. */
static int body_of(struct session *s, bool spam, struct str *out, struct err *e)
{
	*out = STR_NONE;
	switch (s->r.command) {
	case SPAMD_PROCESS:
		return spam_markup(s->a, &s->checked, false, out, e);
	case SPAMD_HEADERS:
		if (spam_markup(s->a, &s->checked, false, out, e) < 0)
			return -1;
		*out = spam_mail_header(*out);
		return 0;
	case SPAMD_SYMBOLS:
		if (s->checked.result->n_hits &&
		    spam_expand(s->a, &s->checked, STR("_TESTS_"), out, e) < 0)
			return -1;
		if (s->r.version < PROTOCOL_1_3)
			*out = str_cat(s->a, *out, STR("\r\n"));
		return 0;
	case SPAMD_REPORT:
		return spam_report(s->a, &s->checked, out, e);
	case SPAMD_REPORT_IFSPAM:
		return spam ? spam_report(s->a, &s->checked, out, e) : 0;
	default:
		return 0;
	}
}

static int answer(struct session *s, struct err *e)
{
	bool spam = s->result.score >= s->result.required;
	bool short_words = s->r.command == SPAMD_REPORT_IFSPAM;
	bool rewritten = s->r.command == SPAMD_PROCESS || s->r.command == SPAMD_HEADERS;
	bool old = rewritten && s->r.version < PROTOCOL_1_2;
	struct str body, score;

	if (spam_expand(s->a, &s->checked, STR("_SCORE_ / _REQD_"), &score, e) < 0 ||
	    body_of(s, spam, &body, e) < 0)
		return -1;
	if (conn_printf(s->c, e, "SPAMD/1.%d 0 EX_OK\r\n", old ? 0 : 1) < 0)
		return -1;
	if (s->r.command != SPAMD_CHECK &&
	    s->r.version >= (rewritten ? PROTOCOL_1_2 : PROTOCOL_1_3) &&
	    conn_printf(s->c, e, "Content-length: %zu\r\n", body.n) < 0)
		return -1;
	if ((!rewritten || s->r.version >= PROTOCOL_1_3) &&
	    conn_printf(s->c, e, "Spam: %s ; %.*s\r\n",
			short_words ? (spam ? "Yes" : "No") : (spam ? "True" : "False"),
			STR_ARG(score)) < 0)
		return -1;
	if (!old && conn_printf(s->c, e, "\r\n") < 0)
		return -1;
	return conn_write(s->c, body, e);
}

static int check(struct session *s, struct err *e)
{
	struct spam_envelope env = { .now = time(NULL), .network = s->s->network };

	if (spam_check(s->a, s->s->rules, s->mail, &env, net_now() + SPAMD_CHECK_MS, &s->result,
		       e) < 0)
		return -1;
	s->checked = (struct spam_checked){
		.raw = s->mail,
		.rules = s->s->rules,
		.result = &s->result,
		.hostname = str_of(s->s->hostname),
		.now = env.now,
		.unique = (uint64_t)net_now() ^ ((uint64_t)getpid() << 16),
	};
	wait_anew(s);
	if (s->result.timed_out)
		return conn_printf(s->c, e, "SPAMD/1.0 79 Timeout: the check took too long\r\n");
	if (answer(s, e) < 0 || conn_flush(s->c, e) < 0)
		return -1;
	/* The client need not wait until this is written. */
	if (shutdown(s->c->fd, SHUT_WR) == 0)
		spam_learn(s->result.check, net_now() + SPAMD_LEARN_MS);
	return 0;
}

/* What TELL asks for, as far as it is about our own store. */
static int teach(struct session *s, bool *set, bool *removed, struct err *e)
{
	const struct spam_lesson lesson = {
		.as = s->r.remove_local ? BAYES_IS_UNKNOWN
		      : s->r.is_spam    ? BAYES_IS_SPAM
					: BAYES_IS_HAM,
		.now = time(NULL),
	};
	struct bayes_store *store;
	bool changed;

	if (!s->r.remove_local && !(s->r.set_local && s->r.has_class))
		return 0;
	store = spam_bayes_shared(s->s->rules);
	if (!store)
		return err_set(e, ERR_TEMP, "the Bayes classifier is off");
	if (spam_teach(s->a, s->s->rules, store, s->mail, &lesson, net_now() + SPAMD_LEARN_MS,
		       &changed, e) < 0)
		return -1;
	*set = changed && !s->r.remove_local;
	*removed = changed && s->r.remove_local;
	return 0;
}

static int tell(struct session *s, struct err *e)
{
	bool set = false, removed = false;

	if (s->r.set_local && s->r.remove_local)
		return protocol_error(
			s, "Unable to set local and remove local in the same operation.", e);
	if (teach(s, &set, &removed, e) < 0) {
		log_err("TELL: %s", e->msg);
		return unavailable(s, "the mail could not be learnt", e);
	}
	return conn_printf(s->c, e, "SPAMD/1.1 0 EX_OK\r\n%s%s\r\n\r\n",
			   set ? "DidSet: local\r\n" : "", removed ? "DidRemove: local\r\n" : "");
}

static int serve(struct session *s, struct err *e)
{
	char room[SPAMD_LINE_MAX];
	struct str line;
	int rc = read_line(s, room, &line, "(closed before headers)", e);

	if (rc)
		return rc < 0 ? -1 : 0;
	if (!spamd_command_line(line, &s->r))
		return protocol_error(s, "(unknown command)", e);
	if (s->r.command == SPAMD_PING)
		return conn_printf(s->c, e, "SPAMD/1.5 0 PONG\r\n");
	if (s->r.command == SPAMD_SKIP)
		return 0;
	rc = s->r.version > 100 ? read_headers(s, e) : 0;
	if (rc)
		return rc < 0 ? -1 : 0;
	if (s->r.compressed && !s->r.has_length)
		return unavailable(s, "Compress requires Content-length header", e);
	if (s->r.command == SPAMD_TELL && !s->s->allow_tell)
		return unavailable(
			s, "TELL commands are not enabled, set the --allow-tell switch.", e);
	rc = read_mail(s, e);
	if (!rc)
		rc = inflate_mail(s, e);
	if (rc)
		return rc < 0 ? -1 : 0;
	return s->r.command == SPAMD_TELL ? tell(s, e) : check(s, e);
}

int spamd_serve(struct conn *c, struct arena *a, const struct spamd *spamd, struct err *e)
{
	struct session *s = NEW(a, struct session);
	int rc;

	s->c = c;
	s->a = a;
	s->s = spamd;
	rc = serve(s, e);
	if (rc == 0)
		rc = conn_flush(c, e);
	arena_reset(a);
	return rc;
}
