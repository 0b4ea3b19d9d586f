/*
 * trace - the questions that matching asked and what came of them, for somebody who wants to know
 * why.
 *
 * Matching tells each step in the order in which it happens. In the daemon nobody listens: the
 * trace is NULL and a step costs a comparison. Private to gw/rules; explain.c makes text of it.
 */
#pragma once

#include "gw/rules/match.h"

enum trace_kind {
	TRACE_RULE,   /* struct rule; the steps up to the next one are about it */
	TRACE_SIDE,   /* struct rule_side; `n`: TO the recipient, WHAT the class of recipients */
	TRACE_GROUP,  /* struct rule_group */
	TRACE_OBJECT, /* struct rule_object */
};

struct trace_step {
	enum trace_kind kind;
	const void *of;
	size_t n;
	struct marks answer; /* "yes" where there are no parts is MARKS_WHOLE */
	bool in_doubt;	     /* it would be another one in some reading of the mail */
	const struct what_answer *said; /* what objects */
	struct who_said who; /* who objects */
	bool gave_up;
};

struct trace {
	struct arena *a;
	VEC(struct trace_step) steps;
	const struct plan *plan; /* as far as matching came */
};

/* A step that ends with trace_end(); the steps in between are below it. */
size_t trace_add(struct trace *t, enum trace_kind kind, const void *of, size_t n);

static inline size_t trace_begin(struct trace *t, enum trace_kind kind, const void *of, size_t n)
{
	return t ? trace_add(t, kind, of, n) : 0;
}

static inline void trace_end_what(struct trace *t, size_t step, struct marks answer, bool in_doubt)
{
	if (!t)
		return;
	t->steps.p[step].answer = answer;
	t->steps.p[step].in_doubt = in_doubt;
}

/* For answers that are yes or no; gives the answer back. */
static inline bool trace_end_bool(struct trace *t, size_t step, bool yes)
{
	if (t)
		t->steps.p[step].answer.kind = yes ? MARKS_WHOLE : MARKS_NONE;
	return yes;
}
