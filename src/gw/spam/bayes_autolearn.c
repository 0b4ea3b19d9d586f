/* When a checked mail is good enough to be learnt from. */
#include "gw/spam/bayes.h"

/* Points that spam must have of either kind; what the classifier may think the other way. */
static const double kind_min = 3, spam_min = 6, against_spam = -1, against_ham = 1;
static const double surely_spam = 0.99, surely_ham = 0.01;

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
		p->header += hit->score * hit->header / kinds;
		p->body += hit->score * hit->body / kinds;
	}
}

static bool spam_enough(const struct bayes_points *p)
{
	if (!p->forced && (p->header < kind_min || p->body < kind_min))
		return false;
	return p->learnt >= against_spam;
}

enum bayes_class bayes_autolearn(const struct bayes_learning_conf *c, const struct bayes_points *p,
				 bool is_spam, double probability)
{
	double spam_from = c->spam_from < spam_min ? spam_min : c->spam_from;
	bool known = c->on_error && probability >= 0;

	if (p->score < c->ham_below && !is_spam && p->learnt <= against_ham)
		return known && probability <= surely_ham ? BAYES_IS_UNKNOWN : BAYES_IS_HAM;
	if (p->score >= spam_from && is_spam && spam_enough(p))
		return known && probability > surely_spam ? BAYES_IS_UNKNOWN : BAYES_IS_SPAM;
	return BAYES_IS_UNKNOWN;
}
