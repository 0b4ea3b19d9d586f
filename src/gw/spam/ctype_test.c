#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/ctype.h"
#include "gw/spam/views_testing.h"

static struct spam_ctype parse(const char *value)
{
	struct spam_ctype type;

	spam_ctype_parse(arena, str_of(value), &type);
	return type;
}

static void type_is_cleaned(void **state UNUSED)
{
	assert_str(parse("Text/HTML; charset=x").type, "text/html");
	assert_str(parse("image/gif junk; x").type, "image/gif");
	assert_str(parse("text").type, "text/plain");
	assert_str(parse("text/x-anything").type, "text/plain");
	assert_str(parse("text/calendar").type, "text/calendar");
	assert_str(parse("text/x-vcard").type, "text/x-vcard");
	assert_str(parse("textual/x").type, "textual/x");
	assert_str(parse("appl(i)cation/\"x\"").type, "application/x");
}

static void missing_is_plain_ascii(void **state UNUSED)
{
	assert_true(parse(NULL).missing);
	assert_str(parse(NULL).type, "text/plain");
	assert_str(parse("").charset, "us-ascii");
	assert_true(parse(";x=y").missing);
	assert_false(parse("text/plain").missing);
	assert_null(parse("text/plain").charset.p);
}

static void boundary_is_found_loosely(void **state UNUSED)
{
	assert_str(parse("a/b; boundary=abc").boundary, "abc");
	assert_str(parse("a/b; BOUNDARY = \"a b;c\"; x").boundary, "a b;c");
	assert_str(parse("a/b; boundary=\"open").boundary, "open");
	assert_str(parse("a/b; boundary=abc; boundary=def").boundary, "abc");
	assert_null(parse("a/b; xboundary=abc").boundary.p);
	assert_null(parse("a/b; boundary=abc\"def").boundary.p);
	assert_null(parse("a/b; boundary=\"\"").boundary.p);
}

static void charset_and_name_lose_their_quotes(void **state UNUSED)
{
	assert_str(parse("a/b; charset=\"utf-8\"; x").charset, "utf-8");
	assert_str(parse("a/b; charset='utf-8").charset, "utf-8");
	assert_str(parse("a/b; charset=utf 8 ;").charset, "utf 8 ");
	assert_str(parse("a/b; charset=;").charset, "");
	assert_str(parse("a/b; name=\"x.html\"").name, "x.html");
	assert_str(parse("a/b; filename=x; name=y").name, "x");
	assert_null(parse("a/b; surname=x").name.p);
}

static void name_may_be_continued(void **state UNUSED)
{
	assert_str(parse("a/b; name*0=\"ab\"; name*1=\"cd\"").name, "abcd");
	assert_str(parse("a/b; name*2=ef; filename*0=ab; name*1=cd").name, "abcdef");
	assert_null(parse("a/b; name*1=ab").name.p);
	assert_str(parse("a/b; name*0=ab; name*99999999999=cd").name, "ab");
}

static void disposition_names(void **state UNUSED)
{
	assert_str(spam_disposition_name(STR("attachment; filename=\"a b.txt\"")), "a b.txt");
	assert_str(spam_disposition_name(STR("attachment; filename=a.txt; x")), "a.txt");
	assert_str(spam_disposition_name(STR("x; name=;; name= y")), "y");
	assert_null(spam_disposition_name(STR("attachment")).p);
}

static void long_values_take_linear_time(void **state UNUSED)
{
	struct spam_ctype type;

	spam_ctype_parse(arena, repeated("a/b", "filename ", 100000, ""), &type);
	assert_null(type.name.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(type_is_cleaned),
		UNIT(missing_is_plain_ascii),
		UNIT(boundary_is_found_loosely),
		UNIT(charset_and_name_lose_their_quotes),
		UNIT(name_may_be_continued),
		UNIT(disposition_names),
		UNIT(long_values_take_linear_time),
	};

	return cmocka_run_group_tests_name("ctype", tests, NULL, NULL);
}
