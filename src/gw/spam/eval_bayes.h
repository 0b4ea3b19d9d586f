/* eval_bayes - what the files of the Bayes family share. Private to gw/spam. */
#pragma once

#include "gw/spam/bayes_store.h"
#include "gw/spam/eval.h"

/* What the classifier says of the mail, and what it is to learn from it. */
struct bayes_verdict {
	bool asked, told;
	double probability;
	enum bayes_class lesson; /* set by autolearn() */
	struct str id;
};

/* eval_bayes_learn.c: see struct eval_family. */
const char *bayes_family_autolearn(struct eval_run *r, struct spam_result *result);
void bayes_family_learn(struct eval_run *r, int64_t deadline);
