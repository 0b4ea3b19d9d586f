/*
 * crew - a generation of workers of the policy daemon, and the process that looks after them.
 *
 * It loads settings and whitelist, forks the workers, which share them, and replaces those that
 * end. The other end of each worker's socket goes to the front, over the control socket. When the
 * front closes that one, no worker is replaced any more, and the process ends with the last; a
 * worker ends when the front closes its socket.
 */
#pragma once

#include "gw/policy/policy.h"
#include "gw/policy/wire.h"

enum crew_kind { CREW_LOOKUP, CREW_STORE, CREW_KINDS, CREW_READY = CREW_KINDS };

enum {
	CREW_WORKERS_MAX = 10, /* mail.max_policy */
};

/* What a generation has loaded. */
struct crew {
	struct arena *a;
	const char *database;
	struct policy_settings settings;
	int64_t cid;
	size_t n[CREW_KINDS]; /* workers */
};

/*
 * The body of the process: never returns. Exits with EX_TEMPFAIL if it only was not the time to
 * load.
 */
NORETURN void crew_run(const struct policy_options *options, int control);

/* The next message of a crew: the kind of a worker and its socket, or CREW_READY. -1 at its end. */
int crew_receive(int control, enum crew_kind *kind, int *fd);

/*
 * Makes this process, just forked, one that has nothing of its parent but `fd` (whose number it
 * returns), and of its parent's signals only their default meaning.
 */
int crew_leave_parent(int fd);

struct db *crew_database(const struct crew *c, struct arena *a);

/* What workers do until the front closes `fd`. */
NORETURN void lookup_run(const struct crew *c, int fd);
NORETURN void store_run(const struct crew *c, int fd);
