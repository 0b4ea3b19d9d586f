/* Shared by markup*.c: what the rule files say about markup, and the texts that tags stand for. */
#pragma once

#include "base/buf.h"
#include "gw/spam/eval.h"
#include "gw/spam/markup.h"
#include "gw/spam/ruleset.h"

enum markup_rewrite { REWRITE_SUBJECT, REWRITE_FROM, REWRITE_TO, REWRITES };

struct markup_field {
	struct str name, value; /* value: with tags; name without X-Spam- */
	bool ham, spam;
};

struct markup_conf {
	struct markup_field fields[SPAM_MARKUP_HEADERS_MAX];
	size_t n_fields;
	struct buf report, unsafe; /* lines of the templates */
	struct str contact, hostname;
	struct str rewrite[REWRITES];
	int safe; /* report_safe */
	bool unfolded;
};

/* markup_conf.c: a family without functions, for its settings. */
extern const struct eval_family markup_settings;
const struct markup_conf *markup_conf(const struct spam_rules *rules);
/* Whether `text` is in some template. */
bool markup_has(const struct markup_conf *m, struct str text);

/* markup_tags.c: `text` with every tag replaced; an unknown tag stays as it is. */
void markup_expand(struct buf *b, const struct spam_checked *c, struct str text);
/* The table of hits: for people, or as lines of a header field. */
void markup_summary(struct buf *b, const struct spam_checked *c, bool header);
/* Score as shown: one decimal, and never so that ham looks like spam. */
double markup_score(const struct spam_result *r);

/* Appends words in lines of fewer than `width` columns, with `indent` before later ones. */
void markup_wrap(struct buf *b, struct str text, size_t column, size_t width, struct str indent);
