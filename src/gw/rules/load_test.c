/* The factory rules, from a real database: loaded, dumped, refused when one of them is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "gw/rules/rules_int.h"
#include "gw/store/store.h"

static struct arena *a;
static struct db *db;
static struct err e;

static void ignore(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static int new_database(void **state)
{
	struct store_progress quiet = { ignore, NULL };
	struct store_at at = { .socket_dir = getenv("PGHOST") };

	(void)state;
	a = arena_open("load test", 64 << 20);
	if (store_init(a, &at, &quiet, &e) < 0)
		fail_msg("%s", e.msg);
	db = store_open(a, &at, NULL);
	return 0;
}

static int end_database(void **state)
{
	struct store_at at = { .socket_dir = getenv("PGHOST") };

	(void)state;
	db_disconnect(db);
	if (store_delete(&at, &e) < 0)
		fail_msg("%s", e.msg);
	arena_close(a);
	return 0;
}

static void sql(const char *text)
{
	if (db_script(db, text, &e) < 0)
		fail_msg("%s", e.msg);
}

static struct str dumped(enum rules_which which)
{
	struct rules *r;
	struct buf b;

	if (rules_load(a, db, &r, &e) < 0)
		fail_msg("%s", e.msg);
	buf_init(&b, a, 1 << 20);
	rules_dump(r, which, &b);
	return buf_str(&b);
}

static void factory_dump(void **state)
{
	const char *root = getenv("PMG_SOURCE_ROOT");
	struct str path = str_fmt(a, "%s/tests/corpus/rules/factory.dump", root ? root : ".");
	struct str want, got = dumped(RULES_ALL);

	(void)state;
	if (getenv("GOLDEN_PRINT"))
		printf("%.*s", STR_ARG(got));
	if (file_read(a, str_z(a, path), 1 << 20, &want, &e) < 0)
		fail_msg("%s", e.msg);
	if (!str_eq(got, want))
		fail_msg("expected\n%.*sgot\n%.*s", STR_ARG(want), STR_ARG(got));
}

static unsigned count(struct str text, const char *what)
{
	unsigned n = 0;
	ptrdiff_t at;

	while ((at = str_find(text, str_of(what))) >= 0) {
		n++;
		text = str_from(text, (size_t)at + 1);
	}
	return n;
}

/* Nobody is to be told about rules that came with the product. */
static void factory_rules_are_clean(void **state)
{
	struct rules *r;
	struct buf b;

	(void)state;
	sql("UPDATE rule SET active = 1");
	if (rules_load(a, db, &r, &e) < 0)
		fail_msg("%s", e.msg);
	buf_init(&b, a, 1 << 20);
	assert_int_equal(rules_lint(a, r, NULL, &b), 0);
	assert_int_equal(count(buf_str(&b), "note: group"), count(buf_str(&b), "\n"));
}

static void dump_of_some(void **state)
{
	(void)state;
	assert_int_equal(count(dumped(RULES_ACTIVE), "RULE "), 7);
	assert_int_equal(count(dumped(RULES_INACTIVE), "RULE "), 6);
}

static void all_factory_rules_are_built(void **state)
{
	struct rules *r;

	(void)state;
	sql("UPDATE rule SET active = 1");
	if (rules_load(a, db, &r, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(r->n_live, r->n);
	assert_int_equal(count(dumped(RULES_ALL), "NOT USED"), 0);
}

static void attributes(void **state)
{
	struct str d;

	(void)state;
	sql("INSERT INTO rule_attributes SELECT id, 'what-and', '1' FROM rule"
	    " WHERE name = 'Block Viruses';"
	    "INSERT INTO objectgroup_attributes SELECT id, 'invert', '1' FROM objectgroup"
	    " WHERE name = 'Virus'");
	d = dumped(RULES_ALL);
	assert_true(str_find(d, STR("RULE 2 (prio: 96, in, ACTIVE): Block Viruses\n"
				    "  WHAT mode: and=1 invert=0\n"
				    "  WHAT group 9 (and=0, invert=1): Virus\n")) >= 0);
}

static void unbuilt(void **state)
{
	struct str d;
	struct rules *r;

	(void)state;
	sql("INSERT INTO object (objecttype, objectgroup_id, value) SELECT 1099, id,"
	    " 'profile:account' FROM objectgroup WHERE name = 'Blacklist'");
	if (rules_load(a, db, &r, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(r->n_live, 6);
	d = dumped(RULES_ALL);
	assert_int_equal(count(d, "  NOT USED: objects of type 1099"), 1);
	assert_true(str_find(d, STR(": profile:account\n")) >= 0);
}

static void broken_object(void **state)
{
	struct rules *r = NULL;

	(void)state;
	sql("INSERT INTO object (objecttype, objectgroup_id, value) SELECT 1000, id, 'a(b'"
	    " FROM objectgroup WHERE name = 'Blacklist'");
	assert_int_equal(rules_load(a, db, &r, &e), -1);
	assert_null(r);
	assert_true(str_starts(str_of(e.msg), STR("rule 'Blacklist', group 'Blacklist', object")));
}

static void missing_group(void **state)
{
	struct rules *r;

	(void)state;
	sql("DELETE FROM objectgroup WHERE name = 'Blacklist'");
	assert_int_equal(rules_load(a, db, &r, &e), -1);
	assert_string_equal(e.msg, "rule 'Blacklist': there is no group 2");
}

/* Bytes that are no UTF-8 and backslashes come as they are stored. */
static void stored_bytes(void **state)
{
	(void)state;
	sql("INSERT INTO object (objecttype, objectgroup_id, value) SELECT 1000, id,"
	    " '\\x665cfc2e2a'::bytea FROM objectgroup WHERE name = 'Blacklist'");
	assert_true(str_find(dumped(RULES_ALL), STR(": f\\\xfc.*\n")) >= 0);
}

static void no_tables(void **state)
{
	struct rules *r;

	(void)state;
	sql("DROP TABLE rulegroup");
	assert_int_equal(rules_load(a, db, &r, &e), -1);
}

#define LOAD_TEST(name) cmocka_unit_test_setup_teardown(name, new_database, end_database)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOAD_TEST(factory_dump), LOAD_TEST(dump_of_some),
		LOAD_TEST(factory_rules_are_clean),
		LOAD_TEST(all_factory_rules_are_built), LOAD_TEST(attributes), LOAD_TEST(unbuilt),
		LOAD_TEST(broken_object), LOAD_TEST(missing_group), LOAD_TEST(stored_bytes),
		LOAD_TEST(no_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
