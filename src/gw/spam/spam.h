/*
 * spam - how much a mail looks like spam, by the rule files of SpamAssassin.
 *
 * spam_rules_load() reads the same files in the same order as SpamAssassin 4.0.1 does and compiles
 * them into a rule set that never changes: loaded once per generation, before its workers are
 * forked, and shared by them copy-on-write. spam_check() holds one mail against it.
 *
 * Rules that ask the DNS do so in score sets 1 and 3, for a mail that comes with a network (struct
 * spam_network); without one they count as not hit. What the engine cannot do yet is never guessed:
 * a rule whose eval function is not built is disabled, and so is every meta that names it, however
 * indirectly. Rules that SpamAssassin itself would not run in the chosen score set (score 0, tflags
 * net without network, learn without Bayes) are no part of that: they count as not hit, as they do
 * there. spam-engine.md section 2 is the language.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "gw/spam/shortcircuit.h"

enum {
	SPAM_CONF_FILE_MAX = 16 << 20,  /* one rule file */
	SPAM_CONF_TOTAL_MAX = 64 << 20, /* all of them together, includes too */
	SPAM_CONF_FILES_MAX = 4096,     /* files read */
	SPAM_RULES_MAX = 100000,        /* rules defined */
	SPAM_MAIL_MAX = 64 << 20,       /* a mail given to spam_check() */
};

/* Address space that a process's stores of what was learnt take (learnt.h). */
#define SPAM_LEARNT_SPACE ((uint64_t)3 << 30)

/* Of the SpamAssassin whose rules and answers these are. */
#define SPAM_ENGINE_VERSION "4.0.1"
#define SPAM_ENGINE_DATE "2024-03-25"

/* Where sa-update of that version puts what it fetches. */
#define SPAM_STATE_DIR "/var/lib/spamassassin/4.000001"

/* Which of the four numbers of a score line counts. */
enum spam_score_set {
	SPAM_SET_LOCAL = 0,
	SPAM_SET_NET = 1,
	SPAM_SET_BAYES = 2,
	SPAM_SET_NET_BAYES = 3,
};

/* A NULL path takes the default named beside it; a directory that does not exist is empty. */
struct spam_conf_paths {
	const char
		*state_dir; /* what sa-update fetched, if there: CHANNELS_CURRENT (channels.h),
			     * and where that is not, SPAM_STATE_DIR */
	const char *rules_dir; /* /usr/share/spamassassin: else what the package brought */
	const char *site_dir;  /* /etc/mail/spamassassin: *.pre before, *.cf after all others */
	const char *prefs;     /* a file read after those of the site; NULL: none */
	struct str extra;      /* configuration lines, read last; reported as file "(extra)" */
	const char *locale;    /* for `lang` lines, as in LANG; NULL: "C" */
	enum spam_score_set set;
	bool bayes;            /* the set with Bayes, if the classifier has learnt enough mails */
	bool spare;            /* leave subrules out that can change no result: see `subtests` */
	const char *sets_dir;  /* where spam_sets_build() keeps what it makes; NULL: nowhere */
	bool lines;            /* only what `extra` says: no file is read (for tests) */
};

struct spam_rules;

/* One thing in the files that was not understood, or a rule that is off. */
struct spam_note {
	struct str file;
	unsigned line; /* 0: no single line */
	struct str rule;    /* empty: not about a rule */
	struct str message;
};

struct spam_notes {
	struct spam_note *p;
	size_t n;
};

/* What came of loading; lives in the arena of the rules. */
struct spam_load_report {
	size_t files, lines; /* read */
	size_t rules;        /* defined */
	size_t active;       /* that spam_check() evaluates */
	bool sets_loaded;    /* `sets_dir` had what spam_sets_build() makes of these rules */
	size_t skipped;      /* that this score set leaves out, as SpamAssassin does */
	struct spam_notes unknown;  /* lines that mean nothing to us or are wrong */
	struct spam_notes disabled; /* rules off for want of an eval function, with the reason */
};

/*
 * Loads the rule set into `a`, where it lives as long as the arena. What is wrong in a file is
 * noted in `report` (may not be NULL) and never fatal; -1 means that no rule set could be had at
 * all: ERR_SYS or ERR_LIMIT for a file that cannot be read or is too large, ERR_NOTFOUND when there
 * is not a single rule. The stock rules take 25 MB (half of it machine code), 45 while
 * they are read.
 */
MUST_CHECK int spam_rules_load(struct arena *a, const struct spam_conf_paths *paths,
			       struct spam_rules **out, struct spam_load_report *report,
			       struct err *e);

