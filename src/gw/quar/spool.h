/*
 * spool - files of mails: the one being received, and those in a quarantine (filter.md §3).
 *
 * Below the spool root are `active/` and the quarantine stores. A file is made under a temporary
 * name "sec.usec.pid.seq" and renamed to its id, upper case hex without separators: inode (modulo
 * 2^48), seconds, five digits of microseconds, so at most 25 digits. In a quarantine the file lies
 * in a subdirectory named by the last byte of the microseconds, two hex digits.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define SPOOL_ROOT "/var/spool/pmg"

enum { SPOOL_ID_MAX = 25, SPOOL_PATH_MAX = 512, SPOOL_BUFFER = 64 * 1024 };

struct spool_file {
	int fd; /* -1: there is none */
	size_t size; /* of all that was written */
	size_t held; /* bytes of it that are still in `buffer` */
	char id[SPOOL_ID_MAX + 1]; /* set by spool_finish() */
	char path[SPOOL_PATH_MAX]; /* where the file is now */
	char buffer[SPOOL_BUFFER];
};

/* Makes the directories below `root` that are missing; the process's user and group own them. */
MUST_CHECK int spool_make_directories(const char *root, struct err *e);

/* Removes every file in active/, left over from an earlier run; Postfix still has those mails. */
MUST_CHECK int spool_empty_active(const char *root, struct err *e);

/* A new file below `root`/active; it is not synced, since Postfix has the mail until the reply. */
MUST_CHECK int spool_create_active(const char *root, struct spool_file *f, struct err *e);

/* A new file for the quarantine store "spam", "virus" or "attachment". */
MUST_CHECK int spool_create_quarantine(const char *root, const char *store, struct spool_file *f,
				       struct err *e);

/* Small pieces are gathered: that the disk is full may only show in spool_finish(). */
MUST_CHECK int spool_write(struct spool_file *f, struct str bytes, struct err *e);

/*
 * Writes what is held and gives the file its id. With `durable`, file and directory are synced
 * before this returns.
 */
MUST_CHECK int spool_finish(struct spool_file *f, bool durable, struct err *e);

/* Closes, and removes the file; for one that is there no more this does nothing. */
void spool_remove(struct spool_file *f);

/* Closes, and leaves the file where it is. */
void spool_keep(struct spool_file *f);
