/*
 * rules - which rule applies to which recipient of a mail, and what follows from that.
 *
 * A rule set is built once from the rows of the rule database, whole or not at all, and never
 * changes: a generation loads it and its workers share it. Matching and actions are pure. They ask
 * the scan (which computes its facts once, at the first question) and the caller's function for
 * personal lists; they write nothing, send nothing, log nothing. What is to be done comes out as an
 * outbox (outbox.h), so that the daemon, the tests and an explanation all run the same code.
 *
 *	rules_load → rules_match → plan → rules_act → outbox
 *
 * filter.md §5 to §8 with the decisions of decisions.md: marks are exact sets, spam information is
 * per recipient, each recipient has its own view of the mail, recipients named twice count once.
 *
 * Where clients read a mail in different ways, what objects are asked about each. A rule matches if
 * it does so in some reading, its groups inverted or not; a rule that accepts the mail has to match
 * in every one. So in doubt nothing gets past a rule that stops it.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "gw/scan/scan.h"

struct db;
struct rules;
struct plan;
struct outbox;
struct people;
struct cfg_ldap;

enum {
	RULES_MAX = 10000,	      /* rules in one set */
	RULES_OBJECTS_MAX = 1000000,  /* objects in one set */
	RULES_VALUE_MAX = 64 * 1024,  /* bytes of one stored value or attribute */
	RULES_LIST_MAX = 200000,      /* bytes of a personal list that are read */
	RULES_TEXT_MAX = 1024 * 1024, /* bytes of a text with its macros filled in; cut there */
};

enum rule_category { RULE_FROM, RULE_TO, RULE_WHEN, RULE_WHAT, RULE_ACTION, RULE_CATEGORIES };
enum rule_direction { RULE_IN, RULE_OUT, RULE_BOTH };

/* The rule database as it is stored: the tables of database.md §2, one struct for each. */
struct rules_tables {
	struct rules_row {
		int64_t id, priority, active, direction;
		struct str name;
	} *rules;
	struct rules_group_row {
		int64_t id;
		struct str name, class;
	} *groups;
	struct rules_object_row {
		int64_t id, otype, group;
		struct str value; /* the exact bytes */
	} *objects;
	struct rules_link_row {
		int64_t group, rule, category;
	} *links;
	struct rules_attr_row {
		int64_t owner;
		struct str name, value;
	} *object_attrs, *group_attrs, *rule_attrs;
	size_t n_rules, n_groups, n_objects, n_links;
	size_t n_object_attrs, n_group_attrs, n_rule_attrs;
};

/*
 * Makes a rule set of the rows, which must live as long as it. An object of an active rule that
 * cannot be understood (a bad regular expression, a time that is none) is ERR_INVALID, and the
 * message names rule, object and reason. A rule with an object of a type that is not known is
 * inactive as a whole: see rules_warn().
 */
MUST_CHECK int rules_build(struct arena *a, const struct rules_tables *t, struct rules **out,
			   struct err *e);

/* Reads the tables in one snapshot and builds. Fails as rules_build() and db_run() do. */
MUST_CHECK int rules_load(struct arena *a, struct db *db, struct rules **out, struct err *e);

/* Logs one warning for each rule that is inactive only because of a type that is not known. */
void rules_warn(const struct rules *r);

/* The text of `pmgdb dump`: database.md §1. */
enum rules_which { RULES_ALL, RULES_ACTIVE, RULES_INACTIVE };
void rules_dump(const struct rules *r, enum rules_which which, struct buf *out);

/* A personal list pair of one user, as UserPrefs holds it: entries between commas, or STR_NONE. */
struct rules_lists {
	struct str white, black;
};

/* What matching and actions know about a mail besides the scan. */
struct rules_mail {
	struct scan *scan;

	/* For each recipient of the envelope the user it belongs to: lower case, never empty. */
	const struct str *pmail;

	/*
	 * Fills out[0 … n-1] with the lists of these users. Called at most once per mail, with
	 * every user once, and only when a spam object has to be decided. An error ends the
	 * matching.
	 */
	int (*lists)(void *arg, struct arena *a, const struct str *pmail, size_t n,
		     struct rules_lists *out, struct err *e);
	void *lists_arg;

	const struct people *people; /* whose address is this; NULL: there is no LDAP */

	/* Letters and digits that are in no other mail: part of boundaries and message ids. */
	struct str unique;
	struct str version; /* what the macro VERSION says */

	struct trace *trace; /* NULL, but in an explanation */
};

/*
 * Holds the mail against the rules. Plan and outbox live in `a` and refer to the scan and to `m`.
 * An error of the scan, of the lists or of a limit is the mail's error: the caller answers 451.
 */
MUST_CHECK int rules_match(struct arena *a, const struct rules *r, const struct rules_mail *m,
			   struct plan **out, struct err *e);

/*
 * Carries the plan's actions out on paper. Every recipient gets exactly one final effect; one whom
 * no final rule matched is delivered by the rule "default-accept". 0 always, at present.
 */
MUST_CHECK int rules_act(struct arena *a, const struct rules *r, const struct rules_mail *m,
			 const struct plan *p, struct outbox **out, struct err *e);

/*
 * Explains to an administrator what would become of the mail: the facts, each rule in order with
 * what was compared with what, the spam rules that hit, and the outbox. It is rules_match() and
 * rules_act() that do it, as in the daemon. An error of theirs is part of the text. What senders
 * wrote cannot make a line of its own or reach the terminal. Returns the outbox, or NULL after an
 * error.
 */
struct outbox *rules_explain(struct arena *a, const struct rules *r, const struct rules_mail *m,
			     struct buf *out);

/*
 * Looks for what an administrator cannot have meant: rules that never run or match nobody, actions
 * that are never carried out or hide each other, patterns that match nothing or take far too long,
 * objects that are not available, ask LDAP profiles that are not in `ldap` (NULL: not known), or
 * would stop the rule set. One line each in `out`, with the ids and what to do about it; groups
 * that no rule uses, and objects that could not be saved again as they are, are only noted. Only
 * what is certain is told. Returns how many were found, notes aside.
 */
size_t rules_lint(struct arena *a, const struct rules *r, const struct cfg_ldap *ldap,
		  struct buf *out);
