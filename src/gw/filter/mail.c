#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/deliver/deliver.h"
#include "gw/deliver/ndr.h"
#include "gw/filter/filter_int.h"
#include "gw/quar/store.h"
#include "gw/rules/outbox.h"
#include "gw/track/lines.h"
#include "lib/smtp/server.h"

/* One mail on its way through the rooms. */
struct mail {
	struct filter *f;
	struct arena *a, *reply; /* of the mail; of its replies, which outlive it */
	const struct smtp_envelope *env;
	struct str raw;
	struct str *pmail; /* per recipient */
	bool lmtp;
	time_t now;
	int64_t start, deadline;
	struct scan *scan;
	struct deliver_rcpt *rcpt;
	struct smtp_reply all; /* the reply for everybody; code 0: each has its own */
	int64_t ms; /* until everything was settled */
};

static void forget_file(struct filter *f)
{
	spool_remove(&f->file);
	f->slot->path[0] = '\0';
	f->slot->handling = false;
}

/* For those who clean up if this process dies: the file in hand. */
static void note_file(struct filter *f, bool handling)
{
	snprintf(f->slot->path, sizeof(f->slot->path), "%s", f->file.path);
	f->slot->handling = handling;
}

static int begin(void *ctx, const struct smtp_envelope *env, struct err *e)
{
	struct filter *f = ctx;

	(void)env;
	if (spool_create_active(SPOOL_ROOT, &f->file, e) < 0)
		return -1;
	note_file(f, false);
	return 0;
}

/* Postfix refuses what is larger than its limit; cleanup and port 10025 accept twice as much. */
static int data(void *ctx, struct str bytes, struct err *e)
{
	struct filter *f = ctx;
	uint64_t max = 2 * (uint64_t)f->cfg->mail.maxsize;

	if (f->file.size + bytes.n > max)
		return err_set(e, ERR_LIMIT, "message larger than %llu bytes",
			       (unsigned long long)max);
	return spool_write(&f->file, bytes, e);
}

static void aborted(void *ctx)
{
	forget_file(ctx);
}

static void unmap(void *ptr)
{
	struct str *raw = ptr;

	munmap((void *)(uintptr_t)raw->p, raw->n);
}

static int map_file(struct mail *m, struct err *e)
{
	struct spool_file *file = &m->f->file;
	struct str *raw = NEW(m->a, struct str);
	void *p;

	if (file->size == 0) {
		m->raw = STR("");
		return 0;
	}
	p = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file->fd, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "map %s", file->path);
	*raw = m->raw = (struct str){ p, file->size };
	arena_on_free(m->a, unmap, raw);
	return 0;
}

/* A mail that is not taken apart: the two envelope fields, then the bytes as received. */
static int write_unparsed(void *ctx, const struct sink *to, struct err *e)
{
	const struct mail *m = ctx;

	if (sink_write(to, STR("Delivered-To: "), e) < 0)
		return -1;
	for (size_t i = 0; i < m->env->n_rcpt; i++)
		if ((i && sink_write(to, STR(","), e) < 0) ||
		    sink_write(to, m->env->rcpt[i].address, e) < 0)
			return -1;
	if (sink_write(to, STR("\nReturn-Path: "), e) < 0 ||
	    sink_write(to, m->env->sender, e) < 0 || sink_write(to, STR("\n"), e) < 0)
		return -1;
	return sink_write(to, m->raw, e);
}

/* Into the virus quarantine, which only administrators see, for every recipient. */
static int set_aside(struct mail *m, struct str info, struct err *e)
{
	const struct quar_source source = { write_unparsed, m };
	struct quar_rcpt *rcpt = NEW_N(m->a, struct quar_rcpt, m->env->n_rcpt);
	struct quar_mail mail = {
		.type = QUAR_VIRUS, .time = m->now, .bytes = m->raw.n, .info = info,
		.sender = m->env->sender, .rcpt = rcpt,
	};
	struct str id;

	for (size_t i = 0; i < m->env->n_rcpt; i++)
		if (m->env->rcpt[i].same_as == i)
			rcpt[mail.n_rcpt++] = (struct quar_rcpt){ m->env->rcpt[i].address,
								  m->pmail[i] };
	if (quar_store(m->a, m->f->db, SPOOL_ROOT, &mail, &source, &id, e) < 0)
		return err_wrap(e, "set aside");
	for (size_t i = 0; i < m->env->n_rcpt; i++)
		m->rcpt[i].fate = DELIVER_DONE;
	for (size_t i = 0; i < mail.n_rcpt; i++)
		line_quarantine(rcpt[i].address, "virus", id, info);
	return 0;
}

