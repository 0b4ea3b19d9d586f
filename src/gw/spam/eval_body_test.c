/* BodyEval; expectations are SpamAssassin's answers to the same mails. */
#include "gw/spam/eval_testing.h"

#define ALTERNATIVE(text, html)                                                                    \
	PARTS_MAIL("alternative", "Content-Type: text/plain\n\n" text,                             \
		   "Content-Type: text/html\n\n" html)

static void differences(void **state)
{
	static const struct eval_case cases[] = {
		{ ALTERNATIVE("a b c", "<p>a b d e"),
		  "body multipart_alternative_difference('49', '50')", 1 },
		{ ALTERNATIVE("a b c", "<p>a b d e"),
		  "body multipart_alternative_difference('50', '100')", 0 },
		{ ALTERNATIVE("a b", "<p>a a b b"),
		  "body multipart_alternative_difference('99', '100')", 1 },
		{ ALTERNATIVE("a", "<img src=x>"),
		  "body multipart_alternative_difference('99', '100')", 1 },
		{ ALTERNATIVE("a", "<p>--"), "body multipart_alternative_difference('1', '100')",
		  0 },
		{ PARTS_MAIL("alternative", "Content-Type: text/html\n\na b",
			     "Content-Type: text/calendar\n\nc"),
		  "body multipart_alternative_difference('1', '100')", 0 },
		{ ALTERNATIVE("a b c d e f g", "<p>a b"),
		  "body multipart_alternative_difference_count('3', '1')", 1 },
		{ ALTERNATIVE("a b c d e f", "<p>a b"),
		  "body multipart_alternative_difference_count('3', '1')", 0 },
		{ ALTERNATIVE("a b c d e f", "<p>a"),
		  "body multipart_alternative_difference_count('3', '1')", 0 },
	};

	(void)state;
	EVAL_CASES("BodyEval", cases);
}

static void lines(void **state)
{
	static const struct eval_case cases[] = {
		{ TEXT_MAIL("a\n\n \n\t\nb\n"), "body check_blank_line_ratio('59', '60', '4')", 1 },
		{ TEXT_MAIL("a\n\n\n\nb\n"), "body check_blank_line_ratio('60', '90', '4')", 0 },
		{ TEXT_MAIL("a\n\nb\n"), "body check_blank_line_ratio('10', '90', '4')", 0 },
		{ TEXT_MAIL("h e l l o\n"), "body tvd_vertical_words('100', '101')", 1 },
		{ TEXT_MAIL("hello\n"), "body tvd_vertical_words('20', '21')", 1 },
		{ TEXT_MAIL("a b\n"), "body tvd_vertical_words('0', '101')", 0 },
		{ TEXT_MAIL("12345"), "body check_body_length('5')", 1 },
		{ TEXT_MAIL("12345"), "body check_body_length('4')", 0 },
	};

	(void)state;
	EVAL_CASES("BodyEval", cases);
}

#define SIGNED "12345\n-- \nme\n-- \nyou\n"

static void plain_text(void **state)
{
	static const struct eval_case cases[] = {
		{ TEXT_MAIL("12345\n"), "body plaintext_body_length('6', '6')", 1 },
		{ TEXT_MAIL("12345\n-- \n"), "body plaintext_body_length('10', '10')", 1 },
		{ TEXT_MAIL(SIGNED), "body plaintext_body_length('13', '13')", 1 },
		{ TEXT_MAIL(SIGNED), "body plaintext_sig_length('5', '5')", 1 },
		{ TEXT_MAIL(SIGNED), "body plaintext_body_sig_ratio('2.59', '2.61')", 1 },
		{ TEXT_MAIL("a\n---\nb\n"), "body plaintext_sig_length('1')", 0 },
		{ TEXT_MAIL("a\n"), "body plaintext_body_sig_ratio('0', '1')", 0 },
		{ HTML_MAIL("x"), "body plaintext_body_length('0')", 0 },
		{ TEXT_MAIL("symbol: a\nticker: b\n"), "body check_stock_info('2')", 1 },
		{ TEXT_MAIL("symbol: a\nsymbol: b\n"), "body check_stock_info('2')", 0 },
		{ TEXT_MAIL("sxtxock: a\ncurrent price: b\n"), "body check_stock_info('2')", 1 },
		{ TEXT_MAIL("ticker\n: a\nWeek 2 target:\n\nb\n"), "body check_stock_info('2')",
		  1 },
		{ TEXT_MAIL("price: a\nstock name: b\n"), "body check_stock_info('1')", 0 },
		{ HTML_MAIL("symbol: a"), "body check_stock_info('1')", 0 },
	};

	(void)state;
	EVAL_CASES("BodyEval", cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences),
		cmocka_unit_test(lines),
		cmocka_unit_test(plain_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
