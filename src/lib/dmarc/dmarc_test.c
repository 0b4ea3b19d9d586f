/* Records, discovery and alignment, case by case from RFC 7489. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "lib/dmarc/dmarc.h"
#include "lib/dns/table.h"

static struct arena *a;
static struct dns_table t;
static struct dmarc_suffixes *suffixes;
static struct dmarc_answer answer;

static int setup(void **state)
{
	struct err e;

	(void)state;
	a = arena_open("test", 16u << 20);
	dns_table_init(&t, a);
	if (dmarc_suffixes_open(a, NULL, &suffixes, &e) < 0)
		fail_msg("%s", e.msg);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void txt(const char *name, const char *value)
{
	assert_true(dns_table_add(&t, str_of(name), STR("TXT"), str_of(value)));
}

static enum dmarc_result check(const char *from, const char *spf, const char *dkim)
{
	struct dns *d = dns_open(a, &t.resolver);
	struct dmarc *c = dmarc_open(a, d, suffixes, str_of(from));
	struct str domain = str_of(dkim);
	struct dmarc_query query = { str_of(spf), &domain, 1 };

	while (dmarc_check(c, &query, &answer) == DMARC_PENDING)
		assert_true(dns_wait_any(d, net_now() + 10000));
	return answer.result;
}

static void test_alignment(void **state)
{
	(void)state;
	txt("_dmarc.example.co.uk", "v=DMARC1; p=reject; aspf=r; adkim=s");
	assert_int_equal(check("example.co.uk", "example.co.uk", ""), DMARC_PASS);
	assert_true(answer.spf && !answer.dkim);
	assert_int_equal(check("Example.co.uk", "bounce.EXAMPLE.co.uk", ""), DMARC_PASS);
	assert_int_equal(check("example.co.uk", "other.co.uk", ""), DMARC_FAIL);
	assert_int_equal(check("example.co.uk", "co.uk", ""), DMARC_FAIL);
	assert_int_equal(check("example.co.uk", "badexample.co.uk", ""), DMARC_FAIL);
	assert_int_equal(check("example.co.uk", "", "example.co.uk"), DMARC_PASS);
	assert_true(answer.dkim && !answer.spf);
	assert_int_equal(check("example.co.uk", "", "mail.example.co.uk"), DMARC_FAIL);
	assert_int_equal(check("mail.example.co.uk", "x.example.co.uk", ""), DMARC_PASS);
	assert_int_equal(check("mail.example.co.uk", "", "mail.example.co.uk."), DMARC_PASS);
}

static void test_discovery(void **state)
{
	(void)state;
	txt("_dmarc.example.org", "v=DMARC1; p=reject; sp=quarantine");
	txt("_dmarc.own.example.org", "v=DMARC1; p=none");
	txt("_dmarc.other.example.org", "v=spf1 -all");
	txt("_dmarc.two.example.org", "v=DMARC1; p=none");
	txt("_dmarc.two.example.org", "v=DMARC1; p=reject");
	assert_int_equal(check("example.org", "", ""), DMARC_FAIL);
	assert_int_equal(answer.policy, DMARC_REJECT);
	assert_int_equal(check("a.b.example.org", "", ""), DMARC_FAIL);
	assert_int_equal(answer.policy, DMARC_QUARANTINE);
	assert_true(str_eq(answer.domain, STR("example.org")));
	assert_int_equal(check("own.example.org", "", ""), DMARC_FAIL);
	assert_int_equal(answer.policy, DMARC_NONE);
	assert_true(str_eq(answer.domain, STR("own.example.org")));
	assert_int_equal(check("other.example.org", "", ""), DMARC_FAIL);
	assert_int_equal(answer.policy, DMARC_QUARANTINE);
	assert_int_equal(check("two.example.org", "", ""), DMARC_NO_RECORD);
	assert_int_equal(check("example.net", "example.net", ""), DMARC_NO_RECORD);
}

static void test_no_answer(void **state)
{
	(void)state;
	txt("_dmarc.example.org", "v=DMARC1; p=reject");
	assert_true(dns_table_add(&t, STR("_dmarc.dead.example.org"), STR("TIMEOUT"), STR_NONE));
	assert_int_equal(check("dead.example.org", "dead.example.org", ""), DMARC_TEMPERROR);
	assert_int_equal(check("", "example.org", ""), DMARC_PERMERROR);
	assert_int_equal(check("a..b", "example.org", ""), DMARC_PERMERROR);
}

static bool parse(const char *text, struct dmarc_record *r)
{
	return dmarc_record_parse(str_of(text), r);
}

static void test_record(void **state)
{
	struct dmarc_record r;

	(void)state;
	/* RFC 7489, B.2.2 to B.2.4 */
	assert_true(parse("v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; "
			  "ruf=mailto:auth-reports@example.com",
			  &r));
	assert_int_equal(r.policy, DMARC_NONE);
	assert_true(str_eq(r.reports, STR("mailto:dmarc-feedback@example.com")));
	assert_true(str_eq(r.failures, STR("mailto:auth-reports@example.com")));
	assert_true(parse("v=DMARC1; p=quarantine; "
			  "rua=mailto:dmarc-feedback@example.com,"
			  "mailto:tld-test@thirdparty.example.net!10m; pct=25",
			  &r));
	assert_int_equal(r.percent, 25);
	assert_int_equal(r.subdomains, DMARC_QUARANTINE);
	assert_true(parse("v = DMARC1 ;p = Reject ; SP=none;adkim=S;aspf=s ;", &r));
	assert_int_equal(r.policy, DMARC_REJECT);
	assert_int_equal(r.subdomains, DMARC_NONE);
	assert_true(r.strict_dkim && r.strict_spf);
	assert_true(parse("v=DMARC1; p=reject; pct=101; x; =; adkim=relaxed", &r));
	assert_int_equal(r.percent, 100);
	assert_false(r.strict_dkim);
}

