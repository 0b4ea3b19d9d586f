/*
 * failpoint - places where a test may kill the process.
 *
 * FAILPOINT("after-reinject") does nothing in a release: it is compiled in only with
 * -Dfailpoints=true. Then the file named by FAILPOINT_FILE says, in one line, which point is armed
 * and what happens there:
 *
 *	after-reinject kill		the process ends as by kill -9
 *	parse kill 3			the first three times over all processes; the file's counter
 *					is lowered under a lock, and the file removed at zero
 *	parse kill 1 MARKER		only for a message that contains MARKER (see each point)
 *
 * The names, in the order of house.md 4.1: "received", "opened", "scanned", "matched", "acted",
 * "quarantine-file", "quarantine-row", "quarantine-committed", "after-reinject", "statistics",
 * "before-reply", "after-reply".
 */
#pragma once

#include "base/str.h"

#define FAILPOINT_FILE "/run/pmg-smtp-filter/failpoint"

#ifdef WITH_FAILPOINTS
void failpoint_hit(const char *name, struct str message);
#define FAILPOINT(name, message) failpoint_hit(name, message)
#else
#define FAILPOINT(name, message) ((void)(message))
#endif
