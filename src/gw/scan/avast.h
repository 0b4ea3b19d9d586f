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

/* *virus is the name, empty if the file is clean; `deadline` is net_now() time. */
MUST_CHECK int avast_scan(struct arena *a, const char *path, int64_t deadline, struct str *virus,
			  struct err *e);