/*
 * Compiles what makes checking fast, the patterns of the rules in sets, and keeps it in `dir` for
 * whoever loads the same rules on the same processor (a few files are kept, the oldest go). Checks
 * give the same answers without. It takes some ten seconds, so it is done aside. What is in the
 * directory is trusted: nobody else may write there.
 */
MUST_CHECK int spam_sets_build(const struct spam_rules *rules, const char *dir, struct err *e);

/*
 * Whom network tests may ask: of a worker, for one mail at a time. Which block lists have turned
 * out to be broken is remembered in `health` (lists.h).
 */
struct spam_network {
	struct dns_resolver *resolver; /* lib/dns/dns.h */
	struct spam_list_health *health;
	const struct http_proxies *proxies; /* for web servers (lib/http/http.h); NULL: none */
};
struct spam_list_health *spam_list_health_new(struct arena *a);

/* What is known about a mail besides its bytes. */
struct spam_envelope {
	struct str sender;  /* without brackets; empty for the null sender */
	bool has_sender;    /* false: nothing is known about it */
	uint64_t true_size; /* of the whole mail if `raw` was cut; 0: raw.n */
	int64_t now;        /* seconds since 1970 */
	const struct spam_network *network; /* NULL: local tests only */
};

struct spam_hit {
	struct str name;
	double score;
	struct str description; /* "No description available." if the files give none */
	unsigned count;         /* 1, or more with tflags multiple */
	struct str found;       /* what it is about, if the rule tells: an address, a domain */
	bool own_score;         /* the score is made for this mail, with three decimals */
};

struct spam_result {
	double score;    /* sum over hits, rounded to three decimals */
	int level;       /* score cut to an integer; negative gives 0 */
	double required; /* required_score of the configuration */
	struct spam_hit *hits; /* in order of hits, without subrules (names starting with "__") */
	size_t n_hits;
	struct spam_hit *subtests; /* the subrules that hit, of those that were run */
	size_t n_subtests;
	/*
	 * What spam_learn() will learn the mail as: "ham" or "spam"; "no"; "unavailable" if it was
	 * learnt before; "disabled". Behind it, as SpamAssassin has it, " autolearn_force=no" or,
	 * with the rules that force it, " autolearn_force=yes (RULE,)".
	 */
	const char *autolearn;
	double bayes; /* what the classifier says, 0 … 1; negative: nothing */
	struct spam_message *message; /* the mail as it was read (views.h), in `a` */
	unsigned limited;      /* rules that gave up at a matching limit; they count as not hit */
	enum shortcircuit shortcircuit; /* ham or spam: a rule, or the score, ended the check */
	struct str shortcircuit_rule;
	bool timed_out;        /* the deadline came first; what was found until then stands */
	struct spam_check *check; /* for spam_learn() */
};

/*
 * Checks a mail. Results live in `a` and in the arena of the rules. `deadline` is in milliseconds
 * of CLOCK_MONOTONIC (0: none) and is looked at between rules. There is no mail that cannot be
 * checked; -1 with ERR_LIMIT means that `raw` exceeds SPAM_MAIL_MAX.
 */
MUST_CHECK int spam_check(struct arena *a, const struct spam_rules *rules, struct str raw,
			  const struct spam_envelope *env, int64_t deadline,
			  struct spam_result *out, struct err *e);

/*
 * The same in two steps. The first reads the mail and asks all that network tests will want to
 * know, so that the answers come while the caller is busy with something else; the second matches,
 * waits for answers that are still missing (rbl_timeout counts from the first step), and gives up
 * what has none. The check goes with `a`, whether it is finished or not.
 */
struct spam_check;
MUST_CHECK int spam_check_begin(struct arena *a, const struct spam_rules *rules, struct str raw,
				const struct spam_envelope *env, struct spam_check **out,
				struct err *e);
void spam_check_finish(struct spam_check *c, int64_t deadline, struct spam_result *out);

/*
 * Learns from a mail that was checked,as the rules say (bayes_auto_learn,
 * use_auto_welcomelist). That may
 * wait for other writers until `deadline`, and for the disk, so do it when the mail has been
 * answered, once, and before its arena goes. Nothing is learnt of a check that was not finished in
 * time. What cannot be learnt is logged and forgotten.
 */
void spam_learn(struct spam_check *c, int64_t deadline);

/*
 * Whether the classifier now has learnt enough, or no longer has, so that loading the rules again
 * would choose other scores. Reads its store, which takes a while.
 */
bool spam_rules_outdated(const struct spam_rules *rules);

/* Whether rules may ask the network, so that beginning early is worth it. */
bool spam_rules_use_network(const struct spam_rules *rules);