static int set_aside_poison(struct mail *m, struct err *e)
{
	const struct str info = STR("crashed the filter");

	if (set_aside(m, info, e) < 0)
		return -1;
	log_err("this mail ended %d processes that handled it: moved unread to the virus "
		"quarantine",
		POISON_DEATHS);
	return 0;
}

/* A mail that clients may read differently, and the settings do not want (decisions.md 9). */
static int refuse_broken(struct mail *m, struct err *e)
{
	if (m->lmtp)
		return set_aside(m, m->scan->broken, e);
	m->all = (struct smtp_reply){ 554, str_fmt(m->reply, "5.6.0 Message refused: %.*s",
						   STR_ARG(m->scan->broken)) };
	return 0;
}

static int decide_and_deliver(struct mail *m, struct err *e)
{
	struct filter *f = m->f;
	const struct rules_mail rules_mail = filter_rules_mail(f->db, f->people, m->scan, m->pmail);
	const struct deliver_context ctx = { .cfg = f->cfg,
					     .signing = f->signing,
					     .db = f->db,
					     .spool = SPOOL_ROOT,
					     .pmail = m->pmail,
					     .start = m->start };
	struct outbox *outbox;
	struct plan *plan;

	if (rules_match(m->a, f->rules, &rules_mail, &plan, e) < 0)
		return -1;
	FAILPOINT("matched", m->raw);
	if (rules_act(m->a, f->rules, &rules_mail, plan, &outbox, e) < 0)
		return -1;
	FAILPOINT("acted", m->raw);
	if (net_now() >= m->deadline)
		return err_set(e, ERR_TEMP, "the time for this mail is over");
	m->ms = deliver(m->a, &ctx, m->scan, outbox, m->rcpt);
	return 0;
}

static int handle(struct mail *m, struct err *e)
{
	struct filter *f = m->f;

	if (map_file(m, e) < 0)
		return -1;
	FAILPOINT("received", m->raw);
	m->pmail = filter_users(m->a, m->f->people, m->env);
	if (poison_deaths(f->poison, m->raw) >= POISON_DEATHS)
		return set_aside_poison(m, e);
	if (scan_open(m->a, &f->scan, f->file.id, f->file.path, m->raw, m->env, f->trusted, m->now,
		      m->deadline, &m->scan, e) < 0)
		return -1;
	FAILPOINT("opened", m->raw);
	if (m->scan->broken.n && !f->cfg->mail.accept_broken_mime)
		return refuse_broken(m, e);
	if (scan_content(m->scan, e) < 0)
		return -1;
	FAILPOINT("scanned", m->raw);
	return decide_and_deliver(m, e);
}

/* filter.md §2, "Replies after processing". */
static struct smtp_reply reply_for(struct mail *m, size_t i)
{
	const struct deliver_rcpt *r = &m->rcpt[i];
	const char *id = m->f->file.id;

	switch (r->fate) {
	case DELIVER_DONE:
		return (struct smtp_reply){ 250, str_fmt(m->reply, "2.5.0 OK (%s)", id) };
	case DELIVER_BLOCKED:
		if (m->f->cfg->mail.ndr_on_block)
			return (struct smtp_reply){
				554, str_fmt(m->reply, "5.7.1 Rejected for policy reasons (%s)", id)
			};
		return (struct smtp_reply){ 250, str_fmt(m->reply, "2.7.0 BLOCKED (%s)", id) };
	case DELIVER_REFUSED:
		return (struct smtp_reply){ r->code, str_fmt(m->reply, "%d.0.0 %.*s", r->code / 100,
							     STR_ARG(r->text)) };
	case DELIVER_OPEN:
		break;
	}
	return (struct smtp_reply){ 451,
				    str_fmt(m->reply, "4.4.0 detected undelivered mail to <%.*s>",
					    STR_ARG(m->env->rcpt[i].address)) };
}

static size_t count_fate(const struct mail *m, enum deliver_fate fate)
{
	size_t n = 0;

	for (size_t i = 0; i < m->env->n_rcpt; i++)
		n += m->rcpt[i].fate == fate;
	return n;
}

