/*
 * greylist - who has tried before: the table CGreylist (policy.md §5).
 *
 * A triple of client network, sender and recipient is refused at first, accepted when it is tried
 * again after GREYLIST_DELAY and within GREYLIST_RETRY, and then known for GREYLIST_KNOWN after its
 * last mail. The empty sender is never known: each bounce is greylisted anew.
 *
 * All requests that wait at one time are answered by one statement, which is one transaction; it
 * does not wait for the disk, since what a crash of the server could lose is a second refusal.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/db/db.h"

enum {
	GREYLIST_DELAY = 180, /* seconds */
	GREYLIST_RETRY = 2 * 86400,
	GREYLIST_KNOWN = 36 * 86400,
	GREYLIST_SPF_TIME = 10,         /* how long a mail that SPF rejected is noted */
	GREYLIST_SPF_BLOCKED = 100000,  /* what it is recognised by */
	GREYLIST_TIME_MAX = 2100000000, /* of `now`: the columns end soon after */
	GREYLIST_ROUND_MAX = 20000,     /* expired entries in one transaction */
};

struct greylist_question {
	struct str network, sender, receiver, instance;
	int64_t now;
	enum { GREYLIST_UNKNOWN, GREYLIST_ACCEPT, GREYLIST_DEFER } answer;
	bool is_news; /* answer: a refusal worth a line in the log */
};

/*
 * Answers all of them. On failure none is answered, and nothing has changed (or, if the connection
 * was lost at the wrong moment, each has been counted all the same, as one more attempt).
 */
MUST_CHECK int greylist_ask(struct arena *a, struct db *db, int64_t cid,
			    struct greylist_question *q, size_t n, struct err *e);

/* Notes mails that SPF has rejected, for the statistics, unless their triple is known. */
MUST_CHECK int greylist_note_spf(struct arena *a, struct db *db, int64_t cid,
				 const struct greylist_question *q, size_t n, struct err *e);

/*
 * Removes entries that have expired at `now`. Mails of which no recipient was ever tried again, and
 * which `cid` has to count, become statistics; *found is how many.
 */
MUST_CHECK int greylist_expire(struct arena *a, struct db *db, int64_t cid, int64_t now,
			       size_t *found, struct err *e);
