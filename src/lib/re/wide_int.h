/* The tree that wide_parse.c reads a pattern into and wide.c writes from. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "lib/re/wide.h"

enum wide_op {
	WIDE_SET,        /* one byte out of a set */
	WIDE_SEQUENCE,   /* of the children; without any: the empty text */
	WIDE_EITHER,     /* one of the children */
	WIDE_REPEAT,     /* the child, `lo` to `hi` times */
	WIDE_LINE_START,
	WIDE_LINE_END,
	WIDE_WORD_EDGE,
	WIDE_NO_WORD_EDGE,
};

enum { WIDE_UNBOUNDED = -1 };

struct wide_set {
	uint64_t bits[4];
};

struct wide {
	enum wide_op op;
	struct wide_set set;
	int lo, hi;
	struct wide *first, *last, *next; /* children; sibling */
};

static inline bool wide_set_has(const struct wide_set *s, unsigned c)
{
	return s->bits[c >> 6] >> (c & 63) & 1;
}

static inline void wide_set_add(struct wide_set *s, unsigned c)
{
	s->bits[c >> 6] |= (uint64_t)1 << (c & 63);
}

struct wide *wide_new(struct arena *a, enum wide_op op);
void wide_add(struct wide *parent, struct wide *child);

/* NULL: not understood. */
struct wide *wide_parse(struct arena *a, struct str pattern, unsigned flags);
