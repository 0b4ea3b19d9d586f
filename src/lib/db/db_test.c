#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "lib/db/db.h"

static struct arena *a;
static struct db *db, *other;
static struct err e;

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s", e.msg);                                                     \
	} while (0)
#define FAILS(call, with)                                                                          \
	do {                                                                                       \
		assert_int_equal(call, -1);                                                        \
		assert_int_equal(e.code, with);                                                    \
	} while (0)

static struct db *connect_to(const char *name)
{
	struct db_target target = { getenv("PGHOST"), name, "root" };

	return db_open(a, &target);
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	db = connect_to("test");
	other = connect_to("test");
	return db_script(db,
			 "DROP TABLE IF EXISTS t;"
			 "CREATE TABLE t (id serial, name varchar(8), raw bytea, one \"char\", "
			 "yes boolean, big bigint, small smallint, r real)",
			 &e);
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static const struct db_rows *query(struct db *on, const char *sql)
{
	struct db_statement s = { NULL, sql };
	const struct db_rows *rows = NULL;

	OK(db_run(on, a, &s, NULL, 0, &rows, &e));
	return rows;
}

static int64_t number(struct db *on, const char *sql)
{
	return db_int(query(on, sql), 0, 0);
}

static void test_values_arrive_as_they_are(void **state)
{
	static const struct db_statement insert = {
		"insert", "INSERT INTO t (name, raw, one, yes, big, small, r) "
			  "VALUES ($1, $2, $3, $4, $5, $6, 0.5)"
	};
	struct db_param values[] = { DB_TEXT(STR("\xff\xe9'\0;")),
				     DB_BYTES(STR("a\0\\x41\xff")),
				     DB_TEXT(STR("S")),
				     DB_INT(1),
				     DB_INT(INT64_MIN),
				     DB_INT(-3) };
	const struct db_rows *rows;

	(void)state;
	for (int i = 0; i < 2; i++)
		OK(db_run(db, a, &insert, values, ARRAY_LEN(values), NULL, &e));
	rows = query(db, "SELECT * FROM t");
	assert_int_equal(db_rows_count(rows), 2);
	assert_int_equal(db_int(rows, 1, 0), 2);
	assert_true(str_eq(db_str(rows, 0, 1), STR("\xff\xe9' ;")));
	assert_true(str_eq(db_str(rows, 0, 2), STR("a\0\\x41\xff")));
	assert_true(str_eq(db_str(rows, 0, 3), STR("S")));
	assert_int_equal(db_int(rows, 0, 4), 1);
	assert_true(db_int(rows, 0, 5) == INT64_MIN);
	assert_int_equal(db_int(rows, 0, 6), -3);
	assert_true(db_real(rows, 0, 7) == 0.5);
	assert_int_equal(db_rows_affected(query(db, "UPDATE t SET yes = false")), 2);
}

static void test_null_and_empty_differ(void **state)
{
	struct db_statement s = { NULL, "SELECT $1::varchar, $2::bytea, NULL::int, $3::bytea" };
	struct db_param values[] = { DB_TEXT(STR_NONE), DB_NULL, DB_BYTES(STR("")) };
	const struct db_rows *rows;

	(void)state;
	OK(db_run(db, a, &s, values, 3, &rows, &e));
	assert_false(db_is_null(rows, 0, 0));
	assert_int_equal(db_str(rows, 0, 0).n, 0);
	assert_true(db_is_null(rows, 0, 1));
	assert_true(db_is_null(rows, 0, 2));
	assert_int_equal(db_int(rows, 0, 2), 0);
	assert_false(db_is_null(rows, 0, 3));
}

static void test_arrays(void **state)
{
	struct db_statement s = { NULL,
				  "SELECT x, n FROM unnest($1::text[], $2::int8[]) AS u(x, n)" };
	struct str texts[] = { STR("a,\"{}\\"), STR_NONE, STR("\0\xff") };
	int64_t numbers[] = { -1, INT64_MAX, 1ll << 33 };
	struct db_param values[] = { db_text_array(a, texts, 3), db_int_array(a, numbers, 3) };
	const struct db_rows *rows;

	(void)state;
	OK(db_run(db, a, &s, values, 2, &rows, &e));
	assert_int_equal(db_rows_count(rows), 3);
	assert_true(str_eq(db_str(rows, 0, 0), texts[0]));
	assert_true(str_eq(db_str(rows, 2, 0), STR(" \xff")));
	for (size_t i = 0; i < 3; i++)
		assert_true(db_int(rows, i, 1) == numbers[i]);
	values[0] = db_text_array(a, NULL, 0);
	values[1] = db_int_array(a, NULL, 0);
	OK(db_run(db, a, &s, values, 2, &rows, &e));
	assert_int_equal(db_rows_count(rows), 0);
}

static void test_fit_keeps_characters_whole(void **state)
{
	(void)state;
	assert_int_equal(db_fit(STR("abc"), 3).n, 3);
	assert_int_equal(db_fit(STR("abcd"), 3).n, 3);
	assert_int_equal(db_fit(STR("ab\xc3\xa4"), 3).n, 2);
	assert_int_equal(db_fit(STR("ab\xc3\xa4z"), 4).n, 4);
	assert_int_equal(db_fit(STR("a\xf0\x9f\x98\x80"), 4).n, 1);
	assert_int_equal(db_fit(STR("\x80\x80\x80\x80\x80\x80"), 5).n, 5);
	assert_int_equal(db_fit(STR("\x80\x80"), 1).n, 1);
	assert_int_equal(db_fit(STR("\xc3\xa4"), 0).n, 0);
}

static void test_refusals_have_codes(void **state)
{
	static const struct db_statement wide = { "wide", "INSERT INTO t (name) VALUES ($1)" };
	struct db_param value = DB_TEXT(STR("123456789"));

	(void)state;
	FAILS(db_script(db, "SELECT nonsense", &e), ERR_BUG);
	assert_string_equal(db_sqlstate(db), "42703");
	FAILS(db_run(db, a, &wide, &value, 1, NULL, &e), ERR_INVALID);
	assert_string_equal(db_sqlstate(db), "22001");
	FAILS(db_script(
		      db,
		      "CREATE UNIQUE INDEX u ON t(name); INSERT INTO t (name) VALUES ('a'), ('a')",
		      &e),
	      ERR_CONFLICT);
	FAILS(db_script(db, "CREATE ROLE another", &e), ERR_PERM);
	OK(db_script(db, "SELECT 1", &e));
	assert_string_equal(db_sqlstate(db), "");
	FAILS(db_ready(connect_to("nowhere"), &e), ERR_NOTFOUND);
	FAILS(db_ready(db_open(a, &(struct db_target){ getenv("PGHOST"), "test", "postgres" }), &e),
	      ERR_PERM);
	FAILS(db_ready(db_open(a, &(struct db_target){ "/nonexistent", "test", "root" }), &e),
	      ERR_TEMP);
}

static void test_identifier(void **state)
{
	(void)state;
	assert_true(str_eq(db_identifier(a, STR("a\"b-c")), STR("\"a\"\"b-c\"")));
}

static void test_transaction_is_all_or_nothing(void **state)
{
	(void)state;
	OK(db_begin(db, &e));
	OK(db_script(db, "INSERT INTO t (name) VALUES ('x')", &e));
	assert_int_equal(number(other, "SELECT count(*) FROM t"), 0);
	db_rollback(db);
	assert_int_equal(number(other, "SELECT count(*) FROM t"), 0);
	OK(db_begin(db, &e));
	OK(db_script(db, "INSERT INTO t (name) VALUES ('x')", &e));
	OK(db_commit(db, &e));
	assert_int_equal(number(other, "SELECT count(*) FROM t"), 1);
	OK(db_begin(db, &e));
	OK(db_script(db, "INSERT INTO t (name) VALUES ('y')", &e));
	FAILS(db_script(db, "SELECT nonsense", &e), ERR_BUG);
	FAILS(db_commit(db, &e), ERR_BUG);
	assert_false(db_commit_unknown(db));
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 1);
}

