/*
 * report - mails of our own that are made from templates (config.md §9).
 *
 * A report STYLE comes from the templates spamreport-STYLE.tt (HTML) and spamreport-STYLE.plain.tt;
 * administrators put their own ones before ours, and `custom` exists only if they made it. What a
 * template sees is listed in docs/dev/spam-report.md. The subject is the title of the HTML part.
 */
#pragma once

#include "gw/auth/ticket.h"
#include "gw/cfg/lists.h"
#include "gw/quar/list.h"
#include "gw/quar/span.h"
#include "gw/signing/signing.h"

enum { REPORT_MAIL_MAX = 64 * 1024 * 1024 };

struct report {
	const struct cfg *cfg;
	const struct ticket_key *key;
	const char *const *template_dirs; /* ends with NULL; the first one that has it */
	struct str style;                 /* "short", "verbose", "custom" */
	struct str timespan;              /* its name, as quar_span() knows it */
	struct quar_span span;
	int64_t now; /* seconds since 1970 */
};

/*
 * The spam report for one user: a whole message with LF line ends. `rows` are his mails in their
 * order, all with the same pmail. ERR_INVALID, naming file and line, for a template that is wrong.
 */
MUST_CHECK int report_spam(struct arena *a, const struct report *r, const struct quar_row *rows,
			   size_t n, struct str *out, struct err *e);

/* Reports for all users of the relay domains who have new mails in the spam quarantine. */
struct report_round {
	struct report report;
	struct cfg_lists lists;
	struct signing *signing; /* NULL: reports are not signed */
	struct db *db;
	struct str receiver; /* only for this user; empty: for all */
	struct str redirect; /* the envelope's recipient instead of the user; empty: the user */
	bool print;          /* to standard output, instead of sending them */
};

/* Sends them; *mails is how many. One that fails is logged and does not keep the others back. */
MUST_CHECK int report_round(struct arena *a, const struct report_round *r, size_t *mails,
			    struct err *e);
