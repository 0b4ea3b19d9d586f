/*
 * clamd - ask ClamAV's daemon about one file.
 *
 * The open file is passed over the daemon's Unix socket (FILDES), so that the daemon needs no right
 * to read our directories and no byte is copied. Where it refuses that (an access policy, a daemon
 * without the command), the content is sent instead (INSTREAM), once. There is no third way.
 *
 * Every answer but a plain "clean" or "found" is an error: a scanner that says something odd has
 * not said that the mail is clean.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define CLAMD_SOCKET "/var/run/clamav/clamd.ctl"

enum {
	CLAMD_REPLY_MAX = 1024, /* bytes of one answer */
	CLAMD_CHUNK = 8192,	/* bytes of content sent at a time */
};

/*
 * Scans the whole file behind `fd`, which must be a regular file open for reading. Its position
 * does not matter and is anywhere afterwards: the daemon moves it. *virus becomes the name of what
 * was found, or empty if the file is clean.
 * ERR_TEMP for everything that went wrong, whatever it was; never later than `deadline` (net_now()
 * time).
 */
MUST_CHECK int clamd_scan(struct arena *a, const char *socket, int fd, int64_t deadline,
			  struct str *virus, struct err *e);
