/* MIMEEval; expectations are SpamAssassin's answers to the same mails. */
#include "gw/spam/eval_testing.h"

#define QP(body)                                                                                   \
	TYPED_MAIL("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable", body)
#define BASE64(body) TYPED_MAIL("Content-Type: text/plain\nContent-Transfer-Encoding: base64", body)
#define X10 "xxxxxxxxxx"
#define X70 X10 X10 X10 X10 X10 X10 X10
#define PLAIN "Content-Type: text/plain\n\n"
#define HTML "Content-Type: text/html\n\n"
#define ALTERNATIVE(first, second)                                                                 \
	"Content-Type: multipart/alternative; boundary=Y\n\n--Y\n" first "\n--Y\n" second          \
	"\n--Y--\n"

static void encodings(void **state)
{
	static const struct eval_case cases[] = {
		{ QP("a=41"), "rawbody check_for_mime('mime_qp_count')", 1 },
		{ QP("a=E4 =3D =4a"), "rawbody check_for_mime('mime_qp_count')", 0 },
		{ QP("a=20=20\nb=09 \n"), "rawbody check_for_mime('mime_qp_count')", 0 },
		{ QP("a=20b"), "rawbody check_for_mime('mime_qp_count')", 1 },
		{ QP(X70 "xxxxxxxx\n"), "rawbody check_for_mime('mime_qp_long_line')", 0 },
		{ QP(X70 "xxxxxxxxx\n"), "rawbody check_for_mime('mime_qp_long_line')", 1 },
		{ TEXT_MAIL(X70 X70), "rawbody check_for_mime('mime_qp_long_line')", 0 },
		{ QP("=41=42\n"), "body check_qp_ratio('0.28')", 1 },
		{ QP("=41=42\n"), "body check_qp_ratio('0.29')", 0 },
		{ BASE64("aGFsbG8="), "rawbody check_for_mime('mime_base64_count')", 1 },
		{ BASE64("aGFsbG8="), "rawbody check_for_mime('mime_base64_encoded_text')", 1 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=utf-8\n"
			     "Content-Transfer-Encoding: base64",
			     "aGFsbG8="),
		  "rawbody check_for_mime('mime_base64_encoded_text')", 0 },
		{ BASE64(X70 "xxxxxxx\n"), "body check_base64_length('78','79')", 1 },
		{ BASE64(X70 "xxxxxxx\n"), "body check_base64_length('79')", 0 },
		{ BASE64("aGFsbG8="), "rawbody check_for_mime('mime_base64_blanks')", 0 },
	};

	(void)state;
	EVAL_CASES("MIMEEval", cases);
}

static void types(void **state)
{
	static const struct eval_case cases[] = {
		{ HTML_MAIL("x"), "body check_for_mime_html()", 1 },
		{ HTML_MAIL("x"), "body check_for_mime_html_only()", 1 },
		{ PARTS_MAIL("mixed", HTML "x", PLAIN "x"), "body check_for_mime_html()", 1 },
		{ PARTS_MAIL("mixed", HTML "x", PLAIN "x"), "body check_for_mime_html_only()", 0 },
		{ TEXT_MAIL("x"), "body check_for_mime_html()", 0 },
		{ PARTS_MAIL("alternative", PLAIN "x", "Content-Type: image/png\n\nx"),
		  "body check_ma_non_text()", 1 },
		{ PARTS_MAIL("alternative", PLAIN "x", "Content-Type: application/rtf\n\nx"),
		  "body check_ma_non_text()", 0 },
		{ PARTS_MAIL("mixed", PLAIN "x", "Content-Type: image/png\n\nx"),
		  "body check_ma_non_text()", 0 },
		{ PARTS_MAIL("mixed", ALTERNATIVE(PLAIN "x", HTML "x"),
			     "Content-Type: image/png\n\nx"),
		  "body check_ma_non_text()", 0 },
		{ PARTS_MAIL("mixed", PLAIN "x",
			     "Content-Disposition: attachment; filename=a\n\nx"),
		  "body check_for_mime('mime_attachment')", 1 },
		{ PARTS_MAIL("mixed", PLAIN "x", "Content-Type: application/pdf; name=a\n\nx"),
		  "body check_for_mime('mime_attachment')", 0 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=\"iso-1234-1\"", "x"),
		  "body check_for_mime('mime_bad_iso_charset')", 1 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=iso-8859-123", "x"),
		  "body check_for_mime('mime_bad_iso_charset')", 1 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=ISO-2022-JP-3", "x"),
		  "body check_for_mime('mime_bad_iso_charset')", 0 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=iso-abc", "x"),
		  "body check_for_mime('mime_bad_iso_charset')", 0 },
	};

	(void)state;
	EVAL_CASES("MIMEEval", cases);
}

/* The last text and the last HTML after an alternative began, attachments apart. */
static void ratio(void **state)
{
#define FIVE "body check_mime_multipart_ratio('0.49', '0.51')"
	static const struct eval_case cases[] = {
		{ PARTS_MAIL("alternative", PLAIN "x", HTML "xx"), FIVE, 1 },
		{ PARTS_MAIL("mixed", PLAIN "x", HTML "xx"), FIVE, 0 },
		{ PARTS_MAIL("mixed", PLAIN "x", HTML "xx"),
		  "body check_mime_multipart_ratio('1', '1.1')", 1 },
		{ PARTS_MAIL("mixed", ALTERNATIVE(PLAIN "xx", HTML "xx"), PLAIN "x"), FIVE, 1 },
		{ PARTS_MAIL("mixed", ALTERNATIVE(PLAIN "x", HTML "x"), HTML "xx"), FIVE, 1 },
		{ PARTS_MAIL("mixed", ALTERNATIVE(PLAIN "x", HTML "xx"),
			     "Content-Type: text/plain\nContent-Disposition: attachment\n\nxxxx"),
		  FIVE, 1 },
		{ PARTS_MAIL("mixed", PLAIN "x", ALTERNATIVE(HTML "x", HTML "xx")),
		  "body check_mime_multipart_ratio('0', '0.01')", 1 },
	};

	(void)state;
	EVAL_CASES("MIMEEval", cases);
}

