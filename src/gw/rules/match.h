/* What matching found out: which rule got which recipients. Private to gw/rules. */
#pragma once

#include "gw/rules/rules_int.h"
#include "gw/rules/what.h"

/* What a rule said about one class of recipients. */
struct plan_answer {
	struct marks marks;
	enum spam_view view;
};

struct plan_match {
	const struct rule *rule;
	size_t *rcpt; /* envelope indices, rising */
	const struct plan_answer **answer; /* for each of them */
	size_t n;
};

struct plan_note {
	enum outbox_line line;
	struct str rule, text;
	int64_t number;
};

struct plan {
	VEC(struct plan_match) matches; /* in the order of the rules */
	VEC(struct plan_note) notes;
	const struct rule **final;    /* by envelope index: the rule that ended matching, or NULL */
	const struct scan_spam *spam; /* NULL: the mail was not analysed */
	const uint8_t *listed; /* LISTED_ class by envelope index; NULL: lists were not read */
};

static inline bool rule_applies(const struct rule *rule, const struct scan *s)
{
	return rule->row.direction == RULE_BOTH ||
	       (rule->row.direction == RULE_OUT) == s->trusted;
}
