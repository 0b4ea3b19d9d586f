/*
 * cache - what a look-up worker has found out, for a while, in memory of a fixed size.
 *
 * Each key has one place, which it shares with others: the newest entry counts. So nothing has to
 * be tidied up, and whoever fills it with rubbish only makes others be looked up again.
 */
#pragma once

#include "gw/policy/decide.h"

enum {
	CACHE_KEY_MAX = 3 * 256,
	CACHE_MX_SECONDS = 600,      /* mail servers of a domain */
	CACHE_FAILURE_SECONDS = 30,  /* that they cannot be found out */
	CACHE_SPF_SECONDS = 60,      /* for all recipients of a mail, and of the next like it */
	CACHE_MX_ADDRESSES_MAX = 64, /* IPv4, of one domain; further ones are not known */
};

struct cache_mx {
	bool known;
	size_t n;
	uint8_t addresses[CACHE_MX_ADDRESSES_MAX][4];
};

struct cache_spf {
	enum spf_result result;
	size_t header_n, explanation_n;
	char header[POLICY_TEXT_MAX], explanation[POLICY_TEXT_MAX];
};

struct cache;

struct cache *cache_new(struct arena *a);

/* `now` is net_now(). NULL: not known, or not any more. */
const struct cache_mx *cache_mx_get(const struct cache *c, struct str domain, int64_t now);
void cache_mx_put(struct cache *c, struct str domain, const struct cache_mx *mx, int64_t now);

/* The key is everything that the result depends on. False: not known. */
bool cache_spf_get(const struct cache *c, const struct policy_request *r, int64_t now,
		   struct policy_spf *out);
void cache_spf_put(struct cache *c, const struct policy_request *r, const struct policy_spf *spf,
		   int64_t now);

/* Is the client, in text form, among them? */
bool cache_mx_has(const struct cache_mx *mx, struct str client);
