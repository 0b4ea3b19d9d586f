/*
 * What the files that explain share: lines of text for an administrator, one fact each. Private to
 * gw/rules.
 */
#pragma once

#include "gw/rules/trace.h"

enum {
	EXPLAIN_TEXT_MAX = 80,	 /* bytes of a text of the mail, of an object */
	EXPLAIN_ADDRESS_MAX = 320,
	EXPLAIN_TEXTS_MAX = 4,	 /* texts of the mail on one line */
	EXPLAIN_OBJECTS_MAX = 10, /* objects of a group that did not match */
	EXPLAIN_PARTS_MAX = 20,	 /* numbers of parts on one line */
};

struct explain {
	struct arena *a;
	const struct rules *r;
	const struct rules_mail *m;
	struct scan *s;
	struct trace *trace;
	struct buf *out;
};

/* "yes", "no", "part 2", "parts 2, 3" */
void explain_answer(struct explain *x, struct marks marks);

/* "<a>, <b>" */
void explain_people(struct explain *x, const size_t *rcpt, size_t n);

/* "TYPE 'DESCRIPTION'" */
void explain_object(struct explain *x, const struct rule_object *o);

/* The steps of a rule: those that follow `at` up to the next rule. */
void explain_steps(struct explain *x, const struct rule *rule, size_t at);
