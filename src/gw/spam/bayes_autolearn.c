/* When a checked mail is good enough to be learnt from. */
#include "gw/spam/bayes.h"
#include "gw/spam/points.h"

/* Points that spam must have of either kind; what the classifier may think the other way. */
static const double kind_min = 3, against_spam = -1, against_ham = 1;

void bayes_points_add(struct bayes_points *p, const struct bayes_hit *hit)
{
	unsigned kinds = hit->header + hit->body;

	if (hit->learnt)
		p->learnt += hit->learnt_score;
	if (hit->learnt || hit->ignored)
		return;
	p->forced |= hit->forced;
	p->score += hit->score;
	if (kinds) {
		p->header += points_round(hit->score * hit->header / kinds);
		p->body += points_round(hit->score * hit->body / kinds);
	}
}

static bool spam_enough(const struct bayes_points *p)
{
	if (!p->forced && (p->header < kind_min || p->body < kind_min))
		return false;
	return p->learnt >= against_spam;
}

enum bayes_class bayes_autolearn(const struct bayes_learning_conf *c, const struct bayes_points *p,
				 bool is_spam)
{
	double score = points_round(p->score);

	if (score < c->ham_below && !is_spam && p->learnt <= against_ham)
		return c->on_error && p->surely_ham ? BAYES_IS_UNKNOWN : BAYES_IS_HAM;
	if (score >= c->spam_from && is_spam && spam_enough(p))
		return c->on_error && p->surely_spam ? BAYES_IS_UNKNOWN : BAYES_IS_SPAM;
	return BAYES_IS_UNKNOWN;
}
