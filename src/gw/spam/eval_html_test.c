/* HTMLEval; expectations are SpamAssassin's answers to the same mails. */
#include "gw/spam/eval_testing.h"

#define TWO_PARTS                                                                                  \
	PARTS_MAIL("mixed", "Content-Type: text/html\n\n<p>hi</p>",                                \
		   "Content-Type: text/html\n\n<body><center>xxxx")

static void tags(void **state)
{
	static const struct eval_case cases[] = {
		{ HTML_MAIL("<body><b>x"), "body html_tag_exists('body')", 1 },
		{ HTML_MAIL("<body><b>x"), "body html_tag_exists('BODY')", 0 },
		{ HTML_MAIL("<body><b>x"), "body html_tag_exists('i')", 0 },
		{ HTML_MAIL("<body><b>x"), "body html_tag_balance('body', '!= 0')", 1 },
		{ HTML_MAIL("<body><b>x"), "body html_tag_balance('b', '> -1')", 1 },
		{ HTML_MAIL("<body></body></body>"), "body html_tag_balance('body', '== 0')", 1 },
		{ HTML_MAIL("<body></body></body>"), "body html_tag_balance('body', '!= 0')", 0 },
		{ HTML_MAIL("x"), "body html_tag_balance('i', '>= 0')", 0 },
		{ HTML_MAIL("<b>x"), "body html_tag_balance('b', '> 0.5')", 0 },
		{ TWO_PARTS, "body html_tag_exists('center')", 1 },
		{ TWO_PARTS, "body html_tag_exists('p')", 1 },
		{ TEXT_MAIL("<body>"), "body html_tag_exists('body')", 0 },
	};

	(void)state;
	EVAL_CASES("HTMLEval", cases);
}

static void figures(void **state)
{
	static const struct eval_case cases[] = {
		{ HTML_MAIL("hello"), "body html_test('html')", 1 },
		{ TEXT_MAIL("hello"), "body html_test('html')", 0 },
		{ HTML_MAIL(""), "body html_test('html')", 0 },
		{ HTML_MAIL("<embed src=x>"), "body html_test('embeds')", 1 },
		{ HTML_MAIL("<form action=mailto:x@y.com>"), "body html_test('form_action_mailto')",
		  1 },
		{ HTML_MAIL("hello"), "body html_test('image_area')", 0 },
		{ HTML_MAIL("hello"), "body html_eval('length', '< 6')", 1 },
		{ HTML_MAIL("hello"), "body html_eval('length', '< 5')", 0 },
		{ HTML_MAIL("hello"), "body html_eval('nothing', '< 5')", 0 },
		{ HTML_MAIL("hello"), "body html_range('length', '5', '6')", 0 },
		{ HTML_MAIL("hello"), "body html_range('length', '4', '5')", 1 },
		{ HTML_MAIL("hello"), "body html_range('length', '4', 'inf')", 1 },
		{ HTML_MAIL("hello"), "body html_range('length', '4')", 1 },
		{ HTML_MAIL("hello"), "body html_range('closed_extra_ratio', '-1', 'inf')", 0 },
		{ HTML_MAIL("</b></b>x"), "body html_range('closed_extra_ratio', '.9', 'inf')", 1 },
		{ HTML_MAIL("<img src=x width=100 height=100>hello"),
		  "body html_image_ratio('0', '0.001')", 1 },
		{ HTML_MAIL("<img src=x>hello"), "body html_image_ratio('0', '1')", 0 },
		{ HTML_MAIL("<img src=x>hello"), "body html_image_only('0', '16')", 1 },
		{ HTML_MAIL("<img src=x>hello"), "body html_image_only('0', '15')", 0 },
		{ HTML_MAIL("hello"), "body html_image_only('0', '400')", 0 },
	};

	(void)state;
	EVAL_CASES("HTMLEval", cases);
}

static void texts(void **state)
{
	static const struct eval_case cases[] = {
		{ HTML_MAIL("<!a>"), "body html_text_match('comment', '<!(?!-).{0,6}>')", 1 },
		{ HTML_MAIL("<!-- a -->"), "body html_text_match('comment', '<!(?!-).{0,6}>')", 0 },
		{ HTML_MAIL("<a href=x>b<img src=c></a>"),
		  "body html_text_match('anchor', '<img>')", 1 },
		{ HTML_MAIL("<title>abc</title>"), "body html_text_match('title', 'ABC')", 0 },
		{ HTML_MAIL("<title>abc</title>"), "body html_text_match('title', '(?i)ABC')", 1 },
		{ HTML_MAIL("<title>abc</title>"), "body html_text_not_match('title', 'x')", 1 },
		{ HTML_MAIL("abc"), "body html_text_not_match('title', 'x')", 0 },
		/* The subject counts with its line end. */
		{ HTML_MAIL("<title>abcde</title>"), "body html_title_subject_ratio('2.4')", 1 },
		{ HTML_MAIL("<title>abcde</title>"), "body html_title_subject_ratio('2.5')", 0 },
		{ "Content-Type: text/html\n\n<title>abcde</title>",
		  "body html_title_subject_ratio('0.1')", 0 },
		{ HTML_MAIL("<iframe src='cid:foo'></iframe>"), "body check_iframe_src()", 1 },
		{ HTML_MAIL("<iframe></iframe>"), "body check_iframe_src()", 0 },
		{ HTML_MAIL("<frame src='http://a.com/'>"), "body check_iframe_src()", 0 },
	};

	(void)state;
	EVAL_CASES("HTMLEval", cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags),
		cmocka_unit_test(figures),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