/* 6.6.3, step 6 */
static void test_record_without_policy(void **state)
{
	struct dmarc_record r;

	(void)state;
	assert_false(parse("v=DMARC1", &r));
	assert_false(parse("v=DMARC1; p=refuse", &r));
	assert_false(parse("v=DMARC1; p=reject; sp=x", &r));
	assert_false(parse("v=DMARC1; p=x; rua=nobody", &r));
	assert_false(parse("v=DMARC1; p=x; rua=mailto:@", &r));
	assert_true(parse("v=DMARC1; p=x; rua=mailto:a@example.org", &r));
	assert_int_equal(r.policy, DMARC_NONE);
	assert_true(parse("v=DMARC1; p=reject; sp=x; rua=x,mailto:a@example.org!1m", &r));
	assert_int_equal(r.policy, DMARC_NONE);
	assert_false(parse("", &r));
	assert_false(parse("p=none; v=DMARC1", &r));
	assert_false(parse("v=DMARC2; p=none", &r));
	assert_false(parse("v=dmarc1; p=none", &r));
}

static void test_disposition(void **state)
{
	(void)state;
	txt("_dmarc.example.org", "v=DMARC1; p=reject; pct=30");
	check("example.org", "", "");
	assert_int_equal(dmarc_disposition(&answer, 0), DMARC_REJECT);
	assert_int_equal(dmarc_disposition(&answer, 29), DMARC_REJECT);
	assert_int_equal(dmarc_disposition(&answer, 30), DMARC_QUARANTINE);
	check("example.org", "example.org", "");
	assert_int_equal(dmarc_disposition(&answer, 0), DMARC_NONE);
}

static void test_organization(void **state)
{
	static const struct {
		const char *domain, *organization;
	} cases[] = {
		{ "a.b.Example.COM.", "example.com" },
		{ "example.com", "example.com" },
		{ "com", "com" },
		{ "x.example.co.uk", "example.co.uk" },
		{ "co.uk", "co.uk" },
		{ "a.b.c.ck", "b.c.ck" },
		{ "a.www.ck", "www.ck" },
		{ "x.y.invalid-tld-of-nobody", "y.invalid-tld-of-nobody" },
		{ "www.xn--85x722f.com.cn", "xn--85x722f.com.cn" },
		{ "..", "." },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str org = dmarc_organization(a, suffixes, str_of(cases[i].domain));

		if (!str_eq(org, str_of(cases[i].organization)))
			fail_msg("%s: %.*s", cases[i].domain, STR_ARG(org));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_alignment),
		TEST(test_discovery),
		TEST(test_no_answer),
		TEST(test_record),
		TEST(test_record_without_policy),
		TEST(test_disposition),
		TEST(test_organization),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
