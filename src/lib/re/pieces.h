/*
 * pieces - what is known about the texts that a piece of pattern can match. Private to lib/re.
 *
 * A piece is put together from smaller ones: one after the other, or one or the other. As long as
 * the texts it can match are few they are all known; beyond that, sets of literals are kept of
 * which every such text contains one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum {
	PIECE_EXACT_MAX = 32,     /* texts a piece may stand for */
	PIECE_LITERALS_MAX = 256, /* in a set */
	PIECE_LITERAL_MAX = 16,   /* bytes */
	PIECE_NEEDS_MAX = 4,      /* sets kept; the least useful give way */
	PIECE_GRAM = 3,           /* shorter literals are of no use */
	PIECE_WORK_MAX = 1 << 20, /* literals made on the way */
};

struct piece_set {
	struct str *p;
	size_t n, cap;
};

struct piece {
	bool exact;              /* it matches the texts in `all` and no others */
	struct piece_set all;    /* if not exact: what it can end in */
	struct piece_set needs[PIECE_NEEDS_MAX]; /* n of them */
	size_t n;
};

/* Where they are made. */
struct pieces {
	struct arena *a;
	size_t work;
	bool too_many; /* PIECE_WORK_MAX was reached: time to give up */
};

void piece_set_add(struct pieces *m, struct piece_set *s, struct str text);

struct piece piece_anything(void);
struct piece piece_exactly(struct pieces *m, struct str text);
struct piece piece_byte(struct pieces *m, int c); /* in either case */

/* Makes `so_far`, begun with piece_exactly(""), longer by `next`. */
void piece_append(struct pieces *m, struct piece *so_far, const struct piece *next);

/* What a sequence comes to once nothing more is appended. */
struct piece piece_finish(struct piece p);

struct piece piece_either(struct pieces *m, const struct piece *x, const struct piece *y);
