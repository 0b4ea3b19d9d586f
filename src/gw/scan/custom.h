/*
 * custom - the administrator's own check (admin.custom_check, filter.md §4.5).
 *
 * The program is run with the arguments `v1` and the mail's file and prints `v1`, then one of `OK`,
 * `VIRUS: text`, `SCORE: number`. It fails open: whatever goes wrong is logged and counts as OK, and
 * nothing that it printed before counts.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum { CUSTOM_TIMEOUT_MS = 5 * 60 * 1000 };

struct custom_result {
	struct str virus; /* empty: none */
	struct str score; /* as printed, a checked decimal number; empty: none */
};

/* Never takes longer than CUSTOM_TIMEOUT_MS nor beyond `deadline` (net_now() time). */
void custom_check(struct arena *a, const char *program, const char *path, int64_t deadline,
		  struct custom_result *out);
