#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "gw/rules/whitelist.h"

static struct arena *a;

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct whitelist *of(int64_t otype, const char *value)
{
	struct whitelist_row row = { 1, otype, str_of(value) };
	struct whitelist *w;
	struct err e;

	assert_int_equal(whitelist_build(a, &row, 1, &w, &e), 0);
	return w;
}

static bool sender(const struct whitelist *w, const char *address, const char *ip)
{
	struct cidr_addr addr;
	bool valid = cidr_addr_parse(str_of(ip), &addr);

	return whitelist_has_sender(w, str_of(address), str_of(ip), valid ? &addr : NULL);
}

static bool receiver(const struct whitelist *w, const char *address)
{
	return whitelist_has_receiver(w, str_of(address));
}

/* database.md §3: number and value of each kind; policy.md §3, steps 3 and 4: what it is held
 * against. */
static void test_sender_kinds(void **state)
{
	(void)state;
	assert_true(sender(of(1001, "joe@example.com"), "Joe@Example.com", "192.0.2.1"));
	assert_false(sender(of(1001, "joe@example.com"), "joe@example.org", "192.0.2.1"));
	assert_true(sender(of(1002, "example.com"), "joe@example.com", "192.0.2.1"));
	assert_false(sender(of(1002, "example.com"), "joe@sub.example.com", "192.0.2.1"));
	assert_true(sender(of(1000, ".*@(.+\\.)?example\\.com"), "x@sub.example.com", "192.0.2.1"));
	assert_false(sender(of(1000, "example"), "joe@example.com", "192.0.2.1"));
	assert_true(sender(of(1003, "192.0.2.1"), "", "192.0.2.1"));
	assert_false(sender(of(1003, "192.0.2.1"), "", "192.0.2.10"));
	assert_true(sender(of(1003, "2001:db8::1"), "", "2001:0db8:0::1"));
	assert_true(sender(of(1004, "192.0.2.0/24"), "", "192.0.2.10"));
	assert_true(sender(of(1004, "2001:db8::/32"), "", "2001:db8:1::1"));
	assert_false(sender(of(1004, "192.0.2.0/24"), "", "192.0.3.10"));
	assert_false(sender(of(1004, "192.0.2.0/24"), "", "unknown"));
}

static void test_receiver_kinds(void **state)
{
	(void)state;
	assert_true(receiver(of(1007, "bob@inside.test"), "BOB@inside.test"));
	assert_true(receiver(of(1008, "inside.test"), "bob@inside.test"));
	assert_true(receiver(of(1009, "b.b@.*"), "bob@inside.test"));
	assert_true(receiver(of(1009, "*@inside\\.test"), "bob@inside.test"));
	assert_false(receiver(of(1007, "bob@inside.test"), "rob@inside.test"));
}

static void test_sides_do_not_mix(void **state)
{
	(void)state;
	assert_false(receiver(of(1001, "bob@inside.test"), "bob@inside.test"));
	assert_false(sender(of(1007, "bob@inside.test"), "bob@inside.test", "192.0.2.1"));
}

/* Without LDAP data, LDAP objects match nobody; what cannot be understood stops nothing else. */
static void test_unusable_objects(void **state)
{
	struct whitelist_row rows[] = { { 1, 1005, STR("p:g") },       { 2, 1000, STR("(") },
					{ 3, 1004, STR("192.0.2.0") }, { 4, 3000, STR("3") },
					{ 5, 1001, STR("") },          { 6, 1001, STR("a@b") } };
	struct whitelist *w;
	struct err e;

	(void)state;
	log_quiet(true);
	assert_int_equal(whitelist_build(a, rows, ARRAY_LEN(rows), &w, &e), 0);
	assert_true(sender(w, "a@b", "192.0.2.0"));
	assert_false(sender(w, "", "192.0.2.0"));
}

static void test_tables(void **state)
{
	const struct whitelist_row rows[] = {
		{ 1, 1001, STR("a+{b}@x.test") },
		{ 2, 1002, STR("x.test") },
		{ 3, 1000, STR("a|b/c\\d@(?:.*)") },
		{ 4, 1003, STR("2001:DB8::0001") },
		{ 5, 1004, STR("192.0.2.77/24") },
		{ 6, 1007, STR("bob@inside.test") },
		{ 7, 1009, STR("r[0-9]@.*") },
		{ 8, 1002, STR("x.test") },
		{ 9, 1001, STR("a@x\n/^/ OK") },
		{ 10, 1000, STR("(?i)x.*?") },
		{ 11, 1000, STR("(") },
		{ 12, 1005, STR("p:g") },
		{ 13, 1000, STR("[\\]x]") },
		{ 14, 1000, STR("z{2,3}{,3}") },
		{ 15, 1000, STR("z{2}+") },
		{ 16, 1000, STR("z{1,2000}") },
		{ 17, 1000, STR("((z{20}){20}){20}") },
		{ 18, 1000, STR("*@y\\.test") },
	};
	struct whitelist_tables t;
	struct err e;

	(void)state;
	log_quiet(true);
	assert_int_equal(whitelist_tables(a, rows, ARRAY_LEN(rows), &t, &e), 0);
	assert_string_equal(str_z(a, t.senders), "/^(.*@y\\.test)$/ OK\n"
						 "/^(a|b\\/c[0-9]@(.*))$/ OK\n"
						 "/^(z{2,3}\\{,3\\})$/ OK\n"
						 "/^.+@x\\.test$/ OK\n"
						 "/^a\\+\\{b\\}@x\\.test$/ OK\n");
	assert_string_equal(str_z(a, t.receivers), "/^(r[0-9]@.*)$/ OK\n"
						   "/^bob@inside\\.test$/ OK\n");
	assert_string_equal(str_z(a, t.clients), "192.0.2.0/24 OK\n2001:db8::1 OK\n");
	assert_string_equal(str_z(a, t.postscreen), "192.0.2.0/24 permit\n2001:db8::1 permit\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sender_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_receiver_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sides_do_not_mix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unusable_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
