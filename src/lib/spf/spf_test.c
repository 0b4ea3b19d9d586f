/* What the suite of RFC 7208 (tests/auth) does not look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "lib/dns/table.h"
#include "lib/spf/record.h"

static struct arena *a;
static struct dns_table t;
static struct spf_query query;
static size_t rounds; /* of the last check: how often it had to wait */

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	dns_table_init(&t, a);
	query = (struct spf_query){ .helo = STR("mail.example.org"),
				    .sender = STR("user@example.org"),
				    .receiver = STR("gw.example"),
				    .now = 1700000000 };
	assert_true(cidr_addr_parse(STR("192.0.2.1"), &query.client));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void add(const char *name, const char *type, const char *value)
{
	assert_true(dns_table_add(&t, str_of(name), str_of(type), str_of(value)));
}

static void txt(const char *name, const char *value)
{
	add(name, "TXT", value);
}

/* Answers come all at once, so that `rounds` counts the round trips. */
static struct spf_answer check(void)
{
	struct dns *d = dns_open(a, &t.resolver);
	struct spf *s = spf_open(a, d, &query);
	struct spf_answer answer;

	rounds = 0;
	while (spf_check(s, &answer) == SPF_PENDING) {
		assert_true(dns_pending(d) > 0);
		assert_true(dns_wait_all(d, net_now() + 10000));
		rounds++;
	}
	return answer;
}

static void client(const char *address)
{
	assert_true(cidr_addr_parse(str_of(address), &query.client));
}

static void expect(enum spf_result result, const char *term)
{
	struct spf_answer answer = check();

	if (answer.result != result || !str_eq(answer.term, str_of(term)))
		fail_msg("%s by %.*s (%.*s)", spf_result_name(answer.result), STR_ARG(answer.term),
			 STR_ARG(answer.text));
}

static void test_term(void **state)
{
	(void)state;
	txt("example.org", "v=spf1 ip4:198.51.100.0/24 +IP4:192.0.2.0/31 ~all");
	expect(SPF_PASS, "+IP4:192.0.2.0/31");
	client("203.0.113.1");
	expect(SPF_SOFTFAIL, "~all");
	client("::ffff:198.51.100.7");
	expect(SPF_PASS, "ip4:198.51.100.0/24");
	client("2001:db8::1");
	expect(SPF_SOFTFAIL, "~all");
}

/* The term is the including record's, and so is the explanation. */
static void test_included_term(void **state)
{
	(void)state;
	txt("example.org", "v=spf1 include:_spf.example.org -all exp=why.example.org");
	txt("_spf.example.org", "v=spf1 ip4:192.0.2.1 -all exp=other.example.org");
	txt("why.example.org", "%{i} is not ours, %{s} via %{r} at %{t}");
	expect(SPF_PASS, "include:_spf.example.org");
	client("192.0.2.2");
	expect(SPF_FAIL, "-all");
	assert_true(str_eq(check().explanation,
			   STR("192.0.2.2 is not ours, user@example.org via gw.example at "
			       "1700000000")));
}

static void test_helo(void **state)
{
	(void)state;
	txt("example.org", "v=spf1 -all");
	txt("mail.example.org", "v=spf1 exists:%{l}.%{o} -all");
	add("postmaster.mail.example.org", "A", "127.0.0.2");
	query.sender = STR_NONE;
	expect(SPF_PASS, "exists:%{l}.%{o}");
	query.helo = STR("[192.0.2.1]");
	expect(SPF_NONE, "");
	query.helo = STR_NONE;
	expect(SPF_NONE, "");
}

/* RFC 8616, 4: the domain in A-labels; a local part that is not ASCII matches nothing. */
static void test_international(void **state)
{
	(void)state;
	txt("xn--bcher-kva.example", "v=spf1 exists:%{l}.x.example a:%{o} -all");
	add("xn--bcher-kva.example", "A", "192.0.2.1");
	add("j\xc3\xb6rg.x.example", "A", "192.0.2.1");
	query.sender = STR("j\xc3\xb6rg@B\xc3\xbc"
			   "cher.example");
	expect(SPF_PASS, "a:%{o}");
	assert_true(str_eq(check().domain, STR("xn--bcher-kva.example")));
	query.sender = STR("joe@\xff\xfe.example");
	expect(SPF_NONE, "");
}

/* Eleven terms are too many for RFC 7208, not for whoever allows twenty. */
static void test_terms(void **state)
{
	char record[512] = "v=spf1";

	(void)state;
	for (int i = 0; i < SPF_TERMS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "h%d.example.org", i);
		add(name, "A", "203.0.113.1");
		snprintf(record + strlen(record), sizeof(record) - strlen(record), " a:%s", name);
	}
	snprintf(record + strlen(record), sizeof(record) - strlen(record), " a:last.example.org");
	txt("example.org", record);
	add("last.example.org", "A", "192.0.2.1");
	assert_int_equal(check().result, SPF_PERMERROR);
	query.terms = 20;
	expect(SPF_PASS, "a:last.example.org");
}