static void end_backend(struct db *victim)
{
	int64_t pid = number(victim, "SELECT pg_backend_pid()::int8");
	struct db_statement s = { NULL, "SELECT pg_terminate_backend($1::int8::int, 10000)" };

	OK(db_run(other, a, &s, &DB_INT(pid), 1, NULL, &e));
}

static void test_lost_connection_is_replaced_before_use(void **state)
{
	static const struct db_statement one = { "one", "SELECT 1" };

	(void)state;
	OK(db_run(db, a, &one, NULL, 0, NULL, &e));
	end_backend(db);
	OK(db_run(db, a, &one, NULL, 0, NULL, &e));
	OK(db_run(db, a, &one, NULL, 0, NULL, &e));
}

static void test_lost_connection_ends_a_transaction(void **state)
{
	(void)state;
	OK(db_begin(db, &e));
	OK(db_script(db, "INSERT INTO t (name) VALUES ('x')", &e));
	end_backend(db);
	FAILS(db_script(db, "INSERT INTO t (name) VALUES ('y')", &e), ERR_TEMP);
	FAILS(db_script(db, "INSERT INTO t (name) VALUES ('z')", &e), ERR_TEMP);
	FAILS(db_commit(db, &e), ERR_TEMP);
	assert_false(db_commit_unknown(db));
	db_rollback(db);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
}

