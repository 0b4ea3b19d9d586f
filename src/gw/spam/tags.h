/*
 * tags - facts about a mail that questions to the DNS are put together from, and templates of
 * reports: `_AUTHORDOMAIN_`.
 *
 * Some are found out here, others are told by families of eval functions (eval.h) or are what named
 * groups of patterns have caught (capture.c). Private to gw/spam.
 */
#pragma once

#include "gw/spam/eval.h"

/*
 * The values of the tag of that name, without its underscores. False while nothing is known yet;
 * perhaps nothing ever will.
 */
bool tag_values(struct eval_run *r, struct str name, struct spam_texts *out);

/* Whether there is one, in these rules. */
bool tag_exists(const struct spam_conf *c, struct str name);

/* The first `_NAME_` in `text`: where it begins, and its name; false if there is none. */
bool tag_find(struct str text, size_t *at, struct str *name);
