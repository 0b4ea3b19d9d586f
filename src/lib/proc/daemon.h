/*
 * daemon - start, stop and question a background service, with or without systemd.
 *
 * The service holds a POSIX lock on its pid file as long as it lives. Who is asked to stop is the
 * process that the kernel names as the lock's holder, never a number read from a file, so that a
 * service that has been taken over cannot point root at somebody else's process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct daemon_service {
	const char *name;
	const char *pidfile;
	const char *user; /* everything after prepare() runs as this user, with its groups */
	/* As root, before privileges are dropped: directories, sockets. */
	int (*prepare)(void *ctx, struct err *e);
	/* As `user`, until the service is told to stop. */
	void (*run)(void *ctx);
	void *ctx;
};

/* What a service's command line may say besides `--pidfile FILE` and `--help`. */
struct daemon_option {
	const char *name;  /* without dashes */
	const char **text; /* one of these three gets the value: text, */
	int *number;       /* a number from 1 to `max`, */
	bool *flag;        /* or that it was given */
	int max;
};

/*
 * The whole of a service's main(): reads the options (the last one has no name), then carries out
 * `start`, `stop`, `restart`, `reload` (SIGHUP), `status` or `run` (as start, in the foreground).
 * Says on stderr what went wrong. Returns the exit status: status gives 3 when the service does not
 * run, as service scripts do; a command line that is wrong gets `usage` and 64.
 */
int daemon_main(struct daemon_service *d, const struct daemon_option *options, const char *usage,
		int argc, char **argv);

/*
 * For prepare(): net_listen_tcp(), but a port that is taken is waited for, DAEMON_LISTEN_WAIT_MS at
 * most. Workers of the service of before may finish what they have in hand when it is gone already.
 */
enum { DAEMON_LISTEN_WAIT_MS = 30 * 1000 };
MUST_CHECK int daemon_listen(const char *address, uint16_t port, int *fd, struct err *e);

/*
 * What a service does before it runs, for a command that handles what strangers sent: from root to
 * `user` with its groups, without a way back. Does nothing where the process is not root.
 */
MUST_CHECK int daemon_become(const char *user, struct err *e);

/* Tells the process that holds the lock on `pidfile` to reload; that nobody does is no error. */
MUST_CHECK int daemon_reload(const char *pidfile, struct err *e);
