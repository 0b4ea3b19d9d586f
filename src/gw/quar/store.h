/*
 * store - put a mail into a quarantine so that it stays there (filter.md §7.3, database.md §6).
 *
 * File and directory are synced, then the rows of CMailStore and CMSReceivers are committed. Only
 * when all of that is done the mail is in the quarantine; a failure on the way leaves neither file
 * nor rows (a commit without an answer leaves both, since they may be there already).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/sink.h"
#include "base/str.h"
#include "lib/db/db.h"

/* The letter is CMailStore.QType. */
enum quar_type { QUAR_SPAM = 'S', QUAR_VIRUS = 'V', QUAR_ATTACHMENT = 'A' };

struct quar_rcpt {
	struct str address; /* as in the envelope */
	struct str pmail;   /* the user, lower case */
};

struct quar_mail {
	enum quar_type type;
	int64_t time; /* of receiving, seconds since 1970 */
	size_t bytes; /* as received */
	int64_t spam_level;
	struct str info;   /* empty: NULL */
	struct str sender; /* of the envelope */
	struct str header; /* the lines Subject, From, Sender */
	const struct quar_rcpt *rcpt;
	size_t n_rcpt;
};

/* Who writes the mail as it shall lie there, Delivered-To and Return-Path included. */
struct quar_source {
	int (*write)(void *ctx, const struct sink *to, struct err *e);
	void *ctx;
};

/*
 * Stores one mail for its recipients below `spool`. *id is the name of its file, for the log.
 * Fail points: quarantine-file (file written and synced), quarantine-row (rows inserted),
 * quarantine-committed.
 */
MUST_CHECK int quar_store(struct arena *a, struct db *db, const char *spool,
			  const struct quar_mail *mail, const struct quar_source *source,
			  struct str *id, struct err *e);
