/* What readers see: header values, file names, addresses, bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/mime/mime.h"

struct pair {
	struct str in;
	const char *out;
};

static struct mime *parse(struct arena *a, struct str raw)
{
	struct mime *m = NULL;
	struct err e;

	assert_int_equal(mime_parse(a, raw, NULL, &m, &e), 0);
	return m;
}

static void compare(struct str in, struct str got, const char *expected)
{
	if (!str_eq(got, str_of(expected)))
		fail_msg("%.*s\ngives \"%.*s\"\n  not \"%s\"", STR_ARG(in), STR_ARG(got), expected);
}

static void test_encoded_words(void **state)
{
	static const struct pair pairs[] = {
		/* RFC 2047, section 8 */
		{ STR_INIT("(=?ISO-8859-1?Q?a?=)"), "(a)" },
		{ STR_INIT("=?ISO-8859-1?Q?a?= b"), "a b" },
		{ STR_INIT("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?="), "ab" },
		{ STR_INIT("=?ISO-8859-1?Q?a?=  \r\n\t=?ISO-8859-1?Q?b?="), "ab" },
		{ STR_INIT("=?ISO-8859-1?Q?a_b?="), "a b" },
		{ STR_INIT("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?="), "a b" },
		{ STR_INIT("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>"),
		  "Keith Moore <moore@cs.utk.edu>" },
		{ STR_INIT("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= "
			   "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
		  "If you can read this you understand the example." },
		{ STR_INIT("=?utf-8*de?q?gr=C3=BC?="), "grü" },
		/* as found in mails */
		{ STR_INIT("=?utf-8?q?=C3?= =?UTF-8?b?vA==?="), "ü" },
		{ STR_INIT("=?iso-2022-jp?b?GyRCJUYbKEI=?= =?iso-2022-jp?b?GyRCJUYbKEI=?="),
		  "テテ" },
		{ STR_INIT("\"=?utf-8?q?a?=\""), "\"a\"" },
		{ STR_INIT("x=?utf-8?q?a?=y=?utf-8?q?b?=z"), "xaybz" },
		{ STR_INIT("=?utf-8?q?with blanks\n and folds?="), "with blanks and folds" },
		{ STR_INIT("=?utf-8?q?100%=?="), "100%=" },
		{ STR_INIT("=?utf-8?b?YWJj\n ZGVm?="), "abcdef" },
		{ STR_INIT("=?utf-8?b?YWJjZA?="), "abcd" },
		{ STR_INIT("=?x-nonsense?q?=E4?="), "ä" },
		{ STR_INIT("=?utf-8?q??"
			   "= x"),
		  "x" },
		/* none of them */
		{ STR_INIT("=?utf-8?x?a?="), "=?utf-8?x?a?=" },
		{ STR_INIT("=?utf-8?q?a"), "=?utf-8?q?a" },
		{ STR_INIT("=?utf-8?q?a =?utf-8?q?b?="), "=?utf-8?q?a b" },
		{ STR_INIT("=??q?a?="), "=??q?a?=" },
		{ STR_INIT("=?a b?q?c?="), "=?a b?q?c?=" },
		{ STR_INIT("=?"), "=?" },
		/* bytes that are not ASCII */
		{ STR_INIT(" gr\xc3\xbc\xc3\x9f"
			   "e "),
		  "grüße" },
		{ STR_INIT("gr\xfc\xdf"
			   "e =?utf-8?q?=C3=A4?="),
		  "grüße ä" },
		{ STR_INIT("a\r\n b\n\tc\rd"), "a b\tc d" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);

		compare(pairs[i].in, mime_text_decode(a, pairs[i].in), pairs[i].out);
	}
}

static void test_word_limit(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	struct str out;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 20);
	for (int i = 0; i < MIME_WORDS_MAX + 1; i++)
		buf_addz(&b, "=?utf-8?q?x?= ");
	out = mime_text_decode(a, buf_str(&b));
	assert_int_equal(out.n, MIME_WORDS_MAX + strlen(" =?utf-8?q?x?="));
}