/* Nobody waits for one name after the other when all are known beforehand. */
static void test_asks_ahead(void **state)
{
	(void)state;
	txt("example.org", "v=spf1 include:a.example.org include:b.example.org a:c.example.org "
			   "exists:%{i}.d.example.org mx -all");
	txt("a.example.org", "v=spf1 ip4:203.0.113.1");
	txt("b.example.org", "v=spf1 a:x.example.org a:y.example.org");
	add("c.example.org", "A", "203.0.113.1");
	add("x.example.org", "A", "203.0.113.1");
	add("y.example.org", "A", "203.0.113.1");
	add("192.0.2.1.d.example.org", "A", "127.0.0.2");
	expect(SPF_PASS, "exists:%{i}.d.example.org");
	assert_int_equal(rounds, 4); /* record; includes, a, mx; x and y; exists */
	assert_int_equal(t.asked.n, 8);
}

static void test_too_many_voids(void **state)
{
	(void)state;
	txt("example.org", "v=spf1 a:1.example.org a:2.example.org a:3.example.org ip4:192.0.2.1");
	assert_int_equal(check().result, SPF_PERMERROR);
	add("3.example.org", "A", "203.0.113.1");
	expect(SPF_PASS, "ip4:192.0.2.1");
}

static void test_temporary(void **state)
{
	struct spf_answer answer;

	(void)state;
	txt("example.org", "v=spf1 a:dead.example.org -all");
	add("dead.example.org", "SERVFAIL", "");
	answer = check();
	assert_int_equal(answer.result, SPF_TEMPERROR);
	assert_true(str_eq(answer.text, STR("dead.example.org: SERVFAIL")));
}

static void test_huge_record(void **state)
{
	static char record[SPF_RECORD_TERMS_MAX * 8] = "v=spf1";
	size_t n = 6;

	(void)state;
	for (int i = 0; i <= SPF_RECORD_TERMS_MAX; i++, n += 5)
		memcpy(record + n, " ?all", 6);
	txt("example.org", record);
	assert_int_equal(check().result, SPF_PERMERROR);
}

/* A record may ask for 4 GB of text in 40 bytes of macros. */
static void test_huge_macros(void **state)
{
	static char record[8000] = "v=spf1 exists:", sender[5000];
	size_t n = strlen(record);

	(void)state;
	for (; n + 8 < sizeof(record); n += 4)
		memcpy(record + n, "%{s}", 5);
	txt("example.org", record);
	memset(sender, 'x', sizeof(sender));
	memcpy(sender + sizeof(sender) - 13, "@example.org", 13);
	query.sender = str_of(sender);
	assert_int_equal(check().result, SPF_PERMERROR);
}

static void test_received(void **state)
{
	struct spf_answer answer;

	(void)state;
	txt("example.org", "v=spf1 ip4:192.0.2.1 -all");
	answer = check();
	assert_true(str_eq(spf_received(a, &query, &answer),
			   STR("pass (gw.example: example.org allows 192.0.2.1)"
			       " receiver=\"gw.example\"; identity=\"mailfrom\";"
			       " envelope-from=\"user@example.org\"; helo=\"mail.example.org\";"
			       " client-ip=\"192.0.2.1\"; mechanism=\"ip4:192.0.2.1\"")));
	txt("example.org", "v=spf1 all");
	query.sender = STR("\"a\\b\r\nX-Evil: 1\"@example.org");
	answer = check();
	assert_true(str_eq(spf_received(a, &query, &answer),
			   STR("permerror (gw.example: example.org: record in error: "
			       "example.org: more than one record)"
			       " receiver=\"gw.example\"; identity=\"mailfrom\";"
			       " envelope-from=\"\\\"a\\\\b??X-Evil: 1\\\"@example.org\";"
			       " helo=\"mail.example.org\"; client-ip=\"192.0.2.1\"")));
}

/* What the domain says goes into an SMTP reply: nothing but printable ASCII may get there. */
static void test_explanation_is_clean(void **state)
{
	(void)state;
	txt("example.org", "v=spf1 -all exp=why.example.org");
	txt("why.example.org", "go away, %{h}");
	query.helo = STR("evil\r\n250 ok");
	assert_int_equal(check().explanation.n, 0);
	query.helo = STR("evil");
	assert_true(str_eq(check().explanation, STR("go away, evil")));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_term),           TEST(test_included_term),
		TEST(test_helo),           TEST(test_international),
		TEST(test_terms),          TEST(test_asks_ahead),
		TEST(test_too_many_voids), TEST(test_temporary),
		TEST(test_huge_record),    TEST(test_huge_macros),
		TEST(test_received),       TEST(test_explanation_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