/* One reply for all recipients: before the queue. */
static struct smtp_reply reply_for_all(struct mail *m)
{
	size_t n = m->env->n_rcpt, blocked = count_fate(m, DELIVER_BLOCKED);
	const char *id = m->f->file.id;

	if (blocked == n) {
		log_info("reject mail %s", id);
		return (struct smtp_reply){
			554, str_fmt(m->reply, "5.7.1 Rejected for policy reasons (%s)", id)
		};
	}
	if (blocked + count_fate(m, DELIVER_DONE) == n)
		return (struct smtp_reply){ 250, str_fmt(m->reply, "2.5.0 OK (%s)", id) };
	return (struct smtp_reply){ 451,
				    str_fmt(m->reply, "4.4.0 detected undelivered mail (%s)", id) };
}

/*
 * Where one reply serves all, the blocked among the others are answered by a mail of our own. If
 * Postfix cannot take that one now, everything comes again: rather a copy too many than a loss that
 * nobody hears of.
 */
static void tell_sender(struct mail *m)
{
	const struct ndr ndr = {
		.cfg = m->f->cfg, .env = m->env, .rcpt = m->rcpt, .id = str_of(m->f->file.id),
		.now = m->now, .deadline = m->deadline,
	};
	size_t n = m->env->n_rcpt, blocked = count_fate(m, DELIVER_BLOCKED);
	struct err e;

	if (m->lmtp || blocked == n || blocked + count_fate(m, DELIVER_DONE) < n ||
	    ndr_send(m->a, &ndr, &e) == 0)
		return;
	log_err("%s", e.msg);
	for (size_t i = 0; i < n && e.code == ERR_TEMP; i++)
		if (m->rcpt[i].fate == DELIVER_BLOCKED)
			m->rcpt[i].fate = DELIVER_OPEN;
}

static void process(struct mail *m)
{
	const struct scan *s;
	struct err e;

	if (handle(m, &e) < 0) {
		log_err("%s - the mail stays with the sender", e.msg);
		return;
	}
	tell_sender(m);
	s = m->scan;
	line_processing_time(m->ms ? m->ms : net_now() - m->start, s && s->spam ? s->spam->ms : 0,
			     s ? s->ms_clam : 0, s ? s->ms_custom : 0);
}

static bool is_deferred(const struct smtp_reply *replies, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (replies[i].code / 100 == 4)
			return true;
	return false;
}

static int mail(void *ctx, struct arena *a, const struct smtp_envelope *env, bool lmtp,
		struct smtp_reply *replies, size_t n)
{
	struct filter *f = ctx;
	struct mail m = {
		.f = f, .a = f->mail, .reply = a, .env = env, .lmtp = lmtp,
		.now = time(NULL), .start = net_now(),
		.rcpt = NEW_N(a, struct deliver_rcpt, env->n_rcpt),
	};
	struct err e;

	m.deadline = m.start + f->cfg->mail.filter_timeout * 1000;
	alarm((unsigned)f->cfg->mail.filter_timeout + FILTER_OVERTIME_SECONDS);
	db_deadline(f->db, m.deadline);
	if (spool_finish(&f->file, false, &e) < 0) {
		log_err("spool: %s", e.msg);
		m.all = (struct smtp_reply){ 451,
					     str_fmt(a, "4.5.0 Local delivery failed: %s", e.msg) };
	} else {
		note_file(f, true);
		log_id(f->file.id);
		process(&m);
	}
	for (size_t i = 0; i < n; i++)
		replies[i] = m.all.code ? m.all : lmtp ? reply_for(&m, i) : reply_for_all(&m);
	FAILPOINT("before-reply", m.raw);
	forget_file(f);
	f->answered = is_deferred(replies, n) ? NULL : m.scan;
	return 0;
}

/* A mail that comes again is learnt from when it does: a mail counts once. */
static void replied(void *ctx, bool sent)
{
	struct filter *f = ctx;

	if (sent && f->answered)
		scan_learn(f->answered, net_now() + FILTER_LEARN_MS);
	f->answered = NULL;
	arena_reset(f->mail);
	log_id(NULL);
	alarm(0);
}

const struct smtp_handler filter_handler = { begin, data, aborted, mail, replied };
