/*
 * What connection, statements and results of lib/db share.
 */
#pragma once

#include <libpq-fe.h>

#include "lib/db/db.h"

struct db {
	struct db_target target;
	PGconn *conn; /* NULL: not connected */
	int64_t deadline;
	bool in_transaction, commit_unknown;
	char sqlstate[6];
	const struct db_statement *prepared[DB_PREPARED_MAX];
	size_t n_prepared;
};

struct db_value {
	struct str s;
	bool null;
};

struct db_rows {
	size_t n;
	unsigned columns;
	uint64_t affected;
	Oid *types;
	struct db_value *values; /* row by row */
};

static inline void clean_result_(PGresult **r)
{
	PQclear(*r);
}
#define CLEAN_RESULT __attribute__((cleanup(clean_result_)))

/* Copies a result in binary form into `a`. */
int db_rows_copy(struct arena *a, const PGresult *result, const struct db_rows **out,
		 struct err *e);

/* Closes the connection, which is of no use any more; an open transaction has failed with it. */
void db_drop(struct db *db);

/* Waits for the answer to what was sent; if there is none, the connection is dropped. */
int db_await(struct db *db, PGresult **out, struct err *e);

/* The server's refusal as an error; remembers the SQLSTATE. Always -1. */
int db_refused(struct db *db, const PGresult *result, struct err *e);
