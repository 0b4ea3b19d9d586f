/*
 * teach - what people do with what the engine has learnt: tell it what a mail is, look, carry over.
 *
 * For commands, and for tools that speak to the engine; mails on their way are learnt from by
 * spam_learn().
 */
#pragma once

#include "gw/spam/bayes_store.h"
#include "gw/spam/spam.h"

/*
 * The Bayes store that the rules name, made if it is not there and `create`; else ERR_NOTFOUND.
 * Where root makes it, it belongs to the owner of its directory.
 */
MUST_CHECK int spam_bayes_open(struct arena *a, const struct spam_rules *rules, bool create,
			       struct bayes_store **out, struct err *e);

/*
 * The same store for a process that also checks mails: the one that its checks use, since a process
 * must not have such a file open twice (it would lose its locks). NULL: it is damaged or cannot be
 * made, which was logged.
 */
struct bayes_store *spam_bayes_shared(const struct spam_rules *rules);

/*
 * Lets tokens go that no mail had for long. With BAYES_EXPIRE_DAILY, however often it is called, it
 * does what `sa-learn --force-expire` does from cron; BAYES_EXPIRE_IF_LARGE means nothing with
 * bayes_auto_expire 0. Nothing is to be done where the rules use no classifier; ERR_NOTFOUND: there
 * is no store yet.
 */
MUST_CHECK int spam_bayes_expire(const struct spam_rules *rules, enum bayes_expire_when when,
				 int64_t now, int64_t deadline, struct bayes_expiry *out,
				 struct err *e);

/* Where the auto-whitelist of the rules is, LEARNT_SUFFIX included. */
const char *spam_awl_path(struct arena *a, const struct spam_rules *rules);

/* What somebody says of a mail. */
struct spam_lesson {
	enum bayes_class as; /* BAYES_IS_UNKNOWN: forget what it was learnt as */
	bool ignores;        /* of mails that bayes_ignore_… mean nothing is learnt */
	int64_t now;         /* seconds since 1970 */
};

/*
 * Learns from the mail `raw`; markup of earlier checks is taken out first. *changed is false if
 * there was nothing to learn.
 */
MUST_CHECK int spam_teach(struct arena *a, const struct spam_rules *rules, struct bayes_store *s,
			  struct str raw, const struct spam_lesson *lesson, int64_t deadline,
			  bool *changed, struct err *e);
