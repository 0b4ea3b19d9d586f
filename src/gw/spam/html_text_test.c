#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/html_text.h"
#include "gw/spam/views_testing.h"

static struct spam_message *html(const char *body)
{
	struct str head = STR("Content-Type: text/html\n\n");

	return read_bytes(str_cat(arena, head, str_of(body)));
}

/* The body without its (empty) Subject line. */
static const char *shown(const char *body)
{
	return listed(spam_body(html(body))) + strlen("[\n]");
}

static const char *visible(const char *body)
{
	return listed(spam_body_visible(html(body))) + strlen("[\n]");
}

static const char *hidden(const char *body)
{
	return listed(spam_body_invisible(html(body)));
}

static const struct spam_html *results(const char *body)
{
	size_t n;
	const struct spam_html *const *h = spam_htmls(html(body), &n);

	assert_int_equal(n, 1);
	return h[0];
}

static void tags_make_white_space(void **state UNUSED)
{
	assert_string_equal(shown("a<br>b<b>c</b><p>d"), "[a bc\n][d]");
	assert_string_equal(shown("<table><tr><td>a</td><td>b</td></table>"), "[ a b ]");
	assert_string_equal(shown("a <br> b"), "[a b]");
	assert_string_equal(shown("a<br/>b<hr />c"), "[a b\n][c]");
	assert_string_equal(shown("<title>t</title><script>s</script><style>y</style>x"),
			    "[\n][t\n][x]");
}

static void unclosed_style_ends_with_the_mail(void **state UNUSED)
{
	assert_string_equal(shown("a<style>b"), "[a]");
	assert_string_equal(shown("a<script>b"), "[a]");
}

static void references_decide_about_width(void **state UNUSED)
{
	/* Only characters of Latin-1: one octet each. Others: UTF-8. */
	assert_string_equal(shown("a&eacute;b "), "[a\xe9"
						  "b ]");
	assert_string_equal(shown("a&eacute;&euro; "), "[a\xc3\xa9\xe2\x82\xac ]");
	assert_string_equal(shown("a&nbsp;&nbsp;b "), "[a b ]");
	assert_string_equal(shown("a&#160;b "), "[a\xa0"
						"b ]");
	assert_string_equal(shown("a&#160;b&euro; "), "[a b\xe2\x82\xac ]");
}

static void hidden_text_is_separated(void **state UNUSED)
{
	static const char *const hiders[] = {
		"<font color=white>",
		"<font color='#fefefe'>",
		"<font color=nosuchcolor>",
		"<font size=1>",
		"<span style='display:none'>",
		"<div style='Visibility: x; visibility : HIDDEN'>",
		"<p style='color: #fff !important'>",
		"<p style='color:rgb(250, 255,255)'>",
		"<p style='background:url(x) #000'>",
		"<p style='color:transparent'>",
		"<font size=-2>",
		"<body text=white>",
	};

	for (size_t i = 0; i < ARRAY_LEN(hiders); i++) {
		const char *body = str_z(arena, str_fmt(arena, "a %sb", hiders[i]));

		assert_non_null(strchr(shown(body), 'b'));
		assert_null(strchr(visible(body), 'b'));
		assert_string_equal(hidden(body), "[b]");
	}
}

static void shown_text_is_not_hidden(void **state UNUSED)
{
	static const char *const others[] = {
		"<table bgcolor=black><tr><td>", "<font color=red>",
		"<font color=white></font>",     "<span style='display:block'>",
		"<p style='color:inherit'>",     "<font size=2>",
		"<span style='Display:none'>",   "<p style='background:white'>",
		"<p style='color :white'>",      "<td style='color:white'><td>",
	};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		const char *body = str_z(arena, str_fmt(arena, "<td>%sb", others[i]));

		assert_string_equal(hidden(body), "");
	}
}

static void the_walk_has_results(void **state UNUSED)
{
	const struct spam_html *h = results(
		"<!doctype html><html><title>t</title><!-- c --><x><a href=u>l<img width=50% "
		"height=10></a></b><font face='%%' size=5>w<b>x</b></font><form action=MAILTO:x>");

	assert_int_equal(h->titles.n, 1);
	assert_str(buf_str(h->titles.p[0]), "t");
	assert_str(buf_str(h->anchors.p[0]), "l<img>\n");
	assert_str(h->comments.p[0], "<!-- c -->");
	assert_int_equal(h->image_area, 50 * 8 * 10);
	assert_int_equal(h->max_size, 5);
	assert_true(h->font_face_bad);
	assert_true(h->form_action_mailto);
	assert_false(h->embeds);
	/* 14 tags; <x> is no element; </b> closed nothing; l, w and x are one word cut in three. */
	assert_true(h->closed_extra_ratio > 1 / 14.1 && h->closed_extra_ratio < 1 / 13.9);
	assert_true(h->bad_tag_ratio > 1 / 14.1 && h->bad_tag_ratio < 1 / 13.9);
	assert_true(h->obfuscation_ratio > 2 / 14.1 && h->obfuscation_ratio < 2 / 13.9);
}

static const char *uris(const char *body)
{
	const struct spam_html *h = results(body);
	struct str all = STR_NONE;

	for (size_t i = 0; i < h->uri_count; i++)
		if (h->uris[i]->types)
			all = str_cat(arena, all,
				      str_fmt(arena, "[%x %.*s]", h->uris[i]->types,
					      STR_ARG(h->uris[i]->uri)));
	return str_z(arena, all);
}

static void uris_come_from_attributes(void **state UNUSED)
{
	assert_string_equal(uris("<a href=' http://a.test/x '>y"), "[10 http://a.test/x]");
	assert_string_equal(uris("<a x/href=http://a.test>y"), "[10 http://a.test]");
	assert_string_equal(uris("<img src=cid:x><img src=a><body background=b>"),
			    "[80 cid:x][80 a][8000 b]");
	assert_string_equal(
		uris("<base href=http://a.test/b/i.html><a href=c><a href=../d>y"),
		"[2000 http://a.test/b/i.html][10 http://a.test/b/c][10 http://a.test/d]");
	assert_string_equal(uris("<meta http-equiv=refresh content='0; url=http://a.test; x'>"),
			    "[4000 http://a.test]");
	assert_string_equal(uris("<a href=http://a.test><img src=http://a.test>"),
			    "[90 http://a.test]");
	assert_string_equal(uris("<a href=''>y"), "");
}

static void hostile_markup_takes_linear_time(void **state UNUSED)
{
	static const char *const pieces[] = { "<font>",
					      "<td>",
					      "<a href=x>",
					      "</font>",
					      "<x>",
					      "<p style='color:red;",
					      "&euro;",
					      "<tr><td><font>",
					      "<div></p>",
					      "<a href=\"x/../x\">",
					      "<title></title>" };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		size_t times = 500000 / strlen(pieces[i]);
		struct str raw = repeated("Content-Type: text/html\n\n", pieces[i], times, "x");

		spam_body(read_bytes(raw));
		arena_reset(arena);
		domains = uri_domains_new(arena);
		spam_view_options_init(&options, domains);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(tags_make_white_space),         UNIT(unclosed_style_ends_with_the_mail),
		UNIT(references_decide_about_width), UNIT(hidden_text_is_separated),
		UNIT(shown_text_is_not_hidden),      UNIT(the_walk_has_results),
		UNIT(uris_come_from_attributes),     UNIT(hostile_markup_takes_linear_time),
	};

	return cmocka_run_group_tests_name("html_text", tests, NULL, NULL);
}
