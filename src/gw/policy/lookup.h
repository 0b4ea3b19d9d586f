/*
 * lookup - what has to be looked up for requests, for many at once.
 *
 * A request that needs nothing, or only what is known already, is answered at once. Any other
 * becomes a job, which waits until there is room for it: at most LOOKUP_JOBS have questions under
 * way, at most LOOKUP_PER_NETWORK of them for one client network and LOOKUP_PER_DOMAIN for one
 * domain of senders. A job ends LOOKUP_MS after its request came, whether it ever ran or not: then
 * the request goes on with what is known.
 */
#pragma once

#include "gw/policy/wire.h"

enum {
	LOOKUP_JOBS = 64,
	LOOKUP_PER_NETWORK = 16,
	LOOKUP_PER_DOMAIN = 8,
	LOOKUP_WAITING_MAX = 1024, /* jobs; further requests go on at once */
	LOOKUP_MS = 10 * 1000,     /* for SPF, from when the request came */
	LOOKUP_MX_MS = 3 * 1000,   /* for the mail servers of the recipient's domain */
};

struct lookup;

/* Where answers go, and time (net_now()) and resolvers come from. */
struct lookup_world {
	void (*answer)(void *ctx, const struct wire_answer *w);
	int64_t (*now)(void);
	/* A resolver of its own for a job; called LOOKUP_JOBS times. */
	int (*resolver)(void *ctx, struct arena *a, struct dns_resolver **out, struct err *e);
	void *ctx;
};

MUST_CHECK int lookup_new(struct arena *a, const struct policy_settings *s,
			  const struct lookup_world *world, struct lookup **out, struct err *e);

void lookup_add(struct lookup *l, const struct wire_question *q);

/* For a poll(): as dns_poll_fds(); *until also has the end of the first job. */
size_t lookup_fds(struct lookup *l, struct pollfd *fds, size_t max, int64_t *until);

/* After it: takes what has come, goes on with jobs, ends those whose time is over. */
void lookup_ready(struct lookup *l, const struct pollfd *fds, size_t n);

/* Jobs that have questions under way, and those that wait for room. */
size_t lookup_running(const struct lookup *l);
size_t lookup_waiting(const struct lookup *l);

/* Whoever's domain this is: what is behind the last @, or HELO's name of a bounce. */
struct str lookup_domain(const struct policy_request *r);
