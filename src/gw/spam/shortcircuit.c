#include "gw/spam/shortcircuit.h"

#include <math.h>

static const double by_sum = 0.001, by_rule = 0.0001; /* scores that only tell which way */

void shortcircuit_conf_init(struct shortcircuit_conf *c)
{
	*c = (struct shortcircuit_conf){
		.ham_score = -100,
		.spam_score = 100,
		.min_ham = -INFINITY,
		.max_spam = INFINITY,
	};
}

static void end(struct shortcircuit_run *run, bool ham, double score, size_t place)
{
	if (!run->done)
		run->score = score;
	if (!run->done)
		run->place = place;
	run->done = true;
	run->type = ham ? SHORTCIRCUIT_HAM : SHORTCIRCUIT_SPAM;
}

void shortcircuit_hit(struct shortcircuit_run *run, const struct shortcircuit_conf *c,
		      enum shortcircuit type, struct str name, double score, size_t place)
{
	bool ham = type == SHORTCIRCUIT_HAM || (type == SHORTCIRCUIT_ON && score < 0);

	if (run->done)
		return;
	if (run->sum < c->min_ham || run->sum > c->max_spam)
		end(run, run->sum < 0, run->sum < 0 ? -by_sum : by_sum, place);
	if (type == SHORTCIRCUIT_NO)
		return;
	run->rule = name;
	if (type == SHORTCIRCUIT_ON)
		end(run, ham, ham ? -by_rule : by_rule, place);
	else
		end(run, ham, ham ? c->ham_score : c->spam_score, place);
}

const char *shortcircuit_name(enum shortcircuit type)
{
	return type == SHORTCIRCUIT_HAM ? "ham" : type == SHORTCIRCUIT_SPAM ? "spam" : "no";
}
