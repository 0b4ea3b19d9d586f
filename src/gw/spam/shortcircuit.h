/*
 * shortcircuit - rules that end the check (spam-engine.md 2.12): when one of them hits, or when the
 * score has passed a bound, the rules of its step are still run and no others.
 *
 * The hit itself counts under the name SHORTCIRCUIT, with a score of its own besides the rule's.
 * Private to gw/spam.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum shortcircuit {
	SHORTCIRCUIT_NO,
	SHORTCIRCUIT_HAM,
	SHORTCIRCUIT_SPAM,
	SHORTCIRCUIT_ON, /* ham or spam by the sign of the rule's score */
};

struct shortcircuit_conf {
	double ham_score, spam_score;
	/* The check ends with a hit after the score has gone below or above; or infinite. */
	double min_ham, max_spam;
};

void shortcircuit_conf_init(struct shortcircuit_conf *c);

/* One mail. */
struct shortcircuit_run {
	bool done;
	enum shortcircuit type;
	struct str rule; /* that ended it; empty: the score did */
	double score;    /* of SHORTCIRCUIT */
	double sum;      /* of the hits so far */
	size_t place;    /* of SHORTCIRCUIT among the hits */
};

/* A hit of `name`; `place`: how many rules have hit before. Its score is not in the sum yet. */
void shortcircuit_hit(struct shortcircuit_run *run, const struct shortcircuit_conf *c,
		      enum shortcircuit type, struct str name, double score, size_t place);

/* "ham", "spam" or "no" */
const char *shortcircuit_name(enum shortcircuit type);