static void octets(void **state)
{
	static const struct eval_case cases[] = {
		{ TEXT_MAIL("a\x01\x0c\x7f"), "body check_for_ascii_text_illegal()", 0 },
		{ TEXT_MAIL("a\xe4"), "body check_for_ascii_text_illegal()", 1 },
		{ TEXT_MAIL("a\rb"), "body check_for_ascii_text_illegal()", 1 },
		{ QP("a=E4"), "body check_for_ascii_text_illegal()", 0 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=ascii", "a\xe4"),
		  "body check_for_ascii_text_illegal()", 0 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=", "a\xe4"),
		  "body check_for_ascii_text_illegal()", 0 },
		{ TYPED_MAIL("Content-Type: multipart/mixed", "a\xe4"),
		  "body check_for_ascii_text_illegal()", 0 },
		{ HTML_MAIL("a\xe4"), "body check_for_ascii_text_illegal()", 0 },
		{ TEXT_MAIL("&#x12AB;xxxx"), "body check_abundant_unicode_ratio(0.25)", 1 },
		{ TEXT_MAIL("&#x12AB;xxxx"), "body check_abundant_unicode_ratio(0.26)", 0 },
		{ TEXT_MAIL("&#x12ab;xxxx"), "body check_abundant_unicode_ratio(0.01)", 0 },
		{ PARTS_MAIL("mixed", PLAIN "&#x12AB;xx", PLAIN "xx"),
		  "body check_abundant_unicode_ratio(0.25)", 1 },
		{ PARTS_MAIL("mixed", PLAIN "&#x12AB;xx", PLAIN "xxx"),
		  "body check_abundant_unicode_ratio(0.25)", 0 },
	};

	(void)state;
	EVAL_CASES("MIMEEval", cases);
}

static void flags(void **state)
{
	static const struct eval_case cases[] = {
		{ "Subject: x\n--foo\nbar\n",
		  "body check_msg_parse_flags('missing_head_body_separator')", 1 },
		{ PARTS_MAIL("mixed", PLAIN "x", PLAIN "x") "more\n",
		  "body check_msg_parse_flags('mime_epilogue_exists')", 1 },
		{ PARTS_MAIL("mixed", PLAIN "x", PLAIN "x") " .\n",
		  "body check_msg_parse_flags('mime_epilogue_exists')", 0 },
		{ TEXT_MAIL("x"), "body check_msg_parse_flags('no_such_flag')", 0 },
	};

	(void)state;
	EVAL_CASES("MIMEEval", cases);
}

#define LOUD "HELLO WORLD THIS IS TEXT HELLO WORLD THIS IS TEXT "
#define LOUD_200 LOUD LOUD LOUD LOUD

static void uppercase(void **state)
{
	static const struct eval_case cases[] = {
		{ TEXT_MAIL(LOUD_200), "body check_for_uppercase('75', '100')", 1 },
		{ TEXT_MAIL(LOUD_200), "body check_for_uppercase('100', '110')", 0 },
		{ TEXT_MAIL(LOUD), "body check_for_uppercase('0', '100')", 0 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=koi8-r", LOUD_200),
		  "body check_for_uppercase('75', '100')", 0 },
		{ TYPED_MAIL("Content-Type: text/plain; charset=koi.8", LOUD_200),
		  "body check_for_uppercase('75', '100')", 1 },
		{ PARTS_MAIL("mixed", PLAIN LOUD_200, "Content-Type: a/b; charset=gb2312\n\nx"),
		  "body check_for_uppercase('75', '100')", 0 },
	};

	(void)state;
	EVAL_CASES("MIMEEval", cases);
}

static unsigned faraway(const char *locales, const char *charset, const char *body)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1u << 20);
	struct str conf = str_fmt(a, "ok_locales %s\n", locales);
	struct str mail = str_fmt(a, "Content-Type: text/plain; charset=%s\n\n%s", charset, body);

	return eval_hits("MIMEEval", str_z(a, conf), mail,
			 "rawbody check_for_mime('mime_faraway_charset')") +
	       10 * eval_hits("MIMEEval", str_z(a, conf), mail, "body check_for_faraway_charset()");
}

/* check_for_faraway_charset wants to see some of it. */
static void locales(void **state)
{
	(void)state;
	assert_int_equal(faraway("en", "koi8-r", "x"), 1);
	assert_int_equal(faraway("en", "koi8-r", "\xc1\xc2\xc3\xc4"), 11);
	assert_int_equal(faraway("en ru", "koi8-r", "\xc1\xc2\xc3\xc4"), 0);
	assert_int_equal(faraway("all", "koi8-r", "\xc1\xc2\xc3\xc4"), 0);
	assert_int_equal(faraway("en", "windows-31j", "x"), 0);
	assert_int_equal(faraway("ja", "iso-2022-jp", "x"), 0);
	assert_int_equal(faraway("ja", "iso-2022-jp-2", "x"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodings), cmocka_unit_test(types), cmocka_unit_test(ratio),
		cmocka_unit_test(octets),    cmocka_unit_test(flags), cmocka_unit_test(uppercase),
		cmocka_unit_test(locales),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
