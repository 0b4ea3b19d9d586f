/*
 * spawn - run another program, without a shell, until a deadline, and read what it prints.
 *
 * The program gets the arguments given, an empty standard input, a small environment, default
 * signals, no other descriptor, a process group of its own, and the caller's hard limit of memory
 * (RLIMIT_AS) as its soft one. When it prints too much or takes too long the whole group is killed.
 * What it leaves running when it ends by itself is left alone (some commands start daemons) and no
 * longer listened to.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct spawn {
	const char *const *argv; /* argv[0] is an absolute path; NULL at the end */
	int64_t deadline;	 /* net_now() time */
	size_t output_max;	 /* bytes, for each of the two outputs */
};

struct spawn_result {
	struct str out, errors; /* what it wrote to standard output and to standard error */
	int status;		/* its exit status; -1 if it did not exit by itself */
};

/*
 * Runs it to its end. 0 if it exited by itself, whatever its status. Otherwise -1 and ERR_NOTFOUND
 * (no such program), ERR_SYS (not started, or ended by a signal), ERR_TEMP (the deadline) or
 * ERR_LIMIT (it printed more than output_max): *out then holds what it had printed so far.
 * Callers need SIGCHLD to be neither ignored nor handled by reaping any child.
 */
MUST_CHECK int spawn_run(struct arena *a, const struct spawn *s, struct spawn_result *out,
			 struct err *e);
