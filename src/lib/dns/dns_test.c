#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "lib/dns/health.h"
#include "lib/dns/table.h"

static struct arena *a;
static struct dns_table t;

static int open_table(void **state)
{
	(void)state;
	a = arena_open("test", 4u << 20);
	dns_table_init(&t, a);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void add(const char *name, const char *type, const char *value)
{
	assert_true(dns_table_add(&t, str_of(name), str_of(type), str_of(value)));
}

static int64_t soon(void)
{
	return net_now() + 10000;
}

static void test_shared(void **state)
{
	struct dns *d = dns_open(a, &t.resolver);
	const struct dns_question *q = dns_ask(d, STR("Example.ORG."), DNS_A);

	(void)state;
	add("example.org", "A", "192.0.2.1");
	assert_ptr_equal(dns_ask(d, STR("example.org"), DNS_A), q);
	assert_ptr_not_equal(dns_ask(d, STR("example.org"), DNS_AAAA), q);
	assert_true(str_eq(q->name, STR("example.org")));
	assert_int_equal(dns_pending(d), 2);
	assert_true(dns_wait_all(d, soon()));
	assert_int_equal(t.asked.n, 2);
	assert_int_equal(q->status, DNS_OK);
	assert_ptr_equal(dns_ask(d, STR("EXAMPLE.org"), DNS_A), q);
	assert_int_equal(dns_pending(d), 0);
}

static void test_waiting(void **state)
{
	struct dns *d = dns_open(a, &t.resolver);
	const struct dns_question *first = dns_ask(d, STR("a"), DNS_A);
	const struct dns_question *second = dns_ask(d, STR("b"), DNS_A);
	const struct dns_question *third = dns_ask(d, STR("c"), DNS_A);

	(void)state;
	assert_true(dns_wait_any(d, soon()));
	assert_int_equal(first->status, DNS_NXDOMAIN);
	assert_int_equal(second->status, DNS_PENDING);
	assert_true(dns_wait(d, second, soon()));
	assert_int_equal(third->status, DNS_PENDING);
	assert_true(dns_wait_all(d, soon()));
	assert_false(dns_wait_any(d, soon()));
	assert_true(dns_wait(d, third, soon()));
}

static void test_finish(void **state)
{
	struct dns *d = dns_open(a, &t.resolver);
	const struct dns_question *first = dns_ask(d, STR("a"), DNS_A);
	const struct dns_question *second = dns_ask(d, STR("b"), DNS_A);

	(void)state;
	dns_finish(d);
	assert_int_equal(first->status, DNS_NXDOMAIN);
	assert_int_equal(second->status, DNS_TIMEOUT);
	assert_int_equal(dns_pending(d), 0);
}

static void test_bad_names(void **state)
{
	struct dns *d = dns_open(a, &t.resolver);
	static char longest[1 << 16];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(dns_ask(d, STR(""), DNS_A)->status, DNS_BADNAME);
	assert_int_equal(dns_ask(d, STR("a..b"), DNS_A)->status, DNS_BADNAME);
	assert_int_equal(dns_ask(d, STR("a.."), DNS_A)->status, DNS_BADNAME);
	assert_int_equal(dns_ask(d, (struct str){ longest, sizeof(longest) }, DNS_A)->status,
			 DNS_BADNAME);
	assert_int_equal(t.asked.n, 0);
	assert_int_equal(dns_ask(d, STR("a b"), DNS_A)->status, DNS_PENDING);
	assert_true(str_eq(t.asked.p[0]->name, STR("a b")));
}

static void test_too_many(void **state)
{
	struct dns *d = dns_open(a, &t.resolver);
	char name[16];

	(void)state;
	for (int i = 0; i < DNS_QUESTIONS_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(dns_ask(d, str_of(name), DNS_A)->status, DNS_PENDING);
	}
	assert_int_equal(dns_ask(d, STR("one.more"), DNS_A)->status, DNS_SKIPPED);
	assert_int_equal(dns_ask(d, STR("7"), DNS_A)->status, DNS_PENDING);
	assert_true(dns_wait_all(d, soon()));
}

static void test_table(void **state)
{
	struct dns *d = dns_open(a, &t.resolver);
	const struct dns_question *q;

	(void)state;
	add("alias.org", "CNAME", "Real.org.");
	add("real.org", "MX", "10 mx.real.org");
	add("real.org", "TXT", "");
	add("dead.org", "TIMEOUT", "");
	add("dead.org", "TXT", "alive");
	assert_false(dns_table_add(&t, STR("x"), STR("LOC"), STR("y")));
	assert_false(dns_table_add(&t, STR("x"), STR("A"), STR("y")));
	q = dns_ask(d, STR("alias.org"), DNS_MX);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_OK);
	assert_true(str_eq(q->records[0].name, STR("mx.real.org")));
	assert_int_equal(q->records[0].preference, 10);
	q = dns_ask(d, STR("real.org"), DNS_TXT);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->n, 1);
	q = dns_ask(d, STR("real.org"), DNS_A);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_NODATA);
	q = dns_ask(d, STR("dead.org"), DNS_A);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_TIMEOUT);
	q = dns_ask(d, STR("dead.org"), DNS_TXT);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_OK);
}

