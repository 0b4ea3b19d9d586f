#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "lib/mime/build.h"

static void compare(struct str got, const char *expected)
{
	if (!str_eq(got, str_of(expected)))
		fail_msg("\n%.*s\nis not\n%s", STR_ARG(got), expected);
}

static void test_encode_text(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);

	(void)state;
	compare(mime_encode_text(a, STR("plain text")), "plain text");
	compare(mime_encode_text(a, STR("one \r\n  two\n\n \n\tthree\n")), "one\n\ttwo\n\tthree");
	/* Only what needs it is encoded, so that the rest can be searched for. */
	compare(mime_encode_text(a, STR("SPAM: schöne Grüße, bye")),
		"SPAM: =?UTF-8?Q?sch=C3=B6ne_Gr=C3=BC=C3=9Fe,?= bye");
	compare(mime_encode_text(a, STR("привет")), "=?UTF-8?B?0L/RgNC40LLQtdGC?=");
	compare(mime_encode_text(a, STR("not =?utf-8?q?x?=")),
		"not =?UTF-8?Q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=");
	compare(mime_encode_text(a, STR("a\0b\x1b\xff")), "a b =?UTF-8?B?77+9?=");
	compare(mime_encode_text(a, STR(" \n ")), "");
	compare(mime_encode_text(a, STR_NONE), "");
}

/* Whatever goes in comes out again, in lines that are short enough. */
static void check_round_trip(struct arena *a, struct str text)
{
	struct str encoded = mime_encode_text(a, text), rest = encoded, line;
	bool first = true;

	for (; str_line(&rest, &line); first = false) {
		assert_true(line.n + (first ? 20 : 0) <= 78 || line.n <= MIME_LINE_MAX);
		assert_true(first || line.p[0] == ' ' || line.p[0] == '\t');
		if (str_find(line, STR("=?")) >= 0)
			assert_true(line.n <= 78);
	}
	for (size_t i = 0; i < encoded.n; i++)
		assert_true(encoded.p[i] == '\n' || encoded.p[i] == '\t' ||
			    (encoded.p[i] >= ' ' && encoded.p[i] <= '~'));
	compare(mime_text_decode(a, encoded), str_z(a, text));
}

static void test_encode_long_text(void **state)
{
	static const char *words[] = { "ascii", "grüße", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
				       "x",     "?=",    "=?" };
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct buf b;

		buf_init(&b, a, 100000);
		for (int j = 0; j <= i; j++) {
			seed = seed * 1103515245 + 12345;
			if (b.n)
				buf_addc(&b, ' ');
			buf_addz(&b, words[(seed >> 16) % ARRAY_LEN(words)]);
		}
		check_round_trip(a, buf_str(&b));
	}
	for (size_t n = 1; n < 3000; n += 97) {
		char *long_word = arena_alloc(a, n);

		memset(long_word, 'x', n);
		check_round_trip(a, (struct str){ long_word, n });
	}
}

static void test_text_part(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str part = mime_build_text_part(a, STR("html"), STR("<b>ä</b>\nend"),
					       STR("REMOVED_ATTACHMENT_2.html"), STR("\r\n"));
	struct mime *m;
	struct err e;

	(void)state;
	compare(part, "Content-Type: text/html; charset=\"UTF-8\"\r\n"
		      "Content-Disposition: attachment; filename=\"REMOVED_ATTACHMENT_2.html\"\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		      "<b>=C3=A4</b>\r\nend=\r\n");
	assert_int_equal(mime_parse(a, part, NULL, &m, &e), 0);
	assert_int_equal(m->mail->anomalies, 0);
	compare(mime_filename(a, m), "REMOVED_ATTACHMENT_2.html");
	compare(mime_body_text(a, m, 1000), "<b>ä</b>\r\nend");
}

static void test_boundary_is_free(void **state)
{
	struct str raw = STR("--ab\nx --free\n--fre\n--taken-by-a-longer-one");

	(void)state;
	assert_false(mime_boundary_is_free(raw, STR("ab")));
	assert_false(mime_boundary_is_free(raw, STR("taken")));
	assert_true(mime_boundary_is_free(raw, STR("free")));
	assert_true(mime_boundary_is_free(STR(""), STR("free")));
}

static int collect(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

static struct str written(struct arena *a, const struct mime_draft *d)
{
	struct sink to = { collect, NULL };
	struct buf b;
	struct err e;

	buf_init(&b, a, 10000);
	to.ctx = &b;
	assert_int_equal(mime_draft_write(a, d, &to, &e), 0);
	return buf_str(&b);
}

static void test_draft(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct mime_draft d = { .headers = STR("Subject: s\nMIME-Version: 1.0\n"),
				.text = STR("grüße\n") };

	(void)state;
	compare(written(a, &d), "Subject: s\nMIME-Version: 1.0\n"
				"Content-Type: text/plain; charset=\"UTF-8\"\n"
				"Content-Transfer-Encoding: quoted-printable\n\n"
				"gr=C3=BC=C3=9Fe\n");
}

static void test_draft_with_attachment(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 20);
	struct str original = STR("Subject: o\n\n\xff\0 8-bit\n");
	struct mime_draft d = { .headers = STR("Subject: s\nMIME-Version: 1.0\n"),
				.text = STR("text"),
				.attach = &original,
				.attach_name = STR("original_message.eml"),
				.boundary = STR("b") };
	struct mime *m;
	struct err e;

	(void)state;
	assert_int_equal(mime_parse(a, written(a, &d), NULL, &m, &e), 0);
	assert_int_equal(m->mail->anomalies, 0);
	assert_int_equal(m->mail->part_count, 4);
	compare(m->type, "multipart/mixed");
	compare(mime_body_text(a, m->child, 100), "text");
	compare(mime_filename(a, m->child->next), "original_message.eml");
	compare(m->child->next->disposition, "attachment");
	assert_true(str_eq(m->child->next->body, original));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode_text), cmocka_unit_test(test_encode_long_text),
		cmocka_unit_test(test_text_part),   cmocka_unit_test(test_boundary_is_free),
		cmocka_unit_test(test_draft),       cmocka_unit_test(test_draft_with_attachment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
