/* Each check on facts and DNS records that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "gw/check/check.h"
#include "lib/dns/table.h"

enum { NOW = 1700000000, DAY = 24 * 3600 };

/* RFC 8463, A.2 */
static const char ed25519[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
			      "-----END PRIVATE KEY-----\n";
#define PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static struct arena *a;
static struct cfg cfg;
static struct cfg_lists lists;
static struct signing_keys keys;
static struct check_facts facts;
static struct dns_table *table;
static struct check_findings found;

static void record(const char *name, const char *type, const char *value)
{
	assert_true(dns_table_add(table, str_of(name), str_of(type), str_of(value)));
}

/* Takes back what the table says about the name. */
static void forget(const char *name)
{
	for (size_t i = 0; i < table->rows.n; i++)
		if (str_eq(table->rows.p[i].name, str_of(name)))
			table->rows.p[i].name = STR("forgotten.invalid");
}

static void entry(struct conf_entries *to, const char *key)
{
	vec_add(a, &to->list, ((struct conf_entry){ .key = str_of(key) }));
}

/* A gateway of which there is nothing to complain. */
static int setup(void **state)
{
	struct signing_key key = { .domain = STR(""), .selector = STR("s1") };
	struct dmarc_suffixes *suffixes;
	struct err e;

	(void)state;
	a = arena_open("test", 1 << 28);
	cfg = (struct cfg){ .admin = { .dkim_sign = true },
			    .mail = { .relay = STR("mail.example.org"),
				      .dnsbl_sites = STR("bl.example=127.0.0.[2..9]*2") },
			    .dns = { STR("gw"), STR("example.org"), STR("gw.example.org") } };
	lists = (struct cfg_lists){ 0 };
	entry(&lists.domains, "example.org");
	entry(&lists.mynetworks, "10.0.0.0/8");
	entry(&lists.mynetworks, "192.0.2.0/24");
	keys = (struct signing_keys){ 0 };
	assert_int_equal(dkim_key_read(a, str_of(ed25519), &key.key, &e), 0);
	vec_add(a, &keys.list, key);
	assert_int_equal(dmarc_suffixes_open(a, NULL, &suffixes, &e), 0);
	facts = (struct check_facts){ .now = NOW, .cfg = &cfg, .lists = &lists, .keys = &keys,
				      .suffixes = suffixes, .backup = NOW - DAY };
	vec_add(a, &facts.certs, ((struct check_cert){ "/c.pem", STR_NONE, NOW + 100 * DAY }));
	vec_add(a, &facts.disks, ((struct check_disk){ "/spool", 50 }));
	table = NEW(a, struct dns_table);
	dns_table_init(table, a);
	record("gw.example.org", "A", "192.0.2.1");
	record("1.2.0.192.in-addr.arpa", "PTR", "gw.example.org");
	record("2.0.0.127.bl.example", "A", "127.0.0.2");
	record("example.org", "MX", "10 gw.example.org");
	record("example.org", "TXT", "v=spf1 mx -all");
	record("example.org", "TXT", "another text");
	record("s1._domainkey.example.org", "TXT", "v=DKIM1; k=ed25519; p= " PUBLIC);
	record("_dmarc.example.org", "TXT", "v=DMARC1; p=reject");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void run(void)
{
	check_run(a, &facts, dns_open(a, &table->resolver), net_now() + 5000, &found);
}

/* Exactly one finding, of this check and level, in which these words are; its record. */
static struct str only(const char *check, enum check_level level, const char *words)
{
	struct str text;

	run();
	text = check_text(a, &found);
	if (found.list.n != 1 || strcmp(found.list.p[0].check, check) != 0 ||
	    found.list.p[0].level != level ||
	    str_find(found.list.p[0].text, str_of(words)) < 0)
		fail_msg("%.*s", STR_ARG(text));
	assert_int_equal(check_worst(&found), level);
	return found.list.p[0].record;
}

static void assert_record(struct str got, const char *want)
{
	assert_string_equal(str_z(a, got), want);
}

static void test_nothing_to_complain(void **state)
{
	(void)state;
	run();
	assert_string_equal(str_z(a, check_text(a, &found)),
			    "ok       settings\nok       hostname\nok       relay\n"
			    "ok       dns-lists\nok       mx\nok       spf\nok       dkim\n"
			    "ok       dmarc\nok       certificates\nok       clock\n"
			    "ok       disk\nok       backup\n");
	assert_int_equal(check_worst(&found), CHECK_OK);
}

static void test_hostname(void **state)
{
	(void)state;
	forget("1.2.0.192.in-addr.arpa");
	assert_record(only("hostname", CHECK_ERROR, "192.0.2.1 has no name"),
		      "1.2.0.192.in-addr.arpa. IN PTR gw.example.org.");
	record("1.2.0.192.in-addr.arpa", "PTR", "host1.isp.example");
	assert_record(only("hostname", CHECK_ERROR, "has the name host1.isp.example, but"),
		      "1.2.0.192.in-addr.arpa. IN PTR gw.example.org.");
	record("1.2.0.192.in-addr.arpa", "PTR", "GW.example.org");
	run();
	assert_int_equal(found.list.n, 0);
	forget("1.2.0.192.in-addr.arpa");
	record("1.2.0.192.in-addr.arpa", "TIMEOUT", "");
	only("hostname", CHECK_WARNING, "does not tell the name of 192.0.2.1");
	forget("gw.example.org");
	record("example.org", "MX", "20 gw.example.org");
	cfg.dns.fqdn = STR("gw.nowhere.example");
	record("mx.example.org", "A", "192.0.2.1");
	run();
	assert_int_equal(found.list.p[0].level, CHECK_ERROR);
	assert_true(str_find(found.list.p[0].text, STR("gw.nowhere.example")) == 0);
}

static void test_private_addresses(void **state)
{
	(void)state;
	forget("gw.example.org");
	record("gw.example.org", "A", "10.1.2.3");
	only("hostname", CHECK_WARNING, "only private addresses");
}

static void test_large_networks(void **state)
{
	static const char *const large[] = { "8.0.0.0/8", "198.18.0.0/15", "2001:d00::/24" };
	static const char *const fine[] = { "172.16.0.0/12", "fd00::/8", "fc00::/7",
					    "203.0.0.0/16", "2001:db8::/32", "127.0.0.0/8" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		lists.mynetworks.list.p[1].key = str_of(large[i]);
		only("relay", CHECK_WARNING, large[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		lists.mynetworks.list.p[1].key = str_of(fine[i]);
		run();
		assert_int_equal(found.list.n, 0);
	}
}

static void test_relay_domains(void **state)
{
	(void)state;
	entry(&lists.domains, ".example.net");
	run();
	assert_int_equal(found.list.n, 0);
	lists.domains.list.p[1].key = STR(".co.uk");
	only("relay", CHECK_ERROR, ".co.uk stands for the domains of many others");
	lists.domains.list.n = 1;
	cfg.mail.relay = STR_NONE;
	only("relay", CHECK_WARNING, "Where mail for example.org goes");
	entry(&lists.transport, "example.org");
	run();
	assert_int_equal(found.list.n, 0);
	lists.domains.list.n = 0;
	only("relay", CHECK_WARNING, "no relay domain");
}

static void test_dns_lists(void **state)
{
	(void)state;
	forget("2.0.0.127.bl.example");
	only("dns-lists", CHECK_WARNING, "bl.example does not know its test address");
	record("2.0.0.127.bl.example", "A", "127.255.255.254");
	only("dns-lists", CHECK_ERROR, "refuses this resolver (127.255.255.254)");
	forget("2.0.0.127.bl.example");
	record("2.0.0.127.bl.example", "A", "198.51.100.1");
	only("dns-lists", CHECK_ERROR, "answers with 198.51.100.1");
	forget("2.0.0.127.bl.example");
	record("2.0.0.127.bl.example", "TIMEOUT", "");
	only("dns-lists", CHECK_WARNING, "does not answer");
	forget("2.0.0.127.bl.example");
	record("2.0.0.127.bl.example", "A", "127.0.0.4");
	record("1.0.0.127.bl.example", "A", "127.0.0.4");
	only("dns-lists", CHECK_ERROR, "lists 127.0.0.1");
}

static void test_mx(void **state)
{
	(void)state;
	table->rows.p[3].record.name = STR("mx.other.example");
	table->rows.p[4].record.text = STR("v=spf1 ip4:192.0.2.1 -all");
	assert_record(only("mx", CHECK_WARNING, "is mx.other.example"),
		      "example.org. IN MX 10 gw.example.org.");
	record("mx.other.example", "A", "192.0.2.1"); /* another name of ours */
	run();
	assert_int_equal(found.list.n, 0);
	forget("example.org");
	record("example.org", "TXT", "v=spf1 ip4:192.0.2.1 -all");
	assert_record(only("mx", CHECK_ERROR, "has no MX"),
		      "example.org. IN MX 10 gw.example.org.");
}

static void test_spf(void **state)
{
	struct str *text = &table->rows.p[4].record.text;

	(void)state;
	*text = STR("v=spf10 is none");
	assert_record(only("spf", CHECK_WARNING, "has no SPF record"),
		      "example.org. IN TXT \"v=spf1 mx a:gw.example.org -all\"");
	*text = STR("v=spf1 ip4:198.51.100.1 -all");
	only("spf", CHECK_ERROR, "Add ip4:192.0.2.1");
	*text = STR("v=spf1 ip4:198.51.100.1 ~all");
	only("spf", CHECK_WARNING, "softfail");
	*text = STR("v=spf1 nonsense");
	only("spf", CHECK_ERROR, "permerror");
	*text = STR("v=spf1 a:gw.example.org -all");
	run();
	assert_int_equal(found.list.n, 0);
	record("example.org", "TXT", "V=SPF1 mx -all");
	only("spf", CHECK_ERROR, "2 SPF records");
}

static void test_dkim(void **state)
{
	(void)state;
	forget("s1._domainkey.example.org");
	assert_record(only("dkim", CHECK_ERROR, "is missing"),
		      "s1._domainkey.example.org.\tIN\tTXT\t( \"v=DKIM1; h=sha256; k=ed25519; \""
		      "\n\t  \"p=" PUBLIC "\" )  ; ----- DKIM key s1\n");
	record("s1._domainkey.example.org", "TXT", "v=DKIM1; k=ed25519; p=AAAA");
	only("dkim", CHECK_ERROR, "has another key");
	keys.list.p[0].domain = STR("example.net");
	only("dkim", CHECK_ERROR, "no DKIM key for example.org");
	cfg.admin.dkim_sign = false;
	only("dkim", CHECK_WARNING, "not signed");
}

static void test_dmarc(void **state)
{
	(void)state;
	lists.domains.list.p[0].key = STR("sub.example.org");
	record("sub.example.org", "MX", "10 gw.example.org");
	record("sub.example.org", "TXT", "v=spf1 mx -all");
	record("s1._domainkey.sub.example.org", "TXT", "p=" PUBLIC);
	run(); /* the record of the organization counts */
	assert_int_equal(found.list.n, 0);
	forget("_dmarc.example.org");
	assert_record(only("dmarc", CHECK_WARNING, "has no DMARC record"),
		      "_dmarc.sub.example.org. IN TXT \"v=DMARC1; p=none; "
		      "rua=mailto:postmaster@sub.example.org\"");
}

static void test_the_machine(void **state)
{
	(void)state;
	facts.certs.p[0].expires = NOW;
	only("certificates", CHECK_ERROR, "/c.pem has expired");
	facts.certs.p[0].expires = NOW + 20 * DAY;
	only("certificates", CHECK_WARNING, "expires in 20 days");
	facts.certs.p[0].problem = STR("/c.pem: no such file");
	only("certificates", CHECK_ERROR, "/c.pem: no such file");
	facts.certs.n = 0;
	facts.disks.p[0].spare = 14;
	only("disk", CHECK_WARNING, "14 %");
	facts.disks.p[0].spare = 4;
	only("disk", CHECK_ERROR, "/spool is full");
	facts.disks.n = 0;
	facts.backup = NOW - 40 * DAY;
	only("backup", CHECK_WARNING, "40 days old");
	facts.backup = 0;
	only("backup", CHECK_WARNING, "no backup");
	facts.backup = NOW;
	facts.clock_adrift = true;
	only("clock", CHECK_WARNING, "NTP");
}

static void test_settings(void **state)
{
	struct cfg_problem p = { .file = STR("pmg.conf"), .line = 3, .reason = STR("no such key") };

	(void)state;
	vec_add(a, &cfg.problems.list, p);
	only("settings", CHECK_ERROR, "pmg.conf:3");
}

static void test_json(void **state)
{
	(void)state;
	cfg.admin.dkim_sign = false;
	facts.disks.p[0].path = "/a\"b\\\xff";
	facts.disks.p[0].spare = 0;
	run();
	assert_string_equal(
		str_z(a, str_sub(check_json(a, &found), 0, 31)),
		"{\"status\":\"error\",\"checks\":{\"se");
	assert_true(str_find(check_json(a, &found), STR("/a\\\"b\\\\\\u00ff is full")) > 0);
	assert_true(str_find(check_json(a, &found), STR("\"dkim\":\"warning\"")) > 0);
}

static void test_a_silent_resolver_ends_it(void **state)
{
	(void)state;
	table->rows.n = 0;
	record("gw.example.org", "TIMEOUT", "");
	record("example.org", "TIMEOUT", "");
	run();
	assert_int_equal(check_worst(&found), CHECK_ERROR);
	assert_true(found.list.n >= 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_to_complain),
		TEST(test_hostname),
		TEST(test_private_addresses),
		TEST(test_large_networks),
		TEST(test_relay_domains),
		TEST(test_dns_lists),
		TEST(test_mx),
		TEST(test_spf),
		TEST(test_dkim),
		TEST(test_dmarc),
		TEST(test_the_machine),
		TEST(test_settings),
		TEST(test_json),
		TEST(test_a_silent_resolver_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
