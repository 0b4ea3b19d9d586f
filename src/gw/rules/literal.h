/*
 * literal - texts that a regular expression cannot do without. Private to gw/rules.
 *
 * Whoever has thousands of expressions looks for their texts first, all in one pass, and asks only
 * those expressions whose text is there.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum {
	LITERAL_MIN = 3, /* bytes; a shorter text tells too little */
	LITERAL_ALTERNATIVES_MAX = 50,
};

struct literals {
	struct str *p; /* lower case ASCII */
	size_t n;
};

/*
 * At least one of them is, in whatever case, in every text that the pattern matches. False if there
 * are none that are certain: an alternative without one, or something that is not understood.
 */
bool literals_of(struct arena *a, struct str pattern, struct literals *out);
