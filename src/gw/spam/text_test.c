#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/text.h"
#include "gw/spam/views_testing.h"

static bool wide;

static const char *guessed(const char *octets, const char *charset)
{
	struct str out;

	wide = spam_text_decode(arena, str_of(octets), str_of(charset), SPAM_TEXT_GUESS, &out);
	return str_z(arena, out);
}

static const char *insisted(const char *octets, const char *charset)
{
	struct str out;

	wide = spam_text_decode(arena, str_of(octets), str_of(charset), SPAM_TEXT_INSIST, &out);
	return str_z(arena, out);
}

static const char *header(const char *name, const char *raw)
{
	return str_z(arena, spam_header_decoded(arena, str_of(name), str_of(raw)));
}

static void ascii_stays_as_it_is(void **state UNUSED)
{
	static const char *const names[] = { "us-ascii", "UTF-8", "iso-8859-15", "windows-1251",
					     "koi8-r",   "gbk",   "x-no-such" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_string_equal(guessed("plain", names[i]), "plain");
		assert_false(wide);
	}
	assert_string_equal(guessed("plain", NULL), "plain");
	/* Not one of the names that say "ASCII below": decoded, hence characters. */
	assert_string_equal(guessed("plain", "iso-2022-jp"), "plain");
	assert_true(wide);
}

static void utf8_is_tried_first(void **state UNUSED)
{
	assert_string_equal(guessed("\xc3\xa4", "koi8-r"), "\xc3\xa4");
	assert_true(wide);
	assert_string_equal(insisted("\xc3\xa4", "iso-8859-1"), "\xc3\x83\xc2\xa4");
}

static void declared_charset_comes_next(void **state UNUSED)
{
	assert_string_equal(guessed("\xc1", "koi8-r"), "\xd0\xb0");
	assert_string_equal(guessed("\xc1", "ISO_8859-5"), "\xd0\xa1");
	assert_string_equal(guessed("\x93x\x94", "iso-8859-1"), "\xe2\x80\x9cx\xe2\x80\x9d");
	assert_string_equal(guessed("\xb0\xa1", "GB2312"), "\xe5\x95\x8a");
	/* What does not fit is Windows-1252. */
	assert_string_equal(guessed("\xe4\xff", "us-ascii"), "\xc3\xa4\xc3\xbf");
	assert_string_equal(guessed("\xff\x81", "euc-kr"), "\xc3\xbf\xef\xbf\xbd");
}

static void utf16_is_recognised(void **state UNUSED)
{
	struct str out;

	assert_true(spam_text_decode(arena, STR("h\0i\0 \0\xe4\0"), STR("utf-16"), SPAM_TEXT_GUESS,
				     &out));
	assert_str(out, "hi \xc3\xa4");
	assert_true(spam_text_decode(arena, STR("\0h\0i\0 \0\xe4"), STR("utf-16le"),
				     SPAM_TEXT_GUESS, &out));
	assert_str(out, "hi \xc3\xa4");
}

static void headers_are_unfolded(void **state UNUSED)
{
	assert_string_equal(header("X", " a\n\t  b \n"), "a b");
	assert_string_equal(header("X", "\n \n"), "");
	assert_string_equal(header("X", "a\nb"), "ab");
	assert_string_equal(header("X", " \xe4 "), "\xc3\xa4");
}

static void words_are_decoded(void **state UNUSED)
{
	assert_string_equal(header("Subject", "=?utf-8?q?a_b=20c?="), "a b c");
	assert_string_equal(header("Subject", "=?iso-8859-1?Q?=e4?= x"), "\xc3\xa4 x");
	assert_string_equal(header("Subject", "=?UTF-8?B?aGk=?=\n =?UTF-8?B?IQ==?="), "hi!");
	assert_string_equal(header("Subject", "a =?utf-8*en?q?b?= c"), "a b c");
	/* A character torn between two words of one charset. */
	assert_string_equal(header("Subject", "=?utf-8?q?=c3?= =?utf-8?q?=a4?="), "\xc3\xa4");
	assert_string_equal(header("Subject", "=?utf-8?q?=c3?= =?UTF-8*x?q?=a4?="),
			    "\xef\xbf\xbd\xef\xbf\xbd");
}

static void what_is_no_word_stays(void **state UNUSED)
{
	assert_string_equal(header("Received", "=?utf-8?q?a?="), "=?utf-8?q?a?=");
	assert_string_equal(header("List-Id", "=?utf-8?q?a?="), "=?utf-8?q?a?=");
	assert_string_equal(header("Subject", "=?utf-8?x?a?="), "=?utf-8?x?a?=");
	assert_string_equal(header("Subject", "=?utf-8?q?a"), "=?utf-8?q?a");
	assert_string_equal(header("Subject", "==?utf-8?q?a?==?"), "=a=?");
	assert_string_equal(header("Subject", "=?x-no?q?a=e4?="), "a\xc3\xa4");
}

static void white_space_depends_on_width(void **state UNUSED)
{
	assert_int_equal(spam_space_at(STR("\x0b"), false), 1);
	assert_int_equal(spam_space_at(STR("\xc2\xa0"), false), 0);
	assert_int_equal(spam_space_at(STR("\xc2\xa0"), true), 2);
	assert_int_equal(spam_space_at(STR("\xe3\x80\x80"), true), 3);
	assert_int_equal(spam_space_at(STR("\xe2\x80\x8b"), true), 0);
	assert_int_equal(spam_space_at(STR("\xe3\x80"), true), 0);
	assert_int_equal(spam_space_at(STR("x"), true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(ascii_stays_as_it_is),        UNIT(utf8_is_tried_first),
		UNIT(declared_charset_comes_next), UNIT(utf16_is_recognised),
		UNIT(headers_are_unfolded),        UNIT(words_are_decoded),
		UNIT(what_is_no_word_stays),       UNIT(white_space_depends_on_width),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
