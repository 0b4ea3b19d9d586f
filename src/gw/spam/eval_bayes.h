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

/*
 * Does the site want the classifier to stay out of mails of this sender, or to this recipient
 * (bayes_ignore_from, bayes_ignore_to)? `r` may be of any family.
 */
bool bayes_ignores(struct eval_run *r, const struct bayes_conf *c);

/* eval_bayes_learn.c: see struct eval_family. */
const char *bayes_family_autolearn(struct eval_run *r, struct spam_result *result);
void bayes_family_learn(struct eval_run *r, int64_t deadline);
