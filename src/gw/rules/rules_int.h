/*
 * A rule set as it lies in memory, and what an object type must be able to do. Private to gw/rules.
 */
#pragma once

#include <time.h>

#include "base/vec.h"
#include "gw/people/people.h"
#include "gw/rules/marks.h"
#include "gw/rules/outbox.h"
#include "gw/rules/rules.h"
#include "lib/cidr/cidr.h"
#include "lib/schema/prop.h"

struct what;
struct act;
struct re;
struct who_hits;
struct who_index;

/* Texts of a mail that patterns are held against: what is usual, at most. */
enum {
	RULE_ADDRESS_USUAL = 254,
	RULE_NAME_USUAL = 255,
	RULE_FIELD_USUAL = 998,
};

enum rule_class { CLASS_WHO, CLASS_WHEN, CLASS_WHAT, CLASS_ACTION };

/* Who is asked about: the sender with the client's address, or one recipient without. */
struct who {
	struct str address;
	struct str ip_text; /* empty: none */
	struct cidr_addr ip;
	bool has_ip; /* ip_text is an address, and this is it */
	const struct people *people;
	struct who_hits *hits;
	struct who_said *said;
};

/* What a who object compares with its value, if it does nothing else; that comes first in it. */
enum who_equals { WHO_OTHER, WHO_ADDRESS, WHO_DOMAIN };

/* What an object has to say besides yes or no. */
struct who_said {
	bool gave_up;		   /* its regular expression reached the limit */
	enum people_answer people; /* PEOPLE_ABSENT, PEOPLE_BROKEN: whom it could not ask */
};

/* An object as stored. */
struct rule_source {
	int64_t id;
	struct str value;
	const struct rules_attr_row *attrs;
	size_t n_attrs;
};

/* What an object becomes on its way into the database. */
enum { RULE_ATTRS_MAX = 3 };
struct rule_stored {
	struct str value; /* STR_NONE: NULL */
	struct {
		const char *name;
		struct str value;
	} attrs[RULE_ATTRS_MAX];
	size_t n_attrs;
};

/* A regular expression of an object. */
struct rule_regex {
	struct str text; /* as it is understood */
	unsigned flags;	 /* RE_ */
	const struct re *re;
	size_t max; /* bytes of what it is held against, usually */
};

/*
 * An object type: one row in the table of types.c, one file for its functions.
 *
 * What can be set in an object are properties (lib/schema): their rows say everything that the API,
 * its forms and its checks have to know. An object is a struct of these and of what is compiled
 * from them.
 */
struct rule_type {
	uint16_t otype;
	enum rule_class class;
	const char *name;
	const char *slug;         /* its part of a URL; NULL: one of each there is, and no other */
	const struct prop *props; /* NULL: there is nothing to set */
	size_t size;
	/* Fills the properties, which have their defaults, in from the stored form. */
	int (*decode)(const struct rule_source *src, void *o, struct err *e);
	/* And back. */
	void (*encode)(struct arena *a, const void *o, struct rule_stored *out);
	/* Makes it ready for use; NULL: it is. */
	int (*compile)(struct arena *a, void *o, struct err *e);
	struct str (*describe)(struct arena *a, const void *o);
	bool (*who)(const void *o, const struct who *w);
	bool (*when)(const void *o, const struct tm *local);
	int (*what)(const void *o, struct what *w, struct verdict *v, struct err *e);
	void (*act)(const void *o, struct act *x);
	void (*regex)(const void *o, struct rule_regex *out);
	/* Who objects that ask for the client's address, which a recipient does not have. */
	bool of_client;
	enum who_equals equals;
	bool (*is_vain)(const void *o); /* it matches nobody, whoever it is asked about */
	/* Who and what: another object that matches whenever `o` does; NULL: none is known to. */
	bool (*implies)(const void *o, const struct rule_type *type, const void *other);
	/* What kind of what object it is. */
	bool per_recipient;
	/* Actions: order, whether matching ends for its recipients, what their texts ask for. */
	uint8_t priority;
	bool final;
	bool (*mentions)(const void *o, struct str text);
	struct str (*field)(const void *o); /* header field that it sets */
};

const struct rule_type *rule_type_find(int64_t otype);
const struct rule_type *const *rule_types(size_t *n);

/* Makes an object of its stored form, ready for use; NULL if there is nothing to set in it. */
MUST_CHECK int rule_type_read(struct arena *a, const struct rule_type *t,
			      const struct rule_source *src, void **out, struct err *e);

/*
 * Whether an object could have been set as it is: the first property that could not, by its limits
 * or its format, with the reason. Databases hold older ones, which work nevertheless.
 */
MUST_CHECK int rule_object_check(const struct rule_type *t, const void *o, struct err *e);

/* The value of an attribute, or STR_NONE. */
struct str rule_attr(const struct rule_source *src, const char *name);

/*
 * Patterns that RE_FULL holds against a whole text used to stand between ^ and $, in Perl, so that
 * a repetition at their start repeats ^ and is no mistake: "*.exe" has always matched "evil.exe".
 * rule_re_text() is what such a pattern amounts to; any other one is given back as it is.
 */
bool rule_re_repeats_nothing(struct str pattern, unsigned flags);
struct str rule_re_text(struct arena *a, struct str pattern, unsigned flags);

/* Perl's syntax; where only PCRE2 understands a pattern, PCRE2's. */
MUST_CHECK int rule_re_compile(struct arena *a, struct str pattern, unsigned flags,
			       struct re **out, struct err *e);

/* As re_match(), where giving up counts as no match and sets *gave_up. */
bool rule_re_match(const struct re *re, struct str subject, bool *gave_up);

struct rule_object {
	int64_t otype;
	const struct rule_type *type; /* NULL: unknown */
	struct rule_source src;
	void *data;   /* NULL until decoded, or if there is nothing to decode */
	bool decoded; /* it is understood */
	uint32_t index; /* among the what objects, or the expressions of who objects, of the set */
};

struct rule_group {
	struct rules_group_row row;
	bool and, invert;
	bool used; /* by some rule */
	struct rule_object *objects; /* those with `equals` first, then as they were made */
	size_t n, n_equals;
};

struct rule_side {
	bool and, invert, stored; /* stored: some attribute is */
	struct rule_group **groups;
	size_t n;
};

struct rule {
	struct rules_row row;
	struct rule_side side[RULE_CATEGORIES];
	const struct rule_object **actions; /* by priority, up to the first final one */
	size_t n_actions;
	const struct rule_object *unbuilt; /* of a type nobody knows: the rule is not used */
	bool final;	  /* has a final action */
	bool accepts;	  /* which is to accept the mail */
	bool has_spam;	  /* a what object that depends on the recipient */
	bool prints_spam; /* an action's text prints spam information */
	bool dead;	  /* has what groups, all of them empty: matches nobody */
	size_t n_all_actions; /* those after the first final one, too */
};

struct rules {
	struct arena *a;
	struct rule *all; /* by priority, then id, falling */
	size_t n;
	struct rule **live; /* those that are used */
	size_t n_live;
	size_t n_what, n_who_patterns;
	struct who_index *who;
	struct rule_group *groups;
	size_t n_groups;
};

/* Decodes the object if that has not been tried; false if it cannot be understood. */
bool rule_object_ready(struct arena *a, struct rule_object *o, struct err *e);
