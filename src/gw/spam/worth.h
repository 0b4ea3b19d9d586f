/*
 * worth - whether running a subrule can still change anything.
 *
 * Most patterns belong to subrules, which count for nothing themselves: only metas look at them.
 * When every such meta is certain to be false, whatever the subrule would say, it need not be
 * matched. That a mail hits the same visible rules with and without is held by tests.
 *
 * A meta's value is known as a range: what is over counts exactly, a rule that has not run may
 * still be anything from 0 to its most. A meta that is certain to be false stays so, and so does a
 * rule that nobody waits for: both are remembered for the mail.
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/ruleset.h"

struct worth {
	const struct spam_rules *rs;
	const uint8_t *open; /* of the run: by rule, whether it may still hit */
	const struct eval_hits *hits;
	bool *settled;	     /* metas that are certain to be false */
	bool *idle;	     /* rules that nobody waits for any more */
	uint32_t *asked;     /* by rule: the question at which it was last found to be open */
	uint32_t question;
};

void worth_init(struct worth *w, struct arena *a, const struct spam_rules *rs, const uint8_t *open,
		const struct eval_hits *hits);

/* May the rule, which has not run, still add to the result? */
bool worth_running(struct worth *w, size_t rule);
