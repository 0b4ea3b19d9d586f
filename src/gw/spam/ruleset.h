/*
 * ruleset - the rules as they are run: immutable, one arena, shared by all workers.
 *
 * Private to gw/spam and to the programs that compare it with SpamAssassin. ruleset.c makes it from
 * a `struct spam_conf`, with meta.c (what names what) and schedule.c (what comes when); run.c holds
 * a mail against it, and capture.c keeps what named groups caught for the patterns that ask for it.
 *
 * A rule is in one of four states. It runs; or it is absent (score 0, undefined, or left out in
 * this score set), which counts as not hit once everything else is done; or it is blocked (a meta
 * with score 0, which never becomes ready and so holds up every meta that names it, as in
 * SpamAssassin); or it is disabled, because we could not tell.
 */
#pragma once

#include "gw/spam/conf.h"
#include "gw/spam/eval.h"
#include "gw/spam/expr.h"
#include "gw/spam/gate.h"
#include "gw/spam/net_time.h"

enum rule_state { STATE_ABSENT, STATE_RUNS, STATE_BLOCKED, STATE_DISABLED };

struct rule_list {
	uint32_t *p;
	size_t n, cap;
};

struct rule {
	struct str name, description;
	double score;
	double plain_score; /* in the column without Bayes */
	enum rule_type type;
	enum rule_state state;
	unsigned flags, maxhits, range_min, range_max;
	int priority;
	enum shortcircuit shortcircuit;
	const struct re *re;    /* with templates: matches whatever they may become */
	struct str pattern;     /* only if it has %{TAG} templates */
	uint32_t input, place;  /* which of spam_rules.inputs, or RULE_NO_INPUT; where in it */
	uint32_t header;        /* which of spam_rules.headers */
	struct str part_header; /* mimeheader */
	bool raw, negated, exists, captures, templates, subrule;
	struct str if_unset;

	const struct eval *eval; /* of an eval rule, and what it is called with */
	struct eval_args args;
	size_t family;

	struct expr *expr;      /* meta; NULL: always 0 */
	uint32_t turn;          /* meta: which of spam_rules.metas, or RULE_NO_TURN */
	struct rule_list needs; /* meta: each rule it names, once */
	struct rule_list used;  /* metas that name this rule */
};

#define RULE_NO_INPUT UINT32_MAX
#define RULE_NO_TURN UINT32_MAX

struct re_set; /* lib/re/set.h */

/* The rules that look for patterns in the same text: inputs.h. */
struct rule_input {
	struct rule_list rules;
	struct re_set *set; /* NULL: none, or not compiled yet */
};

/* A header (with [if-unset:) that rules are matched against: fetched once per mail. */
struct rule_header {
	struct str text; /* as in the file */
	struct spam_header_query query;
	bool has_if_unset;
	struct str if_unset;
};

/* The rules of an input in the order in which they run: schedule.c. */
struct input_turn {
	uint32_t rule, place;
};
struct input_turns {
	struct input_turn *p;
	size_t n, cap;
};

/* A scan that a step needs; `from`: the first of the input's turns that is in the step. */
struct step_scan {
	uint32_t input, from;
};

/*
 * Rules of one type and priority; steps run in order. RULE_NONE: patterns of any type that are put
 * off to the end of their priority.
 */
struct rule_step {
	int priority;
	enum rule_type type;
	struct rule_list rules;
	struct { struct step_scan *p; size_t n, cap; } scans;
};

enum { META_MUSTS = 4 };

/* When a meta is decided, unless something it names is late. */
struct meta_turn {
	uint32_t rule;
	uint32_t after; /* how many priorities are over by then, or META_AFTER_ALL */
	double idle;    /* what it comes to if nothing that it names has hit */
	/* Some rules that must hit, or it is 0: the rarest of them first. */
	uint32_t must[META_MUSTS];
	uint16_t n_must;
	bool counts; /* for more than metas that name it */
	uint32_t n_needs;
	const uint32_t *needs; /* those of the rule, all metas' in one piece */
};

#define META_AFTER_ALL UINT32_MAX

/* What is still to be expected of a rule, for one mail. */
enum rule_open {
	RULE_IS_OVER, /* nothing: it has run, or never will */
	RULE_MAY_HIT_ONCE,
	RULE_MAY_HIT_OFTEN,
	RULE_IS_META,
};

struct spam_rules {
	struct rule *rules;
	size_t n;
	struct rule_header *headers;
	size_t n_headers;
	struct rule_input *inputs;
	size_t n_inputs;
	struct rule_step *steps;
	size_t n_steps;
	struct meta_turn *metas; /* that can ever be decided */
	size_t n_metas;
	struct input_turns *turns; /* by input; none if it has no set */
	uint8_t *open; /* by rule: enum rule_open at the start */
	struct rule_list *globs; /* of rules_matching(), by expr.ref */
	double required;
	enum spam_score_set set;
	bool local, spare; /* spare: see struct spam_conf_paths */
	struct shortcircuit_conf shortcircuit;
	struct str shortcircuit_description;
	const struct net_times *net_times;
	const struct gate_rules *gate;
	struct spam_view_options view;
	struct re **redirectors;
	size_t n_redirectors;
	void **evals; /* settings of each family */
	size_t *readers; /* families that look at each mail first: indices */
	size_t n_readers;
};

/* ruleset.c: finishes what `c` collected. */
MUST_CHECK int ruleset_build(struct spam_conf *c, struct spam_rules **out, struct err *e);

/* meta.c, in this order: gives every name in a meta a rule (in `c`); */
void meta_bind_names(struct spam_conf *c);
/* … parses the metas, fills needs and used, cuts cycles; */
void meta_link(struct spam_conf *c, struct spam_rules *rs);
/* … disables the metas that look at disabled rules. */
void meta_disable(struct spam_conf *c, struct spam_rules *rs);

/* schedule.c, when everything else is made: what each mail need not find out anew. */
void schedule_make(struct spam_conf *c, struct spam_rules *rs);
/* Are these the last rules of their priority? */
bool step_is_last(const struct spam_rules *rs, const struct rule_step *step);
/* How much later than others a rule had better run: see schedule.c. */
size_t rule_lateness(const struct rule *r);

/* capture.c: tags, which named groups of patterns catch, or families tell (eval.h). */
struct captures {
	struct arena *a;
	struct map tags; /* name → struct capture_values */
	struct map found; /* the same, of the rule that is being run */
};
void captures_init(struct captures *c, struct arena *a);
void captures_add(struct captures *c, const struct re *re, const struct re_caps *caps,
		  struct str subject);
void captures_commit(struct captures *c);
/* One more value of the tag, the same ones included. */
void captures_tell(struct captures *c, const char *name, struct str value);
/* What the tag was set to; false if it is not. */
bool captures_values(const struct captures *c, struct str name, struct spam_texts *out);
/* Is every tag set that the pattern asks for? */
bool captures_ready(const struct captures *c, struct str pattern);
/* The pattern with each template filled in; NULL if a tag is not set or it does not compile. */
const struct re *captures_pattern(struct captures *c, struct str pattern);
