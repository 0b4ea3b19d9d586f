/* What can be said of every mail when the rules are loaded: when a meta is decided, what is
 * scanned. */
#define _GNU_SOURCE /* qsort_r */
#include "gw/spam/ruleset.h"

enum { PUT_OFF_MIN = 8 /* rules of a priority; for fewer the question is not worth it */ };

bool step_is_last(const struct spam_rules *rs, const struct rule_step *step)
{
	return step + 1 == rs->steps + rs->n_steps || step[1].priority != step->priority;
}

/*
 * Subrules after all others, and what takes long last, since by then more of the metas that ask for
 * them are settled (worth.h). What hits is the same in any order.
 */
size_t rule_lateness(const struct rule *r)
{
	enum { BODY_BY_HEADER = 16 }; /* how much longer it is, about */

	if (!r->subrule || !r->re)
		return 0;
	return r->type == RULE_HEADER ? re_size(r->re) : BODY_BY_HEADER * re_size(r->re);
}

/* A mail's way through the rules in which nothing is late. */
struct rehearsal {
	struct spam_rules *rs;
	uint32_t *waiting; /* metas: names that are not over */
	uint32_t *needs;   /* room for those of further metas */
	size_t decided;
	uint32_t priority; /* its number, from 1 */
};

static double zero(const void *ctx, const struct expr *leaf)
{
	(void)ctx;
	(void)leaf;
	return 0;
}

/* How likely a rule hits, roughly: patterns over long texts are the most special ones. */
static size_t commonness(const struct rule *r)
{
	enum { TYPE = 1 << 20 }; /* counts more than how many metas name it */
	size_t type = 2;

	if (r->type == RULE_BODY || r->type == RULE_URI || r->type == RULE_RAWBODY)
		type = 0;
	else if (r->type == RULE_HEADER && r->re)
		type = 1;
	else if (r->type == RULE_META)
		type = 3;
	return type * TYPE + r->used.n;
}

static void must_add(const struct spam_rules *rs, struct meta_turn *turn, uint32_t rule)
{
	uint32_t k = turn->n_must;

	for (uint32_t i = 0; i < turn->n_must; i++)
		if (turn->must[i] == rule)
			return;
	while (k && commonness(&rs->rules[turn->must[k - 1]]) > commonness(&rs->rules[rule])) {
		if (k < META_MUSTS)
			turn->must[k] = turn->must[k - 1];
		k--;
	}
	if (k == META_MUSTS)
		return;
	turn->must[k] = rule;
	turn->n_must += turn->n_must < META_MUSTS;
}

/* A rule that must hit, with all that must hit for it. */
static void must_hit(const struct spam_rules *rs, struct meta_turn *turn, const struct expr *x)
{
	const struct meta_turn *other;

	if (x->op != EXPR_NAME)
		return;
	must_add(rs, turn, (uint32_t)x->ref);
	if (rs->rules[x->ref].turn == RULE_NO_TURN)
		return;
	other = &rs->metas[rs->rules[x->ref].turn];
	for (uint32_t i = 0; i < other->n_must; i++)
		must_add(rs, turn, other->must[i]);
}

static void musts_find(const struct spam_rules *rs, struct meta_turn *turn, const struct expr *x)
{
	const struct expr *operand = expr_first(x);

	if (x->op != EXPR_AND) {
		must_hit(rs, turn, x);
		return;
	}
	for (unsigned i = 0; i < x->n; i++, operand = expr_next(operand))
		musts_find(rs, turn, operand);
}

/* The meta waits for nothing any more. */
static void take_turn(struct rehearsal *x, uint32_t meta)
{
	struct expr_world world = { .value = zero };
	struct rule *r = &x->rs->rules[meta];
	struct meta_turn *turn = &x->rs->metas[x->rs->n_metas];

	if (r->state != STATE_RUNS)
		return;
	*turn = (struct meta_turn){ .rule = meta, .after = x->priority };
	turn->counts = !r->subrule || r->captures || r->shortcircuit;
	if (r->expr) {
		turn->idle = expr_eval(r->expr, &world);
		musts_find(x->rs, turn, r->expr);
	}
	turn->needs = x->needs;
	turn->n_needs = (uint32_t)r->needs.n;
	for (size_t k = 0; k < r->needs.n; k++)
		*x->needs++ = r->needs.p[k];
	r->turn = (uint32_t)x->rs->n_metas++;
	x->rs->open[meta] = RULE_IS_META;
}

static void over(struct rehearsal *x, size_t rule)
{
	const struct rule_list *used = &x->rs->rules[rule].used;

	for (size_t k = 0; k < used->n; k++)
		if (--x->waiting[used->p[k]] == 0)
			take_turn(x, used->p[k]);
}

static void decide(struct rehearsal *x)
{
	while (x->decided < x->rs->n_metas)
		over(x, x->rs->metas[x->decided++].rule);
}

static void run_step(struct rehearsal *x, const struct rule_step *step)
{
	for (size_t k = 0; k < step->rules.n; k++) {
		uint32_t i = step->rules.p[k];
		const struct rule *r = &x->rs->rules[i];
		bool often = r->eval || r->flags & RULE_MULTIPLE;

		x->rs->open[i] = often ? RULE_MAY_HIT_OFTEN : RULE_MAY_HIT_ONCE;
		over(x, i);
	}
}

