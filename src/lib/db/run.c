#include "lib/db/db_int.h"

#include <arpa/inet.h>

#include "base/buf.h"

enum { TEXT_OID = 25, INT8_OID = 20, ARRAY_MAX = DB_RESULT_MAX };

/* A parameter as libpq takes it: pointer, length, 1 for binary. */
struct wire {
	const char *values[DB_PARAM_MAX];
	int lengths[DB_PARAM_MAX], formats[DB_PARAM_MAX];
	int n;
};

static struct str no_nul(struct arena *a, struct str s)
{
	return s.n && memchr(s.p, '\0', s.n) ? (struct str){ str_z(a, s), s.n } : s;
}

static void wire_add(struct arena *a, struct wire *w, const struct db_param *p)
{
	struct str s = p->s;

	w->formats[w->n] = p->type == DB_TYPE_INT ? 0 : 1;
	if (p->type == DB_TYPE_INT)
		s = str_fmt(a, "%lld", (long long)p->i);
	else if (p->type == DB_TYPE_TEXT)
		s = no_nul(a, s);
	ASSERT(s.n <= DB_RESULT_MAX);
	w->lengths[w->n] = (int)s.n;
	w->values[w->n++] = p->type == DB_TYPE_NULL ? NULL : s.p ? s.p : "";
}

static void wire_make(struct arena *a, const struct db_param *params, size_t n, struct wire *w)
{
	ASSERT(n <= DB_PARAM_MAX);
	w->n = 0;
	for (size_t i = 0; i < n; i++)
		wire_add(a, w, &params[i]);
}

static bool is_prepared(const struct db *db, const struct db_statement *statement)
{
	for (size_t i = 0; i < db->n_prepared; i++)
		if (db->prepared[i] == statement)
			return true;
	return false;
}

static int finish(struct db *db, PGresult **out, struct err *e)
{
	ExecStatusType status;

	if (db_await(db, out, e) < 0)
		return -1;
	status = PQresultStatus(*out);
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		return 0;
	return db_refused(db, *out, e);
}

static int not_sent(struct db *db, struct err *e)
{
	err_set(e, ERR_TEMP, "database: %.200s", PQerrorMessage(db->conn));
	db_drop(db);
	return -1;
}

static int prepare(struct db *db, const struct db_statement *statement, struct err *e)
{
	CLEAN_RESULT PGresult *result = NULL;

	if (is_prepared(db, statement))
		return 0;
	if (!PQsendPrepare(db->conn, statement->name, statement->sql, 0, NULL))
		return not_sent(db, e);
	if (finish(db, &result, e) < 0)
		return -1;
	db->prepared[db->n_prepared++] = statement;
	return 0;
}

static int submit(struct db *db, const struct db_statement *statement, const struct wire *w,
		  struct err *e)
{
	int sent;

	if (statement->name && db->n_prepared < DB_PREPARED_MAX) {
		if (prepare(db, statement, e) < 0)
			return -1;
		sent = PQsendQueryPrepared(db->conn, statement->name, w->n, w->values, w->lengths,
					   w->formats, 1);
	} else {
		sent = PQsendQueryParams(db->conn, statement->sql, w->n, NULL, w->values,
					 w->lengths, w->formats, 1);
	}
	return sent ? 0 : not_sent(db, e);
}

int db_run(struct db *db, struct arena *a, const struct db_statement *statement,
	   const struct db_param *params, size_t n, const struct db_rows **out, struct err *e)
{
	CLEAN_RESULT PGresult *result = NULL;
	const struct db_rows *rows;
	struct wire w;

	wire_make(a, params, n, &w);
	if (db_ready(db, e) < 0 || submit(db, statement, &w, e) < 0 || finish(db, &result, e) < 0)
		return -1;
	if (!out)
		return 0;
	if (db_rows_copy(a, result, &rows, e) < 0)
		return -1;
	*out = rows;
	return 0;
}

