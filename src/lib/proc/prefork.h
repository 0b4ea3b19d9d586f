/*
 * prefork - a server made of small processes that are replaced rather than reloaded.
 *
 * The parent holds the listening sockets and does nothing clever. It forks a *generation*, which
 * loads what the workers need, says when it is ready, forks them, and replaces those that end. A
 * reload starts a new generation beside the old one; when the new one is ready the old one's
 * workers finish the connection in hand and go. A generation that cannot load is logged, and the
 * old one stays; if it only was not the time (ERR_TEMP), loading is tried again. So nothing is ever
 * swapped or freed in place, and a reload cannot half happen.
 *
 * Signals to the parent: HUP or USR1 reload; TERM or INT stop, with `stop_seconds` for connections
 * in hand. While no generation is up, connections wait in the listening queue, and loading is tried
 * again.
 */
#pragma once

#include "base/err.h"

enum {
	PREFORK_WORKERS_MAX = 200,
	PREFORK_LISTENERS_MAX = 8,
};

struct prefork {
	const int *listeners; /* non-blocking, owned by the caller */
	size_t n_listeners;
	int units;	      /* connections a worker serves before it is replaced */
	int stop_seconds;
	void *ctx;

	/*
	 * In a new generation: load everything, say how many workers (1 … PREFORK_WORKERS_MAX). An
	 * error ends the generation before it did anything, and so may a stop, by SIGKILL.
	 */
	int (*load)(void *ctx, size_t *workers, struct err *e);
	/* In a new worker, before its first connection. `slot` is below the number of workers. */
	void (*worker)(void *ctx, size_t slot);
	/* In a worker: one connection on listeners[listener]; `fd` is closed afterwards. */
	void (*serve)(void *ctx, int fd, size_t listener);
	/* In the generation: the worker in this slot was ended by a signal or by _Exit(nonzero). */
	void (*died)(void *ctx, size_t slot);
	/* In a child of the generation, again and again, `chore_seconds` apart. May be NULL. */
	void (*chore)(void *ctx);
	int chore_seconds;
};

/* Runs the parent until it is told to stop, then returns. */
void prefork_run(const struct prefork *p);
