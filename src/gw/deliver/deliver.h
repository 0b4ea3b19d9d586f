/*
 * deliver - carry out an outbox, in the one order in which nothing can be lost (decisions.md).
 *
 *  1. what goes into a quarantine: files, rows, commit;
 *  2. the rest in its order: the mail back to Postfix for each group of recipients, copies,
 *     notifications, log lines;
 *  3. statistics, whose failure is logged and changes nothing; DELIVER_STATISTICS_MS at most.
 *
 * Afterwards every recipient has a fate, and the caller replies. A recipient for whom anything
 * failed is not settled: the sender keeps the mail and tries again. Nothing irreversible is begun
 * after the mail's deadline.
 */
#pragma once

#include "gw/rules/outbox.h"
#include "gw/scan/scan.h"
#include "gw/signing/signing.h"
#include "lib/db/db.h"

enum { DELIVER_STATISTICS_MS = 5000 }; /* that statistics may take */

enum deliver_fate {
	DELIVER_OPEN, /* not settled: temporary failure */
	DELIVER_DONE, /* accepted by Postfix or in a quarantine */
	DELIVER_BLOCKED,
	DELIVER_REFUSED, /* Postfix answered with `code` and `text` */
};

struct deliver_rcpt {
	enum deliver_fate fate;
	int code;
	struct str text;
};

struct deliver_context {
	const struct cfg *cfg;
	const struct signing *signing; /* NULL: outgoing mails are not signed */
	struct db *db;
	const char *spool;	 /* root of the quarantine directories */
	const struct str *pmail; /* the user that each recipient belongs to */
	int64_t start;	   /* net_now() when the mail had been received */
};

/*
 * rcpt[] has an entry for every RCPT of the envelope; a duplicate gets its first one's fate.
 * Returns how long the mail took until everything was settled, in ms, as the statistics have it.
 */
int64_t deliver(struct arena *a, const struct deliver_context *ctx, const struct scan *s,
		const struct outbox *o, struct deliver_rcpt *rcpt);
