/* What can be said of every mail when the rules are loaded: when a meta is decided, what is
 * scanned. */
#include "gw/spam/ruleset.h"

/* A mail's way through the rules in which nothing is late. */
struct rehearsal {
	struct spam_rules *rs;
	uint32_t *waiting; /* metas: names that are not over */
	size_t decided;
	uint32_t ran;
};

static double zero(const void *ctx, const struct expr *leaf)
{
	(void)ctx;
	(void)leaf;
	return 0;
}

/* The meta waits for nothing any more. */
static void take_turn(struct rehearsal *x, uint32_t meta)
{
	struct expr_world world = { .value = zero };
	struct rule *r = &x->rs->rules[meta];

	if (r->state != STATE_RUNS)
		return;
	r->turn = (uint32_t)x->rs->n_metas;
	x->rs->metas[x->rs->n_metas++] = (struct meta_turn){
		.rule = meta,
		.after = x->ran,
		.idle = r->expr ? expr_eval(r->expr, &world) : 0,
	};
	x->rs->open[meta] = true;
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
		x->rs->open[step->rules.p[k]] = true;
		x->ran++;
		over(x, step->rules.p[k]);
	}
}

static bool is_stepped(const struct rule *r)
{
	return r->type != RULE_META && r->type != RULE_EVAL_NET && r->state == STATE_RUNS;
}

static void metas_schedule(struct spam_conf *c, struct spam_rules *rs)
{
	struct rehearsal x = { .rs = rs, .waiting = NEW_N(c->tmp, uint32_t, rs->n) };

	rs->metas = NEW_N(c->keep, struct meta_turn, rs->n);
	for (size_t i = 0; i < rs->n; i++) {
		rs->rules[i].turn = RULE_NO_TURN;
		x.waiting[i] = (uint32_t)rs->rules[i].needs.n;
	}
	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i].type == RULE_META && x.waiting[i] == 0)
			take_turn(&x, (uint32_t)i);
	for (size_t s = 0; s < rs->n_steps; s++) {
		run_step(&x, &rs->steps[s]);
		if (s + 1 == rs->n_steps || rs->steps[s + 1].priority != rs->steps[s].priority)
			decide(&x);
	}
	x.ran = META_AFTER_ALL;
	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i].type != RULE_META && !is_stepped(&rs->rules[i]))
			over(&x, i);
	decide(&x);
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
	scans_schedule(c, rs);
}
