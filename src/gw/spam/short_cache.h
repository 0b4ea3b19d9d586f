/*
 * short_cache - where short links lead, so that a service is asked once for all mails with a link.
 *
 * Kept is what a service has answered, by the link (a digest of it), in LMDB (learnt.h); all
 * workers share it. What is older than its time counts for nothing. Each time something is written
 * the oldest go, so that the file neither grows for ever nor ever needs to be cleaned.
 *
 * Private to gw/spam.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SHORT_CACHE_ENTRIES_MAX = 200000, /* the oldest go when there are more */
	SHORT_CACHE_LOCATION_MAX = 1024,  /* octets; what is longer is asked for each time */
};

#define SHORT_CACHE_NAME "the cache of short links"

/* What a service has said to `url`. */
struct short_answer {
	struct str url;
	int status;          /* of HTTP */
	struct str location; /* n = 0: none */
};

struct short_cache;

/* As learnt_open(). */
MUST_CHECK int short_cache_open(struct arena *a, const char *path, bool create,
				struct short_cache **out, struct err *e);

/*
 * What was answered to `url` in the last `ttl` seconds; status 0: nothing. `now` in seconds since
 * 1970; the location is copied into `a`.
 */
MUST_CHECK int short_cache_find(struct short_cache *c, struct arena *a, struct str url, int64_t now,
				int64_t ttl, struct short_answer *out, struct err *e);

/*
 * Keeps `n` answers that have been given now, and lets those go whose time is over. ERR_TEMP:
 * others were writing until `deadline` (net_now()).
 */
MUST_CHECK int short_cache_add(struct short_cache *c, const struct short_answer *v, size_t n,
			       int64_t now, int64_t ttl, int64_t deadline, struct err *e);

/* For tests: how many there are. */
size_t short_cache_count(struct short_cache *c);
