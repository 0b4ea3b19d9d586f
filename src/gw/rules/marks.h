/*
 * marks - which parts of a mail a what object, group or rule speaks about.
 *
 * Nothing matched (NONE), the mail as such (WHOLE: it has a virus, it is spam), or a non-empty set
 * of parts. The algebra is that of decisions.md; it is exact, whatever the number of parts.
 *
 * Clients may read one mail in several ways. A verdict says what is marked in some reading and what
 * is marked in every one, at least; where nothing is in doubt the two are the same. Its operations
 * keep that promise: what an inverted group marks in some reading is all that the group does not
 * mark in every one. Rules ask for the side that is safe (match.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum marks_kind { MARKS_NONE, MARKS_WHOLE, MARKS_SET };

struct marks {
	enum marks_kind kind;
	uint64_t *bits; /* MARKS_SET: bit aid - 1 */
};

/* Parts are numbered 1 to `n`. Results live in `a`; arguments are never changed. */
void marks_add(struct marks *m, struct arena *a, uint32_t n, uint32_t aid);
bool marks_has(const struct marks *m, uint32_t aid);

/* Objects of one group: all of them, or any of them. */
struct marks marks_and(struct arena *a, uint32_t n, struct marks x, struct marks y);
struct marks marks_or(struct arena *a, uint32_t n, struct marks x, struct marks y);

/* An inverted group: NONE becomes all parts, WHOLE becomes NONE, a set its complement. */
struct marks marks_not(struct arena *a, uint32_t n, struct marks x);

/* Groups of one rule: sets are united, WHOLE adds nothing to them. */
struct marks marks_unite(struct arena *a, uint32_t n, struct marks x, struct marks y);

struct verdict {
	struct marks some, every;
};

struct verdict verdict_and(struct arena *a, uint32_t n, struct verdict x, struct verdict y);
struct verdict verdict_or(struct arena *a, uint32_t n, struct verdict x, struct verdict y);
struct verdict verdict_not(struct arena *a, uint32_t n, struct verdict x);
struct verdict verdict_unite(struct arena *a, uint32_t n, struct verdict x, struct verdict y);

/* Whether the two sides differ. */
bool verdict_in_doubt(uint32_t n, const struct verdict *v);
