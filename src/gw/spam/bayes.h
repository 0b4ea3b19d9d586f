/*
 * bayes - what this site has learnt about words: SpamAssassin's Bayes classifier.
 *
 * A mail is taken for a set of tokens (bayes_tokens()); the store knows in how many spam and ham
 * mails each of them was; bayes_combine() makes one probability of that. Tokens, combination and
 * the text that the store is exported to and imported from are those of SpamAssassin 4.0.1
 * (../shared/spec/spam-engine.md §4.1), so that a site brings along what it has learnt.
 *
 * A token is known to the store by its key only: the last 40 bits of its SHA-1.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "gw/spam/addr_list.h"
#include "gw/spam/views.h"

enum {
	BAYES_BODY_TOKENS_MAX = 50000, /* of each source; what comes later is left out */
	BAYES_INVISIBLE_TOKENS_MAX = 50000,
	BAYES_URI_TOKENS_MAX = 10000,
	BAYES_HEADER_TOKENS_MAX = 10000,
	BAYES_SIGNIFICANT_MAX = 150, /* tokens that take part in the combination */
	BAYES_STOPWORD_LANGUAGES_MAX = 50,
	BAYES_IGNORED_HEADERS_MAX = 10000,
	BAYES_IGNORED_ADDRESSES_MAX = 10000, /* of senders, and of recipients */
	BAYES_SEEN_ID_MAX = 200, /* octets of a mail's name in the store */
};

enum bayes_source {
	BAYES_HEADER = 1 << 0,
	BAYES_VISIBLE = 1 << 1,
	BAYES_INVISIBLE = 1 << 2,
	BAYES_URI = 1 << 3,
	BAYES_MIMEPART = 1 << 4, /* accepted as a setting; no tokens are made of it */
	BAYES_ALL = (1 << 5) - 1,
};

struct re;

struct bayes_stopwords {
	struct str language, pattern;
	struct re *re; /* of the whole word */
};

/* Learning by itself (AutoLearnThreshold). */
struct bayes_learning_conf {
	double ham_below, spam_from; /* bayes_auto_learn_threshold_nonspam, _spam */
	bool on_error;               /* not if the classifier knew already */
};

/* Settings of the rule files, of the names in SpamAssassin's manual. */
struct bayes_conf {
	bool use, use_rules, auto_learn, hapaxes, auto_expire;
	unsigned sources;   /* enum bayes_source, or-ed */
	uint64_t token_max; /* bayes_max_token_length */
	uint64_t min_spam, min_ham;
	uint64_t expiry_max;        /* bayes_expiry_max_db_size */
	struct map ignored_headers; /* in lower case */
	struct addr_list ignore_from, ignore_to;
	struct bayes_stopwords stopwords[BAYES_STOPWORD_LANGUAGES_MAX];
	size_t n_stopwords;
	struct str languages; /* bayes_stopword_languages */
	struct str path;      /* bayes_path: the store is this file with ".mdb" after its name */
	bool loaded, discriminates; /* the plugins Bayes, AutoLearnThreshold are */
	struct bayes_learning_conf learning;
	struct learnt_worker *worker; /* learnt.h; its stores are struct bayes_store */
};

#define BAYES_PATH "/var/lib/pmg/spamassassin/bayes"

/* SpamAssassin's defaults; `path` is BAYES_PATH. */
void bayes_conf_init(struct arena *a, struct bayes_conf *c);

/* The tokens of a mail: keys of `out`, which is made here; the values mean nothing. */
void bayes_tokens(struct arena *a, struct spam_message *m, const struct bayes_conf *c,
		  struct map *out);

uint64_t bayes_key(struct str token); /* in the store */

/* Their keys in the store, ascending, each once. */
struct bayes_keys {
	const uint64_t *v;
	size_t n;
};
struct bayes_keys bayes_keys(struct arena *a, const struct map *tokens);

/* The name under which the store remembers that a mail was learnt: "…@sa_generated". */
struct str bayes_seen_id(struct arena *a, struct spam_message *m);

/* What the store knows about one token of a mail. */
struct bayes_count {
	uint64_t key;
	uint32_t spam, ham;
};

struct bayes_totals {
	uint64_t spam, ham; /* mails learnt */
};

/*
 * The probability that a mail with these tokens is spam. False if none of them says enough; the
 * caller has looked whether enough mails were learnt.
 */
bool bayes_combine(struct arena *a, const struct bayes_count *counts, size_t n,
		   const struct bayes_totals *learnt, bool hapaxes, double *probability);

/* The probability of a single token; only for a token that was in some mail. */
double bayes_token_probability(const struct bayes_count *count, const struct bayes_totals *learnt);

/*
 * What a finished check says about whether to learn from the mail. Rules hit are added up one by
 * one, with their scores in the column without Bayes.
 */
struct bayes_hit {
	double score;        /* without Bayes, but with the network if it was asked */
	double learnt_score; /* of a rule that is learnt (BAYES_99): what it counted in the check */
	/* Its flags: noautolearn or userconf; learn; autolearn_force. */
	bool ignored, learnt, forced;
	/*
	 * What it looked at: for a meta, how many of the rules that it names are header and body
	 * rules (body, rawbody, uri, mimeheader); full rules, DNS lists and metas are neither.
	 */
	unsigned header, body;
};

struct bayes_points {
	double score, header, body, learnt;
	bool forced;
	bool surely_spam, surely_ham; /* BAYES_99, BAYES_00 hit; set by the caller */
};

void bayes_points_add(struct bayes_points *p, const struct bayes_hit *hit);

enum bayes_class { BAYES_IS_HAM, BAYES_IS_SPAM, BAYES_IS_UNKNOWN };

/* What to learn the mail as. */
enum bayes_class bayes_autolearn(const struct bayes_learning_conf *c, const struct bayes_points *p,
				 bool is_spam);
