/*
 * release - what is done with a mail in a quarantine: deliver, delete, mark (filter.md §11).
 *
 * Delivering hands the file to Postfix behind the filter, for this one recipient, without the two
 * fields that quarantining put on top of it (Delivered-To and Return-Path); every other byte is as
 * it lies there. The file is not parsed for that: it may be there because it crashes parsers.
 *
 * The row is locked and marked before the mail is sent, and committed afterwards. So a mail that
 * somebody else is just delivering is waited for and not sent again, one that was not sent is not
 * marked, and only when the commit itself fails a mail that was sent can be sent once more.
 *
 * Who did not get what he asked for finds an error; what was done is logged here, in the words that
 * administrators know.
 */
#pragma once

#include "gw/quar/list.h"
#include "gw/store/userprefs.h"
#include "lib/smtp/client.h"

#define QUAR_SENDER "postmaster"
#define QUAR_HELO "quarantine"

/* Who takes a mail for good, as send_mail() does. */
struct quar_post {
	int (*send)(void *ctx, struct arena *a, const struct smtp_send *mail,
		    const struct smtp_source *message, struct smtp_outcome *out, struct err *e);
	void *ctx;
};

struct quar_desk {
	struct db *db;     /* in no transaction */
	const char *spool; /* its root */
	struct quar_post post;
	int64_t now; /* seconds since 1970 */
};

/*
 * Each acts on one row; ERR_NOTFOUND if there is none. To deliver or delete what was delivered or
 * deleted already is success and does nothing.
 */
MUST_CHECK int quar_deliver(struct arena *a, const struct quar_desk *desk, struct quar_id id,
			    struct err *e);
MUST_CHECK int quar_delete(struct arena *a, const struct quar_desk *desk, struct quar_id id,
			   struct err *e);
MUST_CHECK int quar_mark_seen(struct arena *a, const struct quar_desk *desk, struct quar_id id,
			      bool seen, struct err *e);

/*
 * Puts the mail's sender on a list of the user whose mail it is: afterwards one on the whitelist is
 * delivered, one on the blacklist deleted. The sender is the address in the field Sender, else in
 * From, else that of the envelope; ERR_INVALID, and nothing is done, if that cannot be on a list or
 * has a wildcard in it, by which a sender could list everybody.
 */
MUST_CHECK int quar_list_sender(struct arena *a, const struct quar_desk *desk, struct quar_id id,
				enum userprefs_list list, struct err *e);

/* The address that this would list; empty if there is none. */
struct str quar_real_sender(struct arena *a, const struct quar_row *row);
