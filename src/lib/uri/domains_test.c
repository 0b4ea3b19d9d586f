#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/uri/domains.h"

static struct arena *arena;
static struct uri_domains *domains;

static int setup(void **state UNUSED)
{
	static const char *const names[] = { "com",   "uk",        "us",       "au", "edu.au",
					     "co.uk", "nt.edu.au", "xn--p1ai", NULL };

	arena = arena_open("test", 1 << 20);
	domains = uri_domains_new(arena);
	for (int i = 0; names[i]; i++)
		uri_domains_add(domains, str_of(names[i]));
	return 0;
}

static int teardown(void **state UNUSED)
{
	arena_close(arena);
	return 0;
}

static void assert_registered(const char *host, const char *want)
{
	struct str got = uri_domains_registered(arena, domains, str_of(host));

	assert_string_equal(str_z(arena, got), want);
}

static void registered_takes_as_many_labels_as_the_tables_ask(void **state UNUSED)
{
	assert_registered("www.example.com", "example.com");
	assert_registered("example.com", "example.com");
	assert_registered("com", "com");
	assert_registered("", "");
	assert_registered("a.b.example.co.uk", "example.co.uk");
	assert_registered("co.uk", "co.uk");
	assert_registered("www.school.nt.edu.au", "school.nt.edu.au");
	assert_registered("www.uni.edu.au", "uni.edu.au");
	assert_registered("www.unknown.tld", "unknown.tld");
}

static void registered_knows_the_states(void **state UNUSED)
{
	assert_registered("www.fire.springfield.ca.us", "fire.springfield.ca.us");
	assert_registered("a.b.ci.springfield.ca.us", "b.ci.springfield.ca.us");
	assert_registered("x.y.pvt.k12.ca.us", "y.pvt.k12.ca.us");
	assert_registered("www.example.us", "example.us");
	/* Two letters that only straddle two states are none. */
	assert_registered("www.fire.springfield.ka.us", "ka.us");
}

static void registered_is_tidy(void **state UNUSED)
{
	assert_registered("WWW..Example.COM.", "example.com");
	assert_registered("...", "");
}

static void registered_survives_endless_names(void **state UNUSED)
{
	struct str dots = { arena_alloc(arena, 100000), 100000 };

	memset((char *)dots.p, 'a', dots.n);
	for (size_t i = 1; i < dots.n; i += 2)
		((char *)dots.p)[i] = '.';
	assert_int_equal(uri_domains_registered(arena, domains, dots).n, 99999);
}

static void tld_is_the_last_label(void **state UNUSED)
{
	assert_true(uri_domains_has_tld(domains, STR("www.example.COM")));
	assert_true(uri_domains_has_tld(domains, STR("x.xn--p1ai")));
	assert_false(uri_domains_has_tld(domains, STR("com")));
	assert_false(uri_domains_has_tld(domains, STR("example.com.")));
	assert_false(uri_domains_has_tld(domains, STR("example.co")));
}

static void clearing_forgets(void **state UNUSED)
{
	uri_domains_clear(domains);
	assert_false(uri_domains_has_tld(domains, STR("example.com")));
	assert_registered("www.example.co.uk", "co.uk");
}

static void fqdn_follows_the_rules_of_host_names(void **state UNUSED)
{
	static const char *const yes[] = { "a.b", "A-b.c0", "_dmarc.example.com", "a.b...", NULL };
	static const char *const no[] = { "",     "a",    "a.",     ".a.b",  "a..b",    "-a.b",
					  "a-.b", "a_.b", "x.a.b_", "a b.c", "a.b\xe4", NULL };

	for (int i = 0; yes[i]; i++)
		assert_true(uri_host_is_fqdn(str_of(yes[i])));
	for (int i = 0; no[i]; i++)
		assert_false(uri_host_is_fqdn(str_of(no[i])));
}

static void fqdn_has_lengths(void **state UNUSED)
{
	char name[256];

	memset(name, 'a', sizeof(name));
	name[63] = '.';
	assert_true(uri_host_is_fqdn((struct str){ name, 66 }));
	name[63] = 'a';
	name[64] = '.';
	assert_false(uri_host_is_fqdn((struct str){ name, 66 }));
	name[64] = 'a';
	for (size_t i = 1; i < sizeof(name); i += 2)
		name[i] = '.';
	assert_true(uri_host_is_fqdn((struct str){ name, 253 }));
	assert_false(uri_host_is_fqdn((struct str){ name, 255 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(registered_takes_as_many_labels_as_the_tables_ask,
						setup, teardown),
		cmocka_unit_test_setup_teardown(registered_knows_the_states, setup, teardown),
		cmocka_unit_test_setup_teardown(registered_is_tidy, setup, teardown),
		cmocka_unit_test_setup_teardown(registered_survives_endless_names, setup, teardown),
		cmocka_unit_test_setup_teardown(tld_is_the_last_label, setup, teardown),
		cmocka_unit_test_setup_teardown(clearing_forgets, setup, teardown),
		cmocka_unit_test_setup_teardown(fqdn_follows_the_rules_of_host_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(fqdn_has_lengths, setup, teardown),
	};

	return cmocka_run_group_tests_name("domains", tests, NULL, NULL);
}
