#include <stdio.h>

#include "base/log.h"
#include "base/net.h"
#include "gw/report/report.h"
#include "gw/send/send.h"

enum { SEND_SECONDS = 120, ARENA_MAX = 1 << 30 };

static int write_mail(void *ctx, const struct sink *to, struct err *e)
{
	const struct str *mail = ctx;

	return sink_write(to, *mail, e);
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7e)
			return false;
	return true;
}

/* From nobody: a bounce of a report would be of no use. */
static int send_report(struct arena *a, const struct report_round *r, struct str to,
		       struct str mail, struct err *e)
{
	const struct smtp_rcpt rcpt = { .address = to };
	const struct smtp_send envelope = { .rcpt = &rcpt,
					    .n_rcpt = 1,
					    .smtputf8 = r->report.cfg->mail.smtputf8 &&
							!(is_ascii(mail) && is_ascii(to)) };
	const struct signing_mail ours = { .ours = true, .now = r->report.now };
	const struct smtp_source source =
		signing_add(a, r->signing, &ours, (struct smtp_source){ write_mail, &mail });
	struct smtp_outcome ignored;

	return send_mail(a, r->report.cfg, &envelope, &source, net_now() + SEND_SECONDS * 1000,
			 &ignored, e);
}

static int report_user(struct arena *a, const struct report_round *r, struct str pmail,
		       struct err *e)
{
	const struct quar_query query = { QUAR_SPAM, QUAR_NEW, r->report.span.start,
					  r->report.span.end, pmail };
	struct quar_row *rows;
	struct str mail;
	size_t n;

	if (quar_list(a, r->db, &query, &rows, &n, e) < 0)
		return -1;
	if (!n)
		return 0; /* decided since the users were counted */
	if (report_spam(a, &r->report, rows, n, &mail, e) < 0)
		return -1;
	if (!r->print)
		return send_report(a, r, r->redirect.n ? r->redirect : pmail, mail, e);
	if (fwrite(mail.p, 1, mail.n, stdout) != mail.n || putchar('\n') == EOF)
		return err_sys(e, "write to standard output");
	return 0;
}

int report_round(struct arena *a, const struct report_round *r, size_t *mails, struct err *e)
{
	const struct quar_query query = { QUAR_SPAM, QUAR_NEW, r->report.span.start,
					  r->report.span.end, r->receiver };
	struct quar_user *users;
	size_t n, done = 0, failed = 0;

	if (quar_users(a, r->db, &query, &users, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		CLEAN_ARENA struct arena *own = arena_open("report", ARENA_MAX);
		struct err why;

		if (!cfg_is_ours(&r->lists, users[i].pmail))
			continue;
		if (report_user(own, r, users[i].pmail, &why) == 0) {
			done++;
			continue;
		}
		log_err("report for %.*s: %s", STR_ARG(users[i].pmail), why.msg);
		failed++;
	}
	*mails = done;
	return failed ? err_set(e, ERR_TEMP, "%zu reports could not be sent", failed) : 0;
}
