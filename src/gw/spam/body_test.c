#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/views_testing.h"

static const char *body(const char *raw)
{
	return listed(spam_body(read_mail(raw)));
}

static void paragraphs_are_lines(void **state UNUSED)
{
	assert_string_equal(body("Subject: s\n\none\ntwo\n\nthree\n"), "[s\n][one two\n][three ]");
	assert_string_equal(body("\none \t two\n \n \n three\n"), "[\n][one two\n][ three ]");
	assert_string_equal(body("\n one \n\ntwo"), "[\n][ one \n][two]");
}

static void the_last_subject_counts(void **state UNUSED)
{
	assert_string_equal(body("Subject: a\nSubject: =?utf-8?q?b?=\n\nx"), "[b\n][x]");
}

static void nul_ends_a_paragraph(void **state UNUSED)
{
	struct spam_texts t = spam_body(read_bytes(STR("\na\0b")));

	assert_string_equal(listed(t), "[\n][a\n][b]");
}

static void wide_space_needs_decoded_text(void **state UNUSED)
{
	assert_string_equal(body("\na\xc2\xa0\xc2\xa0"
				 "b"),
			    "[\n][a b]");
	assert_string_equal(body("Content-Type: text/plain; charset=koi8-r\n\na\x9a\xc1"),
			    "[\n][a \xd0\xb0]");
}

static void parts_are_joined(void **state UNUSED)
{
	assert_string_equal(body("Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\n\none\n\n"
				 "--b\nContent-Type: image/gif\n\nxx\n--b\nA: b\n\ntwo\n--b--\n"),
			    "[\n][one\n][two]");
}

static void long_paragraphs_are_split_after_a_space(void **state UNUSED)
{
	struct spam_texts t = spam_body(read_bytes(repeated("\n", "123456789 ", 300, "")));

	assert_int_equal(t.n, 3);
	assert_int_equal(t.v[1].n, 2040);
	t = spam_body(read_bytes(repeated("\n", "x", 5000, "")));
	assert_int_equal(t.n, 4);
	assert_int_equal(t.v[1].n, 2048);
	assert_int_equal(t.v[3].n, 5000 - 2 * 2048);
}

static size_t total(struct spam_texts t)
{
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++)
		n += t.v[i].n;
	return n;
}

static void large_parts_are_cut(void **state UNUSED)
{
	assert_int_equal(total(spam_body(read_bytes(repeated("\n", "x", 60000, "")))), 50001);
	/* At a newline or space that comes soon, in characters. */
	assert_int_equal(total(spam_body(read_bytes(repeated("\n", "123456789 ", 6000, "")))),
			 50011);
	assert_int_equal(total(spam_body(read_bytes(repeated("\n", "\xc3\xa4", 60000, "")))),
			 100001);
	options.body_part_max = 0;
	assert_int_equal(total(spam_body(read_bytes(repeated("\n", "x", 60000, "")))), 60001);
}

static void rawbody_is_decoded_and_cut_into_chunks(void **state UNUSED)
{
	struct spam_texts t = spam_rawbody(read_bytes(repeated("\n", "123456789\n", 500, "")));

	assert_int_equal(t.n, 2);
	assert_int_equal(t.v[0].n, 2050);
	t = spam_rawbody(read_bytes(repeated("\n", "x", 2048, "")));
	assert_int_equal(t.n, 1);
	t = spam_rawbody(read_bytes(repeated("\n", "x", 600000, "")));
	assert_int_equal(total(t), 500000);
	t = spam_rawbody(read_mail("Content-Transfer-Encoding: base64\n\naGk="));
	assert_string_equal(listed(t), "[hi]");
	t = spam_rawbody(read_mail("Content-Type: text/calendar\n\nx"));
	assert_int_equal(t.n, 0);
	t = spam_rawbody(read_mail("Content-Type: message/delivery-status\n\nx"));
	assert_int_equal(t.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(paragraphs_are_lines), UNIT(the_last_subject_counts),
		UNIT(nul_ends_a_paragraph), UNIT(wide_space_needs_decoded_text),
		UNIT(parts_are_joined),     UNIT(long_paragraphs_are_split_after_a_space),
		UNIT(large_parts_are_cut),  UNIT(rawbody_is_decoded_and_cut_into_chunks),
	};

	return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
