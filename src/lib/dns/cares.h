/*
 * cares - the resolver that asks real servers, by c-ares.
 *
 * It belongs to a worker process and lives as long as that does; it remembers who did not answer
 * (health.h). Each server has a channel of its own, so that it is known which one is silent: a
 * question that gets no answer within the timeout, or an error, goes to the next server that is not
 * being skipped. Questions go out over UDP with EDNS, from a random port with a random id; a
 * truncated answer is fetched over TCP.
 */
#pragma once

#include "base/err.h"
#include "lib/dns/dns.h"

enum {
	DNS_SERVERS_MAX = 8,
	DNS_ZONES_MAX = 1000, /* zones whose health is known; further ones are always asked */
	DNS_ATTEMPT_MS = 2000,
	DNS_ATTEMPTS = 2,
	DNS_FDS_MAX = DNS_SERVERS_MAX * 16,
};

struct dns_cares_config {
	const struct str *servers; /* "192.0.2.1", "[2001:db8::1]:5353"; none: /etc/resolv.conf */
	size_t server_count;
	int attempt_ms;         /* 0: DNS_ATTEMPT_MS */
	int attempts;           /* 0: DNS_ATTEMPTS */
	int64_t (*clock)(void); /* for the minute of health.h; NULL: net_now() */
};

/* Ready to be given to dns_open(); what it needs goes with arena `a`. */
MUST_CHECK int dns_cares_open(struct arena *a, const struct dns_cares_config *config,
			      struct dns_resolver **out, struct err *e);
