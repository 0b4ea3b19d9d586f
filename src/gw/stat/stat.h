/*
 * stat - what is counted about mails (database.md §5).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/db/db.h"

struct stat_rcpt {
	struct str address;
	bool blocked;
};

struct stat_mail {
	int64_t time; /* of receiving, seconds since 1970 */
	size_t bytes;
	bool incoming;
	int64_t spam_level;
	struct str virus; /* empty: NULL */
	int64_t ms;       /* of processing; 0 is noted as 1, since 0 means a greylisted mail */
	struct str sender;
	const struct stat_rcpt *rcpt;
	size_t n_rcpt;
	const int64_t *rules; /* that matched anybody: Rule.Count + 1 */
	size_t n_rules;
};

/*
 * Writes the rows of one mail in one statement that does not wait for the disk. Texts longer than
 * their column are cut.
 */
MUST_CHECK int stat_record(struct arena *a, struct db *db, const struct stat_mail *mail,
			   struct err *e);

/* A mail that was refused before it came, and never tried again (policy.md §6). */
struct stat_refused {
	int64_t time; /* of the first try */
	bool by_spf;  /* else by greylisting */
	struct str sender;
	const struct str *rcpt;
	size_t n_rcpt;
};

/* Writes the rows of `n` such mails in one statement. */
MUST_CHECK int stat_record_refused(struct arena *a, struct db *db, const struct stat_refused *mails,
				   size_t n, struct err *e);

/* What postscreen refused in an hour of local time (which may come more than once), before there
 * was a mail (policy.md §6). */
struct stat_early {
	int64_t hour;     /* its beginning: seconds since 1970 plus the offset of local time */
	int64_t rbl;      /* recipients refused since a DNS list knows the client */
	int64_t pregreet; /* clients that spoke before they were greeted */
};

/*
 * Counting them, in a transaction of the caller's, so that each counts once whatever happens.
 * stat_early_begin() keeps out everybody else who counts and says how far the last one came, in his
 * words, empty at first. stat_early_add() adds to the sums of node `cid` and keeps `place`, at most
 * STAT_PLACE_MAX bytes.
 */
enum { STAT_PLACE_MAX = 255 };

MUST_CHECK int stat_early_begin(struct arena *a, struct db *db, struct str *place, struct err *e);
MUST_CHECK int stat_early_add(struct arena *a, struct db *db, int64_t cid, int64_t now,
			      const struct stat_early *hours, size_t n, struct str place,
			      struct err *e);

/*
 * Adds to the hourly and daily sums what came since the last time. `utc_offset` is that of local
 * time in seconds, `now` seconds since 1970. *mails is how many were looked at.
 */
MUST_CHECK int stat_aggregate(struct arena *a, struct db *db, int64_t now, int64_t utc_offset,
			      int64_t *mails, struct err *e);

/* Forgets all sums, so that the next stat_aggregate() makes them again (RBL counts are lost). */
MUST_CHECK int stat_clear(struct arena *a, struct db *db, struct err *e);
