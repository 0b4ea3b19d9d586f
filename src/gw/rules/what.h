/*
 * What objects are asked with: the mail, and which kind of recipient the question is about.
 * Private to gw/rules.
 */
#pragma once

#include "gw/rules/rules_int.h"

/* Whether a recipient's personal lists name the sender. Recipients of a class are all alike. */
enum { LISTED_WHITE = 1u << 0, LISTED_BLACK = 1u << 1, LISTED_CLASSES = 4 };

/* Which spam information a match is about. */
enum spam_view {
	SPAM_VIEW_MAIL,	  /* that of the mail, if it was analysed */
	SPAM_VIEW_LISTED, /* level 100, because the personal list says so */
	SPAM_VIEWS,
};

struct re;

/* A text of the mail that an object looked at. */
struct what_text {
	uint32_t aid;	  /* 0: of no part */
	const char *kind; /* "name" */
	struct str text;
	bool yes;
};

/* What one object said. */
struct what_answer {
	struct verdict verdict;
	bool gave_up; /* a regular expression reached its limit */
	VEC(struct what_text) texts; /* only if somebody wants to know */
};

struct what_names {
	VEC(struct str) list;
	bool nameless; /* some client has no name for it */
	bool known;
};

/* In which readings of a part an object matches it. */
enum what_seen { WHAT_NEVER, WHAT_SOMETIMES, WHAT_ALWAYS };

struct what {
	struct arena *a;
	const struct rules_mail *m;
	struct scan *s;
	struct what_names *names; /* by aid - 1, once asked for */
	struct what_answer **cache; /* by rule_object.index; not for objects per recipient */
	struct what_answer *answer; /* to the question in hand */
	struct trace *trace;	    /* NULL: nobody wants to know why */

	unsigned listed; /* class of recipients the question is about */

	/* Answers of spam objects: the first that matched in this rule says which view it was. */
	bool spam_matched;
	enum spam_view view;
};

/*
 * Holds a text of the mail against a pattern; giving up counts as no match and is noted. Part and
 * kind are what an explanation calls the text.
 */
bool what_matches(struct what *w, const struct re *re, uint32_t aid, const char *kind,
		  struct str text);

/*
 * Sums up answers about the readings of one part. True if the rest need not be asked: if clients
 * agree about the mail, one name or type is as good as another, and the first that matches decides.
 */
struct what_tally {
	bool yes, no;
};
bool what_tally_add(const struct what *w, struct what_tally *t, bool yes);
enum what_seen what_tally_sum(const struct what *w, const struct what_tally *t);

/* Whether some client sees something else in the part's place. */
bool what_varies(const struct what *w, uint32_t aid);

/* Marks the part, or the mail. */
void what_mark(struct what *w, struct verdict *v, uint32_t aid, enum what_seen seen);
static inline void what_mark_mail(struct verdict *v)
{
	v->some.kind = v->every.kind = MARKS_WHOLE;
}

/* For objects that do not look at texts: what they know, for an explanation. */
void what_saw(struct what *w, const char *kind, struct str text);

/*
 * All names that clients have for a part, whichever way they read it; the recommended one first.
 * Bound by MIME_NAMES_MAX and MIME_READINGS_MAX.
 */
const struct what_names *what_names(struct what *w, uint32_t aid);
