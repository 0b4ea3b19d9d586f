/* What the files of gw/filter share. */
#pragma once

#include "gw/cfg/cfg.h"
#include "gw/filter/filter.h"
#include "gw/filter/poison.h"
#include "gw/people/people.h"
#include "gw/quar/spool.h"
#include "gw/rules/rules.h"
#include "gw/scan/scan.h"
#include "gw/signing/signing.h"
#include "lib/db/db.h"

enum {
	FILTER_IDLE_MS = 300 * 1000,	 /* a client that says nothing is disconnected */
	FILTER_MAILS_PER_WORKER = 1000,	 /* then it is replaced */
	FILTER_STOP_SECONDS = 30,	 /* for mails in hand */
	FILTER_CHORE_MS_MAX = 600 * 1000, /* for statistics; what is left waits for the next */
	FILTER_EXPIRY_MS = 3600 * 1000, /* between two looks whether tokens are to expire */
	FILTER_OVERTIME_SECONDS = 30,	 /* after its deadline a mail's process is ended */
	FILTER_LEARN_MS = 5 * 1000, /* for learning from a mail that has been answered */
	FILTER_MAIL_MEMORY_MAX = 1 << 30, /* bytes of one mail's arena */
};

/* What a worker is doing, for those who clean up after it: shared memory. */
struct filter_slot {
	_Atomic bool handling; /* the mail is complete: dying now is its fault */
	char path[SPOOL_PATH_MAX]; /* empty: no file */
};

struct filter {
	struct filter_options options;
	int listeners[2]; /* in the order of the ports above */
	struct poison *poison;
	pid_t parent; /* of the daemon; 0 in a command that only explains */

	/* of a generation */
	uint64_t updates; /* the fingerprint of what sa-update had fetched (channels.h) */
	struct arena *a;
	struct scan_context scan;
	struct cfg *cfg;
	struct rules *rules;
	struct signing *signing;
	int64_t expiry_looked; /* in its chores: net_now() of the last look; 0: none yet */
	bool sets_missing; /* the spam rules came without compiled sets */
	struct filter_slot *slots;

	/* of a worker */
	struct filter_slot *slot;
	struct arena *mail, *command; /* of the mail in hand; of the SMTP transaction */
	struct db *db;
	struct people *people;
	struct spam_network network; /* whom the spam engine may ask */
	int mails_left;
	struct scan *answered; /* to be learnt from when its replies are sent; or NULL */

	/* of a connection */
	bool trusted;
	struct spool_file file;
};

/* generation.c: loads everything that workers share. */
int filter_load(void *ctx, size_t *workers, struct err *e);

/* Into f->a what the spam rules are, by the settings: f->scan.spam. */
int filter_load_spam(struct filter *f, struct err *e);

/* Into f->a what mails are judged by: settings, rules, content types, spam rules. */
int filter_load_context(struct filter *f, struct err *e);
struct db *filter_database(struct filter *f, struct arena *a);

/*
 * sets.c: compiles the sets of the spam rules in a child of this generation and then has the daemon
 * start a new one. Until then PCRE2 alone decides, with the same answers.
 */
void filter_build_sets(const struct filter *f);

/* users.c: for each recipient of the envelope the user it belongs to, as people now say. */
struct str *filter_users(struct arena *a, struct people *people, const struct smtp_envelope *env);

/* What the rules are given; `db` is asked for personal lists. */
struct rules_mail filter_rules_mail(struct db *db, const struct people *people, struct scan *s,
				    const struct str *pmail);

/* mail.c: what smtp_serve() calls. */
extern const struct smtp_handler filter_handler;
