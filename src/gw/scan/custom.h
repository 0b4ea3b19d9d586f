/*
 * custom - the administrator's own check (admin.custom_check, filter.md §4.5).
 *
 * The program is run with the arguments `v1` and the mail's file and prints `v1`, then one of `OK`,
 * `VIRUS: text`, `SCORE: number`. It fails open: whatever goes wrong is logged and counts as OK,
 * and nothing that it printed before counts.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	CUSTOM_TIMEOUT_MS = 5 * 60 * 1000,
	CUSTOM_OUTPUT_MAX = 64 * 1024,
	CUSTOM_LOG_LINES_MAX = 200, /* lines of its standard error that are logged */
	CUSTOM_VIRUS_MAX = 255,	    /* bytes of its text; more is cut off */
	CUSTOM_SCORE_MAX = 20,	    /* characters of its number */
};

struct custom_result {
	struct str virus; /* empty: none */
	struct str score; /* as printed, a checked decimal number; empty: none */
};

/*
 * What it writes to standard error is logged line by line as "custom check: LINE". Never takes
 * longer than CUSTOM_TIMEOUT_MS nor beyond `deadline` (net_now() time).
 */
void custom_check(struct arena *a, const char *program, const char *path, int64_t deadline,
		  struct custom_result *out);

/* Reads what a check has printed; ERR_INVALID if that is not exactly as above. */
MUST_CHECK int custom_parse(struct arena *a, struct str printed, struct custom_result *out,
			    struct err *e);
