/*
 * avast - ask the `scan` command of Avast about one file.
 *
 * It prints `FILE<blank>NAME` as its first line when something was found. Anything unexpected is an
 * error: ERR_TEMP (decisions.md: an enabled scanner that does not answer is a temporary failure).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define AVAST_COMMAND "/usr/bin/scan"

enum { AVAST_OUTPUT_MAX = 256 * 1024 }; /* a line for each member of an archive */

/*
 * *virus is the name, empty if the file is clean: no output and exit status 0. `deadline` is
 * net_now() time. For a member of an archive the line begins with `FILE|>MEMBER`.
 */
MUST_CHECK int avast_scan(struct arena *a, const char *path, int64_t deadline, struct str *virus,
			  struct err *e);

/* The same with another program: for tests. */
MUST_CHECK int avast_scan_by(struct arena *a, const char *command, const char *path,
			     int64_t deadline, struct str *virus, struct err *e);
