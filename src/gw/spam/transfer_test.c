#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/transfer.h"
#include "gw/spam/views_testing.h"

static const char *qp(const char *s)
{
	return str_z(arena, spam_qp_decode(arena, str_of(s)));
}

static const char *b64(const char *s)
{
	return str_z(arena, spam_base64_decode(arena, str_of(s)));
}

static void quoted_printable(void **state UNUSED)
{
	assert_string_equal(qp("a=20b=3D=3dc"), "a b==c");
	assert_string_equal(qp("soft=\nbreak=\r\nagain= \t\nhere"), "softbreakagainhere");
	assert_string_equal(qp("blanks \t \nat \r\nends"), "blanks\nat\r\nends");
	assert_string_equal(qp("kept = as it=2 is=XY ="), "kept = as it=2 is=XY =");
	assert_string_equal(qp(""), "");
	/* A soft break may tear an escape apart. */
	assert_string_equal(qp("=4=\n1"), "A");
	assert_string_equal(qp("==\n\n"), "=\n");
}

static void base64(void **state UNUSED)
{
	assert_string_equal(b64("aGVs\nbG8=\n"), "hello");
	assert_string_equal(b64("aGVsbG8"), "hello");
	assert_string_equal(b64("aGVs!bG8="), "hello");
	assert_string_equal(b64("aGVsb"), "hel");
	assert_string_equal(b64(""), "");
	assert_string_equal(b64("===="), "");
	/* Padding in the middle: zero bits in clean text, ones in dirty text. */
	assert_int_equal(spam_base64_decode(arena, STR("YQ==YQ==")).n, 4);
	assert_memory_equal(spam_base64_decode(arena, STR("YQ==YQ==")).p, "a\0\0a", 4);
	assert_memory_equal(spam_base64_decode(arena, STR("YQ==YQ==-")).p,
			    "a\x0f\xff"
			    "a",
			    4);
}

static void line_ends(void **state UNUSED)
{
	struct str same = STR("a\rb\nc");

	assert_ptr_equal(spam_lf(arena, same).p, same.p);
	assert_str(spam_lf(arena, STR("a\r\nb\r\r\n\r")), "a\nb\r\n\r");
}

int main(void)
{
	const struct CMUnitTest tests[] = { UNIT(quoted_printable), UNIT(base64), UNIT(line_ends) };

	return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
