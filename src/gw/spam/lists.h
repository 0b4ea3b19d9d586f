/*
 * lists - block lists in the DNS, and whether they can be believed.
 *
 * A list that has been given up by its owner, or that does not serve us, may answer anything. So
 * before the first answer of a list counts, and again every LISTS_TEST_S, it is tested (RFC
 * 5782): one of addresses must list 127.0.0.2 and must not list 127.0.0.1, one of names must not
 * list "invalid". A list that fails, gives an address outside 127/8, or refuses us with
 * 127.255.255.x, is not asked until LISTS_OFF_S later, when it is tested again; there is one
 * warning, however often it fails, and a notice when it works again. That the test has no answer
 * says nothing.
 *
 * `struct spam_list_health` is what a worker remembers; `struct spam_lists` is one mail.
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/spam.h"
#include "lib/dns/dns.h"
#include "lib/re/re.h"

enum {
	LISTS_TEST_S = 3600,
	LISTS_OFF_S = 600,
	LISTS_MAX = 1000, /* whose health is known; further ones are asked without a test */
};

enum list_kind {
	LIST_OF_ADDRESSES,
	LIST_OF_NAMES,
};

/* Domains that are not asked until a time, for another reason than being no list (gate.h). */
bool spam_list_health_shut(const struct spam_list_health *h, struct str domain, int64_t now);
void spam_list_health_shut_until(struct spam_list_health *h, struct str domain, int64_t until);

/* Of a server that is no list, by any name; NULL if there are too many. Its time is net_now(). */
struct health *spam_list_health_server(struct spam_list_health *h, struct str name);

/* `now`: seconds since 1970. */
struct spam_lists *spam_lists_open(struct arena *a, struct dns *d, struct spam_list_health *health,
				   int64_t now);

/* Asks for `key`.`zone`; NULL if the list is off. */
const struct dns_question *spam_lists_ask(struct spam_lists *l, struct str key, struct str zone,
					  enum dns_type type, enum list_kind kind);

/* Which answers of a list hit. */
struct list_test {
	enum {
		LIST_ANY,    /* any in 127/8, any text */
		LIST_MASK,   /* in 127/8, with one of these bits */
		LIST_RANGE,  /* from..to, as numbers */
		LIST_MASKED, /* as `from`, where the mask `to` looks */
		LIST_REGEX,  /* on the text of the answer */
	} op;
	uint32_t from, to;
	const struct re *re;
};

/* A mask ("8"), an address, `from-to` or `value/mask`; numbers may be dotted or 0x…. */
bool list_test_parse(struct arena *tmp, struct str text, struct list_test *out);
bool list_test_matches(struct arena *a, const struct dns_record *r, enum dns_type type,
		       const struct list_test *test);

/* An IPv4 address as a number. */
uint32_t list_number(const struct cidr_addr *addr);

/* How often answers of `q` hit, or EVAL_PENDING. */
unsigned spam_lists_hits(struct spam_lists *l, const struct dns_question *q,
			 const struct list_test *test);

/* When the mail is over: switches lists off that are not to be believed. */
void spam_lists_judge(struct spam_lists *l);
