/*
 * arc - the chain of those who handled a mail before us and vouch for what it was (RFC 8617).
 *
 * Each of them adds a set of three fields with its number: what it found out, a signature over the
 * mail as it was then, and a seal over all sets so far. The chain is worth something if all seals,
 * and the newest signature, are genuine; whether its members are to be believed is the caller's
 * judgement.
 */
#pragma once

#include "lib/dkim/dkim.h"

enum { ARC_SETS_MAX = 50 }; /* RFC 8617, 4.2.1 */

enum arc_result {
	ARC_PENDING,
	ARC_NONE, /* no such fields */
	ARC_PASS,
	ARC_FAIL,
};

struct arc_set {
	struct str domain, selector; /* of the seal */
	struct str results;          /* ARC-Authentication-Results behind "i=N;", as written */
};

struct arc {
	enum arc_result result;
	const char *reason;         /* why it failed, for people; else empty */
	bool undependable;          /* it failed, but the mail was cut */
	const struct arc_set *sets; /* sets[0] is the oldest; only what passed is to be used */
	size_t n;
	struct arc_state *state;
};

/* Reads the fields and asks for the keys; `m` and `d` must live as long as `a`. */
struct arc *arc_verify(struct arena *a, struct dns *d, struct dkim_message *m,
		       const struct dkim_options *options);

/* Goes on with what DNS has answered; true when the result is not ARC_PENDING any more. */
bool arc_check(struct arc *arc);

/* "pass" */
const char *arc_result_name(enum arc_result result);
