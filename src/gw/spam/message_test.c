#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/views_testing.h"

/* "type type …" of all parts, leaves with a dot. */
static const char *types(struct spam_message *m)
{
	struct str all = STR_NONE;
	size_t n;
	const struct spam_part *const *parts = spam_parts(m, &n);

	for (size_t i = 0; i < n; i++)
		all = str_cat(arena, all,
			      str_fmt(arena, "%s%.*s%s", i ? " " : "", STR_ARG(parts[i]->type),
				      parts[i]->leaf ? "." : ""));
	return str_z(arena, all);
}

static void header_ends_at_an_empty_line(void **state UNUSED)
{
	struct spam_message *m = read_mail("Subject: s\n\nbody\n");

	assert_false(spam_message_flags(m)->missing_head_body_separator);
	assert_string_equal(listed(spam_body(m)), "[s\n][body ]");
	assert_string_equal(listed(spam_rawbody(m)), "[body\n]");
	assert_str(spam_full(m), "Subject: s\n\nbody\n");
	assert_int_equal(spam_body_size(m), 5);
}

static void header_ends_where_it_stops_making_sense(void **state UNUSED)
{
	struct spam_message *m = read_mail("A: b\n--x\ntext\n");

	assert_true(spam_message_flags(m)->missing_head_body_separator);
	assert_string_equal(listed(spam_rawbody(m)), "[--x\ntext\n]");
	m = read_mail("no field\nnone\nnor this\nSubject: s\nfourth\nfifth\n");
	assert_true(spam_message_flags(m)->missing_head_body_separator);
	assert_string_equal(listed(spam_body(m)), "[s\n][fourth fifth ]");
	m = read_mail("Subject: only");
	assert_true(spam_message_flags(m)->missing_head_body_separator);
	assert_string_equal(listed(spam_body(m)), "[only\n]");
}

static void nothing_is_a_mail_too(void **state UNUSED)
{
	struct spam_message *m = read_bytes(STR_NONE);

	assert_string_equal(types(m), "text/plain.");
	assert_string_equal(listed(spam_body(m)), "[\n]");
}

static void mailbox_separators_are_dropped(void **state UNUSED)
{
	assert_str(spam_full(read_mail("From a@b.test Mon\nA: b\n\n")), "A: b\n\n");
	assert_str(spam_full(read_mail("From : b\n\n")), "From : b\n\n");
	assert_str(spam_full(read_mail("From  : b\n\n")), "\n");
	assert_str(spam_full(read_mail(" 1-Jan-1999 01:02:03,x\nA: b\n\n")), "A: b\n\n");
}

static void crlf_is_lf_in_texts_but_not_in_full(void **state UNUSED)
{
	struct spam_message *m = read_mail("Subject: s\r\nB: c\n\r\nx\r\ny\r\n");

	assert_str(spam_full(m), "Subject: s\r\nB: c\r\n\r\nx\r\ny\r\n");
	assert_string_equal(listed(spam_rawbody(m)), "[x\ny\n]");
	assert_string_equal(listed(spam_body(m)), "[s\n][x y ]");
}

static void long_headers_are_cut(void **state UNUSED)
{
	assert_false(spam_message_flags(read_bytes(repeated("A:", "x", 8191, "\n\n")))
			     ->truncated_header);
	assert_true(spam_message_flags(read_bytes(repeated("A:", "x", 8192, "\n\n")))
			    ->truncated_header);
	assert_true(spam_message_flags(read_bytes(repeated("", "x", 257, ": y\n\n")))
			    ->truncated_header);
}

static void runs_of_blank_lines_are_cut(void **state UNUSED)
{
	struct spam_message *m = read_bytes(repeated("A: b\n\nx\n", "\n", 40, "y\n"));

	assert_int_equal(spam_rawbody(m).v[0].n, 2 + 20 + 2);
	m = read_bytes(repeated("A: b\n\nx\n", "\n", 20, "y\n"));
	assert_int_equal(spam_rawbody(m).v[0].n, 2 + 20 + 2);
	/* At the very top one more stays. */
	m = read_bytes(repeated("A: b\n\n", " \n", 40, "y\n"));
	assert_int_equal(spam_rawbody(m).v[0].n, 21 * 2 + 2);
}

static void multiparts_are_taken_apart(void **state UNUSED)
{
	struct spam_message *m = read_mail("Content-Type: multipart/mixed; boundary=b\n\n"
					   "preamble\n--b\n\none\n\n--b \n"
					   "Content-Type: text/html; name=x\n\n<b>two\n--b--\n.\n");

	assert_string_equal(types(m), "multipart/mixed text/plain. text/html.");
	assert_string_equal(listed(spam_rawbody(m)), "[one\n][<b>two]");
	assert_false(spam_message_flags(m)->mime_epilogue_exists);
	assert_true(spam_message_flags(m)->missing_mime_headers);
}

