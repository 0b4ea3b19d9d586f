/*
 * conf - what the rule files say, before anything is compiled into a rule set.
 *
 * Private to gw/spam. conf_files.c finds and reads the files, conf_parse.c takes their lines apart
 * (comments, languages, blocks), conf_cond.c decides conditions, and the directives themselves are
 * in conf_rules.c (everything about rules) and conf_settings.c (the rest). A directive that some
 * part of SpamAssassin knows and that changes nothing here is accepted (conf_known.c).
 *
 * Rules, scores, flags and descriptions are keyed by name and independent of order, so one record
 * per name collects them; `type` says whether the rule itself has been defined.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "gw/spam/shortcircuit.h"
#include "gw/spam/spam.h"
#include "gw/spam/views.h"
#include "lib/re/re.h"

enum {
	CONF_RULE_NAME_MAX = 100,
	CONF_LINE_MAX = 1 << 20,
	CONF_NOTES_MAX = 10000,       /* of each kind; more are counted as the last one */
	CONF_INCLUDE_DEPTH_MAX = 20,
	CONF_BLOCK_DEPTH_MAX = 100,
	CONF_REDIRECTORS_MAX = 200,
	CONF_SETS = 4,
};

#define CONF_VERSION "4.000001"
#define CONF_VERSION_NUMBER 4.000001
#define CONF_PERL_VERSION_NUMBER 5.036000
#define CONF_PLUGIN "Mail::SpamAssassin::Plugin::"

enum rule_type {
	RULE_NONE,  /* only named, by a score line for instance */
	RULE_EMPTY, /* declared by `reuse` or `askdns`: never hits by itself */
	/* In the order in which those of one priority run (2.8). */
	RULE_HEADER,
	RULE_HEADER_EVAL,
	RULE_BODY,
	RULE_URI,
	RULE_BODY_EVAL,
	RULE_MIMEHEADER,
	RULE_RAWBODY,
	RULE_RAWBODY_EVAL,
	RULE_FULL,
	RULE_FULL_EVAL,
	RULE_META,
	RULE_EVAL_NET, /* asks the DNS whatever its flags say; outside that order */
	RULE_TYPES
};

static inline bool rule_type_is_eval(enum rule_type t)
{
	return t == RULE_HEADER_EVAL || t == RULE_BODY_EVAL || t == RULE_RAWBODY_EVAL ||
	       t == RULE_FULL_EVAL || t == RULE_EVAL_NET;
}

/* The flags that mean something to the engine. */
enum rule_flag {
	RULE_NET = 1 << 0,
	RULE_NICE = 1 << 1,
	RULE_LEARN = 1 << 2,
	RULE_MULTIPLE = 1 << 3,
	RULE_NOSUBJECT = 1 << 4,
	RULE_CONCAT = 1 << 5,
	RULE_NOTRIM = 1 << 6, /* from here on of URI lists */
	RULE_DOMAINS_ONLY = 1 << 7,
	RULE_IPS_ONLY = 1 << 8,
	RULE_URI_A = 1 << 9,
	RULE_URI_NS = 1 << 10,
	/* From here on of learning: what the hit means to the auto-whitelist and to Bayes. */
	RULE_USERCONF = 1 << 11,
	RULE_NOAUTOLEARN = 1 << 12,
	RULE_NOAWL = 1 << 13,
	RULE_AUTOLEARN_FORCE = 1 << 14,
	RULE_AUTOLEARN_HEADER = 1 << 15,
	RULE_AUTOLEARN_BODY = 1 << 16,
};

struct rule_def {
	struct str name, file;
	unsigned line;
	enum rule_type type;
	const char *kind; /* as the report names it: "header eval" */

	struct str pattern; /* Perl, modifiers in front */
	struct re *re;
	bool captures, templates;
	struct str header; /* "From:addr" */
	struct str if_unset;
	bool has_if_unset, exists, negated;
	struct str eval, args;  /* function name; what stands between its parentheses */
	struct str expression;  /* of a meta */

	struct str description, tflags;
	unsigned flags, maxhits;         /* maxhits 0: no bound */
	unsigned range_min, range_max;   /* mimeheader: parts, from 1 */
	double score[CONF_SETS];
	bool scored, replace;
	enum shortcircuit shortcircuit;
	int priority;
	size_t index; /* of the rule made from it; set by ruleset.c */
};

enum conf_tag { TAG_REPLACE, TAG_PRE, TAG_INTER, TAG_POST, CONF_TAGS };

struct gate_rules; /* gate.h */
struct net_times;  /* net_time.h */

struct spam_conf {
	struct arena *keep; /* what outlives the loading: compiled patterns, networks, notes */
	struct arena *tmp;  /* the rest */
	const struct spam_conf_paths *paths;
	struct spam_load_report *report;
	VEC(struct spam_note) unknown, disabled;

