/*
 * Which domain signs with which keys. That the signatures are good is judged by others: in
 * lib/dkim's tests, and in the lab (test_dkim.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "gw/signing/signing.h"

/* The key of RFC 8463, A.2, in the form of RFC 8410. */
static const char ed25519[] = "-----BEGIN PRIVATE KEY-----\n"
			      "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
			      "-----END PRIVATE KEY-----\n";
#define ED25519_PUBLIC "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static struct arena *a;
static char dir[] = "/tmp/signing-test-XXXXXX";
static struct cfg cfg;

static const char *path(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", dir, name));
}

static void put(const char *name, const char *text)
{
	const struct file_attr attr = { 0600, (uid_t)-1, (gid_t)-1 };
	struct err e;

	assert_int_equal(file_replace(path(name), str_of(text), &attr, &e), 0);
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 1 << 28);
	log_open_stderr("test");
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(mkdir(path("dkim"), 0700), 0);
	cfg = (struct cfg){ .admin = { .dkim_sign = true,
				       .dkim_use_domain = DKIM_DOMAIN_ENVELOPE,
				       .dkim_selector = STR("main") } };
	put("dkim/main.private", ed25519);
	put("dkim/domains",
	    "example.org 1\nmail.example.org 1\nwww.example.net 1\nexample.net 1\n");
	put("domains", "relay.test 1\n");
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = { "dkim/example.org/new.private",
					     "dkim/example.org/old.private",
					     "dkim/example.org/README",
					     "dkim/example.org",
					     "dkim/domains",
					     "dkim/main.private",
					     "dkim",
					     "domains" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		(void)remove(path(files[i]));
	assert_int_equal(rmdir(dir), 0);
	arena_close(a);
	return 0;
}

static int write_text(void *ctx, const struct sink *to, struct err *e)
{
	return sink_write(to, str_of(ctx), e);
}

static int into_buf(void *ctx, struct str s, struct err *e)
{
	(void)e;
	buf_add(ctx, s);
	return 0;
}

static struct signing *load(void)
{
	struct signing *s;
	struct err e;

	assert_int_equal(signing_load(a, dir, &cfg, &s, &e), 0);
	return s;
}

/* The mail as it would be sent. */
static const char *send(const char *sender, const char *mail)
{
	const struct signing_mail m = { .sender = str_of(sender), .now = 1700000000 };
	struct smtp_source source = { write_text, (void *)(uintptr_t)mail };
	struct sink sink = { into_buf, NULL };
	struct buf b;
	struct err e;

	buf_init(&b, a, 1 << 20);
	sink.ctx = &b;
	source = signing_add(a, load(), &m, source);
	assert_int_equal(source.write(source.ctx, &sink, &e), 0);
	return str_z(a, buf_str(&b));
}

#define MAIL "From: Alice <alice@example.net>\nSubject: x\n\nbody\n"

static size_t signatures(const char *sent)
{
	size_t n = 0;

	for (; !strncmp(sent, "DKIM-Signature: ", 16); n++)
		for (sent = strchr(sent, '\n') + 1; *sent == '\t';)
			sent = strchr(sent, '\n') + 1;
	return n;
}

/* Whether a tag, at the beginning of a line or not, has this value. */
static bool has_tag(const char *sent, const char *name, const char *value)
{
	return strstr(sent, str_z(a, str_fmt(a, " %s=%s;", name, value))) ||
	       strstr(sent, str_z(a, str_fmt(a, "\t%s=%s;", name, value)));
}

/* Signed by this domain and selector once, and otherwise as it was. */
static void expect(const char *sent, const char *domain, const char *selector)
{
	assert_int_equal(signatures(sent), 1);
	assert_true(has_tag(sent, "d", domain));
	assert_true(has_tag(sent, "s", selector));
	assert_true(str_ends(str_of(sent), STR(MAIL)));
}

static void test_domains_end_at_dots(void **state)
{
	(void)state;
	expect(send("a@example.org", MAIL), "example.org", "main");
	expect(send("a@Sub.EXAMPLE.org", MAIL), "example.org", "main");
	expect(send("a@x.mail.example.org", MAIL), "mail.example.org", "main");
	expect(send("a@x.www.example.net", MAIL), "www.example.net", "main");
	assert_string_equal(send("a@badexample.org", MAIL), MAIL);
	assert_string_equal(send("a@org", MAIL), MAIL);
	assert_string_equal(send("a@example.org.evil", MAIL), MAIL);
}

