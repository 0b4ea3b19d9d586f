/* Keys, means and scores here are what SpamAssassin 4.0.1 and sa-awl said about the same mails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <math.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/net.h"
#include "gw/spam/awl.h"
#include "lib/uri/domains.h"

enum { PATIENCE = 5000 };

static struct arena *a;
static char dir[] = "/tmp/awl-test-XXXXXX";

static const char *network(const char *ip, unsigned v4, unsigned v6)
{
	return str_z(a, awl_network(a, str_of(ip), v4, v6));
}

static void test_networks(void **state)
{
	static const char v6[] = "2001:db8:0:abcd:12::34";

	(void)state;
	assert_string_equal(network("1.2.255.0", 16, 48), "1.2");
	assert_string_equal(network("1.2.255.0", 20, 48), "1.2.240");
	assert_string_equal(network("1.2.255.0", 25, 48), "1.2.255");
	assert_string_equal(network("1.2.255.0", 32, 48), "1.2.255.0");
	assert_string_equal(network("1.2.255.0", 0, 48), "0");
	assert_string_equal(network(v6, 16, 48), "2001:0DB8::");
	assert_string_equal(network(v6, 16, 64), "2001:0DB8:0000:ABCD::");
	assert_string_equal(network(v6, 16, 128), "2001:0DB8:0000:ABCD:0012:0000:0000:0034");
	assert_string_equal(network(v6, 16, 0), "0000::");
	assert_string_equal(network("", 16, 48), "none");
}

static const char *key(const char *mail)
{
	struct uri_domains *domains = uri_domains_new(a);
	struct spam_mail m = { .raw = str_of(mail) };
	struct spam_view_options *o = NEW(a, struct spam_view_options);

	spam_view_options_init(o, domains);
	return str_z(a, awl_key(a, spam_message_read(a, &m, o), AWL_IPV4_BITS, AWL_IPV6_BITS));
}

static void test_keys(void **state)
{
	(void)state;
	assert_string_equal(key("Received: from a (a [10.2.3.4]) by b with SMTP id x; foo\n"
				"Received: from a (a [5.6.7.8]) by b with SMTP id x; foo\n"
				"Received: from a (a [6.6.7.8]) by b with SMTP id x; foo\n"
				"Received: from a (a [10.6.7.8]) by b with SMTP id x; foo\n"
				"From: X <X@Y>\n\n"),
			    "x@y|ip=6.6");
	assert_string_equal(key("From: a'b!c@x\n\n"), "a_b_c@x|ip=none");
	assert_string_equal(key("From: somebody\n\n"), "");
}

static struct awl *store(const char *name)
{
	struct awl *w;
	struct err e;

	if (awl_open(a, str_z(a, str_fmt(a, "%s/%s", dir, name)), true, &w, &e) < 0)
		fail_msg("%s", e.msg);
	return w;
}

/* What a mail of that score is pulled by; counts it in. */
static double mail(struct awl *w, const char *from, double score)
{
	struct awl_entry entry;
	struct err e;

	if (awl_find(w, str_of(from), &entry, &e) < 0)
		fail_msg("%s", e.msg);
	awl_add(w, str_of(from), score, 0);
	return round(awl_pull(&entry, score, AWL_FACTOR) * 1000) / 1000;
}

static void test_means(void **state)
{
	struct awl *w = store("means");

	(void)state;
	for (int flush = 0; flush < 2; flush++) {
		const char *from = flush ? "foo@bar.com|ip=1.2" : "bar@bar.com|ip=1.2";

		assert_true(mail(w, from, 10) == 0);
		assert_true(mail(w, from, -2) == 6);
		if (flush)
			awl_flush(w, net_now() + PATIENCE);
		assert_true(mail(w, from, -2) == 3);
		assert_true(mail(w, from, 1.5) == 0.25);
	}
}

static void test_without_ip(void **state)
{
	struct awl *w = store("noip");

	(void)state;
	mail(w, "z@z.com|ip=none", 10);
	mail(w, "z@z.com|ip=none", 10);
	awl_flush(w, net_now() + PATIENCE);
	assert_true(mail(w, "z@z.com|ip=1.2", 1.5) == 4.25);
	awl_flush(w, net_now() + PATIENCE);
	assert_true(mail(w, "z@z.com|ip=1.2", 1.5) == 2.833);
	assert_true(mail(w, "z@z.com|ip=none", 1.5) == 0);
}

static int take(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

static void test_text(void **state)
{
	/* No mail has such a key, or such a sum. */
	static const char wrong[] = "     1.0         (1.0/1)  --  a\0b@c.d|ip=1.2\n"
				    "     1.0         (1e16/1)  --  a@b.c|ip=1.2\n";
	static const char printed[] = "     1.5         (1.5/1)  --  a@b.c|ip=2001:0DB8:0001::\n"
				      "     1.9         (7.5/4)  --  foo@bar.com|ip=1.2\nx (1/0)\n";
	struct awl *w = store("text");
	struct buf b;
	struct sink to = { take, &b };
	size_t skipped;
	struct err e;

	(void)state;
	buf_init(&b, a, 1 << 16);
	assert_int_equal(awl_import(w, str_of(printed), net_now() + PATIENCE, &skipped, &e), 0);
	assert_int_equal(skipped, 1);
	assert_int_equal(awl_import(w, (struct str){ wrong, sizeof(wrong) - 1 },
				    net_now() + PATIENCE, &skipped, &e),
			 0);
	assert_int_equal(skipped, 2);
	assert_int_equal(awl_export(w, &to, &e), 0);
	assert_string_equal(str_z(a, buf_str(&b)),
			    "     1.5       (1.500/1)  --  a@b.c|ip=2001:0DB8:0001::\n"
			    "     1.9       (7.500/4)  --  foo@bar.com|ip=1.2\n");
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 1 << 26);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = { "means", "noip", "text" };
	static const char *const ends[] = { "", "-lock", "-writer" };
	char path[100];

	(void)state;
	arena_close(a);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(ends); k++) {
			snprintf(path, sizeof(path), "%s/%s%s", dir, names[i], ends[k]);
			unlink(path);
		}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks), cmocka_unit_test(test_keys),
		cmocka_unit_test(test_means),    cmocka_unit_test(test_without_ip),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
