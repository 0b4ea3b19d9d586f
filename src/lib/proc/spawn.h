/*
 * spawn - run another program, without a shell, until a deadline, and read what it prints.
 *
 * The program gets the arguments given, a small environment, default signals, no descriptor but
 * the three standard ones, a process group of its own, and the caller's hard limit of memory
 * (RLIMIT_AS) as its soft one. When it prints too much or takes too long the whole group is killed.
 * What it leaves running when it ends by itself is no longer listened to; it is left alone (some
 * commands start daemons) unless the program ran in a cage
 * (struct spawn_cage).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* The file that is its standard input, for programs that want a name. */
#define SPAWN_INPUT "/proc/self/fd/0"

enum { SPAWN_ENV_MAX = 32 };

/*
 * For a program that reads what strangers sent, so that whoever takes it over has gained little:
 * no network, no other process, no file but the operating system's to read, none to write, and
 * nothing that it started outlives it (cage.h). Limits are for each process of it.
 */
struct spawn_cage {
	size_t memory; /* bytes of address space */
	int seconds;   /* of CPU time */
};

struct spawn {
	const char *const *argv; /* argv[0] is an absolute path; NULL at the end */
	int64_t deadline;        /* net_now() time */
	size_t output_max;       /* bytes, for each of the two outputs */
	struct str input;        /* what its standard input holds: a file in memory */
	/* "NAME=value", NULL at the end; with them before the usual ones. NULL: no more. */
	const char *const *env;        /* at most SPAWN_ENV_MAX */
	const struct spawn_cage *cage; /* NULL: it may do whatever the caller may */
};

struct spawn_result {
	struct str out, errors; /* what it wrote to standard output and to standard error */
	int status;             /* its exit status; -1 if it did not exit by itself */
};

/*
 * Runs it to its end. 0 if it exited by itself, whatever its status. Otherwise -1 and ERR_NOTFOUND
 * (no such program), ERR_SYS (not started, not caged, or ended by a signal), ERR_TEMP (the
 * deadline) or ERR_LIMIT (it printed more than output_max): *out then holds what it had printed so
 * far.
 * Callers need SIGCHLD to be neither ignored nor handled by reaping any child.
 */
MUST_CHECK int spawn_run(struct arena *a, const struct spawn *s, struct spawn_result *out,
			 struct err *e);
