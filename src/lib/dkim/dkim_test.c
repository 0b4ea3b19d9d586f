/* Examples of the RFCs, and the ways in which a signature can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "lib/dkim/arc.h"
#include "lib/dkim/dkim_int.h"
#include "lib/dkim/sign.h"
#include "lib/dns/table.h"

static struct arena *a;
static struct dns_table t;
static struct dkim_options options;

/* RFC 6376, A.2, with the key of appendix C. */
static const char rfc6376[] = "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\n"
			      "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\n"
			      "      h=Received : From : To : Subject : Date : Message-ID;\n"
			      "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
			      "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\n"
			      "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\n"
			      "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\n"
			      "      4bmp/YzhwvcubU4=;\n"
			      "Received: from client1.football.example.com  [192.0.2.1]\n"
			      "      by submitserver.example.com with SUBMISSION;\n"
			      "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\n"
			      "From: Joe SixPack <joe@football.example.com>\n"
			      "To: Suzie Q <suzie@shopping.example.net>\n"
			      "Subject: Is dinner ready?\n"
			      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
			      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
			      "\n"
			      "Hi.\n"
			      "\n"
			      "We lost the game. Are you hungry yet?\n"
			      "\n"
			      "Joe.\n";

static const char rfc6376_key[] = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"
				  "KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
				  "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v"
				  "/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
				  "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

/* RFC 8463, A.3 */
static const char rfc8463[] = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
			      " d=football.example.com; i=@football.example.com;\n"
			      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
			      " subject : date : message-id : from : subject : date;\n"
			      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
			      " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
			      " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"
			      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
			      " d=football.example.com; i=@football.example.com;\n"
			      " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
			      " date : message-id : from : subject : date;\n"
			      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
			      " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
			      " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
			      " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
			      "From: Joe SixPack <joe@football.example.com>\n"
			      "To: Suzie Q <suzie@shopping.example.net>\n"
			      "Subject: Is dinner ready?\n"
			      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
			      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
			      "\n"
			      "Hi.\n"
			      "\n"
			      "We lost the game.  Are you hungry yet?\n"
			      "\n"
			      "Joe.\n";

static const char rfc8463_key[] =
	"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
	"DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
	"Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

/* Made for this test: openssl genpkey -algorithm ed25519 */
static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
			  "MC4CAQAwBQYDK2VwBCIEIIT8p2CBs9R0w97mPLrZj8P9CrVFen5W0MyBnzHFuXDv\n"
			  "-----END PRIVATE KEY-----\n";

