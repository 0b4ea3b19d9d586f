/*
 * ndr - the sender learns which recipients were blocked, where no reply can say so.
 *
 * Before the queue there is one reply for all recipients of a mail. If the rules block it for some
 * of them only, the reply is 250 for the sake of the others, and the blocked ones are answered by a
 * report of non-delivery of our own (filter.md §2, RFC 3464). After the queue every recipient has
 * its own reply, and Postfix makes the reports.
 */
#pragma once

#include "gw/deliver/deliver.h"

/*
 * NULL if the sender is told that this recipient was blocked, otherwise why nobody is: the
 * administrator did not ask for it, the mail is a bounce, or the sender wants no such report.
 */
const char *ndr_omitted(const struct cfg *cfg, const struct smtp_envelope *env,
			const struct smtp_rcpt *rcpt);

struct ndr {
	const struct cfg *cfg;
	const struct smtp_envelope *env;
	const struct deliver_rcpt *rcpt; /* for every RCPT */
	struct str id;			 /* the filter's, of the blocked mail */
	time_t now;
	int64_t deadline;
};

/*
 * Sends the report for all blocked recipients that are not ndr_omitted(), if there are any, and
 * logs it. Fails with ERR_TEMP where another try may help.
 */
MUST_CHECK int ndr_send(struct arena *a, const struct ndr *n, struct err *e);