static void test_filenames(void **state)
{
	static const struct pair pairs[] = {
		{ STR_INIT("Content-Type: a/b; name=x.txt"), "x.txt" },
		{ STR_INIT("Content-Type: a/b; name=x.txt\nContent-Disposition: inline"), "x.txt" },
		{ STR_INIT("Content-Type: a/b; name=x.txt\n"
			   "Content-Disposition: attachment; filename=\"y z.txt\""),
		  "y z.txt" },
		{ STR_INIT("Content-Disposition: attachment; filename=\" a\\\"b\\\\c \""),
		  "a\"b\\c" },
		{ STR_INIT("Content-Disposition: attachment; filename=two words.exe; x=y"),
		  "two words.exe" },
		{ STR_INIT("Content-Disposition: attachment; filename=x.exe size=12"), "x.exe" },
		{ STR_INIT("Content-Disposition: attachment; filename=\"x.exe"), "x.exe" },
		{ STR_INIT("Content-Disposition: attachment; filename=\"x\".exe"), "x.exe" },
		{ STR_INIT("Content-Disposition: attachment; filename=\"folded\n name.exe\""),
		  "folded name.exe" },
		{ STR_INIT("Content-Disposition: attachment; filename=\"x\0.exe\0\""), "x .exe" },
		{ STR_INIT("Content-Disposition: attachment filename=x.exe"), "x.exe" },
		{ STR_INIT("Content-Disposition: ; filename=x.exe"), "x.exe" },
		/* RFC 2231 */
		{ STR_INIT("Content-Type: a/b; "
			   "name*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"),
		  "This is ***fun***" },
		{ STR_INIT("Content-Type: a/b; name*0*=us-ascii'en'This%20is%20even%20more%20;\n "
			   "name*1*=%2A%2A%2Afun%2A%2A%2A%20; name*2=\"isn't it!\""),
		  "This is even more ***fun*** isn't it!" },
		{ STR_INIT("Content-Type: a/b; name*1=.exe; name*0=x; name*3=not"), "x.exe" },
		{ STR_INIT("Content-Type: a/b; name*1=x; name*2=.exe"), "x.exe" },
		{ STR_INIT("Content-Type: a/b; name*=iso-8859-1''%E4.exe; name=b"), "ä.exe" },
		{ STR_INIT("Content-Type: a/b; name*0*=utf-8''%C3; name*1*=%A4.exe"), "ä.exe" },
		{ STR_INIT("Content-Type: a/b; name*=no-charset%2Eexe"), "no-charset.exe" },
		{ STR_INIT("Content-Type: a/b; NAME*=''x%2"), "x%2" },
		/* the language tag that made it empty in 5.521 */
		{ STR_INIT("Content-Disposition: attachment; filename*=utf-8'en-US'x.exe"),
		  "x.exe" },
		/* RFC 2047 where it must not be, as most mailers do it */
		{ STR_INIT("Content-Disposition: attachment; "
			   "filename=\"=?utf-8?b?w6Q=?= =?utf-8?q?=2Eexe?=\""),
		  "ä.exe" },
		{ STR_INIT("Content-Disposition: attachment; filename==?utf-8?b?w6Q=?="), "ä" },
		{ STR_INIT("Content-Disposition: attachment; filename=\"\xe4.exe\""), "ä.exe" },
		{ STR_INIT("Content-Disposition: attachment"), "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
		struct mime *m = parse(a, pairs[i].in);

		compare(pairs[i].in, mime_filename(a, m), pairs[i].out);
	}
}

static void test_small_accessors(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct mime *m = parse(a, STR("Message-ID: <1@a>\nMessage-Id:\n  <2@a> \nContent-Type: "
				      "text/plain; CharSet=\"UTF-8\"\nSubject: =?utf-8?q?=C3=A4?=\n"
				      "Content-Id: <c@d>\nContent-Disposition: (c) Inline; x=y\n"));

	(void)state;
	compare(m->raw, mime_message_id(a, m), "<2@a>");
	compare(m->raw, mime_charset(m), "UTF-8");
	compare(m->raw, mime_header_text(a, mime_find(m, STR("SUBJECT"))), "ä");
	compare(m->raw, m->content_id, "c@d");
	compare(m->raw, m->disposition, "inline");
	compare(m->raw, mime_message_id(a, parse(a, STR("A: b\n"))), "");
	compare(m->raw, mime_charset(parse(a, STR("A: b\n"))), "");
}

static void add_address(struct buf *b, const struct mime_address *x)
{
	if (x->group.n)
		buf_addf(b, "%.*s: ", STR_ARG(x->group));
	if (x->name.n)
		buf_addf(b, "%.*s ", STR_ARG(x->name));
	buf_addf(b, "<%.*s>,", STR_ARG(x->addr));
}

static void test_address_lists(void **state)
{
	static const struct pair pairs[] = {
		{ STR_INIT("a@b.example"), "<a@b.example>," },
		{ STR_INIT("Jo <a@b>, c@d"), "Jo <a@b>,<c@d>," },
		{ STR_INIT("\"Doe, J\" <a@b>"), "Doe, J <a@b>," },
		{ STR_INIT("\"a \\\" b\" <a@b>"), "a \" b <a@b>," },
		{ STR_INIT("a@b (Jo (x) Doe)"), "Jo (x) Doe <a@b>," },
		{ STR_INIT("(c) Jo (d) Doe <a(e)@b>(f)"), "Jo Doe <a@b>," },
		{ STR_INIT("=?utf-8?q?J=C3=B6?= <a@b>"), "Jö <a@b>," },
		{ STR_INIT("<>"), "<>," },
		{ STR_INIT("<@r1,@r2:a@b>"), "<a@b>," },
		{ STR_INIT("list: a@b, Jo <c@d>; e@f"), "list: <a@b>,list: Jo <c@d>,<e@f>," },
		{ STR_INIT("undisclosed-recipients:;"), "" },
		{ STR_INIT("\"q x\"@b"), "<\"q x\"@b>," },
		{ STR_INIT("a . b @ c . d"), "<a.b@c.d>," },
		{ STR_INIT("a@b c@d"), "<a@b>,<c@d>," },
		{ STR_INIT("a@[IPv6:::1]"), "<a@[IPv6:::1]>," },
		{ STR_INIT("a@b <c@d>"), "a@b <c@d>," },
		{ STR_INIT("Jo <a@b"), "Jo <a@b>," },
		{ STR_INIT("Jo <a@b, c@d"), "Jo <a@b>,<c@d>," },
		{ STR_INIT("\"Jo <a@b>"), "Jo <a@b>," },
		{ STR_INIT("(Jo <a@b>"), "(Jo <a@b>," },
		{ STR_INIT("o'neil@b, x/y@c"), "<o'neil@b>,<x/y@c>," },
		{ STR_INIT("Jo\n\t<a@b>"), "Jo <a@b>," },
		{ STR_INIT("just words"), "" },
		{ STR_INIT(",, ;;"), "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
		struct mime_addresses list = mime_address_list(a, pairs[i].in);
		struct buf b;

		buf_init(&b, a, 1000);
		for (size_t j = 0; j < list.n; j++)
			add_address(&b, &list.p[j]);
		compare(pairs[i].in, buf_str(&b), pairs[i].out);
	}
}

static void test_first_address(void **state)
{
	static const struct pair pairs[] = {
		{ STR_INIT("a@b.example"), "a@b.example" },
		{ STR_INIT("Jo <a@b>, c@d"), "a@b" },
		{ STR_INIT("\"x <y@z>\" <a@b>"), "a@b" },
		{ STR_INIT("a@b (comment), c@d"), "a@b" },
		{ STR_INIT("friends: a@b, c@d;"), "a@b" },
		{ STR_INIT("\"local\"@b"), "\"local\"@b" },
		{ STR_INIT("<a..b@c...d>"), "a.b@c.d" },
		{ STR_INIT("<>"), "" },
		{ STR_INIT(""), "" },
		{ STR_INIT("Jo <a@b"), "a@b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);

		compare(pairs[i].in, mime_address_first(a, pairs[i].in), pairs[i].out);
	}
}

static int collect(void *ctx, struct str bytes, struct err *e)
{
	struct buf *b = ctx;

	(void)e;
	buf_add(b, bytes);
	return 0;
}

static int refuse(void *ctx, struct str bytes, struct err *e)
{
	(void)ctx;
	return err_set(e, ERR_TEMP, "%zu bytes refused", bytes.n);
}

static void test_bodies(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct mime *m =
		parse(a, STR("Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer"
			     "-Encoding: quoted-printable\n\n=E4=\n=80x"));
	struct sink bad = { refuse, NULL };
	struct sink to = { collect, NULL };
	struct str out;
	struct err e;
	struct buf b;

	(void)state;
	compare(m->raw, mime_body_text(a, m, 100), "ä€x");
	compare(m->raw, mime_body_text(a, m, 4), "ä");
	compare(m->raw, mime_body_start(a, m, 1), "\xe4");
	compare(m->raw, mime_body_start(a, m, 100), "\xe4\x80x");
	assert_int_equal(mime_body(a, m, 2, &out, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_init(&b, a, 100);
	to.ctx = &b;
	assert_int_equal(mime_body_write(m, &to, &e), 0);
	compare(m->raw, buf_str(&b), "\xe4\x80x");
	assert_int_equal(mime_body_write(m, &bad, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	m = parse(a, STR("A: b\n\nview"));
	assert_int_equal(mime_body(a, m, 4, &out, &e), 0);
	assert_ptr_equal(out.p, m->body.p);
	assert_int_equal(mime_body(a, m, 3, &out, &e), -1);
	compare(m->raw, mime_body_start(a, m, 2), "vi");
}

/* A body of several chunks comes out whole, whichever way it is asked for. */
static void test_large_body(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	struct sink to = { collect, NULL };
	struct str whole;
	struct mime *m;
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b, a, 1 << 20);
	buf_addz(&b, "Content-Transfer-Encoding: base64\n\n");
	for (int i = 0; i < 5000; i++)
		buf_addz(&b, "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=\n");
	m = parse(a, str_copy(a, buf_str(&b)));
	assert_int_equal(mime_body(a, m, 1 << 20, &whole, &e), 0);
	assert_int_equal(whole.n, 5000 * 26);
	buf_init(&b, a, 1 << 20);
	to.ctx = &b;
	assert_int_equal(mime_body_write(m, &to, &e), 0);
	assert_true(str_eq(buf_str(&b), whole));
	assert_true(str_eq(mime_body_start(a, m, 70001), str_sub(whole, 0, 70001)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encoded_words), cmocka_unit_test(test_word_limit),
		cmocka_unit_test(test_filenames),     cmocka_unit_test(test_small_accessors),
		cmocka_unit_test(test_address_lists), cmocka_unit_test(test_first_address),
		cmocka_unit_test(test_bodies),        cmocka_unit_test(test_large_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
