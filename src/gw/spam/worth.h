/*
 * worth - whether running a subrule can still change anything.
 *
 * Most patterns belong to subrules, which count for nothing themselves: only metas look at them.
 * When every such meta is certain to be false, whatever the subrule would say, it need not be
 * matched. That a mail hits the same visible rules with and without is held by tests.
 *
 * A meta's value is known as a range: what is over counts exactly, a rule that has not run may
 * still be anything from 0 to its most. A meta that is certain to be false stays so, and so does a
 * rule that nobody waits for: both are remembered for the mail. That a meta is possible is
 * remembered until a rule that it hangs on has run.
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/ruleset.h"

struct worth {
	const struct spam_rules *rs;
	const uint8_t *open; /* of the run: by rule, enum rule_open */
	const struct eval_hits *hits;
	uint8_t *verdict; /* on metas: as far as is known, see worth.c */
	bool *idle;       /* rules that nobody waits for any more */
	bool *wanted;     /* rules that somebody waited for when worth_look() was called */
};

void worth_init(struct worth *w, struct arena *a, const struct spam_rules *rs, const uint8_t *open,
		const struct eval_hits *hits);

/* Much may have changed: looks at all metas. Before the first question, and whenever worth it. */
void worth_look(struct worth *w);
/* The rule has run, which may answer later questions. */
void worth_has_run(struct worth *w, size_t rule);

/*
 * May the rule, which has not run, still add to the result? As far as can be told in much less time
 * than it takes to run it.
 */
bool worth_running(struct worth *w, size_t rule);
