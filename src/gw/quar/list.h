/*
 * list - what is in a quarantine, recipient by recipient (database.md §6).
 *
 * A mail that was quarantined for three recipients is three rows here: each is delivered or deleted
 * on its own. Its id C<cid>R<rid>T<ticket> is what links and the API name it by.
 */
#pragma once

#include "gw/quar/store.h"

enum {
	QUAR_ID_MAX = 60,            /* characters of an id that are read at all */
	QUAR_HEADER_MAX = 65536, /* bytes of the stored header lines that a row has */
};

struct quar_id {
	int64_t cid, rid, ticket;
};

/* ERR_INVALID unless the whole of `text` is an id. */
MUST_CHECK int quar_id_parse(struct str text, struct quar_id *out, struct err *e);
struct str quar_id_print(struct arena *a, struct quar_id id);

/* Whether somebody has decided already; the letter is CMSReceivers.Status. */
enum quar_status { QUAR_NEW = 'N', QUAR_DONE = 'D' };

struct quar_row {
	struct quar_id id;
	enum quar_type type;
	enum quar_status status;
	bool seen;
	int64_t time; /* of receiving, seconds since 1970 */
	int64_t bytes, spam_level;
	struct str info;   /* virus name or "RULE:score,…"; empty if there is none */
	struct str sender; /* of the envelope */
	struct str header; /* the lines Subject, From, Sender as they stood in the mail */
	struct str file;   /* below the spool; not to be trusted, see file.h */
	struct str pmail, receiver;
};

struct quar_query {
	enum quar_type type;
	enum quar_status status;
	int64_t start, end; /* received in [start, end) */
	struct str pmail;   /* of this user only; empty: of all */
};

/* The rows in the order of their time, then of their receiver. Fails as db_run() does. */
MUST_CHECK int quar_list(struct arena *a, struct db *db, const struct quar_query *query,
			 struct quar_row **out, size_t *n, struct err *e);

/* One row, whatever its status; ERR_NOTFOUND if there is none. */
MUST_CHECK int quar_find(struct arena *a, struct db *db, struct quar_id id, struct quar_row *out,
			 struct err *e);

/* As quar_find(); until the end of the transaction nobody else gets this row in this way. */
MUST_CHECK int quar_lock(struct arena *a, struct db *db, struct quar_id id, struct quar_row *out,
			 struct err *e);

struct quar_user {
	struct str pmail;
	int64_t mails;
	double spam_level; /* on average */
};

/* Whose mails quar_list() would list, by address. */
MUST_CHECK int quar_users(struct arena *a, struct db *db, const struct quar_query *query,
			  struct quar_user **out, size_t *n, struct err *e);