static bool is_stepped(const struct rule *r)
{
	return r->type != RULE_META && r->type != RULE_EVAL_NET && r->state == STATE_RUNS;
}

static void metas_schedule(struct spam_conf *c, struct spam_rules *rs)
{
	struct rehearsal x = { .rs = rs, .priority = 1 };
	size_t needs = 0;

	x.waiting = NEW_N(c->tmp, uint32_t, rs->n);
	rs->metas = NEW_N(c->keep, struct meta_turn, rs->n);
	for (size_t i = 0; i < rs->n; i++) {
		rs->rules[i].turn = RULE_NO_TURN;
		x.waiting[i] = (uint32_t)rs->rules[i].needs.n;
		needs += rs->rules[i].needs.n;
	}
	x.needs = NEW_N(c->keep, uint32_t, needs);
	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i].type == RULE_META && x.waiting[i] == 0)
			take_turn(&x, (uint32_t)i);
	for (size_t s = 0; s < rs->n_steps; s++) {
		run_step(&x, &rs->steps[s]);
		if (!step_is_last(rs, &rs->steps[s]))
			continue;
		decide(&x);
		x.priority++;
	}
	x.priority = META_AFTER_ALL;
	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i].type != RULE_META && !is_stepped(&rs->rules[i]))
			over(&x, i);
	decide(&x);
}

/*
 * A rule that only metas look at: by the end of its priority, when all scans and everything else
 * has told what it can, nobody may want to know any more.
 */
static bool can_be_put_off(const struct rule *r)
{
	if (!r->subrule || r->captures || r->templates || r->shortcircuit || r->exists)
		return false;
	return !r->eval || !(r->eval->start || r->eval->rewrites || r->eval->late);
}

static int lateness_cmp(const void *x, const void *y, void *rules)
{
	uint32_t i = *(const uint32_t *)x, k = *(const uint32_t *)y;
	const struct rule *a = (const struct rule *)rules + i, *b = (const struct rule *)rules + k;

	if (rule_lateness(a) != rule_lateness(b))
		return rule_lateness(a) < rule_lateness(b) ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* In the priority of `step`, its first one. */
static size_t count_put_off(const struct spam_rules *rs, const struct rule_step *step)
{
	size_t n = 0;

	for (;; step++) {
		for (size_t k = 0; k < step->rules.n; k++)
			n += can_be_put_off(&rs->rules[step->rules.p[k]]);
		if (step_is_last(rs, step))
			return n;
	}
}

static void put_off(struct spam_conf *c, struct spam_rules *rs, struct rule_list *from,
		    struct rule_list *to)
{
	size_t left = 0;

	for (size_t k = 0; k < from->n; k++)
		if (can_be_put_off(&rs->rules[from->p[k]]))
			vec_add(c->keep, to, from->p[k]);
		else
			from->p[left++] = from->p[k];
	from->n = left;
}

/* A step more at the end of each priority that has many such rules. */
static void steps_put_off(struct spam_conf *c, struct spam_rules *rs)
{
	struct rule_step *steps = NEW_N(c->keep, struct rule_step, 2 * rs->n_steps), *last = NULL;
	struct rule_list late = { 0 };
	bool many = false;
	size_t n = 0;

	for (size_t s = 0; s < rs->n_steps; s++) {
		if (s == 0 || step_is_last(rs, &rs->steps[s - 1]))
			many = count_put_off(rs, &rs->steps[s]) >= PUT_OFF_MIN;
		last = &steps[n++];
		*last = rs->steps[s];
		if (many)
			put_off(c, rs, &last->rules, &late);
		if (!late.n || !step_is_last(rs, &rs->steps[s]))
			continue;
		qsort_r(late.p, late.n, sizeof(*late.p), lateness_cmp, rs->rules);
		steps[n++] = (struct rule_step){ last->priority, RULE_NONE, late, { 0 } };
		late = (struct rule_list){ 0 };
	}
	rs->steps = steps;
	rs->n_steps = n;
}

/* The turn of a rule whose input has a set; the first one in a step has the input scanned. */
static void scan_schedule(struct spam_conf *c, struct spam_rules *rs, struct rule_step *step,
			  uint32_t rule)
{
	const struct rule *r = &rs->rules[rule];
	struct input_turns *turns = &rs->turns[r->input];
	size_t k = 0;

	while (k < step->scans.n && step->scans.p[k].input != r->input)
		k++;
	if (k == step->scans.n)
		vec_add(c->keep, &step->scans,
			((struct step_scan){ r->input, (uint32_t)turns->n }));
	vec_add(c->keep, turns, ((struct input_turn){ rule, r->place }));
}

static void scans_schedule(struct spam_conf *c, struct spam_rules *rs)
{
	rs->turns = NEW_N(c->keep, struct input_turns, rs->n_inputs);
	for (size_t s = 0; s < rs->n_steps; s++)
		for (size_t k = 0; k < rs->steps[s].rules.n; k++) {
			uint32_t i = rs->steps[s].rules.p[k];

			if (rs->rules[i].input != RULE_NO_INPUT &&
			    rs->inputs[rs->rules[i].input].set)
				scan_schedule(c, rs, &rs->steps[s], i);
		}
}

void schedule_make(struct spam_conf *c, struct spam_rules *rs)
{
	rs->open = NEW_N(c->keep, uint8_t, rs->n);
	metas_schedule(c, rs);
	if (rs->spare)
		steps_put_off(c, rs);
	scans_schedule(c, rs);
}
