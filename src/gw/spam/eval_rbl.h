/*
 * eval_rbl - check_rbl() and its like, which share sets of answers: check_rbl_sub() looks at all
 * that was asked for a set, by whichever function. eval_rbl.c knows the hosts that a mail came
 * through, eval_rbl_names.c the names that it bears. Private to gw/spam.
 */
#pragma once

#include "gw/spam/eval.h"
#include "gw/spam/lists.h"

/* Which of the hosts, told by the end of the set's name. */
enum rbl_place { ALL_UNTRUSTED, LAST_EXTERNAL, NOT_FIRST_HOP, FIRST_UNTRUSTED, REST_UNTRUSTED };

struct rbl_settings {
	bool skip;
	struct str headers; /* rbl_headers */
};

/* A rule, its arguments understood. */
struct rbl {
	struct str set, zone; /* no zone: whatever was asked for the set */
	enum dns_type type;
	enum rbl_place place;
	unsigned flags; /* enum rule_flag */
	struct list_test test;
	struct str more; /* a fourth argument; empty if there is none */
};

/* Asks the list of the rule about `key`, which stands for `subject` in reports. */
void rbl_ask(struct eval_run *r, const struct eval_args *args, struct str key, struct str subject,
	     enum list_kind kind);

bool rbl_has_asked(struct eval_run *r, const struct eval_args *args);

/* The answers to that, as `struct eval` wants it. */
unsigned rbl_call(struct eval_run *r, const struct eval_args *args);

/* `(set, zone [, subtest [, more]])` */
int rbl_prepare(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e);

/* eval_rbl_names.c: `start` of its functions, and a `call` that has to ask twice. */
void rbl_from_host(struct eval_run *r, const struct eval_args *args);
void rbl_from_domain(struct eval_run *r, const struct eval_args *args);
void rbl_envfrom(struct eval_run *r, const struct eval_args *args);
void rbl_headers(struct eval_run *r, const struct eval_args *args);
void rbl_rcvd(struct eval_run *r, const struct eval_args *args);
void rbl_ns_from(struct eval_run *r, const struct eval_args *args);
unsigned rbl_ns_from_call(struct eval_run *r, const struct eval_args *args);
bool rbl_is_accredited(struct eval_run *r, struct str by);
