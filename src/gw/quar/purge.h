/*
 * purge - remove what has been in a quarantine for too long (database.md §6).
 *
 * First the mails that were received before the limit of their kind: the file, then the row. Then
 * the rows of recipients whose mail is gone. Last every file in a store that nobody has touched
 * since that limit, whether or not there was a row for it: leftovers of crashes and of other nodes.
 * Interrupting and repeating it does no harm.
 *
 * The limit is a local midnight: mails of one day go on one day.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "lib/db/db.h"

struct quar_purge {
	const char *spool;
	int64_t midnight;  /* of today, local time, in seconds since 1970 */
	int64_t spam_days; /* how long spam and attachments stay */
	int64_t virus_days;
	bool check; /* only look for stale files */
	/* Told the path of each stale file, which is gone then unless `check`; may be NULL. */
	void (*stale)(void *arg, const char *path);
	void *arg;
};

struct quar_purged {
	int64_t mails, receivers, files; /* rows, orphaned rows, stale files */
};

/*
 * Fails as db_run() does, or if the spool cannot be read. A single file that cannot be removed is
 * logged; its row stays for the next time.
 */
MUST_CHECK int quar_purge(struct arena *a, struct db *db, const struct quar_purge *p,
			  struct quar_purged *out, struct err *e);
