/*
 * net_time - rbl_timeout: until when answers of the network are worth waiting for.
 *
 * The more of a mail's questions have been answered, the less is the rest worth waiting for. Zones
 * may have times of their own, longer or shorter ones; they hold for questions about names in them.
 *
 * Private to gw/spam.
 */
#pragma once

#include "base/map.h"
#include "gw/spam/conf.h"
#include "lib/dns/dns.h"

enum { NET_ZONES_MAX = 1000 };

struct net_time {
	int64_t most_ms, least_ms; /* when nothing has been answered, and when nearly all has */
};

struct net_times {
	struct net_time any;
	struct map zones; /* domain → struct net_time */
};

void net_times_conf_init(struct spam_conf *c);

/* Directive `rbl_timeout MOST [LEAST] [ZONE]`. */
enum conf_verdict net_times_setting(struct conf_parser *p, struct str value);

/* The time of the smallest zone that `name` is in; NULL if it is in none that has its own. */
const struct net_time *net_time_of(const struct net_times *t, struct str name);

/*
 * Until when to wait for what is pending in `d`, if all was asked at `asked_at`; with `talks` also
 * for servers beside the DNS. Both net_now().
 */
int64_t net_times_limit(const struct net_times *t, const struct dns *d, bool talks,
			int64_t asked_at);