static void broken_multiparts_are_marked(void **state UNUSED)
{
	struct spam_message *m =
		read_mail("Content-Type: multipart/mixed; boundary=b\n\n--b\nX: y\n"
			  "no separator\n--b--\nepilogue\n");

	assert_true(spam_message_flags(m)->missing_mime_head_body_separator);
	assert_true(spam_message_flags(m)->mime_epilogue_exists);
	assert_string_equal(listed(spam_rawbody(m)), "[no separator]");
	/* Without boundary in the type it is text; without one in the body all is the first part.
	 */
	m = read_mail("Content-Type: multipart/mixed\n\n--b\n\none\n");
	assert_string_equal(types(m), "text/plain.");
	m = read_mail("Content-Type: multipart/mixed; boundary=b\n\nX: y\nplain\n");
	assert_string_equal(listed(spam_rawbody(m)), "[X: y\nplain\n]");
	assert_string_equal(types(m), "multipart/mixed text/plain.");
}

/* One level of it: the closing boundary that comes first is the inner one's. */
static void a_boundary_may_be_used_twice(void **state UNUSED)
{
	struct spam_message *m =
		read_mail("Content-Type: multipart/mixed; boundary=b\n\n--b\n"
			  "Content-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n"
			  "--b\n\ntwo\n--b--\n");

	assert_string_equal(types(m),
			    "multipart/mixed multipart/alternative text/plain. text/plain.");
	assert_string_equal(listed(spam_rawbody(m)), "[one][two]");
}

static void long_lines_are_broken_in_multiparts(void **state UNUSED)
{
	struct str raw = repeated("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", "x", 5000,
				  "\n--b--\n");
	struct spam_texts t = spam_rawbody(read_bytes(raw));

	assert_int_equal(t.n, 2);
	assert_int_equal(t.v[0].n + t.v[1].n, 5000 + 2);
	assert_int_equal(str_chr(t.v[0], '\n'), 2048);
}

static void messages_inside_are_read(void **state UNUSED)
{
	struct spam_message *m = read_mail("Content-Type: message/rfc822\n\n"
					   "Subject: inner\nContent-Type: text/plain\n\ninside\n");

	assert_string_equal(types(m), "message/rfc822 text/plain.");
	assert_string_equal(listed(spam_body(m)), "[\n][inside ]");
	m = read_mail("Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nx\n--b--\n");
	assert_string_equal(types(m), "multipart/digest message/rfc822 text/plain.");
	m = read_mail("Content-Type: message/partial\n\nA: b\n\nx\n");
	assert_string_equal(types(m), "message/partial.");
}

static void nesting_ends(void **state UNUSED)
{
	struct str raw = repeated("", "Content-Type: message/rfc822\n\n", 200, "A: b\n\nx\n");
	size_t n;

	spam_parts(read_bytes(raw), &n);
	assert_int_equal(n, SPAM_LEVELS_MAX + 1);
}

static void parts_end(void **state UNUSED)
{
	struct str raw = repeated("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n",
				  3000, "--b--\n");
	size_t n;

	spam_parts(read_bytes(raw), &n);
	assert_int_equal(n, SPAM_PARTS_MAX + 1);
}

static void an_attachment_called_html_is_html(void **state UNUSED)
{
	static const char *const names[] = { "x.htm", "x.HTML", "x.shtml", "x.xhtml", "html" };
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str raw =
			str_fmt(arena,
				"Content-Type: image/gif\nContent-Disposition: attachment; "
				"filename=\"%s\"\n\nx\n",
				names[i]);

		assert_str(spam_parts(read_bytes(raw), &n)[0]->effective,
			   i < 3 ? "text/html" : "image/gif");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(header_ends_at_an_empty_line),
		UNIT(header_ends_where_it_stops_making_sense),
		UNIT(nothing_is_a_mail_too),
		UNIT(mailbox_separators_are_dropped),
		UNIT(crlf_is_lf_in_texts_but_not_in_full),
		UNIT(long_headers_are_cut),
		UNIT(runs_of_blank_lines_are_cut),
		UNIT(multiparts_are_taken_apart),
		UNIT(broken_multiparts_are_marked),
		UNIT(a_boundary_may_be_used_twice),
		UNIT(long_lines_are_broken_in_multiparts),
		UNIT(messages_inside_are_read),
		UNIT(nesting_ends),
		UNIT(parts_end),
		UNIT(an_attachment_called_html_is_html),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
