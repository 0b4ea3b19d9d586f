#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "lib/charset/charset.h"

static void check(const char *name, struct str in, const char *utf8)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str out = charset_to_utf8(a, str_of(name), in, 1000);

	if (!str_eq(out, str_of(utf8)))
		fail_msg("%s: \"%.*s\" is not \"%s\"", name, STR_ARG(out), utf8);
}

static void test_to_utf8(void **state)
{
	(void)state;
	check("utf-8", STR("\xc3\xa4"), "ä");
	check("UTF8", STR("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd");
	check(" \"iso-8859-1\"", STR("\xe4"), "ä"); /* no such name: guessed */
	check("iso-8859-1", STR("\x80\xe4"), "€ä");
	check("us-ascii", STR("\x80"), "€");
	check("us-ascii", STR("\xc3\xa4"), "ä");
	check("iso-8859-15", STR("\xa4"), "€");
	check("koi8-r", STR("\xf0\xf2\xe9"), "ПРИ");
	check("windows-1251", STR("\xcf\xd0"), "ПР");
	check("shift_jis", STR("\x83\x65\x87\x40"), "テ①");
	check("iso-2022-jp", STR("\x1b$B%F\x1b(Bx"), "テx");
	check("euc-kr", STR("\xc7\xd1"), "한");
	check("ks_c_5601-1987", STR("\xc7\xd1"), "한");
	check("gb2312", STR("\xd6\xd0"), "中");
	check("big5", STR("\xa4\xa4"), "中");
	check("utf-16", STR("\xff\xfe\xe4\0"), "ä");
	check("utf-7", STR("+AOQ-"), "ä");
	check("windows-874", STR("\xa1"), "ก");
}

static void test_damage(void **state)
{
	(void)state;
	check("shift_jis", STR("a\x83"), "a\xef\xbf\xbd");
	check("euc-jp", STR("a\xff\xa4\xa2"), "a\xef\xbf\xbdあ");
	check("utf-16le", STR("\x00\xd8x\0"), "\xef\xbf\xbdx");
	check("no-such-charset", STR("\xe4"), "ä");
	check("", STR("x"), "x");
	check("utf-16//translit", STR("a"), "a");
	check("wchar_t", STR("abcd"), "abcd");
}

static void test_maximum(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);

	(void)state;
	assert_int_equal(charset_to_utf8(a, STR("utf-8"), STR("a\xc3\xa4"), 2).n, 1);
	assert_int_equal(charset_to_utf8(a, STR("latin1"), STR("a\xe4"), 2).n, 1);
	assert_int_equal(charset_to_utf8(a, STR("koi8-r"), STR("a\xf0\xf0"), 4).n, 3);
	assert_int_equal(charset_to_utf8(a, STR("koi8-r"), STR("a\xf0\xf0"), 5).n, 5);
}

static void test_from_utf8(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str out;
	struct err e;

	(void)state;
	assert_int_equal(charset_from_utf8(a, STR("ISO-8859-1"), STR("ä"), 10, &out, &e), 0);
	assert_true(str_eq(out, STR("\xe4")));
	assert_int_equal(charset_from_utf8(a, STR("iso-8859-1"), STR("€"), 10, &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(charset_from_utf8(a, STR("us-ascii"), STR("ä"), 10, &out, &e), -1);
	assert_int_equal(charset_from_utf8(a, STR("utf-8"), STR("\xff"), 10, &out, &e), -1);
	assert_int_equal(charset_from_utf8(a, STR("latin1"), STR("abc"), 2, &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(charset_from_utf8(a, STR("iso-2022-jp"), STR("テ"), 20, &out, &e), 0);
	assert_true(str_eq(out, STR("\x1b$B%F\x1b(B")));
}

/* More names than descriptors: each keeps giving the same answer. */
static void test_cache(void **state)
{
	char name[32];
	int round, i;

	(void)state;
	for (round = 0; round < 3; round++)
		for (i = 0; i < 3 * CHARSET_CACHE; i++) {
			snprintf(name, sizeof(name), "x-unknown-%d", i);
			check(name, STR("x"), "x");
			check("koi8-r", STR("\xf0"), "П");
			check("utf-7", STR("+AOQ"), "ä"); /* left in a shifted state */
		}
	assert_true(charset_known(STR("Windows-31J")));
	assert_false(charset_known(STR("x-unknown-1")));
}

/* Text of the mails that prompted dependencies.md 3.4: none of these names may be unknown. */
static void test_names_of_the_wild(void **state)
{
	static const char *names[] = {
		"iso-2022-jp-ms", "ks_c_5601-1987",    "x-mac-cyrillic",    "x-user-defined",
		"iso-8859-8-i",   "utf8mb4",           "unicode-1-1-utf-7", "imap-mailbox-name",
		"x-sjis",         "iso-8859-16",       "windows-1258",      "cp866",
		"gb18030",        "iso-2022-kr",       "big5-hkscs",        "tis-620",
		"euc-tw",         "unicode-1-1-utf-8", "iso-8859-11",       "viscii",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!charset_known(str_of(names[i])))
			fail_msg("%s is not known", names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_utf8), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_maximum), cmocka_unit_test(test_from_utf8),
		cmocka_unit_test(test_cache),   cmocka_unit_test(test_names_of_the_wild),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
