#include "gw/spam/worth.h"

#include <float.h>
#include <math.h>

enum { DEPTH_MAX = 40 }; /* metas in metas; deeper ones are taken to be open */

struct range {
	double lo, hi;
};

static const struct range anything = { -INFINITY, INFINITY };

static struct range range_of(struct worth *w, const struct expr *x, int depth);

void worth_init(struct worth *w, struct arena *a, const struct spam_rules *rs, const uint8_t *open,
		const struct eval_hits *hits)
{
	*w = (struct worth){ .rs = rs, .open = open, .hits = hits };
	w->settled = NEW_N(a, bool, rs->n);
	w->idle = NEW_N(a, bool, rs->n);
	w->asked = NEW_N(a, uint32_t, rs->n);
}

static bool is_false(struct range r)
{
	return r.lo == 0 && r.hi == 0;
}

static bool is_true(struct range r)
{
	return r.lo > 0 || r.hi < 0;
}

static struct range truth(bool certain_yes, bool certain_no)
{
	return (struct range){ certain_yes, !certain_no };
}

/* A meta that is not open never runs or has run; one that runs is false if its expression is. */
static bool meta_is_false(struct worth *w, size_t i, int depth)
{
	const struct rule *r = &w->rs->rules[i];

	if (w->settled[i])
		return true;
	if (w->asked[i] == w->question || depth > DEPTH_MAX)
		return false;
	w->asked[i] = w->question;
	if (!w->open[i] || !r->expr || is_false(range_of(w, r->expr, depth + 1)))
		w->settled[i] = true;
	return w->settled[i];
}

static struct range range_of_rule(struct worth *w, size_t i, int depth)
{
	const struct rule *r = &w->rs->rules[i];

	if (!w->open[i]) {
		double value = eval_hits_value(w->hits, i);

		return (struct range){ value, value };
	}
	if (r->type == RULE_META)
		return (struct range){ 0, meta_is_false(w, i, depth) ? 0 : INFINITY };
	return (struct range){ 0, r->flags & RULE_MULTIPLE ? INFINITY : 1 };
}

static struct range compare(enum expr_op op, struct range a, struct range b)
{
	switch (op) {
	case EXPR_LT:
		return truth(a.hi < b.lo, a.lo >= b.hi);
	case EXPR_LE:
		return truth(a.hi <= b.lo, a.lo > b.hi);
	case EXPR_GT:
		return compare(EXPR_LT, b, a);
	case EXPR_GE:
		return compare(EXPR_LE, b, a);
	default:
		return (struct range){ 0, 1 };
	}
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

/* && and || give the operand that decided. */
static struct range range_of_and(struct range a, struct range b)
{
	if (is_false(a) || is_false(b))
		return (struct range){ 0, 0 };
	return (struct range){ is_true(a) ? b.lo : least(b.lo, 0), most(b.hi, 0) };
}

static struct range range_of_or(struct range a, struct range b)
{
	struct range r = { least(a.lo, b.lo), most(a.hi, b.hi) };

	if (a.lo >= 0 && b.lo >= 0 && (is_true(a) || is_true(b)))
		r.lo = DBL_MIN;
	return r;
}

static struct range range_of_two(struct worth *w, const struct expr *x, int depth)
{
	struct range a = range_of(w, x->a, depth), b;

	if (x->op == EXPR_AND && is_false(a))
		return a;
	b = range_of(w, x->b, depth);
	switch (x->op) {
	case EXPR_AND:
		return range_of_and(a, b);
	case EXPR_OR:
		return range_of_or(a, b);
	case EXPR_ADD:
		return (struct range){ a.lo + b.lo, a.hi + b.hi };
	default:
		return x->chained ? anything : compare(x->op, a, b);
	}
}

static struct range range_of(struct worth *w, const struct expr *x, int depth)
{
	struct range a;

	switch (x->op) {
	case EXPR_NUMBER:
		return (struct range){ x->number, x->number };
	case EXPR_NAME:
		return range_of_rule(w, x->ref, depth);
	case EXPR_NOT:
		a = range_of(w, x->a, depth);
		return truth(is_false(a), is_true(a));
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_ADD:
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		return range_of_two(w, x, depth);
	default:
		return anything;
	}
}

/* Does anybody still wait for this rule? */
static bool is_wanted(struct worth *w, size_t i, int depth)
{
	const struct rule *r = &w->rs->rules[i];

	if (!r->subrule || r->captures || r->shortcircuit || depth > DEPTH_MAX)
		return true;
	if (w->idle[i])
		return false;
	for (size_t k = 0; k < r->used.n; k++) {
		size_t meta = r->used.p[k];

		if (!meta_is_false(w, meta, depth) && is_wanted(w, meta, depth + 1))
			return true;
	}
	w->idle[i] = true;
	return false;
}

bool worth_running(struct worth *w, size_t rule)
{
	w->question++;
	return is_wanted(w, rule, 0);
}