	struct map rules;   /* name → struct rule_def */
	struct map plugins; /* loaded ones */
	struct map compat;  /* enable_compat */
	struct map tags[CONF_TAGS];
	struct str replace_start, replace_end;

	double required;
	struct shortcircuit_conf shortcircuit;
	enum spam_score_set set; /* of `paths`, and what was learnt */
	struct net_times *net_times;
	struct gate_rules *gate;
	struct spam_view_options view;
	struct spam_networks *trusted, *internal, *msa;
	struct uri_domains *domains;
	VEC(struct str) originating;
	VEC(struct re *) redirectors;
	void **evals; /* settings of each family of eval functions */
};

/* Where the parser is; what directives use to report. */
struct conf_parser {
	struct spam_conf *conf;
	struct str file;
	unsigned line;
	struct err *e; /* of the whole load */

	/* Blocks of the current file. */
	bool skip;
	size_t depth;
	bool outer_skip[CONF_BLOCK_DEPTH_MAX];
	unsigned block_line[CONF_BLOCK_DEPTH_MAX];

	struct map read; /* paths already read */
	size_t total, includes;
};

enum conf_verdict {
	CONF_OK,
	CONF_MISSING, /* value missing */
	CONF_INVALID, /* value wrong */
	CONF_NOTED,   /* wrong, and already reported in more detail */
	CONF_UNKNOWN
};

/* conf_files.c: everything, in the order of section 2.1. -1: see spam_rules_load(). */
MUST_CHECK int conf_load(struct spam_conf *c, struct err *e);

/* Reads `path` (once) and parses it; a missing file is noted. -1 for limits and bad reads. */
MUST_CHECK int conf_include(struct conf_parser *p, struct str path);

/* conf_parse.c: the lines of one file, from its start mark to its end mark. */
MUST_CHECK int conf_text(struct conf_parser *p, struct str file, struct str text);
void conf_note(struct conf_parser *p, const char *fmt, ...) PRINTF(2, 3);

/* conf_cond.c: -1 if `text` is no condition (the block is then not opened), else 0 or 1. */
int conf_condition(struct conf_parser *p, struct str text);
struct str conf_plugin_name(struct str name); /* the current name of a renamed one */
bool conf_plugin_loaded(const struct spam_conf *c, const char *plugin); /* without "Mail::…" */

/* conf_rules.c, conf_settings.c: one directive; `key` is in lower case with underscores. */
enum conf_verdict conf_rule_directive(struct conf_parser *p, struct str key, struct str value);
enum conf_verdict conf_setting(struct conf_parser *p, struct str key, struct str value);

/* "1" or "yes", "0" or "no" */
enum conf_verdict conf_bool(struct str value, bool *out);
/* Digits with a fraction, signed or not. */
enum conf_verdict conf_number(struct conf_parser *p, struct str value, double *out);
/* "15", "15s", "2m" in milliseconds; false if it is no time. */
bool conf_duration(struct conf_parser *p, struct str value, int64_t *ms);

/* conf_known.c: does some part of SpamAssassin take this directive? */
bool conf_is_known(const struct spam_conf *c, struct str key);

/* The record of that name, made if need be. */
struct rule_def *conf_rule(struct spam_conf *c, struct str name);
bool conf_rule_name_ok(struct str name);

/* pattern.c: `/re/i` or `m{re}i` to a compiled pattern and its text, modifiers in front. */
MUST_CHECK int conf_pattern(struct spam_conf *c, struct str literal, struct str *text,
			    struct re **re, struct err *e);
/* The same where delimiters may be left out. */
MUST_CHECK int conf_pattern_bare(struct spam_conf *c, struct str text, struct re **re,
				 struct err *e);
/* Takes %{TAG} templates for literal text; true if there were any. */
bool conf_pattern_templates(struct arena *a, struct str literal, struct str *out);
bool conf_pattern_captures(struct str literal);
/* A pattern that matches whatever `text` matches once its templates are filled in. */
MUST_CHECK int conf_pattern_loose(struct spam_conf *c, struct str text, struct re **re,
				  struct err *e);

/* replace.c: the expansion of a pattern's tags; the same bytes if there is nothing to replace. */
MUST_CHECK int conf_replace(const struct spam_conf *c, struct arena *a, struct str pattern,
			    struct str *out, struct err *e);

/* meta.c: could SpamAssassin take this expression? */
MUST_CHECK int meta_check(struct arena *tmp, struct str text, struct err *e);

/* score.c */
enum conf_verdict conf_score(struct conf_parser *p, struct str value);
void conf_default_scores(struct spam_conf *c);