static void test_reverse(void **state)
{
	struct cidr_addr v4, v6;

	(void)state;
	assert_true(cidr_addr_parse(STR("192.0.2.99"), &v4));
	assert_true(cidr_addr_parse(STR("2001:db8::567:89ab"), &v6));
	assert_true(str_eq(dns_reverse_name(a, &v4), STR("99.2.0.192.in-addr.arpa")));
	/* The example of RFC 3596, 2.5, with another prefix. */
	assert_true(str_eq(dns_reverse_name(a, &v6),
			   STR("b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
			       ".ip6.arpa")));
}

static void test_health(void **state)
{
	struct health h = { 0 };

	(void)state;
	for (int64_t now = 1000; now < 1000 + 100 * HEALTH_SILENCES; now += 100) {
		assert_true(health_may_ask(&h, now));
		health_silent(&h, now, now + 100);
	}
	assert_false(health_may_ask(&h, 1900));
	assert_false(health_may_ask(&h, 1000 + HEALTH_SKIP_MS));
	/* One probe, not answered: another minute. */
	assert_true(health_may_ask(&h, 2000 + HEALTH_SKIP_MS));
	assert_false(health_may_ask(&h, 2000 + HEALTH_SKIP_MS));
	health_silent(&h, 2000 + HEALTH_SKIP_MS, 4000 + HEALTH_SKIP_MS);
	assert_false(health_may_ask(&h, 3000 + 2 * HEALTH_SKIP_MS));
	/* The next one is. */
	assert_true(health_may_ask(&h, 5000 + 2 * HEALTH_SKIP_MS));
	health_answered(&h, 5001 + 2 * HEALTH_SKIP_MS);
	assert_true(health_may_ask(&h, 5002 + 2 * HEALTH_SKIP_MS));
	assert_true(health_may_ask(&h, 5002 + 2 * HEALTH_SKIP_MS));
}

/* Silence about some questions is no silence if others are answered meanwhile. */
static void test_health_of_the_busy(void **state)
{
	struct health h = { 0 };

	(void)state;
	for (int64_t now = 1000; now < 1100; now++) {
		health_answered(&h, now + 5);
		health_silent(&h, now, now + 100);
	}
	assert_true(health_may_ask(&h, 2000));
}

/* Thirty questions under way at the same time are one silence. */
static void test_health_of_a_moment(void **state)
{
	struct health h = { 0 };

	(void)state;
	for (int64_t asked = 1000; asked < 1030; asked++)
		health_silent(&h, asked, asked + 100);
	assert_int_equal(h.silences, 1);
	assert_true(health_may_ask(&h, 1200));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared, open_table, close_arena),
		cmocka_unit_test_setup_teardown(test_waiting, open_table, close_arena),
		cmocka_unit_test_setup_teardown(test_finish, open_table, close_arena),
		cmocka_unit_test_setup_teardown(test_bad_names, open_table, close_arena),
		cmocka_unit_test_setup_teardown(test_too_many, open_table, close_arena),
		cmocka_unit_test_setup_teardown(test_table, open_table, close_arena),
		cmocka_unit_test_setup_teardown(test_reverse, open_table, close_arena),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_health_of_the_busy),
		cmocka_unit_test(test_health_of_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
