/* What the filter would do with a mail, told instead of done. */
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/net.h"
#include "gw/deliver/ndr.h"
#include "gw/filter/filter_int.h"
#include "gw/rules/outbox.h"
#include "gw/store/store.h"
#include "lib/mime/mime.h"

#define EXPLAIN_FILE "/tmp/pmg-explain-XXXXXX"

struct explained {
	struct arena *a;
	const struct filter_question *q;
	struct filter f;
	struct smtp_envelope env;
	struct str raw;
	struct buf *out;
};

/* As port 10024 would hand it on: lines end with LF. */
static struct str without_cr(struct arena *a, struct str mail)
{
	char *to = arena_alloc(a, mail.n);
	size_t n = 0;

	for (size_t i = 0; i < mail.n; i++)
		if (mail.p[i] != '\r' || i + 1 == mail.n || mail.p[i + 1] != '\n')
			to[n++] = mail.p[i];
	return (struct str){ to, n };
}

static void add_rcpt(struct explained *x, struct str address)
{
	struct smtp_rcpt *rcpt = &x->env.rcpt[x->env.n_rcpt];
	size_t same = 0;

	if (x->env.n_rcpt == SMTP_RCPT_MAX || !address.n || address.n > SMTP_ADDRESS_MAX)
		return;
	while (same < x->env.n_rcpt && !str_eq(x->env.rcpt[same].address, address))
		same++;
	*rcpt = (struct smtp_rcpt){ .address = address, .same_as = same };
	x->env.n_rcpt++;
}

static bool take_field(struct str *mail, struct str name, struct str *value)
{
	struct str rest = *mail, line;

	if (!str_line(&rest, &line) || !str_istarts(line, name))
		return false;
	*value = str_trim(str_from(line, name.n));
	*mail = rest;
	return true;
}

/* A file of the quarantine starts with its envelope, which the mail itself did not have. */
static void take_quarantined(struct explained *x)
{
	struct str rest = x->raw, to, sender;

	if (!take_field(&rest, STR("Delivered-To:"), &to) ||
	    !take_field(&rest, STR("Return-Path:"), &sender))
		return;
	buf_addz(x->out, "This is a mail of the quarantine: Delivered-To and Return-Path on top are"
			 " its envelope.\n");
	x->raw = rest;
	if (!x->q->sender.p)
		x->env.sender = sender;
	while (!x->q->n_rcpt && to.n)
		add_rcpt(x, str_trim(str_cut(&to, ',')));
}

static void add_addresses(struct explained *x, const struct mime *m, struct str field)
{
	const struct mime_header *h = mime_find(m, field);

	for (; h; h = mime_find_next(m, h, field)) {
		struct mime_addresses list = mime_address_list(x->a, h->value);

		for (size_t i = 0; i < list.n; i++)
			add_rcpt(x, list.p[i].addr);
	}
}

/* What nobody said about the envelope is guessed from the header. */
static int guess_envelope(struct explained *x, struct err *e)
{
	bool sender_known = x->env.sender.p;
	const struct mime_header *h;
	struct mime *m;

	if (sender_known && x->env.n_rcpt)
		return 0;
	if (mime_parse(x->a, x->raw, NULL, &m, e) < 0)
		return -1;
	if (!sender_known) {
		h = mime_find(m, STR("Return-Path"));
		if (!h)
			h = mime_find(m, STR("From"));
		x->env.sender = h ? mime_address_first(x->a, h->value) : STR("");
		buf_addz(x->out, "The sender is taken from the header; --from names another.\n");
	}
	if (!x->env.n_rcpt) {
		add_addresses(x, m, STR("To"));
		add_addresses(x, m, STR("Cc"));
		buf_addz(x->out, "The recipients are taken from the header; --to names others.\n");
	}
	if (!x->env.n_rcpt)
		return err_set(e, ERR_INVALID, "the mail names no recipient: use --to ADDRESS");
	return 0;
}

static int make_envelope(struct explained *x, struct err *e)
{
	const struct filter_question *q = x->q;

	x->env = (struct smtp_envelope){
		.sender = q->sender,
		.xforward_addr = q->client,
		.rcpt = NEW_N(x->a, struct smtp_rcpt, SMTP_RCPT_MAX),
	};
	for (size_t i = 0; i < q->n_rcpt; i++)
		add_rcpt(x, q->rcpt[i]);
	x->raw = without_cr(x->a, q->mail);
	take_quarantined(x);
	return guess_envelope(x, e);
}

static void remove_file(void *path)
{
	unlink(path);
}

