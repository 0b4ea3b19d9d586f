/*
 * db - statements, rows and transactions on one PostgreSQL database.
 *
 * A `struct db` is a place to ask, not a connection: the connection is made by the first statement,
 * and one that was lost in between is replaced by the next. Only inside a transaction a lost
 * connection is an error. Nothing waits beyond db_deadline().
 *
 * Parameters never become part of the SQL text. They and the results travel in binary form, so a
 * bytea is exactly its bytes and text is what the client wrote: our databases are SQL_ASCII and
 * convert nothing. Results are copied into the caller's arena and live as long as it.
 *
 * Error codes, for every function here: ERR_TEMP when the server is away, too busy, shutting down,
 * gave up on a deadlock, or the deadline passed; ERR_NOTFOUND when the database does not exist;
 * ERR_PERM, ERR_CONFLICT (a key exists already), ERR_INVALID (a value does not fit its type),
 * ERR_BUG (the statement is wrong), else ERR_SYS. db_sqlstate() has the server's own code.
 *
 * Not to be carried over a fork: parent and child would talk on one socket. Opening it before and
 * using it only after the fork is fine.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define DB_SOCKET_DIR "/var/run/postgresql"

enum {
	DB_PARAM_MAX = 24,         /* parameters of one statement */
	DB_PREPARED_MAX = 64,      /* different prepared statements on one connection */
	DB_RESULT_MAX = 256 << 20, /* bytes of one result */
};

struct db;

struct db_target {
	const char *socket_dir; /* NULL: DB_SOCKET_DIR */
	const char *name;       /* of the database */
	const char *role;       /* peer authentication: must be allowed for this process's user */
};

/* The strings of `target` are kept by reference. Cannot fail, since it does not connect yet. */
struct db *db_open(struct arena *a, const struct db_target *target);

/* Disconnects now; the next statement connects again. The arena does it in the end, too. */
void db_disconnect(struct db *db);

/* Until when everything on `db` must be done, in net_now() time, from now on. Initially never. */
void db_deadline(struct db *db, int64_t deadline);

/* Makes sure that there is a live connection: for those who want to know before they start. */
MUST_CHECK int db_ready(struct db *db, struct err *e);

/* SQLSTATE of the last statement if it failed, five characters; "" if the server said none. */
const char *db_sqlstate(const struct db *db);

/*
 * One value. Integers are sent as decimal text, which the server reads as whatever numeric or
 * boolean type it expects there; text and bytes go in binary, a NUL in text as a blank. Text for a
 * column of limited width goes through db_fit() first.
 */
enum db_type { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_TEXT, DB_TYPE_BYTES };

struct db_param {
	enum db_type type;
	int64_t i;
	struct str s;
};

#define DB_NULL ((struct db_param){ .type = DB_TYPE_NULL })
#define DB_INT(value) ((struct db_param){ .type = DB_TYPE_INT, .i = (value) })
#define DB_TEXT(value) ((struct db_param){ .type = DB_TYPE_TEXT, .s = (value) })
#define DB_BYTES(value) ((struct db_param){ .type = DB_TYPE_BYTES, .s = (value) })

/* Whole arrays for `= ANY($1)` and unnest($1, $2), written `$1::text[]` and `$1::int8[]` there. */
struct db_param db_text_array(struct arena *a, const struct str *items, size_t n);
struct db_param db_int_array(struct arena *a, const int64_t *items, size_t n);

/*
 * The longest beginning of `s` that fits into `width` bytes (a character of a SQL_ASCII database is
 * a byte) without cutting a UTF-8 sequence in two.
 */
struct str db_fit(struct str s, size_t width);

/*
 * A statement, usually `static const`; prepared on each connection when first run there, and found
 * again by its address, so it must not change or move. Without a name it is not kept.
 */
struct db_statement {
	const char *name, *sql;
};

struct db_rows; /* a result: rows × columns */

/*
 * Runs one statement with `n` parameters. `out` may be NULL if the result does not matter. `a` is
 * also used for the parameters.
 */
MUST_CHECK int db_run(struct db *db, struct arena *a, const struct db_statement *statement,
		      const struct db_param *params, size_t n, const struct db_rows **out,
		      struct err *e);

/* Statements without parameters and results, several separated by `;` form one transaction. */
MUST_CHECK int db_script(struct db *db, const char *sql, struct err *e);

size_t db_rows_count(const struct db_rows *r);
uint64_t db_rows_affected(const struct db_rows *r); /* by INSERT, UPDATE, DELETE */
bool db_is_null(const struct db_rows *r, size_t row, unsigned column);

/* Any text or bytea type; NULL gives STR_NONE. */
struct str db_str(const struct db_rows *r, size_t row, unsigned column);

/* Any integer type or boolean; NULL gives 0. */
int64_t db_int(const struct db_rows *r, size_t row, unsigned column);

/* float4 or float8; NULL gives 0. */
double db_real(const struct db_rows *r, size_t row, unsigned column);

/* A transaction. After a failed statement only db_rollback() is left, which never fails. */
MUST_CHECK int db_begin(struct db *db, struct err *e);
MUST_CHECK int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);

/*
 * True if the last transaction's db_commit() failed without an answer: it may or may not have been
 * carried out, so what belongs to it outside the database must be kept.
 */
bool db_commit_unknown(const struct db *db);

/* `name` as an SQL identifier, quoted: for the few statements that take no parameters (roles). */
struct str db_identifier(struct arena *a, struct str name);
