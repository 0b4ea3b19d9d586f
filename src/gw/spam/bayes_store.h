/*
 * bayes_store - where the Bayes classifier keeps what it has learnt.
 *
 * Three tables in one file (learnt.h): tokens (how many spam and ham mails had each, and when it
 * was last met), seen (which mails were learnt, and as what) and totals. Reading waits for nobody.
 * Learning is one transaction per mail: all of it is kept, or nothing.
 *
 * When a token is met in a mail that is only checked, its time is to move on, so that it does not
 * expire. These touches are collected in the process and written in one go when there are enough;
 * if the file is busy then, some are lost, which only makes tokens look older than they are.
 */
#pragma once

#include "base/sink.h"
#include "gw/spam/bayes.h"
#include "gw/spam/learnt.h"
#include "lib/re/re.h"

enum {
	BAYES_TOKENS_MAX = 4000000, /* in the store; new ones are refused then until some expire */
	BAYES_SEEN_MAX = 1000000,   /* mails remembered; expiry forgets the oldest above */
	BAYES_COUNT_MAX = 0x7fffffff,
	BAYES_TOUCHES_MAX = 4096,  /* collected before they are written */
	BAYES_TOUCH_AGE = 3600,    /* seconds; tokens met since then are left alone */
	BAYES_LINE_MAX = 1024,     /* of an export, read back */
	BAYES_EXPIRE_MIN = 100000, /* tokens that stay whatever the settings say */
};

struct bayes_store;

/* As learnt_open(). */
MUST_CHECK int bayes_store_open(struct arena *a, const char *path, bool create,
				struct bayes_store **out, struct err *e);

MUST_CHECK int bayes_store_totals(struct bayes_store *s, struct bayes_totals *out, struct err *e);

/* The tokens among `keys` that the store knows, in their order; *counts has room for all. */
MUST_CHECK int bayes_store_find(struct bayes_store *s, struct bayes_keys keys, int64_t now,
				struct bayes_count *counts, size_t *n, struct bayes_totals *learnt,
				struct err *e);

/* Writes the touches collected so far, unless somebody else is writing. */
void bayes_store_flush(struct bayes_store *s);
/* The same if there are many: a find may have to do it otherwise, while a mail waits. */
void bayes_store_settle(struct bayes_store *s);

/*
 * Learns a mail, met at `when` (seconds since 1970), as spam or ham; what it was learnt as before
 * is forgotten first. BAYES_IS_UNKNOWN forgets it. *changed is false if there was nothing to do.
 * `id` is bayes_seen_id().
 */
MUST_CHECK int bayes_store_learn(struct bayes_store *s, struct str id, struct bayes_keys keys,
				 enum bayes_class as, int64_t when, int64_t deadline, bool *changed,
				 struct err *e);

/* What the mail was learnt as; BAYES_IS_UNKNOWN if it was not. */
MUST_CHECK int bayes_store_seen(struct bayes_store *s, struct str id, enum bayes_class *out,
				struct err *e);

struct bayes_expiry {
	bool done;       /* false: it was not due, or would not have been worth it */
	uint64_t tokens; /* before */
	uint64_t removed;
	uint64_t forgotten; /* mails */
};

enum bayes_expire_when {
	BAYES_EXPIRE_IF_LARGE, /* there are more than `size`, and it was not done for 12 hours */
	BAYES_EXPIRE_DAILY,    /* nobody asked in this way for a day */
	BAYES_EXPIRE_NOW,
};

/*
 * Removes tokens that were not met for long, so many that about three quarters of `size` (but at
 * least BAYES_EXPIRE_MIN) stay; not if it is not worth it. Writers wait for it: a second for
 * each million tokens. `now` in seconds since 1970.
 */
MUST_CHECK int bayes_store_expire(struct bayes_store *s, uint64_t size,
				  enum bayes_expire_when when, int64_t now, int64_t deadline,
				  struct bayes_expiry *out, struct err *e);

/*
 * The text that `sa-learn --backup` writes and `--restore` reads: lines of fields between tabs.
 *
 *	v	3	db_version # this must be the first line!!!
 *	v	N	num_spam
 *	v	N	num_nonspam
 *	t	SPAM	HAM	TIME	KEY		(ten hex digits)
 *	s	h|s	ID				(a mail learnt)
 *
 * Reading replaces the whole content, in one transaction; a line that is wrong (counted in
 * *skipped) is left out, a text without the first three lines is ERR_INVALID.
 */
MUST_CHECK int bayes_store_export(struct bayes_store *s, const struct sink *to, struct err *e);
/*
 * The content as `sa-learn --dump` prints it: the totals, and every token with its probability;
 * with `only`, as with its --regexp, just tokens whose key as five bytes, not as digits, matches.
 */
enum bayes_dump { BAYES_DUMP_MAGIC = 1 << 0, BAYES_DUMP_DATA = 1 << 1 };
MUST_CHECK int bayes_store_dump(struct bayes_store *s, unsigned what, const struct re *only,
				const struct sink *to, struct err *e);
MUST_CHECK int bayes_store_import(struct bayes_store *s, struct str text, int64_t deadline,
				  size_t *skipped, struct err *e);