static void txt(const char *name, const char *value)
{
	assert_true(dns_table_add(&t, str_of(name), STR("TXT"), str_of(value)));
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	dns_table_init(&t, a);
	options = (struct dkim_options){ .now = 1700000000 };
	txt("test._domainkey.football.example.com", rfc8463_key);
	txt("brisbane._domainkey.football.example.com",
	    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	txt("brisbane._domainkey.example.com", rfc6376_key);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct dkim_verifier *verify(struct str mail, bool cut)
{
	struct dns *d = dns_open(a, &t.resolver);
	struct dkim_verifier *v = dkim_verify(a, d, dkim_message_read(a, mail, cut), &options);

	while (!dkim_check(v))
		assert_true(dns_wait_any(d, net_now() + 10000));
	return v;
}

/* The mail with the first occurrence of `what` replaced. */
static struct str with(struct str mail, const char *what, const char *by)
{
	ptrdiff_t at = str_find(mail, str_of(what));

	assert_true(at >= 0);
	return str_fmt(a, "%.*s%s%.*s", STR_ARG(str_sub(mail, 0, (size_t)at)), by,
		       STR_ARG(str_from(mail, (size_t)at + strlen(what))));
}

static void expect(const struct dkim_verifier *v, enum dkim_result result, const char *reason)
{
	const struct dkim_signature *s = &v->signatures[0];

	assert_true(v->n > 0);
	if (s->result != result || strcmp(s->reason, reason) != 0)
		fail_msg("%s: %s", dkim_result_name(s->result), s->reason);
}

static void test_rfc8463(void **state)
{
	struct dkim_verifier *v = verify(str_of(rfc8463), false);

	(void)state;
	assert_int_equal(v->n, 2);
	expect(v, DKIM_PASS, "");
	assert_int_equal(v->signatures[0].algorithm, DKIM_ED25519_SHA256);
	assert_int_equal(v->signatures[0].signed_at, 1528637909);
	assert_int_equal(v->signatures[1].result, DKIM_PASS);
	assert_int_equal(v->signatures[1].key_bits, 1024);
	assert_true(str_eq(v->signatures[1].domain, STR("football.example.com")));
	assert_true(str_eq(v->signatures[1].selector, STR("test")));
	v = verify(with(str_of(rfc8463), "hungry", "Hungry"), false);
	expect(v, DKIM_FAIL, "the body was changed");
	assert_int_equal(v->signatures[1].result, DKIM_FAIL);
	v = verify(with(str_of(rfc8463), "dinner", "Dinner"), false);
	expect(v, DKIM_FAIL, "the signature does not match the header");
	/* h= names From twice: there must be one only. */
	v = verify(with(str_of(rfc8463), "\nFrom:", "\nFrom: x@example.net\nFrom:"), false);
	assert_int_equal(v->signatures[1].result, DKIM_FAIL);
}

/* Simple form; a body that was changed in blanks only is changed. */
static void test_rfc6376(void **state)
{
	(void)state;
	expect(verify(str_of(rfc6376), false), DKIM_PASS, "");
	expect(verify(with(str_of(rfc6376), "game. Are", "game.  Are"), false), DKIM_FAIL,
	       "the body was changed");
	assert_true(str_eq(verify(str_of(rfc6376), false)->signatures[0].identity,
			   STR("joe@football.example.com")));
}

/* What cannot be read gets no question to DNS. */
static void test_unreadable(void **state)
{
	static const struct {
		const char *what, *by, *reason;
	} cases[] = {
		{ "v=1", "v=2", "v= is not 1" },
		{ "v=1; ", "", "v= is not 1" },
		{ "v=1; ", "v=1; v=1; ", "no list of tags" },
		{ "v=1; ", "v=1;; ", "no list of tags" },
		{ "v=1; ", "v=1; x; ", "no list of tags" },
		{ "a=ed25519", "a=ed25518", "a= is missing or unknown" },
		{ "c=relaxed/relaxed", "c=relaxed/", "c= is unknown" },
		{ "d=football.example.com", "d=foot..ball", "d= or s= is missing or no name" },
		{ "d=football.example.com; ", "", "d= or s= is missing or no name" },
		{ "i=@football", "i=@xfootball", "i= is not within d=" },
		{ "i=@football.example.com", "i=@example.com", "i= is not within d=" },
		{ "i=@football.example.com", "i=football.example.com", "i= is not within d=" },
		{ "q=dns/txt", "q=http", "q= is unknown" },
		{ "t=1528637909", "t=-1", "t= is no number" },
		{ "t=1528637909", "t=2; l=1x", "l= is no number" },
		{ "t=1528637909", "t=2; x=2", "x= is not after t=" },
		{ "h=from : to :\n subject : date : message-id : from :", "h=to :",
		  "h= does not contain From" },
		{ "b=/gCr", "b=!gCr", "b= is missing or no signature" },
		{ "bh=2jUS", "bh=2jUS_", "bh= is missing or no hash" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dkim_verifier *v =
			verify(with(str_of(rfc8463), cases[i].what, cases[i].by), false);

		expect(v, DKIM_NEUTRAL, cases[i].reason);
		assert_true(str_eq(v->signatures[1].domain, STR("football.example.com")));
	}
}

static void test_expired(void **state)
{
	(void)state;
	expect(verify(with(str_of(rfc8463), "t=1528637909", "t=1528637909; x=1528637910"), false),
	       DKIM_PERMERROR, "it has expired");
	options.now = 1528637910;
	expect(verify(with(str_of(rfc8463), "t=1528637909", "t=1528637909; x=1528637910"), false),
	       DKIM_FAIL, "the signature does not match the header");
}

/* One selector after the other with a record that will not do. */
static void test_keys(void **state)
{
	static const struct {
		const char *record, *reason;
		enum dkim_result result;
	} cases[] = {
		{ "v=DKIM1; k=ed25519; p=", "the key has been revoked", DKIM_PERMERROR },
		{ "v=DKIM1; k=ed25519; p=AAAA", "the key cannot be read", DKIM_PERMERROR },
		{ "v=DKIM1; k=rsa; p=AAAA", "the key is of another type", DKIM_PERMERROR },
		{ "v=DKIM1; p=AAAA", "the key is of another type", DKIM_PERMERROR },
		{ "v=DKIM1; k=ed25519; h=sha1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		  "the key is not for this hash", DKIM_PERMERROR },
		{ "v=DKIM1; k=ed25519; s=tlsrpt; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		  "the key is not for mail", DKIM_PERMERROR },
		{ "k=ed25519; v=DKIM1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		  "there is no key", DKIM_PERMERROR },
		{ "v=DKIM2; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		  "there is no key", DKIM_PERMERROR },
		{ "k=ed25519; p=21qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
		  "the signature does not match the header", DKIM_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[64];

		snprintf(name, sizeof(name), "k%zu._domainkey.football.example.com", i);
		txt(name, cases[i].record);
		snprintf(name, sizeof(name), "s=k%zu;", i);
		expect(verify(with(str_of(rfc8463), "s=brisbane;", name), false), cases[i].result,
		       cases[i].reason);
	}
}

static void test_dns(void **state)
{
	(void)state;
	expect(verify(with(str_of(rfc8463), "s=brisbane", "s=nobody"), false), DKIM_PERMERROR,
	       "there is no key");
	assert_true(dns_table_add(&t, STR("dead._domainkey.football.example.com"), STR("TIMEOUT"),
				  STR_NONE));
	expect(verify(with(str_of(rfc8463), "s=brisbane", "s=dead"), false), DKIM_TEMPERROR,
	       "the key could not be fetched");
}

static void test_key_size(void **state)
{
	struct dkim_verifier *v;

	(void)state;
	options.rsa_bits = 2048;
	v = verify(str_of(rfc8463), false);
	expect(v, DKIM_PASS, "");
	assert_int_equal(v->signatures[1].result, DKIM_POLICY);
	assert_string_equal(v->signatures[1].reason, "the key is too short");
}

/* Of a mail cut short a failure means nothing. */
static void test_cut(void **state)
{
	struct str mail = str_of(rfc8463);
	struct dkim_verifier *v = verify(str_sub(mail, 0, mail.n - 6), true);

	(void)state;
	expect(v, DKIM_FAIL, "the body was changed");
	assert_true(v->signatures[0].undependable);
	assert_false(verify(str_sub(mail, 0, mail.n - 6), false)->signatures[0].undependable);
}

static void test_many_signatures(void **state)
{
	struct str mail = STR("From: a@b\n\n");

	(void)state;
	for (int i = 0; i < 2 * DKIM_SIGNATURES_MAX; i++)
		mail = str_cat(a, STR("DKIM-Signature: v=1\n"), mail);
	assert_int_equal(verify(mail, false)->n, DKIM_SIGNATURES_MAX);
}

/* No header, no body, lines that are no fields, a header without end. */
static void test_odd_mails(void **state)
{
	static const struct str mails[] = {
		STR_INIT(""),
		STR_INIT("\n"),
		STR_INIT("\r\n\r\n"),
		STR_INIT(" folded\nFrom: x"),
		STR_INIT("no field\n\nbody"),
		STR_INIT("From x\nFrom: y"),
		STR_INIT("DKIM-Signature:"),
		STR_INIT("DKIM-Signature: ;\n\n"),
		STR_INIT("DKIM-Signature:=;=\n\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		struct dkim_verifier *v = verify(mails[i], false);

		assert_true(v->n == 0 || v->signatures[0].result == DKIM_NEUTRAL);
	}
}

static struct str canonical(const char *body, bool relaxed)
{
	struct dkim_body b;
	struct dkim_hash hash;

	dkim_body_open(a, &b, relaxed, false, -1);
	dkim_body_add(&b, str_of(body));
	hash = dkim_body_done(&b);
	return str_copy(a, (struct str){ (const char *)hash.p, hash.n });
}

static struct str sha256(const char *text)
{
	struct dkim_digest d;
	struct dkim_hash hash;

	dkim_digest_open(a, &d, false, -1);
	dkim_digest_add(&d, str_of(text));
	hash = dkim_digest_done(&d);
	return str_copy(a, (struct str){ (const char *)hash.p, hash.n });
}

/* RFC 6376, 3.4.5 (example 1), and what it says about empty bodies. */
static void test_body_forms(void **state)
{
	(void)state;
	assert_true(str_eq(canonical(" C \r\nD \t E\r\n\r\n\r\n", true), sha256(" C\r\nD E\r\n")));
	assert_true(str_eq(canonical(" C \nD \t E\n\n\n", false), sha256(" C \r\nD \t E\r\n")));
	assert_true(str_eq(canonical("", true), sha256("")));
	assert_true(str_eq(canonical("", false), sha256("\r\n")));
	assert_true(str_eq(canonical("\n\n", true), sha256("")));
	assert_true(str_eq(canonical(" \t\n\n", true), sha256("")));
	assert_true(str_eq(canonical("\n\n", false), sha256("\r\n")));
	assert_true(str_eq(canonical("\na", true), sha256("\r\na\r\n")));
	assert_true(str_eq(canonical("a\rb\r", false), sha256("a\rb\r\r\n")));
}

static struct str sign(struct str mail, struct err *e)
{
	static const struct dkim_sign_name names[] = {
		{ STR_INIT("From"), true, false },
		{ STR_INIT("Subject"), true, false },
		{ STR_INIT("Content-Type"), true, true },
		{ STR_INIT("Received"), false, false },
	};
	struct dkim_sign_options o = { .domain = STR("example.org"),
				       .selector = STR("mine"),
				       .names = names,
				       .name_count = ARRAY_LEN(names),
				       .now = 1600000000,
				       .expires = 1800000000 };
	struct dkim_signer *s;
	struct dkim_key *key;
	struct str value;

	assert_int_equal(dkim_key_read(a, str_of(pem), &key, e), 0);
	o.key = key;
	txt("mine._domainkey.example.org",
	    str_z(a, str_fmt(a, "v=DKIM1; k=%s; p=%.*s", dkim_key_type(key),
			     STR_ARG(dkim_key_public(a, key)))));
	s = dkim_sign(a, &o);
	for (size_t i = 0; i < mail.n; i++) {
		if (sink_write(dkim_sign_sink(s), str_sub(mail, i, 1), e) < 0)
			return STR_NONE;
	}
	if (dkim_sign_done(s, &value, e) < 0)
		return STR_NONE;
	return str_fmt(a, "DKIM-Signature: %.*s\n%.*s", STR_ARG(value), STR_ARG(mail));
}

static void test_sign(void **state)
{
	struct str mail = STR("Subject: x\nFrom: a@example.org\nSubject: y\n\nbody\n");
	struct str signed_mail, unfolded, line, rest;
	struct err e;

	(void)state;
	signed_mail = sign(mail, &e);
	for (rest = signed_mail; str_line(&rest, &line);)
		assert_true(line.n <= 78);
	expect(verify(signed_mail, false), DKIM_PASS, "");
	unfolded = signed_mail;
	while (str_find(unfolded, STR("\n\t")) > 0)
		unfolded = with(unfolded, "\n\t", "");
	assert_true(str_find(unfolded, STR("h=from:from:subject:subject:subject;")) > 0);
	expect(verify(with(signed_mail, "\nSubject", "\nSubject: z\nSubject"), false), DKIM_FAIL,
	       "the signature does not match the header");
	/* Content-Type was not there, so it was not signed. */
	expect(verify(with(signed_mail, "\nSubject", "\nContent-Type: a/b\nSubject"), false),
	       DKIM_PASS, "");
}

static void test_sign_refused(void **state)
{
	struct dkim_key *key;
	struct err e;

	(void)state;
	assert_int_equal(sign(STR("Subject: x\n\nbody\n"), &e).n, 0);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(dkim_key_read(a, STR("no key"), &key, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static void test_adsp(void **state)
{
	struct dns *d = dns_open(a, &t.resolver);
	enum dkim_adsp found;

	(void)state;
	assert_int_equal(dkim_adsp_parse(STR("dkim=all")), DKIM_ADSP_ALL);
	assert_int_equal(dkim_adsp_parse(STR("dkim = discardable ; x=y")), DKIM_ADSP_DISCARDABLE);
	assert_int_equal(dkim_adsp_parse(STR("dkim=unknown")), DKIM_ADSP_UNKNOWN);
	assert_int_equal(dkim_adsp_parse(STR("dkim=new")), DKIM_ADSP_UNKNOWN);
	assert_int_equal(dkim_adsp_parse(STR("x=y; dkim=all")), DKIM_ADSP_NONE);
	assert_int_equal(dkim_adsp_parse(STR("")), DKIM_ADSP_NONE);
	txt("_adsp._domainkey.example.org", "dkim=all");
	assert_true(dns_table_add(&t, STR("example.org"), STR("A"), STR("192.0.2.1")));
	while (!(found = dkim_adsp_check(a, d, STR("example.org"))))
		assert_true(dns_wait_any(d, net_now() + 10000));
	assert_int_equal(found, DKIM_ADSP_ALL);
	while (!(found = dkim_adsp_check(a, d, STR("nobody.example"))))
		assert_true(dns_wait_any(d, net_now() + 10000));
	assert_int_equal(found, DKIM_ADSP_NXDOMAIN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rfc8463),      TEST(test_rfc6376),    TEST(test_unreadable),
		TEST(test_expired),      TEST(test_keys),       TEST(test_dns),
		TEST(test_key_size),     TEST(test_cut),        TEST(test_many_signatures),
		TEST(test_odd_mails),    TEST(test_body_forms), TEST(test_sign),
		TEST(test_sign_refused), TEST(test_adsp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
