/*
 * eval - the functions that rules call: `header NAME eval:check_no_relays()`.
 *
 * A family is a set of functions that share settings and what they find out about a mail; mostly it
 * stands for one plugin of SpamAssassin. It is one file `eval_x.c` with a `struct eval_family`,
 * and one row of eval_families[] in eval_table.c. Whatever is not in that table is not built, and
 * rules that call it are disabled, with every meta that names them.
 *
 * A function looks at views of the mail (views.h) and answers how often its rule hits. It must
 * give the answer of SpamAssassin's function of that name (spam-engine.md 1.8, 7.3). It is called
 * at most once per rule and mail (network tests: see EVAL_PENDING); what several functions of a
 * family need is found out at the first question and kept in `mail`.
 *
 * Private to gw/spam.
 */
#pragma once

#include <limits.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "gw/spam/conf.h"
#include "gw/spam/views.h"

enum {
	EVAL_ARGS_MAX = 50, /* of one call in a rule file */
};

struct eval_args {
	struct str rule; /* name of the rule that asks, and its type */
	enum rule_type type;
	const struct str *v;
	size_t n;
	const void *prepared; /* what `prepare` made of them */
};

/*
 * What `call` of a network test answers while the DNS has not said enough. It is called again when
 * more has come; what has no answer at the end counts as no hit.
 */
#define EVAL_PENDING UINT_MAX

struct dns;        /* lib/dns/dns.h */
struct captures;   /* ruleset.h */
struct spam_lists; /* lists.h */
struct spam_auth;  /* auth.h */
struct talks;      /* talks.h */

/* One mail, as the functions of one family see it. */
struct eval_run {
	struct arena *a; /* of the mail */
	struct spam_message *m;
	const struct spam_envelope *env;
	const struct spam_view_options *view; /* trusted networks, domains … */
	const void *conf; /* settings of the family; NULL if it has none */
	void *mail;       /* `mail_size` bytes, zero before the family's first function runs */
	/* Whom network tests ask: their functions run only where there is a network. */
	struct dns *dns;
	struct spam_lists *lists;
	struct talks *talks; /* for servers that are no DNS: their sockets are waited for too */
	struct captures *captures; /* ruleset.h: what was caught and told so far */
	struct spam_auth **auth; /* auth.h: what is known about who vouches for the mail */
	const struct eval_hits *hits; /* so far */
	/*
	 * What a function may leave behind for people besides its answer: the address or domain
	 * that it is about. Reports show it in brackets below the description.
	 */
	struct str found;
	/* What the hit adds to the score: that of the rule, unless the function changes it. */
	double score;
};

/* A rule that has hit. */
struct rule_hit {
	uint32_t rule; /* index: see ruleset.h */
	unsigned count;
	double value, score; /* what metas see; what one hit adds to the score */
	struct str found;
};

/* The rules that have hit, in order, for those whose answer depends on it. */
struct eval_hits {
	const struct spam_rules *rules;
	struct rule_hit *v;
	size_t n, cap;
	uint32_t *place; /* by rule: which of `v`, from 1; 0: it has not hit */
};

static inline double eval_hits_value(const struct eval_hits *h, size_t rule)
{
	return h->place[rule] ? h->v[h->place[rule] - 1].value : 0;
}

struct eval {
	const char *name;
	/* 0: no hit; else the value that metas see. */
	unsigned (*call)(struct eval_run *r, const struct eval_args *args);
	/*
	 * Network tests: asks the DNS. It is called before anything is matched, for the rules of
	 * all families, so that all questions are under way together. NULL: a local test, or one
	 * that looks at what others have asked.
	 */
	void (*start)(struct eval_run *r, const struct eval_args *args);
	/*
	 * Checks and compiles the arguments when the rules are loaded, into `c->keep`; a failure
	 * drops the rule, with a note. NULL: nothing to do.
	 */
	int (*prepare)(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e);
	bool rewrites; /* changes views that later rules see: it is run even if no rule waits */
	bool late;     /* asks what has hit: it is called when no answer is to come any more */
	const char *area; /* in front of the description in reports; NULL: by the rule's type */
};

struct eval_family {
	/* Its functions and settings mean something only while this is loaded; NULL: always. */
	const char *plugin;
	const struct eval *evals; /* ends with a NULL name */
	size_t conf_size, mail_size;
	/*
	 * Sets the defaults of zeroed settings, before the first line is read, and finishes them
	 * after the last. NULL: nothing to do.
	 */
	void (*conf_init)(struct spam_conf *c, void *conf);
	void (*conf_done)(struct spam_conf *c, void *conf);
	/*
	 * Looks at each mail before anything is matched, and may add to what is: spam_add_uri().
	 * With a network it may ask it and wait, where the answer is more to be matched.
	 * NULL: it has no part in that.
	 */
	void (*read)(struct eval_run *r);
	/*
	 * Names of tags that it may give a value with captures_tell(), for templates of reports and
	 * names that askdns puts together; ends with NULL. NULL: none.
	 */
	const char *const *tags;
	/* One directive; CONF_UNKNOWN if it is not the family's. NULL: it has none. */
	enum conf_verdict (*setting)(struct conf_parser *p, void *conf, struct str key,
				     struct str value);
	/*
	 * Does what it has learnt suffice, so that scores are taken from the columns with Bayes?
	 * Asked when rules are loaded. NULL: no.
	 */
	bool (*has_learnt)(const void *conf);
	/*
	 * After the last rule: is the mail to be learnt from, and as what, in the words of
	 * spam_result.autolearn; what the classifier says goes into `result`, too. At most one
	 * family has this.
	 */
	const char *(*autolearn)(struct eval_run *r, struct spam_result *result);
	/*
	 * Learns from a mail that has been checked, when nobody waits for it any more. It is called
	 * only if a function of the family was. NULL: there is nothing to learn.
	 */
	void (*learn)(struct eval_run *r, int64_t deadline);
};

/* A mail that has been checked, as a function of no family sees it. */
struct eval_run eval_run_of(struct spam_check *c);

/* eval_table.c; ends with NULL. */
extern const struct eval_family *const eval_families[];

/* A function in the table; `family` is the index of its row. NULL if it is not built. */
const struct eval *eval_find(struct str name, size_t *family);
size_t eval_family_count(void);

/*
 * The arguments of `f(…)`, text between the parentheses: quoted strings and bare words, separated
 * by commas. False if they are something else.
 */
bool eval_args_parse(struct arena *a, struct str text, struct eval_args *out);

/* The settings of a family, for another one; NULL if it has none. */
const void *eval_conf_of(const struct spam_conf *c, const struct eval_family *f);

/* Settings of all families: made with defaults, offered a directive, finished. */
void **eval_conf_new(struct spam_conf *c);
enum conf_verdict eval_setting(struct conf_parser *p, struct str key, struct str value);
void eval_conf_done(struct spam_conf *c);
/* Whether some family has learnt enough. */
bool eval_has_learnt(void *const *conf);
