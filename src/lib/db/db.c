#include "lib/db/db_int.h"

#include <poll.h>

#include "base/net.h"

static void drop(void *ptr)
{
	db_disconnect(ptr);
}

struct db *db_open(struct arena *a, const struct db_target *target)
{
	struct db *db = NEW(a, struct db);

	db->target = *target;
	if (!db->target.socket_dir)
		db->target.socket_dir = DB_SOCKET_DIR;
	db->deadline = INT64_MAX;
	arena_on_free(a, drop, db);
	return db;
}

void db_drop(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->n_prepared = 0;
}

void db_disconnect(struct db *db)
{
	db_drop(db);
	db->in_transaction = false;
}

void db_deadline(struct db *db, int64_t deadline)
{
	db->deadline = deadline;
}

const char *db_sqlstate(const struct db *db)
{
	return db->sqlstate;
}

bool db_commit_unknown(const struct db *db)
{
	return db->commit_unknown;
}

/* The server's notices are for people at a terminal. */
static void ignore_notice(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

/* libpq ends its messages with a line feed, and some have several lines. */
static int temporary(struct err *e, const char *what, const char *text)
{
	struct str rest = str_of(text), line;

	if (!str_line(&rest, &line))
		line = STR("no reason given");
	return err_set(e, ERR_TEMP, "%s: %.*s", what, STR_ARG(line));
}

/*
 * The server tells the refusal of a connection only as text. That the database does not exist is
 * the one reason a caller can do something about.
 */
static int connect_failed(const struct db *db, struct err *e)
{
	struct str text = str_of(PQerrorMessage(db->conn));

	if (str_find(text, STR("FATAL:  database \"")) >= 0 &&
	    str_find(text, STR("\" does not exist")) >= 0)
		return err_set(e, ERR_NOTFOUND, "database %s does not exist", db->target.name);
	if (str_find(text, STR("authentication failed")) >= 0 ||
	    str_find(text, STR("role \"")) >= 0)
		return err_set(e, ERR_PERM, "database %s refuses role %s", db->target.name,
			       db->target.role);
	return temporary(e, "connect to database", PQerrorMessage(db->conn));
}

static int finish_connecting(struct db *db, struct err *e)
{
	short events = POLLOUT;

	if (PQstatus(db->conn) == CONNECTION_BAD)
		return connect_failed(db, e);
	for (;;) {
		if (net_wait(PQsocket(db->conn), events, db->deadline, e) < 0)
			return err_wrap(e, "connect to database");
		switch (PQconnectPoll(db->conn)) {
		case PGRES_POLLING_OK:
			return 0;
		case PGRES_POLLING_READING:
			events = POLLIN;
			break;
		case PGRES_POLLING_WRITING:
			events = POLLOUT;
			break;
		default:
			return connect_failed(db, e);
		}
	}
}

/*
 * client_connection_check_interval ends a statement whose client gave up at its deadline;
 * synchronous_commit must not depend on what an administrator tuned, since mail is answered on it.
 */
static int make_connection(struct db *db, struct err *e)
{
	const char *keys[] = { "host",
			       "port",
			       "dbname",
			       "user",
			       "options",
			       "application_name",
			       "client_encoding",
			       "sslmode",
			       "gssencmode",
			       NULL };
	const char *values[] = { db->target.socket_dir,
				 "5432",
				 db->target.name,
				 db->target.role,
				 "-c synchronous_commit=on -c client_connection_check_interval=2s "
				 "-c standard_conforming_strings=on",
				 "pmg",
				 "SQL_ASCII",
				 "disable",
				 "disable",
				 NULL };

	db_drop(db);
	db->conn = PQconnectStartParams(keys, values, 0);
	if (!db->conn)
		return err_set(e, ERR_SYS, "connect to database: out of memory");
	PQsetNoticeProcessor(db->conn, ignore_notice, NULL);
	if (finish_connecting(db, e) < 0) {
		db_drop(db);
		return -1;
	}
	if (PQsetnonblocking(db->conn, 1) < 0) {
		db_drop(db);
		return err_set(e, ERR_SYS, "connect to database: no memory");
	}
	return 0;
}

/*
 * An idle server says nothing but good-bye. (It also tells changed settings; then there is a new
 * connection for nothing.) In a transaction the next statement finds out.
 */
static bool lost(const struct db *db)
{
	struct pollfd p = { .fd = PQsocket(db->conn), .events = POLLIN };

	if (PQstatus(db->conn) != CONNECTION_OK)
		return true;
	return !db->in_transaction && poll(&p, 1, 0) != 0;
}

int db_ready(struct db *db, struct err *e)
{
	db->sqlstate[0] = '\0';
	if (net_now() >= db->deadline)
		return err_set(e, ERR_TEMP, "no time left to ask the database");
	if (db->conn && !lost(db))
		return 0;
	if (db->in_transaction) {
		db_drop(db); /* what was done is undone; a new connection would go on without it */
		return err_set(e, ERR_TEMP, "connection to database lost");
	}
	return make_connection(db, e);
}

static int flush(struct db *db, struct err *e)
{
	int left;

	while ((left = PQflush(db->conn)) > 0) {
		if (net_wait(PQsocket(db->conn), POLLIN | POLLOUT, db->deadline, e) < 0)
			return -1;
		if (!PQconsumeInput(db->conn))
			break;
	}
	return left ? temporary(e, "send to database", PQerrorMessage(db->conn)) : 0;
}

static int one_result(struct db *db, PGresult **out, struct err *e)
{
	while (PQisBusy(db->conn)) {
		if (net_wait(PQsocket(db->conn), POLLIN, db->deadline, e) < 0)
			return err_wrap(e, "database");
		if (!PQconsumeInput(db->conn))
			return temporary(e, "database", PQerrorMessage(db->conn));
	}
	*out = PQgetResult(db->conn);
	return 0;
}

/* A connection that was left in the middle of an answer is of no use any more. */
static int await_all(struct db *db, PGresult **out, struct err *e)
{
	PGresult *last = NULL, *next = NULL;

	if (flush(db, e) < 0)
		return -1;
	for (;;) {
		if (one_result(db, &next, e) < 0) {
			PQclear(last);
			return -1;
		}
		if (!next)
			break;
		if (last && PQresultStatus(last) == PGRES_FATAL_ERROR)
			PQclear(next);
		else {
			PQclear(last);
			last = next;
		}
	}
	*out = last;
	return 0;
}

int db_await(struct db *db, PGresult **out, struct err *e)
{
	PGresult *result = NULL;

	if (await_all(db, &result, e) < 0) {
		db_drop(db);
		return -1;
	}
	if (!result) {
		db_drop(db);
		return err_set(e, ERR_TEMP, "database gave no answer");
	}
	*out = result;
	return 0;
}

struct refusal {
	const char *prefix; /* of the SQLSTATE */
	enum err_code code;
};

/* PostgreSQL 15, appendix A. The first prefix that fits counts. */
static const struct refusal refusals[] = {
	{ "08", ERR_TEMP },    { "40", ERR_TEMP },        { "53", ERR_TEMP },
	{ "55P03", ERR_TEMP }, { "57", ERR_TEMP },        { "58", ERR_TEMP },
	{ "25006", ERR_TEMP }, { "55006", ERR_CONFLICT }, { "3D", ERR_NOTFOUND },
	{ "28", ERR_PERM },    { "42501", ERR_PERM },     { "23", ERR_CONFLICT },
	{ "22", ERR_INVALID }, { "42", ERR_BUG },
};

static enum err_code code_of(const char *sqlstate)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (str_starts(str_of(sqlstate), str_of(refusals[i].prefix)))
			return refusals[i].code;
	return *sqlstate ? ERR_SYS : ERR_TEMP;
}

int db_refused(struct db *db, const PGresult *result, struct err *e)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state ? state : "");
	if (!state) {
		temporary(e, "database", PQresultErrorMessage(result));
		db_drop(db);
		return -1;
	}
	if (PQstatus(db->conn) != CONNECTION_OK)
		db_drop(db);
	return err_set(e, code_of(db->sqlstate), "database: %s", text ? text : state);
}
