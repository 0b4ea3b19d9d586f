#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/html/html.h"

static struct arena *arena;
static struct buf seen;
static bool wide;

static int setup(void **state UNUSED)
{
	arena = arena_open("test", (size_t)1 << 30);
	return 0;
}

static int teardown(void **state UNUSED)
{
	arena_close(arena);
	return 0;
}

/* One event in a few characters: <a x=y>, </a>, 'text', (comment), [declaration] */
static void note(void *ctx UNUSED, const struct html_event *ev)
{
	switch (ev->kind) {
	case HTML_START:
		buf_addf(&seen, "<%.*s", STR_ARG(ev->name));
		for (size_t i = 0; i < ev->attr_count; i++)
			buf_addf(&seen, " %.*s=%.*s", STR_ARG(ev->attrs[i].name),
				 STR_ARG(ev->attrs[i].value));
		buf_addc(&seen, '>');
		break;
	case HTML_END:
		buf_addf(&seen, "</%.*s>", STR_ARG(ev->name));
		break;
	case HTML_TEXT:
		buf_addf(&seen, "'%.*s'", STR_ARG(ev->text));
		break;
	case HTML_COMMENT:
		buf_addf(&seen, "(%.*s)", STR_ARG(ev->text));
		break;
	case HTML_DECLARATION:
		buf_addf(&seen, "[%.*s]", STR_ARG(ev->text));
		break;
	}
	wide |= ev->wide;
}

static const char *events_of(struct str text)
{
	struct html_parser p;

	buf_init(&seen, arena, (size_t)1 << 28);
	wide = false;
	html_init(&p, arena, note, NULL);
	html_feed(&p, text);
	html_end(&p);
	return str_z(arena, buf_str(&seen));
}

static const char *events(const char *text)
{
	return events_of(str_of(text));
}

static void tags_and_text(void **state UNUSED)
{
	assert_string_equal(events("a<B>c</B >d e"), "'a'<b>'c'</b>'d'' e'");
	assert_string_equal(events("<p/>x <1> < y <"), "<p/>'x ''<1> ''< y '(<)");
}

static void attributes(void **state UNUSED)
{
	assert_string_equal(events("<a B=c d = 'e f' g=\"h>i\" j>"), "<a b=c d=e f g=h>i j=j>");
	assert_string_equal(events("<a x=1 X=2 y=>"), "<a x=1 y=>");
	assert_string_equal(events("<a t=\"x\"u=v>"), "<a t=x u=v>");
	assert_string_equal(events("<a x=&lt;&ampy &amp;=&amp;>"), "<a x=<&ampy &amp;=&>");
}

static void unfinished_markup_is_a_comment(void **state UNUSED)
{
	assert_string_equal(events("x <a b=\"c>d"), "'x '(<a b=\"c>d)");
	assert_string_equal(events("<!-- a > b"), "(<!-- a >)' b'");
	assert_string_equal(events("</"), "(</)");
}

static void comments_and_declarations(void **state UNUSED)
{
	assert_string_equal(events("<!-- a -- > b --\n>c"), "(<!-- a -- >)' b --''\n>c'");
	assert_string_equal(events("<!x y>z "), "(<!x y>)'z'' '");
	assert_string_equal(events("<!DOCTYPE html \"a>b\" -- > -->z "),
			    "[<!DOCTYPE html \"a>b\" -- > -->]'z'' '");
	assert_string_equal(events("</ x>z "), "(</ x>)'z'' '");
	assert_string_equal(events("<?xml x?>z "), "'z'' '");
	assert_string_equal(events("<!>z "), "(<!>)'z'' '");
}

static void literal_elements(void **state UNUSED)
{
	assert_string_equal(events("<script>a<b>&lt;</script >c "),
			    "<script>'a<b>&lt;'</script>'c'' '");
	assert_string_equal(events("<title>a<b>&lt;</title>c "), "<title>'a<b><'</title>'c'' '");
	assert_string_equal(events("<plaintext>a</plaintext>"), "<plaintext>'a</plaintext>'");
	/* Never closed: closed at once, or where the next tag is, or not at all. */
	assert_string_equal(events("<style>a<b>c "), "<style></style>'a'<b>'c'' '");
	assert_string_equal(events("<title>a<b>c "), "<title>'a'</title><b>'c'' '");
	assert_string_equal(events("<textarea>a<b>c "), "<textarea>'a<b>c '");
}

static void marked_sections(void **state UNUSED)
{
	assert_string_equal(events("<![CDATA[a<b>&lt;]]>c "), "'a<b>&lt;''c'' '");
	assert_string_equal(events("<![IGNORE[a<b>]]>c "), "'c'' '");
	assert_string_equal(events("<![if x]>c "), "(<![if x]>)'c'' '");
}

static void references(void **state UNUSED)
{
	assert_string_equal(events("&lt;&#65;&#x41;&copyright;&eacute "),
			    "'<AA\xc2\xa9right;\xc3\xa9'' '");
	assert_false(wide);
	assert_string_equal(events("&hellip;&hellip&nosuch;&#0;&#x110000;&# "),
			    "'\xe2\x80\xa6&hellip&nosuch;&#0;&#x110000;&#'' '");
	assert_true(wide);
	assert_string_equal(events("&#xd83d;&#xde00;&#xde00; "),
			    "'\xf0\x9f\x98\x80\xef\xbf\xbd'' '");
}

static void feeding_piece_by_piece(void **state UNUSED)
{
	struct html_parser p;

	buf_init(&seen, arena, 1000);
	html_init(&p, arena, note, NULL);
	html_feed(&p, STR("<style>x"));
	html_feed(&p, STR("</sty"));
	html_feed(&p, STR("le>a b"));
	html_end(&p);
	assert_string_equal(str_z(arena, buf_str(&seen)), "<style>'x'</style>'a'' b'");
}

static void hostile_text_takes_linear_time(void **state UNUSED)
{
	static const char *const pieces[] = { "<",     "<!--",        "<a b=",     "<a b='",
					      "&",     "&#",          "&aaaaaaaa", "<![CDATA[",
					      "<![",   "<script>",    "<title>",   "</",
					      "<!x'",  "<!doctype '", "<!--- ",    "--",
					      "<a a ", "<?" };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		size_t n = strlen(pieces[i]), times = 300000 / n;
		char *text = arena_alloc(arena, n * times);

		for (size_t k = 0; k < times; k++)
			memcpy(text + k * n, pieces[i], n);
		events_of((struct str){ text, n * times });
		arena_reset(arena);
	}
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(tags_and_text),
		UNIT(attributes),
		UNIT(unfinished_markup_is_a_comment),
		UNIT(comments_and_declarations),
		UNIT(literal_elements),
		UNIT(marked_sections),
		UNIT(references),
		UNIT(feeding_piece_by_piece),
		UNIT(hostile_text_takes_linear_time),
	};

	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
