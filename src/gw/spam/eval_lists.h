/*
 * eval_lists - what WLBLEval's directives make and its functions ask. Private to eval_lists*.c.
 */
#pragma once

#include "gw/spam/addr_list.h"
#include "gw/spam/eval_help.h"

/* Where a mail must come from for an address to be believed. */
struct origin {
	struct str domain;                   /* of the reverse name, or empty */
	const struct spam_networks *network; /* else */
	struct origin *next;
};

struct lists_conf {
	struct map addrs;                /* name → struct addr_list */
	struct map hosts;                /* name → struct map: host → &lists_in or &lists_out */
	struct addr_list rcvd, def_rcvd; /* values: struct origin */
	struct addr_list relayed;        /* welcomelist_allows_relays */
	size_t words;
};

extern const char lists_in, lists_out;

void lists_conf_init(struct spam_conf *c, void *conf);
enum conf_verdict lists_setting(struct conf_parser *p, void *conf, struct str key,
				struct str value);
