/*
 * For the tests of lib/clamd: the reading of one answer.
 */
#pragma once

#include "lib/clamd/clamd.h"

enum clamd_answer { CLAMD_CLEAN, CLAMD_FOUND, CLAMD_REFUSED };

/*
 * `reply` is what came before the NUL byte. For CLAMD_FOUND *name is a view of it; CLAMD_REFUSED is
 * an error that the daemon reports, with the reason in *name.
 */
MUST_CHECK int clamd_parse(struct str reply, enum clamd_answer *answer, struct str *name,
			   struct err *e);
