#include "gw/spam/worth.h"

#include <float.h>
#include <math.h>

enum { DEPTH_MAX = 40 }; /* metas in metas; deeper ones are taken to be open */

/* What is known of a meta. */
enum verdict { UNKNOWN, POSSIBLE, FALSE };

struct range {
	double lo, hi;
};

static const struct range anything = { -INFINITY, INFINITY };

static struct range range_of(struct worth *w, const struct expr *x, int depth);

void worth_init(struct worth *w, struct arena *a, const struct spam_rules *rs, const uint8_t *open,
		const struct eval_hits *hits)
{
	*w = (struct worth){ .rs = rs, .open = open, .hits = hits };
	w->verdict = NEW_N(a, uint8_t, rs->n);
	w->idle = NEW_N(a, bool, rs->n);
	w->wanted = NEW_N(a, bool, rs->n);
}

/* Something that must hit for the meta is over and has not. */
static bool lacks(const struct worth *w, const struct meta_turn *turn)
{
	for (uint32_t k = 0; k < turn->n_must; k++)
		if (!w->open[turn->must[k]] && !w->hits->place[turn->must[k]])
			return true;
	return false;
}

void worth_look(struct worth *w)
{
	const struct meta_turn *metas = w->rs->metas;

	memset(w->wanted, false, w->rs->n);
	for (size_t t = w->rs->n_metas; t > 0; t--) {
		const struct meta_turn *turn = &metas[t - 1];

		if (w->verdict[turn->rule] == FALSE)
			continue;
		w->verdict[turn->rule] = UNKNOWN;
		if (!w->open[turn->rule] || lacks(w, turn)) {
			w->verdict[turn->rule] = FALSE;
			continue;
		}
		if (!turn->counts && !w->wanted[turn->rule])
			continue;
		for (uint32_t k = 0; k < turn->n_needs; k++)
			w->wanted[turn->needs[k]] = true;
	}
}

/* From metas that name the rule up to what hangs on them. */
static void changed(struct worth *w, size_t rule, int depth)
{
	const struct rule_list *used = &w->rs->rules[rule].used;

	for (size_t k = 0; k < used->n && depth < DEPTH_MAX; k++)
		if (w->verdict[used->p[k]] == POSSIBLE) {
			w->verdict[used->p[k]] = UNKNOWN;
			changed(w, used->p[k], depth + 1);
		}
}

void worth_has_run(struct worth *w, size_t rule)
{
	changed(w, rule, 0);
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
	bool no;

	if (w->verdict[i] != UNKNOWN || depth > DEPTH_MAX)
		return w->verdict[i] == FALSE;
	no = !w->open[i] || !r->expr || is_false(range_of(w, r->expr, depth + 1));
	w->verdict[i] = no ? FALSE : POSSIBLE;
	return no;
}

static struct range range_of_rule(struct worth *w, size_t i, int depth)
{
	double value;

	switch (w->open[i]) {
	case RULE_IS_OVER:
		value = eval_hits_value(w->hits, i);
		return (struct range){ value, value };
	case RULE_MAY_HIT_ONCE:
		return (struct range){ 0, 1 };
	case RULE_IS_META:
		return (struct range){ 0, meta_is_false(w, i, depth) ? 0 : INFINITY };
	default:
		return (struct range){ 0, INFINITY };
	}
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

/* && gives the operand that decided: the last one, or one that is 0. */
static struct range range_of_and(struct worth *w, const struct expr *x, int depth)
{
	const struct expr *operand = expr_first(x);
	struct range all = range_of(w, operand, depth), one;

	for (unsigned i = 1; i < x->n && !is_false(all); i++) {
		operand = expr_next(operand);
		one = range_of(w, operand, depth);
		if (is_false(one))
			return one;
		all = (struct range){ is_true(all) ? one.lo : least(one.lo, 0), most(one.hi, 0) };
	}
	return all;
}

static struct range either(struct range a, struct range b)
{
	struct range r = { least(a.lo, b.lo), most(a.hi, b.hi) };

	if (a.lo >= 0 && b.lo >= 0 && (is_true(a) || is_true(b)))
		r.lo = DBL_MIN;
	return r;
}

static struct range range_of_or(struct worth *w, const struct expr *x, int depth)
{
	const struct expr *operand = expr_first(x);
	struct range all = range_of(w, operand, depth);

	for (unsigned i = 1; i < x->n; i++) {
		operand = expr_next(operand);
		all = either(all, range_of(w, operand, depth));
	}
	return all;
}

static struct range range_of_sum(struct worth *w, const struct expr *x, int depth)
{
	const struct expr *operand = expr_first(x);
	struct range all = range_of(w, operand, depth), one;

	for (unsigned i = 1; i < x->n; i++) {
		operand = expr_next(operand);
		one = range_of(w, operand, depth);
		all = (struct range){ all.lo + one.lo, all.hi + one.hi };
	}
	return all;
}

static struct range range_of_comparison(struct worth *w, const struct expr *x, int depth)
{
	const struct expr *left = expr_first(x);

	if (x->chained)
		return anything;
	return compare(x->op, range_of(w, left, depth), range_of(w, expr_next(left), depth));
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
		a = range_of(w, expr_first(x), depth);
		return truth(is_false(a), is_true(a));
	case EXPR_AND:
		return range_of_and(w, x, depth);
	case EXPR_OR:
		return range_of_or(w, x, depth);
	case EXPR_ADD:
		return range_of_sum(w, x, depth);
	case EXPR_LT:
	case EXPR_LE:
	case EXPR_GT:
	case EXPR_GE:
		return range_of_comparison(w, x, depth);
	default:
		return anything;
	}
}

/* Does anybody still wait for this rule? */
static bool is_wanted(struct worth *w, size_t i, int depth)
{
	const struct rule *r = &w->rs->rules[i];

	if ((r->type == RULE_META && w->rs->metas[r->turn].counts) || depth > DEPTH_MAX)
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

/* A pattern over a long text: the question takes less time. */
static bool takes_long(const struct rule *r)
{
	return r->re && r->type != RULE_HEADER;
}

bool worth_running(struct worth *w, size_t rule)
{
	return w->wanted[rule] && (!takes_long(&w->rs->rules[rule]) || is_wanted(w, rule, 0));
}
