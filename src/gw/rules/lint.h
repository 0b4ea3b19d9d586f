/* What the files that look for mistakes in a rule set share. Private to gw/rules. */
#pragma once

#include "base/map.h"
#include "gw/rules/rules_int.h"

enum { LINT_COMPARISONS_MAX = 50000000 };

/* What can be said about a group, a category or a rule without a mail. */
enum certainty { NEVER, MAYBE, ALWAYS };

struct lint {
	struct arena *a;
	const struct rules *r;
	const struct cfg_ldap *ldap; /* NULL: not known */
	struct buf *out;
	size_t findings;
	struct map hopeless; /* objects whose pattern matches nothing, by id */
	enum certainty (*known)[RULE_ACTION]; /* by place of the rule in r->all, by category */
	uint64_t comparisons; /* of objects that may still be made; groups beyond that are different */
};

/* Whether a group, a category of a rule is true for a mail, a recipient, a time. */
enum certainty lint_group(const struct lint *x, const struct rule_group *g, int category);
enum certainty lint_side(const struct lint *x, const struct rule *rule, int category);

/* Fills `known` from lint_side() for the rules that are used. */
void lint_know(struct lint *x);
bool lint_is_never(const struct lint *x, const struct rule *rule);

/*
 * Whenever `b` matches somebody at some time, `a` does, too. Only what is certain is true, senders
 * on both personal lists of a recipient left aside.
 */
bool lint_covers(struct lint *x, const struct rule *a, const struct rule *b);
