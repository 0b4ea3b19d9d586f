/*
 * policy - the daemon that Postfix asks before it accepts a recipient: SMTP whitelist, SPF,
 * greylisting (policy.md).
 *
 *	Postfix ── connections ──▶ front ─┬─▶ look-up workers: whitelist, backup MX, SPF
 *	                                  └─▶ store workers: the greylist in PostgreSQL
 *
 * The front holds all connections and decides nothing: it passes a request first to a look-up
 * worker, which goes through the checks (decide.h), and if the greylist is to decide, to the next
 * idle store worker, together with all others that wait. A look-up worker has many questions under
 * way at once, with caps on what one client network and one sender's domain can take; whatever does
 * not get its answers in time goes on to the greylist without them. So nothing that a sender's name
 * servers do, or do not do, can keep a request from being greylisted.
 *
 * Workers belong to a *generation* (crew.h), which has loaded settings and whitelist. A reload
 * starts a new one beside the old; when it is ready, requests go to it, and a worker of the old one
 * ends when it has answered what it has in hand. Connections stay.
 *
 * Each request is answered once. A worker that dies has its requests given to another; what cannot
 * be found out (PostgreSQL is away, a request ends two workers) is answered as if there were no
 * greylist, with `dunno` or the header of SPF: mail is let in rather than lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define POLICY_USER "pmgpolicy"
#define POLICY_RUN_DIR "/run/pmgpolicy"
#define POLICY_PIDFILE POLICY_RUN_DIR "/pmgpolicy.pid"

enum {
	POLICY_PORT = 10022,
	POLICY_MAINTENANCE = 120, /* seconds between two rounds: expiry, statistics */
	POLICY_MAINTENANCE_MAX = 24 * 3600,
};

struct policy_options {
	const char *database; /* NULL: the product's */
	int port;             /* on 127.0.0.1 */
	int maintenance;      /* seconds between two rounds */
	bool testmode;        /* the attribute `testtime` of a request is its time */
};

struct policy_front;

/* As root: the port. */
MUST_CHECK int policy_open(struct arena *a, const struct policy_options *options,
			   struct policy_front **out, struct err *e);

/* Serves until told to stop. */
void policy_run(struct policy_front *f);

/* As root: the directory of the pid file, where systemd has not made it. */
MUST_CHECK int policy_make_directory(struct err *e);
