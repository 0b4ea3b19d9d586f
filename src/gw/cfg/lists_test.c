#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "gw/cfg/ldap.h"
#include "gw/cfg/lists.h"

static struct arena *a;
static char dir[] = "/tmp/pmg-lists-test.XXXXXX";

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	return mkdtemp(dir) ? 0 : -1;
}

static const char *in_dir(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", dir, name));
}

static int close_arena(void **state)
{
	(void)state;
	for (int i = 0; i < CFG_LIST_COUNT; i++)
		unlink(in_dir(cfg_list_files[i]));
	rmdir(dir);
	arena_close(a);
	return 0;
}

static void put(const char *name, const char *content)
{
	const struct file_attr attr = { 0644, (uid_t)-1, (gid_t)-1 };
	struct err e;

	if (file_replace(in_dir(name), str_of(content), &attr, &e) < 0)
		fail_msg("%s", e.msg);
}

static void load(struct cfg_lists *out, struct cfg_problems *problems)
{
	struct err e;

	*problems = (struct cfg_problems){ 0 };
	if (cfg_lists_load(a, dir, out, problems, &e) < 0)
		fail_msg("%s", e.msg);
}

static void test_missing_files_are_empty(void **state)
{
	struct cfg_problems problems;
	struct cfg_lists lists;

	(void)state;
	load(&lists, &problems);
	assert_int_equal(problems.list.n, 0);
	assert_int_equal(lists.domains.list.n + lists.tls_policy.list.n, 0);
}

static void test_good_files(void **state)
{
	static const char transport[] = "#head office\n"
					"example.com smtp:[192.0.2.1]:25\n"
					".example.com smtp:mail.example.com:26\n"
					"joe@example.org lmtp:inet:[ipv6:2001:db8::1]:24\n";
	struct cfg_problems problems;
	struct cfg_lists lists;

	(void)state;
	put("domains", "example.com 1\n#sub domains\n.example.com 1\n");
	put("mynetworks", "192.0.2.0/24 #office\n2001:db8::/32 #*\n");
	put("transport", transport);
	put("tls_policy",
	    "example.com encrypt\n[192.0.2.1]:25 may\n.example.net secure match=nexthop\n");
	put("tls_inbound_domains", "example.com reject_plaintext_session\n");
	load(&lists, &problems);
	for (size_t i = 0; i < problems.list.n; i++)
		fail_msg("%s", str_z(a, cfg_problem_text(a, &problems.list.p[i])));
	assert_int_equal(lists.domains.list.n, 2);
	assert_int_equal(lists.tls_policy.list.n, 3);
	assert_string_equal(str_z(a, lists.mynetworks.list.p[0].comment), "office");
	assert_string_equal(str_z(a, conf_lines_print(a, cfg_list_kind(CFG_TRANSPORT),
						      lists.transport.list.p,
						      lists.transport.list.n)),
			    transport);
}

static void test_bad_lines(void **state)
{
	static const char *const want[] = {
		"domains:1: value 'example.com. 1': 'example.com.' is not a DNS name: it ends in a "
		"dot",
		"domains:3: value 'example.net': no value after 'example.net'",
		"mynetworks:1: value '192.0.2.1/24 #x': '192.0.2.1/24' is not a network: it has "
		"bits set beyond its prefix",
		"mynetworks:2: value '192.0.2.1': no '/' and prefix length",
		"transport:1: value 'a.org smtp:[host:25': no ']' after the host",
		"transport:2: value 'b.org smtp:host': must end in a colon and a port from 1 to "
		"65535",
		"transport:3: value 'c.org pipe:x:1': must start with smtp: or lmtp:inet:",
		"transport:4: value 'd.org smtp:host:0': must end in a colon and a port from 1 to "
		"65535",
		"transport:5: value 'e.org lmtp:inet:ipv6:::1:24': 'ipv6:::1' must stand in "
		"brackets: [ipv6:::1]",
		"tls_policy:1: value 'a.org sometimes': 'sometimes' is not a TLS policy (none, "
		"may, encrypt, dane, dane-only, fingerprint, verify, secure)",
		"tls_inbound_domains:1: value '.a.org reject_plaintext_session': '.a.org' would "
		"have no effect: leave the dot out, a domain stands here for those below it, too",
	};
	struct cfg_problems problems;
	struct cfg_lists lists;

	(void)state;
	put("domains", "example.com. 1\nexample.org 1\nexample.net\n");
	put("mynetworks", "192.0.2.1/24 #x\n192.0.2.1\n");
	put("transport",
	    "a.org smtp:[host:25\nb.org smtp:host\nc.org pipe:x:1\nd.org smtp:host:0\n"
	    "e.org lmtp:inet:ipv6:::1:24\n");
	put("tls_policy", "a.org sometimes\n");
	put("tls_inbound_domains", ".a.org reject_plaintext_session\n");
	load(&lists, &problems);
	for (size_t i = 0; i < problems.list.n && i < ARRAY_LEN(want); i++) {
		struct str text = cfg_problem_text(a, &problems.list.p[i]);

		assert_string_equal(str_z(a, str_from(text, strlen(dir) + 1)), want[i]);
	}
	assert_int_equal(problems.list.n, ARRAY_LEN(want));
	assert_int_equal(lists.domains.list.n, 1);
}