static int run_simple(struct db *db, const char *sql, PGresult **out, struct err *e)
{
	if (!PQsendQuery(db->conn, sql))
		return not_sent(db, e);
	return finish(db, out, e);
}

int db_script(struct db *db, const char *sql, struct err *e)
{
	CLEAN_RESULT PGresult *result = NULL;

	if (db_ready(db, e) < 0)
		return -1;
	return run_simple(db, sql, &result, e);
}

int db_begin(struct db *db, struct err *e)
{
	ASSERT(!db->in_transaction);
	db->commit_unknown = false;
	if (db_script(db, "BEGIN", e) < 0)
		return -1;
	db->in_transaction = true;
	return 0;
}

int db_commit(struct db *db, struct err *e)
{
	CLEAN_RESULT PGresult *result = NULL;
	int failed;

	ASSERT(db->in_transaction);
	if (db_ready(db, e) < 0) {
		/* Nobody rolls back after a commit: the next transaction must not find this one. */
		db_drop(db);
		db->in_transaction = false;
		return -1;
	}
	failed = run_simple(db, "COMMIT", &result, e);
	db->in_transaction = false;
	db->commit_unknown = failed && !db->conn;
	if (!failed && !str_eq(str_of(PQcmdStatus(result)), STR("COMMIT")))
		return err_set(e, ERR_BUG, "database rolled back what failed before");
	return failed;
}

void db_rollback(struct db *db)
{
	struct err ignored;

	if (!db->in_transaction)
		return;
	if (!db->conn || db_script(db, "ROLLBACK", &ignored) < 0)
		db_drop(db);
	db->in_transaction = false;
}

static void add_int32(struct buf *b, size_t value)
{
	uint32_t net = htonl((uint32_t)value);

	buf_add(b, (struct str){ (const char *)&net, sizeof(net) });
}

/* The binary form of a one-dimensional array without NULLs, up to its elements. */
static void array_head(struct buf *b, struct arena *a, size_t type, size_t n)
{
	ASSERT(n <= ARRAY_MAX / 16);
	buf_init(b, a, ARRAY_MAX);
	add_int32(b, n ? 1 : 0);
	add_int32(b, 0);
	add_int32(b, type);
	if (!n)
		return;
	add_int32(b, n);
	add_int32(b, 1);
}

static struct db_param array_done(struct buf *b)
{
	ASSERT(!b->failed);
	return (struct db_param){ .type = DB_TYPE_BYTES, .s = buf_str(b) };
}

struct db_param db_text_array(struct arena *a, const struct str *items, size_t n)
{
	struct buf b;

	array_head(&b, a, TEXT_OID, n);
	for (size_t i = 0; i < n; i++) {
		add_int32(&b, items[i].n);
		buf_add(&b, no_nul(a, items[i]));
	}
	return array_done(&b);
}

struct db_param db_int_array(struct arena *a, const int64_t *items, size_t n)
{
	struct buf b;

	array_head(&b, a, INT8_OID, n);
	for (size_t i = 0; i < n; i++) {
		add_int32(&b, 8);
		add_int32(&b, (uint64_t)items[i] >> 32);
		add_int32(&b, (uint64_t)items[i] & 0xffffffff);
	}
	return array_done(&b);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

struct str db_fit(struct str s, size_t width)
{
	size_t n = width, back = 0;

	if (s.n <= width)
		return s;
	while (back < 3 && n > 0 && is_continuation(s.p[n])) {
		n--;
		back++;
	}
	return str_sub(s, 0, is_continuation(s.p[n]) ? width : n);
}

struct str db_identifier(struct arena *a, struct str name)
{
	struct buf b;
	struct str out;
	struct err e;

	buf_init(&b, a, 2 * name.n + 2);
	buf_addc(&b, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"')
			buf_addc(&b, '"');
		buf_addc(&b, name.p[i] ? name.p[i] : ' ');
	}
	buf_addc(&b, '"');
	ASSERT(buf_done(&b, &out, &e) == 0);
	return out;
}
