/*
 * file - whole files: read with a limit, replace completely or not at all, lock.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/clean.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Reads a regular file of at most `max` bytes. ERR_NOTFOUND if there is none, ERR_LIMIT if it is
 * larger, ERR_SYS otherwise; the message names the path.
 */
MUST_CHECK int file_read(struct arena *a, const char *path, size_t max, struct str *out,
			 struct err *e);

/* Reads from a pipe or socket to its end; `name` is for messages. Errors as file_read(). */
MUST_CHECK int file_read_stream(struct arena *a, int fd, const char *name, size_t max,
				struct str *out, struct err *e);

struct file_attr {
	mode_t mode;
	uid_t uid; /* (uid_t)-1: as the process */
	gid_t gid;
};

/*
 * Puts `content` at `path`: temporary file beside it, fsync, rename, fsync of the directory. On
 * failure the old file is untouched and the temporary one gone.
 */
MUST_CHECK int file_replace(const char *path, struct str content, const struct file_attr *attr,
			    struct err *e);

/* Writes all of it, whatever number of calls that takes. */
MUST_CHECK int file_write_all(int fd, struct str content, struct err *e);

/* fsync of the directory that holds `path`: makes a rename or a new name durable. */
MUST_CHECK int file_sync_dir_of(const char *path, struct err *e);

/*
 * Takes an exclusive lock on `path` (created if missing), waiting for it; the lock is held until
 * *fd is closed.
 */
MUST_CHECK int file_lock(const char *path, int *fd, struct err *e);
