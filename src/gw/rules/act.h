/*
 * Actions: what a rule does to the mail of its recipients. Private to gw/rules.
 *
 * A version is the mail with a list of changes on top, and never changes itself. Every recipient
 * points to one. An action derives new versions for its own recipients, and versions that come out
 * the same are one. So nothing leaks from one recipient to another, and those with equal changes
 * share one copy, whichever rules made them.
 */
#pragma once

#include "gw/rules/match.h"

enum disclaimer_result {
	DISCLAIMER_NO_PLACE,
	DISCLAIMER_ADDED,
	DISCLAIMER_FAILED, /* there is a place, but its charset cannot say it */
};

struct version {
	struct mime_edit edit;
	struct marks gone;    /* parts that were replaced */
	struct marks trimmed; /* multiparts without what is around their parts */
	struct version *child, *next; /* derived ones */
	struct version *settled;      /* the first of all that are the same; itself, maybe */
	struct version *later;	      /* next of those that are different from all before */
	struct str change;	      /* what was done to the parent */
	enum disclaimer_result disclaimed; /* if that was a disclaimer */
	bool undisclaimed; /* and a text that should have got it has not */
	uint32_t sealed;      /* the first part that it left alone, signed or encrypted; or 0 */
	size_t deliver;		      /* index + 1 of its delivery in the outbox */
};

/*
 * Finds or makes the version that results from `change`; *fresh tells the caller to make it so, and
 * version_settle() afterwards gives the one to use.
 */
struct version *version_derive(struct arena *a, struct version *from, struct str change,
			       bool *fresh);
struct version *version_settle(struct version *base, struct version *v);

/* The edit to write, NULL if it changes nothing. */
const struct mime_edit *version_edit(const struct version *v);

/* Recipients for whom an action does the same. */
struct act_group {
	struct version *version;
	enum spam_view view;
	const struct marks *marks;
	size_t *rcpt;
	size_t n;
};

enum {
	ACT_BY_VERSION = 1u << 0,
	ACT_BY_VIEW = 1u << 1, /* different spam information is a different group */
	ACT_BY_MARKS = 1u << 2,
};

struct act {
	struct arena *a;
	const struct rules_mail *m;
	struct scan *s;
	const struct cfg *cfg;
	const struct plan *plan;
	const struct plan_match *match; /* the rule at work; NULL: the implicit one */
	struct str rule;		/* its name */
	struct version **version;	/* by envelope index */
	struct version *base;		/* what everybody started with */
	VEC(struct outbox_effect) effects;
	struct outbox_rcpt *rcpt;
	unsigned texts; /* made so far: their boundaries and ids differ by this number */

	/* for macros */
	enum spam_view view;
	struct str filename;
	bool has_filename;
	bool html; /* they stand in HTML, and may not become part of it */
	struct str receivers, rule_info; /* once asked for */
};

/* The groups of the rule's recipients; `by` says what divides them. */
size_t act_groups(struct act *x, unsigned by, struct act_group **out);

/* A new effect of the rule at work for these recipients (none: the whole mail). */
struct outbox_effect *act_effect(struct act *x, enum outbox_kind kind, const size_t *rcpt,
				 size_t n);
void act_note(struct act *x, const struct act_group *g, enum outbox_line line, struct str text,
	      struct str more, uint32_t number);

/* Final effects: settle the fate of the group. */
void act_deliver(struct act *x, const struct act_group *g);
void act_block(struct act *x, const struct act_group *g);

/* Copies the group's version into a quarantine. Final but for attachments. */
void act_quarantine(struct act *x, const struct act_group *g, enum outbox_store store);

/* The group's recipients get another version. */
void act_assign(struct act *x, const struct act_group *g, struct version *v);

/* Whether a text differs with the spam information. */
static inline unsigned act_by_text(struct str text)
{
	return str_find(text, STR("__SPAM")) >= 0 ? ACT_BY_VIEW : 0;
}

/* "<a>, <b>", as many as a log line holds */
enum { ACT_NAMES_MAX = 8192 };
struct str act_names(struct act *x, const size_t *rcpt, size_t n);

/* A token no other text of this mail has; letters, digits and dashes. */
struct str act_token(struct act *x);
struct str act_boundary(struct act *x);

/*
 * Fills in the macros of `text` in one pass: what a macro brings in is not looked at again. The
 * result is cut at RULES_TEXT_MAX bytes. In HTML the values are written as HTML: what a sender has
 * put into them must not hide what the administrator says, or say more.
 */
struct str act_text(struct act *x, struct str text);
struct str act_html(struct act *x, struct str text);

/* The spam information that the current view shows; NULL: there is none. */
const struct scan_spam *act_spam(const struct act *x, enum spam_view view);

/* 5, -1.9, 0.001 */
struct str act_score(struct arena *a, double score);
