#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/cidr/cidr.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 1u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct cidr net_of(const char *text)
{
	struct cidr net;
	struct err e;

	if (cidr_parse(str_of(text), &net, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	return net;
}

static bool in(const char *net, const char *address)
{
	struct cidr n = net_of(net);
	struct cidr_addr addr;

	assert_true(cidr_addr_parse(str_of(address), &addr));
	return cidr_contains(&n, &addr);
}

static void test_contains(void **state)
{
	(void)state;
	assert_true(in("192.0.2.0/24", "192.0.2.255"));
	assert_false(in("192.0.2.0/24", "192.0.3.0"));
	assert_true(in("192.0.2.0/25", "192.0.2.127"));
	assert_false(in("192.0.2.0/25", "192.0.2.128"));
	assert_true(in("0.0.0.0/0", "203.0.113.9"));
	assert_false(in("0.0.0.0/0", "::1"));
	assert_true(in("192.0.2.77/24", "192.0.2.1"));
	assert_true(in("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(in("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(in("::1/128", "0:0:0:0:0:0:0:1"));
	assert_false(in("127.0.0.1/32", "::ffff:127.0.0.1"));
}

static void test_refuses(void **state)
{
	static const char *const wrong[] = {
		"", "/", "192.0.2.0", "192.0.2.0/", "192.0.2.0/33", "192.0.2/24", "192.0.2.0/-1",
		"192.0.2.0/+1", "192.0.2.0/8 ", " 192.0.2.0/8", "192.0.02.0/24", "::/129", "[::]/0",
		"fe80::1%eth0/64", "1.2.3.4.5/8", "256.0.0.0/8", "::/0/0", "0x7f.0.0.1/8",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct cidr net;
		struct err e;

		if (cidr_parse(str_of(wrong[i]), &net, &e) == 0)
			fail_msg("accepted '%s'", wrong[i]);
		assert_int_equal(e.code, ERR_INVALID);
	}
	assert_false(cidr_addr_parse((struct str){ "127.0.0.1\0x", 11 }, &(struct cidr_addr){ 0 }));
}

static void assert_text(struct str got, const char *want)
{
	assert_string_equal(str_z(a, got), want);
}

static void test_prints_and_masks(void **state)
{
	struct cidr net = net_of("2001:DB8:0:0::5/32"), masked = cidr_network(&net), host;

	(void)state;
	assert_true(cidr_has_host_bits(&net));
	assert_false(cidr_has_host_bits(&masked));
	assert_text(cidr_text(a, &masked, false), "2001:db8::/32");
	assert_text(cidr_text(a, &masked, true), "[2001:db8::]/32");
	net = net_of("10.1.2.3/31");
	masked = cidr_network(&net);
	assert_text(cidr_text(a, &masked, true), "10.1.2.2/31");
	host = cidr_host(&net.addr);
	assert_text(cidr_text(a, &host, true), "10.1.2.3/32");
	assert_text(cidr_addr_bracketed(a, &net.addr), "10.1.2.3");
}

static void test_unmapped(void **state)
{
	static const char *const cases[][2] = {
		{ "::ffff:192.0.2.1", "192.0.2.1" }, { "192.0.2.1", "192.0.2.1" },
		{ "::192.0.2.1", "::192.0.2.1" },   { "2001:db8::1", "2001:db8::1" },
	};
	struct cidr_addr addr;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(cidr_addr_parse(str_of(cases[i][0]), &addr));
		addr = cidr_addr_unmapped(&addr);
		assert_string_equal(str_z(a, cidr_addr_text(a, &addr)), cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contains),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_prints_and_masks),
		cmocka_unit_test(test_unmapped),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