/* What makes an open relay of the gateway is refused, the widest that anybody has is not. */
static void test_networks_of_strangers(void **state)
{
	static const struct {
		const char *network;
		bool good;
	} cases[] = {
		{ "10.0.0.0/8", true },	     { "192.0.2.1/32", true },
		{ "0.0.0.0/0", false },	     { "128.0.0.0/1", false },
		{ "10.0.0.0/7", false },     { "fc00::/7", true },
		{ "fd00::/8", true },	     { "fe80::/10", true },
		{ "2001:db8::/32", true },   { "2a01:c000::/19", true },
		{ "::/0", false },	     { "2000::/3", false },
		{ "fc00::/6", false },	     { "fe00::/9", false },
		{ "2002::/16", false },	     { "::1/128", true },
		{ "::ffff:0:0/96", false },  { "::ffff:10.0.0.0/104", false },
	};
	const struct conf_lines *kind = cfg_list_kind(CFG_MYNETWORKS);
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if ((kind->check_key(str_of(cases[i].network), &e) == 0) != cases[i].good)
			fail_msg("%s", cases[i].network);
}

static void test_transport_values(void **state)
{
	static const struct {
		const char *value, *host;
		bool lmtp, use_mx;
		int port;
	} good[] = {
		{ "smtp:mail.example.com:25", "mail.example.com", false, true, 25 },
		{ "smtp:[mail.example.com]:2525", "mail.example.com", false, false, 2525 },
		{ "smtp:[192.0.2.1]:25", "192.0.2.1", false, false, 25 },
		{ "smtp:[ipv6:2001:db8::1]:25", "2001:db8::1", false, false, 25 },
		{ "smtp:2001:db8::1:25", "2001:db8::1", false, true, 25 },
		{ "lmtp:inet:mail.example.com:24", "mail.example.com", true, false, 24 },
	};
	struct cfg_transport t;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (cfg_transport_parse(str_of(good[i].value), &t, &e) < 0)
			fail_msg("%s: %s", good[i].value, e.msg);
		assert_string_equal(str_z(a, t.host), good[i].host);
		assert_int_equal(t.lmtp, good[i].lmtp);
		assert_int_equal(t.use_mx, good[i].use_mx);
		assert_int_equal(t.port, good[i].port);
	}
}

static void test_addresses_of_relay_domains(void **state)
{
	static const struct {
		const char *address;
		bool ours;
	} cases[] = {
		{ "bob@example.com", true },
		{ "\"a@b\"@EXAMPLE.com", true },
		{ "bob@sub.example.com", false },
		{ "bob@notexample.com", false },
		{ "bob@example.com.", false },
		{ "bob@example.org", true },
		{ "bob@a.b.example.org", true },
		{ "bob@notexample.org", false },
		{ "bob@.example.org", true },
		{ "example.com", false },
		{ "bob@", false },
		{ "bob@a*b", false },
		{ "", false },
	};
	static struct conf_entry domains[] = { { .key = STR_INIT("example.com") },
					       { .key = STR_INIT(".example.ORG") },
					       { .key = STR_INIT("a*b") },
					       { .key = STR_INIT("") } };
	struct cfg_lists lists = { 0 };

	(void)state;
	assert_false(cfg_is_ours(&lists, STR("bob@example.com")));
	lists.domains.list.p = domains;
	lists.domains.list.n = ARRAY_LEN(domains);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (cfg_is_ours(&lists, str_of(cases[i].address)) != cases[i].ours)
			fail_msg("%s", cases[i].address);
}

static void test_ldap_profiles(void **state)
{
	struct cfg_ldap ldap;
	struct err e;

	(void)state;
	assert_int_equal(cfg_ldap_load(a, dir, &ldap, &e), 0);
	assert_int_equal(ldap.n, 0);
	put(CFG_LDAP_FILE, "ldap: hq\n\tserver1 ldap.example.com\n\nldap: old\n\tdisable\n"
			   "\tserver1 x\n\nldap: on\n\tdisable 0\n\nother: none\n\tx y\n");
	assert_int_equal(cfg_ldap_load(a, dir, &ldap, &e), 0);
	assert_int_equal(ldap.n, 3);
	assert_false(cfg_ldap_find(&ldap, STR("hq"))->disabled);
	assert_true(cfg_ldap_find(&ldap, STR("old"))->disabled);
	assert_false(cfg_ldap_find(&ldap, STR("on"))->disabled);
	assert_null(cfg_ldap_find(&ldap, STR("none")));
	assert_int_equal(unlink(in_dir(CFG_LDAP_FILE)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_files_are_empty),
		cmocka_unit_test(test_good_files),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_networks_of_strangers),
		cmocka_unit_test(test_transport_values),
		cmocka_unit_test(test_addresses_of_relay_domains),
		cmocka_unit_test(test_ldap_profiles),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
