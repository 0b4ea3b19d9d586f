/* What has hit, and the metas that follow from it. */
#include "gw/spam/run_int.h"

static struct rule_hit *hit_new(struct run *run, size_t i)
{
	struct eval_hits *hits = &run->hits;
	const struct rule_list *used = &run->rs->rules[i].used;
	struct rule_hit *h;

	hits->v = vec_room_(run->a, hits->v, &hits->cap, hits->n, sizeof(*h));
	h = &hits->v[hits->n++];
	hits->place[i] = (uint32_t)hits->n;
	for (size_t k = 0; k < used->n; k++)
		run->touched[used->p[k]] = true;
	return h;
}

void run_hit(struct run *run, size_t i, const struct rule_hit *what)
{
	const struct rule *r = &run->rs->rules[i];
	struct rule_hit *h;
	uint32_t place = run->hits.place[i];

	if (place && !(r->flags & RULE_MULTIPLE))
		return;
	shortcircuit_hit(&run->shortcircuit, &run->rs->shortcircuit, r->shortcircuit, r->name,
			 r->score, run->hits.n);
	run->shortcircuit.sum += r->subrule ? 0 : r->score;
	h = place ? &run->hits.v[place - 1] : hit_new(run, i);
	h->rule = (uint32_t)i;
	h->count++;
	h->value += what->value > 0 ? what->value : 1;
	h->score = what->score;
	h->found = what->found;
}

/* A meta waits for nothing late any more. If its turn has been, it is decided as soon as can be. */
static void meta_released(struct run *run, uint32_t meta, struct rule_list *released)
{
	if (run->rs->rules[meta].turn < run->decided)
		vec_add(run->a, &run->caught_up, meta);
	else
		vec_add(run->a, released, meta);
}

static void release(struct run *run, size_t i)
{
	struct rule_list released = { 0 };

	vec_add(run->a, &released, (uint32_t)i);
	run->waiting[i] = 0;
	while (released.n) {
		const struct rule_list *used = &run->rs->rules[released.p[--released.n]].used;

		for (size_t k = 0; k < used->n; k++)
			if (run->rs->rules[used->p[k]].turn != RULE_NO_TURN &&
			    --run->waiting[used->p[k]] == 0)
				meta_released(run, used->p[k], &released);
	}
}

void run_over(struct run *run, size_t i)
{
	run->open[i] = RULE_IS_OVER;
	if (run->waiting && run->waiting[i])
		release(run, i);
}

void run_hold(struct run *run, size_t i)
{
	struct rule_list held = { 0 };

	if (!run->waiting)
		run->waiting = NEW_N(run->a, uint32_t, run->rs->n);
	vec_add(run->a, &run->late, (uint32_t)i);
	vec_add(run->a, &held, (uint32_t)i);
	run->waiting[i] = 1;
	while (held.n) {
		const struct rule_list *used = &run->rs->rules[held.p[--held.n]].used;

		for (size_t k = 0; k < used->n; k++)
			if (run->rs->rules[used->p[k]].turn != RULE_NO_TURN &&
			    run->waiting[used->p[k]]++ == 0)
				vec_add(run->a, &held, used->p[k]);
	}
}

static double leaf_value(const void *ctx, const struct expr *leaf)
{
	const struct run *run = ctx;
	const struct rule_list *glob;
	double sum = 0;

	if (leaf->op == EXPR_NAME)
		return eval_hits_value(&run->hits, leaf->ref);
	glob = &run->rs->globs[leaf->ref];
	for (size_t i = 0; i < glob->n; i++)
		sum += eval_hits_value(&run->hits, glob->p[i]);
	return sum;
}

static double meta_value(struct run *run, const struct meta_turn *turn)
{
	struct expr_world world = { .value = leaf_value, .ctx = run };

	if (!run->touched[turn->rule])
		return turn->idle;
	for (uint32_t k = 0; k < turn->n_must; k++)
		if (!run->hits.place[turn->must[k]])
			return 0;
	return expr_eval(run->rs->rules[turn->rule].expr, &world);
}

static void meta_decide(struct run *run, const struct meta_turn *turn)
{
	double value = meta_value(run, turn), score = run->rs->rules[turn->rule].score;

	if (value != 0)
		run_hit(run, turn->rule, &(struct rule_hit){ .value = value, .score = score });
	run_over(run, turn->rule);
}

void run_metas(struct run *run)
{
	const struct meta_turn *turns = run->rs->metas;

	if (run->shortcircuit.done)
		return;
	while (run->decided < run->rs->n_metas && turns[run->decided].after <= run->over) {
		const struct meta_turn *turn = &turns[run->decided++];

		if (!run->touched[turn->rule] && turn->idle == 0 && !run->waiting)
			run->open[turn->rule] = RULE_IS_OVER;
		else if (!run->waiting || !run->waiting[turn->rule])
			meta_decide(run, turn);
	}
	for (size_t k = 0; k < run->caught_up.n; k++) {
		meta_decide(run, &turns[run->rs->rules[run->caught_up.p[k]].turn]);
		release(run, run->caught_up.p[k]);
	}
	run->caught_up.n = 0;
}

/* What never could tell has not hit. */
void run_metas_finish(struct run *run)
{
	run_metas(run);
	for (size_t k = 0; k < run->late.n; k++)
		run_over(run, run->late.p[k]);
	run->over = META_AFTER_ALL;
	run_metas(run);
}
