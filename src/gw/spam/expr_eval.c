#include "gw/spam/expr.h"

static double divide(double a, double b, struct expr_world *world)
{
	if (b != 0)
		return a / b;
	world->divided_by_zero = true;
	return 0;
}

/* Perl's bitwise operators work on unsigned integers of 64 bits. */
static double bits(double a, double b)
{
	double x = a < 0 ? 0 : a > 9e15 ? 9e15 : a, y = b < 0 ? 0 : b > 9e15 ? 9e15 : b;

	return (double)((uint64_t)x ^ (uint64_t)y);
}

static bool compare(enum expr_op op, double a, double b)
{
	switch (op) {
	case EXPR_LT:
		return a < b;
	case EXPR_GT:
		return a > b;
	case EXPR_LE:
		return a <= b;
	case EXPR_GE:
		return a >= b;
	case EXPR_EQ:
		return a == b;
	default:
		return a != b;
	}
}

/* A comparison, or a chain of them; *last becomes the value of the rightmost operand. */
static bool comparison(const struct expr *x, struct expr_world *w, double *last)
{
	const struct expr *left = expr_first(x);
	double a;

	if (!x->chained)
		a = expr_eval(left, w);
	else if (!comparison(left, w, &a))
		return false;
	*last = expr_eval(expr_next(left), w);
	return compare(x->op, a, *last);
}

static double arithmetic(const struct expr *x, struct expr_world *w)
{
	const struct expr *left = expr_first(x);
	double a = expr_eval(left, w), b = x->n > 1 ? expr_eval(expr_next(left), w) : 0;

	switch (x->op) {
	case EXPR_NOT:
		return a == 0;
	case EXPR_NEGATE:
		return -a;
	case EXPR_MUL:
		return a * b;
	case EXPR_DIV:
		return divide(a, b, w);
	case EXPR_SUB:
		return a - b;
	default:
		return bits(a, b);
	}
}

/* The first operand that is false, or is not; else the last one. */
static double first_that_is(bool truth, const struct expr *x, struct expr_world *w)
{
	const struct expr *operand = expr_first(x);
	double value = 0;

	for (unsigned i = 0; i < x->n; i++, operand = expr_next(operand)) {
		value = expr_eval(operand, w);
		if ((value != 0) == truth)
			break;
	}
	return value;
}

static double sum(const struct expr *x, struct expr_world *w)
{
	const struct expr *operand = expr_first(x);
	double value = expr_eval(operand, w);

	for (unsigned i = 1; i < x->n; i++) {
		operand = expr_next(operand);
		value += expr_eval(operand, w);
	}
	return value;
}

static double choice(const struct expr *x, struct expr_world *w)
{
	const struct expr *condition = expr_first(x), *yes = expr_next(condition);

	return expr_eval(expr_eval(condition, w) != 0 ? yes : expr_next(yes), w);
}

double expr_eval(const struct expr *x, struct expr_world *w)
{
	double last;

	switch (x->op) {
	case EXPR_NUMBER:
		return x->number;
	case EXPR_NAME:
	case EXPR_CALL:
		return w->value(w->ctx, x);
	case EXPR_AND:
		return first_that_is(false, x, w);
	case EXPR_OR:
		return first_that_is(true, x, w);
	case EXPR_ADD:
		return sum(x, w);
	case EXPR_IF:
		return choice(x, w);
	case EXPR_LT:
	case EXPR_GT:
	case EXPR_LE:
	case EXPR_GE:
	case EXPR_EQ:
	case EXPR_NE:
		return comparison(x, w, &last);
	default:
		return arithmetic(x, w);
	}
}

void expr_leaves(struct expr *x, void (*leaf)(void *ctx, struct expr *leaf), void *ctx)
{
	uint32_t size = x ? x->size : 0;

	for (uint32_t i = 0; i < size; i++)
		if (x[i].op == EXPR_NAME || x[i].op == EXPR_CALL)
			leaf(ctx, &x[i]);
}

struct expr *expr_copy(struct arena *a, const struct expr *x)
{
	struct expr *copy = x ? NEW_N(a, struct expr, x->size) : NULL;

	if (x)
		memcpy(copy, x, x->size * sizeof(*x));
	return copy;
}