static void test_deadline_ends_a_wait(void **state)
{
	int64_t before = net_now();

	(void)state;
	OK(db_begin(other, &e));
	OK(db_script(other, "LOCK TABLE t", &e));
	db_deadline(db, net_now() + 100);
	FAILS(db_script(db, "SELECT * FROM t", &e), ERR_TEMP);
	assert_in_range(net_now() - before, 90, 5000);
	FAILS(db_ready(db, &e), ERR_TEMP);
	db_rollback(other);
	db_deadline(db, net_now() + 10000);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
}

static void test_commit_without_an_answer_is_unknown(void **state)
{
	(void)state;
	OK(db_script(
		db,
		"CREATE OR REPLACE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
		"$$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$;"
		"CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
		"FOR EACH ROW EXECUTE FUNCTION wait()",
		&e));
	OK(db_begin(db, &e));
	OK(db_script(db, "INSERT INTO t (name) VALUES ('x')", &e));
	db_deadline(db, net_now() + 100);
	FAILS(db_commit(db, &e), ERR_TEMP);
	assert_true(db_commit_unknown(db));
}

/* What was not committed in time must not become part of the next transaction. */
static void test_commit_after_the_deadline_leaves_nothing(void **state)
{
	(void)state;
	OK(db_begin(db, &e));
	OK(db_script(db, "INSERT INTO t (name) VALUES ('late')", &e));
	db_deadline(db, net_now() - 1);
	FAILS(db_commit(db, &e), ERR_TEMP);
	assert_false(db_commit_unknown(db));
	db_deadline(db, net_now() + 10000);
	OK(db_begin(db, &e));
	OK(db_script(db, "INSERT INTO t (name) VALUES ('next')", &e));
	OK(db_commit(db, &e));
	assert_int_equal(number(other, "SELECT count(*) FROM t WHERE name = 'late'"), 0);
	assert_int_equal(number(other, "SELECT count(*) FROM t WHERE name = 'next'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_values_arrive_as_they_are),
		TEST(test_null_and_empty_differ),
		TEST(test_arrays),
		TEST(test_fit_keeps_characters_whole),
		TEST(test_refusals_have_codes),
		TEST(test_identifier),
		TEST(test_transaction_is_all_or_nothing),
		TEST(test_lost_connection_is_replaced_before_use),
		TEST(test_lost_connection_ends_a_transaction),
		TEST(test_deadline_ends_a_wait),
		TEST(test_commit_without_an_answer_is_unknown),
		TEST(test_commit_after_the_deadline_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