/* Scanners want a file; it goes with the arena. */
static int write_file(struct explained *x, const char **path, struct err *e)
{
	char *name = str_z(x->a, STR(EXPLAIN_FILE));
	CLEAN_FD int fd = mkstemp(name);

	if (fd < 0)
		return err_sys(e, "%s", name);
	arena_on_free(x->a, remove_file, name);
	if (file_write_all(fd, x->raw, e) < 0)
		return err_wrap(e, "%s", name);
	*path = name;
	return 0;
}

/* The filter would keep the mail; here it is told, and the rest is explained. */
static void scan_what_can_be(struct explained *x, struct scan *s)
{
	struct err e;

	if (scan_content(s, &e) == 0)
		return;
	buf_addz(x->out, "VIRUS SCAN FAILED: ");
	buf_add_visible(x->out, str_of(e.msg), sizeof(e.msg));
	buf_addz(x->out, ".\nThe filter would answer 451 now, and the mail would stay with the"
			 " sender. Below it is taken for clean.\n");
}

static void explain_refusal(struct explained *x, const struct scan *s)
{
	buf_addf(x->out, "BROKEN: %.*s: ", STR_ARG(s->broken));
	buf_add(x->out, mime_anomaly_list(x->a, s->mime->mail->anomalies));
	buf_addz(x->out, "\naccept-broken-mime is 0: before the queue such a mail is refused (554),"
			 " after it the virus quarantine takes it. No rule is asked.\n");
}

/* What a recipient's sender hears; after the queue everybody has a reply of their own. */
static void explain_reply(struct explained *x, const struct smtp_rcpt *rcpt, bool all_blocked)
{
	const struct cfg *cfg = x->f.cfg;
	const char *omitted = ndr_omitted(cfg, &x->env, rcpt);

	buf_addz(x->out, "  <");
	buf_add_visible(x->out, rcpt->address, SMTP_ADDRESS_MAX);
	buf_addz(x->out, "> blocked: ");
	if (cfg->mail.before_queue_filtering && all_blocked)
		buf_addz(x->out, "the client is answered 554, no recipient gets the mail\n");
	else if (!omitted)
		buf_addf(x->out, "the sender is told by a report of non-delivery from %s\n",
			 cfg->mail.before_queue_filtering ? "the filter" : "Postfix");
	else
		buf_addf(x->out, "discarded, nobody is told (%s)\n", omitted);
}

static void explain_blocked(struct explained *x, const struct outbox *outbox)
{
	size_t blocked = 0;

	for (size_t i = 0; i < x->env.n_rcpt; i++)
		blocked += outbox->rcpt[i].fate == OUTBOX_BLOCK;
	if (blocked)
		buf_addz(x->out, "\nANSWER\n");
	for (size_t i = 0; i < x->env.n_rcpt; i++)
		if (outbox->rcpt[i].fate == OUTBOX_BLOCK)
			explain_reply(x, &x->env.rcpt[i], blocked == x->env.n_rcpt);
}

static void explain_scanned(struct explained *x, struct scan *s)
{
	struct filter *f = &x->f;
	struct rules_mail mail;
	struct outbox *outbox;

	if (s->broken.n && !f->cfg->mail.accept_broken_mime) {
		explain_refusal(x, s);
		return;
	}
	scan_what_can_be(x, s);
	mail = filter_rules_mail(filter_database(f, x->a), f->people, s,
				 filter_users(x->a, f->people, &x->env));
	outbox = rules_explain(x->a, f->rules, &mail, x->out);
	if (outbox)
		explain_blocked(x, outbox);
}

int filter_explain(struct arena *a, const struct filter_question *q, struct buf *out, struct err *e)
{
	struct explained x = { .a = a, .q = q, .out = out };
	struct filter *f = &x.f;
	struct scan *s;
	const char *path = NULL;

	f->a = a;
	f->people = people_open(a, PEOPLE_DIR);
	f->options.database = q->database ? q->database : STORE_DATABASE;
	if (make_envelope(&x, e) < 0 || filter_load_context(f, e) < 0)
		return -1;
	if (x.raw.n > 2 * (uint64_t)f->cfg->mail.maxsize)
		return err_set(e, ERR_LIMIT,
			       "the filter refuses a mail of %zu bytes: maxsize is %lld", x.raw.n,
			       (long long)f->cfg->mail.maxsize);
	if (write_file(&x, &path, e) < 0)
		return -1;
	if (scan_open(a, &f->scan, "EXPLAIN", path, x.raw, &x.env, q->trusted, q->now,
		      net_now() + f->cfg->mail.filter_timeout * 1000, &s, e) < 0)
		return -1;
	explain_scanned(&x, s);
	return 0;
}
