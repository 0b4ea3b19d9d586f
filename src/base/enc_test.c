#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/enc.h"
#include "base/utf8.h"

#define assert_str(s, z) assert_str_(s, z, __LINE__)

static void assert_str_(struct str s, const char *z, int line)
{
	if (!str_eq(s, str_of(z)))
		fail_msg("line %d: \"%.*s\" is not \"%s\"", line, STR_ARG(s), z);
}

static struct str base64(struct arena *a, const char *text)
{
	struct str out;
	struct err e;

	assert_int_equal(enc_base64_decode(a, str_of(text), 1000, &out, &e), 0);
	return out;
}

static struct str qp(struct arena *a, const char *text)
{
	struct str out;
	struct err e;

	assert_int_equal(enc_qp_decode(a, str_of(text), 1000, &out, &e), 0);
	return out;
}

static void test_base64_decode(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str out;
	struct err e;

	(void)state;
	/* RFC 4648, section 10 */
	assert_str(base64(a, ""), "");
	assert_str(base64(a, "Zg=="), "f");
	assert_str(base64(a, "Zm8="), "fo");
	assert_str(base64(a, "Zm9v"), "foo");
	assert_str(base64(a, "Zm9vYg=="), "foob");
	assert_str(base64(a, "Zm9vYmE="), "fooba");
	assert_str(base64(a, "Zm9vYmFy"), "foobar");
	/* as found in mails */
	assert_str(base64(a, "Zm9v\r\nYm Fy\n"), "foobar");
	assert_str(base64(a, "Zm9vYg"), "foob");
	assert_str(base64(a, "Zm9vYmE"), "fooba");
	assert_str(base64(a, "Zm9vY"), "foo");
	assert_str(base64(a, "=Zm9v"), "foo");
	assert_str(base64(a, "Zg==Zm9v\n-- \n"), "ffoo");
	assert_str(base64(a, "!Z*m\x80"
			     "9-v"),
		   "foo");
	assert_int_equal(enc_base64_decode(a, STR("Zm9vYmFy"), 6, &out, &e), 0);
	assert_int_equal(enc_base64_decode(a, STR("Zm9vYmFy"), 5, &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void test_base64_encode(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	char all[60];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, a, 1000);
	enc_base64_add(&b, STR("fooba"), STR_NONE);
	enc_base64_add(&b, STR("f"), STR_NONE);
	enc_base64_add(&b, STR("foo"), STR_NONE);
	enc_base64_add(&b, STR(""), STR("\n"));
	assert_str(buf_str(&b), "Zm9vYmE=Zg==Zm9v");
	for (i = 0; i < sizeof(all); i++)
		all[i] = 'x';
	buf_init(&b, a, 1000);
	enc_base64_add(&b, (struct str){ all, 60 }, STR("\r\n"));
	assert_str(
		buf_str(&b),
		"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4\r\n"
		"eHh4\r\n");
}

static void test_qp_decode(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str out;
	struct err e;

	(void)state;
	assert_str(qp(a, "a=3Db=3d"), "a=b=");
	assert_str(qp(a, "soft=\nline=\r\nbreaks= \t \nhere"), "softlinebreakshere");
	assert_str(qp(a, "a=XY=4=\n=4"), "a=XY=4=4");
	assert_str(qp(a, "= x"), "= x");
	assert_str(qp(a, "last="), "last");
	assert_str(qp(a, "last= \r\n"), "last");
	assert_str(qp(a, "kept \r\n\r\n"), "kept \r\n\r\n");
	assert_int_equal(enc_qp_decode(a, STR("=41=42"), 2, &out, &e), 0);
	assert_int_equal(enc_qp_decode(a, STR("=41=42"), 1, &out, &e), -1);
}

static void test_qp_encode(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str rest, line;
	struct buf b;

	(void)state;
	buf_init(&b, a, 10000);
	enc_qp_add(&b, STR("a=b \r\n.\nFrom me\n\xc3\xa4\t\nend"), STR("\n"));
	assert_str(buf_str(&b), "a=3Db=20\n=2E\n=46rom me\n=C3=A4=09\nend=\n");
	assert_str(qp(a, "a=3Db=20\n=2E\n=46rom me\n=C3=A4=09\nend=\n"),
		   "a=b \n.\nFrom me\n\xc3\xa4\t\nend");

	buf_init(&b, a, 10000);
	for (int i = 0; i < 100; i++)
		enc_qp_add(&b,
			   STR("0123456789.\xc3\xa4\xc3\xa4.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			       "aaaaaaaaaaaaaaaaaaaaaaaaaaaa..........."),
			   STR("\r\n"));
	for (rest = buf_str(&b); str_line(&rest, &line);) {
		assert_true(line.n <= ENC_LINE);
		assert_true(line.p[0] != '.');
	}
}

/* Small rooms give the same bytes as one large one. */
static void test_readers_in_pieces(void **state)
{
	const struct str text = STR("QUJD=\r\nREVG=3D=41= \nxx==yy=");
	char whole[64], pieces[64];
	size_t room, kind;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		size_t (*read)(struct str *, char *, size_t) = kind ? enc_qp_read : enc_base64_read;
		struct str in = text;
		size_t n = read(&in, whole, sizeof(whole));

		assert_int_equal(in.n, 0);
		for (room = ENC_READ_MIN; room < 12; room++) {
			size_t at = 0, got;

			in = text;
			while ((got = read(&in, pieces + at, room)))
				at += got;
			assert_int_equal(in.n, 0);
			assert_int_equal(at, n);
			assert_memory_equal(whole, pieces, n);
		}
	}
}

/* RFC 8259, 7 */
static void test_json(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct buf b;

	(void)state;
	buf_init(&b, a, 100);
	enc_json_add(&b, STR("a\"b\\/\n\x7f\xff\0"));
	assert_str(buf_str(&b), "\"a\\\"b\\\\/\\u000a\\u007f\\u00ff\\u0000\"");
}

static void test_hex(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str out;
	struct err e;

	(void)state;
	assert_str(enc_hex(a, STR("\x00\xff\x1a")), "00ff1a");
	/* RFC 4648, 10 */
	assert_str(enc_base32(a, STR("")), "");
	assert_str(enc_base32(a, STR("f")), "my");
	assert_str(enc_base32(a, STR("foob")), "mzxw6yq");
	assert_str(enc_base32(a, STR("foobar")), "mzxw6ytboi");
	assert_int_equal(enc_hex_decode(a, STR("00fF1A"), &out, &e), 0);
	assert_true(str_eq(out, STR("\x00\xff\x1a")));
	assert_int_equal(enc_hex_decode(a, STR("0"), &out, &e), -1);
	for (int c = -1; c < 256; c++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *at = c > 0 ? strchr(digits, c) : NULL;

		assert_int_equal(enc_hex_digit(c), at ? (at - digits) % 16 : -1);
	}
	assert_int_equal(enc_hex_decode(a, STR("0g"), &out, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static void test_utf8_valid(void **state)
{
	static const char *good[] = { "",
				      "abc",
				      "\xc2\x80",
				      "\xdf\xbf",
				      "\xe0\xa0\x80",
				      "\xed\x9f\xbf",
				      "\xee\x80\x80",
				      "\xef\xbf\xbf",
				      "\xf0\x90\x80\x80",
				      "\xf4\x8f\xbf\xbf" };
	static const char *bad[] = { "\x80",
				     "\xc0\xaf",
				     "\xc1\xbf",
				     "\xe0\x9f\xbf",
				     "\xed\xa0\x80",
				     "\xf0\x8f\xbf\xbf",
				     "\xf4\x90\x80\x80",
				     "\xf5\x80\x80\x80",
				     "\xff",
				     "\xc3",
				     "\xe2\x82",
				     "\xf0\x9f\x98",
				     "\xc3(" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(good); i++)
		assert_true(utf8_valid(str_of(good[i])));
	for (i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(str_of(bad[i])));
	assert_int_equal(utf8_valid_prefix(STR("0123456789\xc3\xa4\xe2\x82")), 12);
}

static void test_utf8_next(void **state)
{
	/* The example of the Unicode standard, table 3-8: three subparts, then one by one. */
	struct str s = STR("a\xf1\x80\x80\xe1\x80\xc2"
			   "b\x80"
			   "c\xf0\x9f\x98\x80");
	static const int32_t expected[] = { 'a', -1, -1, -1, 'b', -1, 'c', 0x1f600 };
	char out[UTF8_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(expected); i++)
		assert_int_equal(utf8_next(&s), expected[i]);
	assert_int_equal(s.n, 0);
	for (i = 0; i < 0x110000; i += i < 0x900 ? 1 : 257) {
		if (i >= 0xd800 && i < 0xe000)
			continue;
		s = (struct str){ out, utf8_put(out, (uint32_t)i) };
		assert_true(utf8_valid(s));
		assert_int_equal(utf8_next(&s), i);
	}
}

static void test_utf8_cut(void **state)
{
	struct str s = STR("a\xc3\xa4\xf0\x9f\x98\x80");

	(void)state;
	assert_int_equal(utf8_cut(s, 7).n, 7);
	assert_int_equal(utf8_cut(s, 6).n, 3);
	assert_int_equal(utf8_cut(s, 4).n, 3);
	assert_int_equal(utf8_cut(s, 3).n, 3);
	assert_int_equal(utf8_cut(s, 2).n, 1);
	assert_int_equal(utf8_cut(s, 0).n, 0);
	assert_int_equal(utf8_cut(STR("\x80\x80\x80\x80\x80\x80"), 5).n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_decode), cmocka_unit_test(test_base64_encode),
		cmocka_unit_test(test_qp_decode),     cmocka_unit_test(test_qp_encode),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_hex),           cmocka_unit_test(test_readers_in_pieces),
		cmocka_unit_test(test_utf8_valid),    cmocka_unit_test(test_utf8_next),
		cmocka_unit_test(test_utf8_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
