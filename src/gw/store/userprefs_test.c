#include "base/buf.h"
#include "gw/store/test_int.h"
#include "gw/store/userprefs.h"

static const struct str bob = STR_INIT("bob@x");

static int add(enum userprefs_list list, const char *entry)
{
	return userprefs_add(a, db, bob, list, str_of(entry), 1600000000, &e);
}

static void is_list(const char *white, const char *black)
{
	struct userprefs lists;

	OK(userprefs_read(db, a, &bob, 1, &lists, &e));
	assert_string_equal(str_z(a, lists.white), white);
	assert_string_equal(str_z(a, lists.black), black);
}

static void test_sorted_and_on_one_list_only(void **state)
{
	(void)state;
	OK(add(USERPREFS_WHITE, "b@y"));
	OK(add(USERPREFS_WHITE, "a@y"));
	OK(add(USERPREFS_WHITE, "*@example.com"));
	OK(add(USERPREFS_WHITE, "a@y"));
	is_list("*@example.com,a@y,b@y", "");
	OK(add(USERPREFS_BLACK, "A@Y"));
	is_list("*@example.com,b@y", "A@Y");
	OK(add(USERPREFS_WHITE, "a@y"));
	is_list("*@example.com,a@y,b@y", "");
	OK(userprefs_add(a, db, STR("ann@x"), USERPREFS_BLACK, STR("b@y"), 1, &e));
	is_list("*@example.com,a@y,b@y", "");
	assert_int_equal(number("SELECT count(*) FROM UserPrefs WHERE MTime = 1600000000"), 2);
}

static void test_what_stands_there_already(void **state)
{
	(void)state;
	OK(db_script(db,
		     "INSERT INTO UserPrefs (PMail, Name, Data, MTime) VALUES "
		     "('bob@x', 'WL', 'z@x, no entry,,a@b@c,m@x', 5), ('bob@x', 'XX', 'kept', 5)",
		     &e));
	OK(add(USERPREFS_BLACK, "q@x"));
	is_list("m@x,z@x", "q@x");
	assert_string_equal(text("SELECT Data || MTime FROM UserPrefs WHERE Name = 'XX'"), "kept5");
}

static void test_entries_that_are_none(void **state)
{
	static const char *const bad[] = { "",      "a b@x", " a@x",    "a@x\n",
					   "a\\@x", "a@b@c", "a@x,b@x", "a\x01@x" };
	char *x = arena_alloc(a, USERPREFS_ENTRY_MAX + 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(add(USERPREFS_WHITE, bad[i]), -1);
		assert_int_equal(e.code, ERR_INVALID);
	}
	memset(x, 'x', USERPREFS_ENTRY_MAX + 1);
	assert_int_equal(add(USERPREFS_WHITE, x), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(
		userprefs_add(a, db, bob, USERPREFS_WHITE, (struct str){ "a\0b", 3 }, 1, &e), -1);
	assert_int_equal(number("SELECT count(*) FROM UserPrefs"), 0);
	x[USERPREFS_ENTRY_MAX] = '\0';
	OK(add(USERPREFS_WHITE, x));
}

static void test_list_that_is_full(void **state)
{
	struct buf list;
	struct str full;

	(void)state;
	buf_init(&list, a, USERPREFS_LIST_MAX);
	for (int i = 0; i < USERPREFS_LIST_MAX / 10; i++)
		buf_addf(&list, "%s%06d@x", i ? "," : "a", i);
	OK(buf_done(&list, &full, &e));
	OK(db_run(db, a,
		  &(struct db_statement){ NULL, "INSERT INTO UserPrefs VALUES ($1, 'WL', $2, 7)" },
		  (struct db_param[]){ DB_TEXT(bob), DB_TEXT(full) }, 2, NULL, &e));
	assert_int_equal(full.n, USERPREFS_LIST_MAX - 20000);
	for (int i = 0; i < 43; i++)
		OK(add(USERPREFS_WHITE, str_z(a, str_fmt(a, "b%0460d@x", i))));
	assert_int_equal(add(USERPREFS_WHITE, str_z(a, str_fmt(a, "c%0460d@x", 0))), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(number("SELECT count(*) FROM UserPrefs"), 2);
	OK(add(USERPREFS_BLACK, "a000000@x"));
}

int userprefs_tests(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_sorted_and_on_one_list_only),
		STORE_TEST(test_what_stands_there_already),
		STORE_TEST(test_entries_that_are_none),
		STORE_TEST(test_list_that_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
