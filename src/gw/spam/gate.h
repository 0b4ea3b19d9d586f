/*
 * gate - names that the DNS is not asked for, though a rule wants to know.
 *
 * dns_query_restriction forbids domains for good, with everything below them. dns_block_rule
 * forbids one for a while: when a rule has hit that tells that a list refuses us, for instance for
 * asking too much. The gate stands before the resolver, so it holds for whoever asks; a question
 * that it does not let through is DNS_SKIPPED.
 *
 * What was forbidden for a while is remembered per worker (struct spam_list_health).
 *
 * Private to gw/spam.
 */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "gw/spam/conf.h"
#include "lib/dns/dns.h"

enum {
	GATE_BLOCK_S = 300,        /* default of dns_block_time */
	GATE_BLOCK_MAX_S = 604800, /* a week */
	GATE_DOMAINS_MAX = 1000,   /* of each of the two directives */
};

/* While rule number `rule` hits, `domain` answers nothing worth having. */
struct gate_block {
	struct str name, domain;
	size_t rule;
};

/* What the rule files say: part of the rule set. */
struct gate_rules {
	struct map restrictions; /* domain or "*" → whether it may be asked, see gate.c */
	VEC(struct gate_block) blocks;
	int64_t block_s;
};

/* Directives: `allow|deny DOMAIN…`, none, `RULE DOMAIN…`, seconds. */
void gate_conf_init(struct spam_conf *c);
enum conf_verdict gate_restriction(struct conf_parser *p, struct str value);
enum conf_verdict gate_clear(struct conf_parser *p, struct str value);
enum conf_verdict gate_block_rule(struct conf_parser *p, struct str value);
enum conf_verdict gate_block_time(struct conf_parser *p, struct str value);

/* When all rules are known: which of them each block waits for. */
void gate_bind(struct spam_conf *c);

/*
 * The resolver of `net` behind the gate, for one mail; `now`: seconds since 1970. Zones with a time
 * of their own are asked anew for so long.
 */
struct dns_resolver *gate_open(struct arena *a, const struct gate_rules *rules,
			       const struct net_times *times, const struct spam_network *net,
			       int64_t now);

/* The rule of `b` has hit: its domain is not asked for a while, which is logged once. */
void gate_shut(const struct gate_rules *rules, const struct gate_block *b,
	       struct spam_list_health *health, int64_t now);
