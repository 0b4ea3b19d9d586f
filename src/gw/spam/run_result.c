/* What has come of a mail. */
#include "gw/spam/run_int.h"

#include "gw/spam/points.h"

static void result_add(const struct run *run, const struct rule_hit *hit)
{
	const struct rule *r = &run->rs->rules[hit->rule];
	struct spam_result *out = run->out;
	struct spam_hit *h =
		r->subrule ? &out->subtests[out->n_subtests++] : &out->hits[out->n_hits++];

	*h = (struct spam_hit){ r->name,    hit->score, r->description,
				hit->count, hit->found, r->eval && r->eval->late };
}

/* It stands before the rule that has ended the check. */
static double result_shortcircuit(const struct run *run)
{
	const struct shortcircuit_run *s = &run->shortcircuit;
	struct spam_result *out = run->out;

	out->hits[out->n_hits++] = (struct spam_hit){
		.name = STR("SHORTCIRCUIT"),
		.score = s->score,
		.description = run->rs->shortcircuit_description,
		.count = 1,
	};
	out->shortcircuit = s->type;
	out->shortcircuit_rule = s->rule;
	return s->score;
}

/* Scores are added one hit at a time in order, as doubles, and rounded once. */
void run_result(struct run *run)
{
	struct spam_result *out = run->out;
	double sum = 0;

	out->hits = NEW_N(run->a, struct spam_hit, run->hits.n + 1);
	out->subtests = NEW_N(run->a, struct spam_hit, run->hits.n);
	for (size_t i = 0; i < run->hits.n; i++) {
		const struct rule_hit *hit = &run->hits.v[i];

		if (run->shortcircuit.done && run->shortcircuit.place == i)
			sum += result_shortcircuit(run);
		result_add(run, hit);
		for (unsigned k = 0; !run->rs->rules[hit->rule].subrule && k < hit->count; k++)
			sum += hit->score;
	}
	out->score = points_round(sum);
	out->level = out->score >= 1e6 ? 1000000 : out->score > 0 ? (int)out->score : 0;
	out->required = run->rs->required;
}
