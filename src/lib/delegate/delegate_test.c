#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/delegate/delegate.h"

/* The example of Postfix 3.7's SMTPD_POLICY_README, as far as it matters. */
#define README                                                                                     \
	"request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=SMTP\n"                   \
	"helo_name=some.domain.tld\nqueue_id=8045F2AB23\nsender=foo@bar.tld\n"                     \
	"recipient=bar@foo.tld\nrecipient_count=0\nclient_address=1.2.3.4\n"                       \
	"client_name=another.domain.tld\nreverse_client_name=another.domain.tld\n"                 \
	"instance=123.456.7\nsasl_method=plain\nsize=12345\nccert_subject=solaris9.porcupine."     \
	"org\n"

static struct delegate_reader r;

static int start(void **state)
{
	(void)state;
	delegate_again(&r);
	return 0;
}

static void is_value(enum delegate_attribute which, struct str expected)
{
	struct str value = delegate_value(&r, which);

	if (!str_eq(value, expected))
		fail_msg("'%.*s' is not '%.*s'", STR_ARG(value), STR_ARG(expected));
}

static void is_readme(void)
{
	is_value(DELEGATE_REQUEST, STR("smtpd_access_policy"));
	is_value(DELEGATE_INSTANCE, STR("123.456.7"));
	is_value(DELEGATE_CLIENT_ADDRESS, STR("1.2.3.4"));
	is_value(DELEGATE_HELO_NAME, STR("some.domain.tld"));
	is_value(DELEGATE_SENDER, STR("foo@bar.tld"));
	is_value(DELEGATE_RECIPIENT, STR("bar@foo.tld"));
	is_value(DELEGATE_TESTTIME, STR(""));
}

static void test_one_request(void **state)
{
	struct str in = STR(README "\n");

	(void)state;
	assert_int_equal(delegate_read(&r, &in), DELEGATE_COMPLETE);
	assert_int_equal(in.n, 0);
	is_readme();
}

static void test_any_two_pieces(void **state)
{
	struct str all = STR(README "\n");

	(void)state;
	for (size_t i = 0; i < all.n; i++) {
		struct str first = str_sub(all, 0, i), second = str_from(all, i);

		delegate_again(&r);
		assert_int_equal(delegate_read(&r, &first), DELEGATE_MORE);
		assert_int_equal(delegate_inside(&r), i > 0);
		assert_int_equal(delegate_read(&r, &second), DELEGATE_COMPLETE);
		is_readme();
	}
}

static void test_several_in_one_piece(void **state)
{
	struct str in = STR(README "\n"
				   "request=smtpd_access_policy\nsender=\nrecipient=x@y\n\n"
				   "instance=1");

	(void)state;
	assert_int_equal(delegate_read(&r, &in), DELEGATE_COMPLETE);
	is_readme();
	delegate_again(&r);
	assert_int_equal(delegate_read(&r, &in), DELEGATE_COMPLETE);
	is_value(DELEGATE_RECIPIENT, STR("x@y"));
	is_value(DELEGATE_INSTANCE, STR(""));
	delegate_again(&r);
	assert_int_equal(delegate_read(&r, &in), DELEGATE_MORE);
	assert_true(delegate_inside(&r));
}

static void test_bad_lines(void **state)
{
	struct str in = STR("instance=1\nno attribute\n=x\ninstance=2\n\n");

	(void)state;
	assert_int_equal(delegate_read(&r, &in), DELEGATE_BAD_LINE);
	assert_true(str_eq(delegate_line(&r), STR("no attribute")));
	assert_int_equal(delegate_read(&r, &in), DELEGATE_BAD_LINE);
	assert_true(str_eq(delegate_line(&r), STR("=x")));
	assert_int_equal(delegate_read(&r, &in), DELEGATE_COMPLETE);
	is_value(DELEGATE_INSTANCE, STR("2"));
}

static void feed_value(size_t n, const char *unit)
{
	static char text[5000];
	size_t size = strlen(unit);
	struct str in = { text, 7 + n * size + 2 };

	memcpy(text, "sender=", 7);
	for (size_t i = 0; i < n; i++)
		memcpy(text + 7 + i * size, unit, size);
	memcpy(text + 7 + n * size, "\n\n", 2);
	delegate_again(&r);
	assert_int_equal(delegate_read(&r, &in), DELEGATE_COMPLETE);
}

static void test_long_values(void **state)
{
	(void)state;
	feed_value(255, "x");
	assert_int_equal(delegate_value(&r, DELEGATE_SENDER).n, 255);
	feed_value(256, "x");
	assert_int_equal(delegate_value(&r, DELEGATE_SENDER).n, 255);
	feed_value(4000, "x");
	assert_int_equal(delegate_value(&r, DELEGATE_SENDER).n, 255);
	feed_value(200, "\xc3\xa4");
	assert_int_equal(delegate_value(&r, DELEGATE_SENDER).n, 254);
}

static void test_endless_request(void **state)
{
	struct str line;

	(void)state;
	for (size_t i = 0; i < DELEGATE_LINES_MAX; i++) {
		line = STR("size=1\n");
		assert_int_equal(delegate_read(&r, &line), DELEGATE_MORE);
	}
	line = STR("size=1\n");
	assert_int_equal(delegate_read(&r, &line), DELEGATE_TOO_LONG);
}

static void test_answer(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct buf b;

	(void)state;
	buf_init(&b, a, 1000);
	delegate_answer(&b, STR("dunno"));
	delegate_answer(&b, STR("reject a\n\naction=ok"));
	assert_true(str_eq(buf_str(&b), STR("action=dunno\n\naction=reject a  action=ok\n\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_request, start),
		cmocka_unit_test_setup(test_any_two_pieces, start),
		cmocka_unit_test_setup(test_several_in_one_piece, start),
		cmocka_unit_test_setup(test_bad_lines, start),
		cmocka_unit_test_setup(test_long_values, start),
		cmocka_unit_test_setup(test_endless_request, start),
		cmocka_unit_test(test_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
