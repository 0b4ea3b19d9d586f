#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/policy/decide.h"
#include "gw/policy/wire.h"

static struct arena *a;
static struct policy_settings settings;
static struct policy_request request;
static struct policy_facts facts;

static const struct whitelist_row rows[] = {
	{ 1, 1001, STR_INIT("friend@x.example") },
	{ 2, 1004, STR_INIT("203.0.113.0/24") },
	{ 3, 1008, STR_INIT("open.test") },
};

static int setup(void **state)
{
	struct whitelist *w;
	struct err e;

	(void)state;
	a = arena_open("test", 16u << 20);
	if (whitelist_build(a, rows, ARRAY_LEN(rows), &w, &e) < 0)
		return -1;
	settings = (struct policy_settings){ .spf = true,
					     .greylist = true,
					     .mask4 = 24,
					     .mask6 = 64,
					     .fqdn = STR("gw.test"),
					     .whitelist = w };
	request = (struct policy_request){ .instance = STR("1"),
					   .client = STR("192.0.2.7"),
					   .helo = STR("mx.x.example"),
					   .sender = STR("a@x.example"),
					   .recipient = STR("b@in.test") };
	facts = (struct policy_facts){ .mx = POLICY_MX_NO, .spf_asked = true };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

/* The verdict as "step|text|log". */
static const char *verdict(void)
{
	static const char *const steps[] = { "mx?", "spf?", "greylist", "failed", "answer" };
	struct policy_verdict v;

	policy_decide(a, &settings, &request, &facts, &v);
	return str_z(a, str_fmt(a, "%s|%.*s|%.*s", steps[v.step], STR_ARG(v.text), STR_ARG(v.log)));
}

#define IS(expected) assert_string_equal(verdict(), expected)

static void result(enum spf_result r)
{
	facts.spf = (struct policy_spf){ r, STR("Received-SPF: x"), STR("go away") };
}

/* policy.md §3, each step before those behind it. */
static void test_order(void **state)
{
	(void)state;
	result(SPF_FAIL);
	facts.mx = POLICY_MX_UNASKED;
	IS("mx?||");
	facts.mx = POLICY_MX_YES;
	request.sender = STR("friend@x.example");
	request.recipient = STR("any@open.test");
	IS("answer|dunno|accept mails from backup MX host - 192.0.2.7");
	facts.mx = POLICY_MX_NO;
	IS("answer|dunno|accept mails from whitelist - 192.0.2.7");
	request.sender = STR("a@x.example");
	IS("answer|dunno|accept mails to whitelist - <any@open.test>");
	request.recipient = STR("b@in.test");
	IS("failed|reject go away|SPF says fail");
	result(SPF_SOFTFAIL);
	IS("greylist|prepend Received-SPF: x|");
	settings.greylist = false;
	IS("answer|prepend Received-SPF: x|");
}

static void test_nothing_is_asked_in_vain(void **state)
{
	(void)state;
	facts.spf_asked = false;
	IS("spf?||");
	request.client = STR("203.0.113.9");
	IS("answer|dunno|accept mails from whitelist - 203.0.113.9");
	request.client = STR("192.0.2.7");
	settings.spf = false;
	IS("greylist|dunno|");
	facts.mx = POLICY_MX_UNKNOWN;
	IS("greylist|dunno|");
}

static void test_spf_results(void **state)
{
	static const enum spf_result header_only[] = { SPF_SOFTFAIL, SPF_NEUTRAL, SPF_NONE,
						       SPF_PERMERROR, SPF_TEMPERROR };

	(void)state;
	result(SPF_PASS);
	IS("answer|prepend Received-SPF: x|SPF says pass");
	facts.header_given = true; /* to another recipient of the mail */
	IS("answer|dunno|SPF says pass");
	result(SPF_NONE);
	IS("greylist|dunno|");
	result(SPF_FAIL);
	IS("failed|reject go away|SPF says fail");
	facts.header_given = false;
	for (size_t i = 0; i < ARRAY_LEN(header_only); i++) {
		result(header_only[i]);
		IS("greylist|prepend Received-SPF: x|");
	}
	facts.spf = (struct policy_spf){ .result = SPF_PENDING }; /* a timeout */
	IS("greylist|dunno|");
}

static void test_families(void **state)
{
	(void)state;
	request.client = STR("2001:db8::1");
	IS("answer|dunno|");
	settings.greylist6 = true;
	IS("greylist|dunno|");
	request.client = STR("unknown");
	IS("answer|dunno|");
	result(SPF_FAIL);
	IS("answer|dunno|");
	request.client = STR("192.0.2.300");
	IS("answer|dunno|");
}

static void is(struct str got, const char *expected)
{
	assert_string_equal(str_z(a, got), expected);
}

static void test_networks(void **state)
{
	(void)state;
	is(policy_network(a, &settings, STR("192.0.2.7")), "192.0.2.0/24");
	is(policy_network(a, &settings, STR("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::/64");
	settings.mask4 = 32;
	settings.mask6 = 128;
	is(policy_network(a, &settings, STR("192.0.2.7")), "192.0.2.7/32");
	is(policy_network(a, &settings, STR("2001:db8:0:0::1")), "2001:db8::1/128");
	settings.mask4 = settings.mask6 = 0;
	is(policy_network(a, &settings, STR("192.0.2.7")), "0.0.0.0/0");
	is(policy_network(a, &settings, STR("2001:db8::1")), "::/0");
}

/* policy.md §3, step 1. */
static void test_normal_sender(void **state)
{
	static const char *const cases[][2] = {
		{ "list-bounce-1234+x@d", "list-bounce-#@d" },
		{ "", "" },
		{ "no-address-12", "no-address-12" },
		{ "joe@d12.example", "joe@d12.example" },
		{ "1@d", "#@d" },
		{ "a1b@d", "a1b@d" },
		{ "a.12.34@d", "a.#.#@d" },
		{ "x_12@d", "x_12@d" },
		{ "12_x@d", "12_x@d" },
		{ "12ab@d", "12ab@d" },
		{ "b-12=joe=example.com@d", "b-#=joe=example.com@d" },
		{ "+tag@d", "@d" },
		{ "a+b+c@d", "a@d" },
		{ "\"x@y\"-7@d", "\"x@y\"-#@d" },
		{ "j\xc3\xb6rg-5@d", "j\xc3\xb6rg-#@d" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		is(policy_normal_sender(a, str_of(cases[i][0])), cases[i][1]);
}

static struct policy_spf spf_of(enum spf_result r, const char *explanation)
{
	struct cidr_addr client = { .family = 4, .b = { 192, 0, 2, 7 } };
	struct spf_query q = policy_spf_query(&settings, &request, &client);
	struct spf_answer answer = { .result = r,
				     .domain = STR("x.example"),
				     .explanation = str_of(explanation) };

	return policy_spf_of(a, &q, &request, &answer);
}

/* policy.md §4. */
static void test_spf_scopes(void **state)
{
	(void)state;
	assert_int_equal(spf_of(SPF_SOFTFAIL, "").result, SPF_SOFTFAIL);
	assert_true(str_starts(spf_of(SPF_SOFTFAIL, "").header, STR("Received-SPF: softfail ")));
	is(spf_of(SPF_FAIL, "see x").explanation, "see x");
	is(spf_of(SPF_FAIL, "").explanation,
	   "Rejected by SPF: 192.0.2.7 is not a designated mailserver for a%40x.example (context "
	   "mfrom, on gw.test)");
	request.sender = STR("");
	is(spf_of(SPF_FAIL, "").explanation,
	   "Rejected by SPF: 192.0.2.7 is not a designated mailserver for "
	   "postmaster%40mx.x.example (context helo, on gw.test)");
	assert_int_equal(spf_of(SPF_PASS, "").result, SPF_PASS);
	assert_int_equal(spf_of(SPF_TEMPERROR, "").result, SPF_TEMPERROR);
	assert_int_equal(spf_of(SPF_SOFTFAIL, "").result, SPF_PENDING);
	assert_int_equal(spf_of(SPF_NONE, "").header.n, 0);
	assert_int_equal(spf_of(SPF_PERMERROR, "").result, SPF_PENDING);
}

static void test_texts_have_a_limit(void **state)
{
	char *far = arena_alloc(a, POLICY_TEXT_MAX + 1);
	struct policy_verdict v;

	(void)state;
	memset(far, 'x', POLICY_TEXT_MAX);
	facts.spf = (struct policy_spf){ SPF_FAIL, str_of(far), str_of(far) };
	policy_decide(a, &settings, &request, &facts, &v);
	assert_int_equal(v.text.n, POLICY_TEXT_MAX);
	facts.spf.result = SPF_NONE; /* half a header would be worse than none */
	IS("greylist|dunno|");
}

/* What goes over the wire comes out again, and only as a whole. */
static void test_wire(void **state)
{
	struct wire_question q = { 7, POLICY_SPF_FAILED, true, request, STR("reject x") }, got;
	struct wire_answer w = { 8, POLICY_GREYLIST, STR("dunno") }, said;
	struct str in, frame;
	struct buf b;
	bool broken;

	(void)state;
	wire_begin(&b, a);
	wire_add_question(&b, &q);
	wire_add_question(&b, &q);
	wire_end(&b);
	for (size_t n = 0; n < b.n; n++) {
		in = str_sub(buf_str(&b), 0, n);
		assert_int_equal(wire_frame(&in, &frame), 0);
	}
	in = buf_str(&b);
	assert_int_equal(wire_frame(&in, &frame), 1);
	assert_int_equal(in.n, 0);
	assert_true(wire_question(&frame, &got, &broken));
	assert_int_equal(got.id, 7);
	assert_int_equal(got.step, POLICY_SPF_FAILED);
	assert_true(got.header_given && str_eq(got.text, q.text));
	assert_true(str_eq(got.request.recipient, request.recipient));
	assert_true(wire_question(&frame, &got, &broken));
	assert_false(wire_question(&frame, &got, &broken) || broken);
	wire_begin(&b, a);
	wire_add_answer(&b, &w);
	wire_end(&b);
	in = buf_str(&b);
	assert_int_equal(wire_frame(&in, &frame), 1);
	assert_true(wire_answer(&frame, &said, &broken));
	assert_true(said.id == 8 && said.step == POLICY_GREYLIST && str_eq(said.text, w.text));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_order),       TEST(test_nothing_is_asked_in_vain),
		TEST(test_spf_results), TEST(test_families),
		TEST(test_networks),    TEST(test_normal_sender),
		TEST(test_spf_scopes),  TEST(test_texts_have_a_limit),
		TEST(test_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