static void test_relay_domains_stand_in(void **state)
{
	(void)state;
	assert_string_equal(send("a@relay.test", MAIL), MAIL);
	put("dkim/domains", "");
	expect(send("a@relay.test", MAIL), "relay.test", "main");
	assert_string_equal(send("a@example.org", MAIL), MAIL);
}

static void test_all_mail(void **state)
{
	(void)state;
	cfg.admin.dkim_sign_all_mail = true;
	expect(send("a@Foreign.example", MAIL), "foreign.example", "main");
	expect(send("a@b\xc3\xbc" "cher.example", MAIL), "xn--bcher-kva.example", "main");
	assert_string_equal(send("", MAIL), MAIL);
	assert_string_equal(send("postmaster", MAIL), MAIL);
	/* What a sender writes must not get into the field. */
	assert_string_equal(send("a@x; d=example.org", MAIL), MAIL);
	assert_string_equal(send("a@../dkim", MAIL), MAIL);
}

static void test_from_header(void **state)
{
	static const char *const unsigned_ones[] = {
		"From: a@example.org\nFrom: b@example.org\n\nx\n",
		"From: a@example.org, b@example.org\n\nx\n",
		"Subject: nobody\n\nFrom: a@example.org\n",
		"From: nobody\n\nx\n",
		"From: a@other.example\n\nx\n",
	};

	(void)state;
	cfg.admin.dkim_use_domain = DKIM_DOMAIN_HEADER;
	expect(send("a@relay.test", MAIL), "example.net", "main");
	expect(send("", MAIL), "example.net", "main");
	for (size_t i = 0; i < ARRAY_LEN(unsigned_ones); i++)
		assert_string_equal(send("a@example.org", unsigned_ones[i]), unsigned_ones[i]);
}

static void test_keys_of_a_domain(void **state)
{
	const char *sent;

	(void)state;
	assert_int_equal(mkdir(path("dkim/example.org"), 0700), 0);
	put("dkim/example.org/new.private", ed25519);
	put("dkim/example.org/old.private", ed25519);
	put("dkim/example.org/README", "no key");
	sent = send("a@example.org", MAIL);
	assert_int_equal(signatures(sent), 2);
	assert_true(has_tag(sent, "s", "new"));
	assert_true(has_tag(sent, "s", "old"));
	expect(send("a@example.net", MAIL), "example.net", "main");
}

static void test_a_bad_key_is_left_out(void **state)
{
	struct signing_keys keys;

	(void)state;
	put("dkim/main.private", "nonsense");
	signing_keys_read(a, dir, STR("main"), &keys);
	assert_int_equal(keys.list.n, 0);
	assert_int_equal(keys.problems.n, 1);
	assert_true(str_find(keys.problems.p[0], STR("dkim/main.private: no private key")) > 0);
	assert_string_equal(send("a@example.org", MAIL), MAIL);
}

static void test_off(void **state)
{
	(void)state;
	cfg.admin.dkim_sign = false;
	assert_null(load());
	assert_string_equal(send("a@example.org", MAIL), MAIL);
}

static void test_a_mail_without_from_is_not_signed(void **state)
{
	(void)state;
	assert_string_equal(send("a@example.org", "Subject: x\n\nbody\n"), "Subject: x\n\nbody\n");
}

/* The form of filter.md §10; the key's public half is the RFC's. */
static void test_record(void **state)
{
	struct signing_keys keys;
	struct str got;

	(void)state;
	signing_keys_read(a, dir, STR("main"), &keys);
	got = signing_record(a, &keys.list.p[0]);
	assert_string_equal(str_z(a, got),
			    "main._domainkey\tIN\tTXT\t( \"v=DKIM1; h=sha256; k=ed25519; \""
			    "\n\t  \"p=" ED25519_PUBLIC "\" )  ; ----- DKIM key main\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_domains_end_at_dots),
		TEST(test_relay_domains_stand_in),
		TEST(test_all_mail),
		TEST(test_from_header),
		TEST(test_keys_of_a_domain),
		TEST(test_a_bad_key_is_left_out),
		TEST(test_off),
		TEST(test_a_mail_without_from_is_not_signed),
		TEST(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
