/*
 * eval_help - what eval functions of several families need. Private to gw/spam.
 */
#pragma once

#include "gw/spam/eval.h"

/* Perl patterns of a family, compiled when its settings are made. A wrong one ends the program. */
void eval_patterns(struct spam_conf *c, const char *const *patterns, size_t n, struct re **out);

/* The joined values of a header as a rule names it, "From:addr"; empty if it is absent. */
struct str eval_header(struct eval_run *r, const char *name);
/* The first of its values, the first address for "To:addr". */
struct str eval_first(struct eval_run *r, const char *name);
bool eval_has_header(struct eval_run *r, const char *name);

/*
 * Every address that may be the sender's, or a recipient's, in lower case (§3.8): those of a resent
 * mail's own headers if it has them.
 */
struct spam_texts eval_senders(struct eval_run *r);
struct spam_texts eval_recipients(struct eval_run *r);

/* A directive by its current name: whitelist is welcomelist, blacklist is blocklist. */
struct str eval_current_word(struct arena *a, struct str key);

/* The part of a host name that somebody registered, in lower case. */
struct str eval_domain(struct eval_run *r, struct str host);

/* After the last @, or all of it. */
struct str eval_addr_host(struct str addr);

bool eval_is_ipv4(struct str s);
bool eval_is_public_ipv4(struct str s);

/* Arguments: number `i`, or `otherwise` if it is absent or no number. */
struct str eval_arg(const struct eval_args *args, size_t i);
double eval_arg_number(struct eval_run *r, const struct eval_args *args, size_t i,
		       double otherwise);
