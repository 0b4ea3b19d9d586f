/*
 * expr - the arithmetic of metas and of `if` lines: numbers, names, calls, and Perl's operators
 * with Perl's precedence (spam-engine.md 2.3, 2.7).
 *
 * Private to gw/spam. What a name or a call is worth is the caller's to say; numbers are doubles,
 * truth is 1 and 0, and && and || give the operand that decided, as in Perl.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { EXPR_DEPTH_MAX = 200, EXPR_TOKENS_MAX = 10000 };

enum expr_op {
	EXPR_NUMBER,
	EXPR_NAME,
	EXPR_CALL,
	EXPR_NOT,
	EXPR_NEGATE,
	EXPR_MUL,
	EXPR_DIV,
	EXPR_ADD,
	EXPR_SUB,
	EXPR_LT,
	EXPR_GT,
	EXPR_LE,
	EXPR_GE,
	EXPR_EQ,
	EXPR_NE,
	EXPR_XOR,
	EXPR_AND,
	EXPR_OR,
	EXPR_IF
};

/* What a name or call is, as it was written. */
struct expr_word {
	struct str name, arg;
};

/*
 * An expression is an array: a node, then its operands one after the other, each with its own
 * behind it. EXPR_AND, EXPR_OR and EXPR_ADD have two or more.
 */
struct expr {
	uint8_t op;    /* enum expr_op */
	bool chained;  /* a comparison whose left side is one: a < b < c */
	uint16_t n;    /* operands */
	uint32_t size; /* nodes, all below included */
	union {
		double number;
		const struct expr_word *word; /* of a name or call, until the caller sets ref */
		size_t ref;
	};
};

static inline const struct expr *expr_first(const struct expr *x)
{
	return x + 1;
}

static inline const struct expr *expr_next(const struct expr *operand)
{
	return operand + operand->size;
}

enum expr_language {
	EXPR_META,      /* numbers have no sign; rules_matching(GLOB) is a call */
	EXPR_CONDITION, /* names may hold ::; plugin(X), can(X::f), has(X::f) are calls */
};

/*
 * ERR_INVALID if SpamAssassin would refuse it; *out is NULL for `()`. Words in the result point
 * into `text`.
 */
MUST_CHECK int expr_parse(struct arena *a, struct str text, enum expr_language language,
			  struct expr **out, struct err *e);

/* Without what it was parsed from, once no leaf refers to its word. NULL of NULL. */
struct expr *expr_copy(struct arena *a, const struct expr *x);

/* What a name or call is worth. */
struct expr_world {
	double (*value)(const void *ctx, const struct expr *leaf);
	const void *ctx;
	bool divided_by_zero; /* set when that happened; the quotient is then 0 */
};
double expr_eval(const struct expr *x, struct expr_world *world);

/* Calls `leaf` for each name and call, left to right. */
void expr_leaves(struct expr *x, void (*leaf)(void *ctx, struct expr *leaf), void *ctx);
