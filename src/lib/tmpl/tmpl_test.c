#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "lib/tmpl/tmpl.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 512u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct str read_source(const char *name)
{
	struct str path = str_fmt(a, "%s/tests/tmpl/%s", getenv("PMG_SOURCE_ROOT"), name), text;
	struct err e;

	if (file_read(a, str_z(a, path), 1 << 20, &text, &e) < 0)
		fail_msg("%s", e.msg);
	return text;
}

/* "list[] = x" and "rows[].id = 1" add an element, "a.b = x" sets a value. */
static void add_variable(struct tmpl_value *vars, struct str path, struct str value)
{
	struct tmpl_value *item = tmpl_text(a, value), *list, *row;
	ptrdiff_t at = str_find(path, STR("[]"));
	struct str name;

	if (at < 0) {
		tmpl_set_path(a, vars, str_z(a, path), item);
		return;
	}
	name = str_sub(path, 0, (size_t)at);
	list = tmpl_hash_get(vars, name);
	if (!list) {
		list = tmpl_list(a);
		tmpl_hash_set(vars, name, list);
	}
	if ((size_t)at + 2 < path.n) {
		row = tmpl_hash(a);
		tmpl_hash_set(row, str_from(path, (size_t)at + 3), item);
		item = row;
	}
	tmpl_list_add(a, list, item);
}

static struct tmpl_value *variables(void)
{
	struct str text = read_source("vars"), line;
	struct tmpl_value *vars = tmpl_hash(a);

	while (str_line(&text, &line)) {
		ptrdiff_t at = str_find(line, STR(" ="));

		assert_true(at > 0);
		add_variable(vars, str_sub(line, 0, (size_t)at), str_from(line, (size_t)at + 3));
	}
	return vars;
}

static int no_file(void *ctx, struct arena *arena, struct str name, struct str *text, struct err *e)
{
	(void)ctx;
	(void)arena;
	if (str_eq(name, STR("sub/other.tt"))) {
		*text = STR("other says [% x %]\n[% BLOCK inner %]in[% END %]");
		return 0;
	}
	if (str_eq(name, STR("self.tt"))) {
		*text = STR("[% PROCESS self.tt %]");
		return 0;
	}
	if (str_eq(name, STR("broken.tt"))) {
		*text = STR("\n[% IF %]");
		return 0;
	}
	return err_set(e, ERR_NOTFOUND, "%.*s: no such file", STR_ARG(name));
}

static const struct tmpl_source source = { no_file, NULL };

static int render(struct str text, struct str *out, struct err *e)
{
	struct tmpl *t;

	if (tmpl_parse(a, STR("t.in"), text, &t, e) < 0)
		return -1;
	return tmpl_render(a, t, variables(), &source, out, NULL, e);
}

/* Title, template and expected output of the next case; false at the end. */
static bool next_case(struct str *rest, struct str *title, struct str *template, struct str *want)
{
	ptrdiff_t end, middle;
	struct str one;

	if (!str_starts(*rest, STR("==== ")))
		return false;
	end = str_find(*rest, STR("\n==== "));
	one = end < 0 ? *rest : str_sub(*rest, 0, (size_t)end + 1);
	*rest = str_from(*rest, one.n);
	str_line(&one, title);
	middle = str_find(one, STR("\n----\n"));
	assert_true(middle >= 0);
	*template = str_sub(one, 0, (size_t)middle);
	*want = str_from(one, (size_t)middle + 6);
	want->n--; /* the newline before the next case */
	return true;
}

/* What stands in tests/tmpl/cases is what Template Toolkit prints: tests/tmpl/oracle.pl. */
static void test_cases(void **state)
{
	struct str rest = read_source("cases"), title, template, want, got;
	size_t n = 0;
	struct err e;

	(void)state;
	while (next_case(&rest, &title, &template, &want)) {
		if (render(template, &got, &e) < 0)
			fail_msg("%s: %s", str_z(a, title), e.msg);
		if (!str_eq(got, want))
			fail_msg("%s: got <%s>, want <%s>", str_z(a, title), str_z(a, got),
				 str_z(a, want));
		n++;
	}
	assert_true(n >= 70);
}

static void assert_refused(const char *template, const char *message)
{
	struct str got;
	struct err e;

	if (render(str_of(template), &got, &e) == 0)
		fail_msg("accepted: %s", template);
	assert_string_equal(e.msg, message);
}

static void test_refused(void **state)
{
	(void)state;
	assert_refused("\n\n[% SWITCH x %]", "t.in line 3: SWITCH is not supported");
	assert_refused("[% USE date %]", "t.in line 1: USE is not supported");
	assert_refused("[% x.repeat(3) %][% name.repeat(3) %]",
		       "t.in line 1: this virtual method is not supported here: 'repeat'");
	assert_refused("[% name | eval %]", "t.in line 1: filter 'eval' is not supported");
	assert_refused("a\n[% IF 1 %]\nb", "t.in line 2: the END is missing");
	assert_refused("[% FOREACH x IN list %]", "t.in line 1: the END is missing");
	assert_refused("[% END %]", "t.in line 1: unexpected 'END'");
	assert_refused("[% ELSE %]", "t.in line 1: unexpected 'ELSE'");
	assert_refused("[% IF 1 %]\n[% ELSE %][% ELSE %][% END %]",
		       "t.in line 2: unexpected 'ELSE'");
	assert_refused("[% a b %]", "t.in line 1: unexpected 'b'");
	assert_refused("[% 'open %]", "t.in line 1: a string does not end");
	assert_refused("[% (1 %]", "t.in line 1: the directive ends too early");
	assert_refused("[% 1 + %]", "t.in line 1: the directive ends too early");
	assert_refused("[% a.b( %]", "t.in line 1: the directive ends too early");
	assert_refused("[% \x01 %]", "t.in line 1: unexpected character '?'");
	assert_refused("[% x ? 1 : 2 %]", "t.in line 1: unexpected '?'");
	assert_refused("[% 1 / 0 %]", "t.in line 1: division by zero");
	assert_refused("[% 1 mod 0 %]", "t.in line 1: division by zero");
	assert_refused("[% list %]", "t.in line 1: a list or a hash where text is wanted");
	assert_refused("[% name.match('(') %]", "t.in line 1: not a regular expression: '('");
	assert_refused("[% name.x = 1 %]",
		       "t.in line 1: not a hash, so nothing can be set in it: 'name'");
	assert_refused("[% PROCESS nowhere %]",
		       "t.in line 1: there is no template or BLOCK of this name: 'nowhere'");
	assert_refused("[% INCLUDE broken.tt %]", "broken.tt line 2: the directive ends too early");
	assert_refused("[% TAGS star %]", "t.in line 1: TAGS wants two tags");
	assert_refused("[% 010 %]", "t.in line 1: a number with a zero in front");
}

static void test_files(void **state)
{
	struct str got;
	struct err e;

	(void)state;
	if (render(STR("[% x = 7 %][% INCLUDE sub/other.tt x = 8 %][% PROCESS inner %][% x %]"),
		   &got, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(str_z(a, got), "other says 8\nin7");
}

static void assert_place(const struct tmpl_places *places, struct str out, const char *word,
			 const char *name, size_t line)
{
	ptrdiff_t at = str_find(out, str_of(word));
	struct tmpl_place place;

	assert_true(at >= 0);
	place = tmpl_place(places, out, (size_t)at);
	assert_string_equal(str_z(a, place.name), name);
	assert_int_equal(place.line, line);
}

/* Whatever is left out or repeated in between, each word knows its line. */
static void test_places(void **state)
{
	struct str text = STR("[%- # a\n comment -%]\none\ntwo [% x = 3 %]\n[%- BLOCK b %]\nin b\n"
			      "[% x %] [%- END %]\n[% IF 0 %]\nno\n[% END -%]\n  \nthree\n"
			      "[% PROCESS b %]\nfour\n[% FILTER upper %]\n\nfive\n[% END %]\n"
			      "[% FOREACH i IN [1..3] %]\nsix[% i %]\n[% END %]"
			      "[% INCLUDE sub/other.tt %]end");
	struct tmpl_places places = { 0 };
	struct tmpl *t;
	struct str out;
	struct err e;

	(void)state;
	assert_int_equal(tmpl_parse(a, STR("t.in"), text, &t, &e), 0);
	assert_int_equal(tmpl_render(a, t, variables(), &source, &out, &places, &e), 0);
	assert_place(&places, out, "one", "t.in", 3);
	assert_place(&places, out, "two", "t.in", 4);
	assert_place(&places, out, "three", "t.in", 12);
	assert_place(&places, out, "in b", "t.in", 6);
	assert_place(&places, out, "3\nfour", "t.in", 7);
	assert_place(&places, out, "four", "t.in", 14);
	assert_place(&places, out, "FIVE", "t.in", 15);
	assert_place(&places, out, "six3", "t.in", 20);
	assert_place(&places, out, "says", "sub/other.tt", 1);
	assert_place(&places, out, "end", "t.in", 21);
}

static struct str repeated(const char *piece, size_t n)
{
	size_t length = strlen(piece);
	char *p = arena_alloc(a, n * length);

	for (size_t i = 0; i < n; i++)
		memcpy(p + i * length, piece, length);
	return (struct str){ p, n * length };
}

static void assert_limited(struct str template, const char *message)
{
	struct str got;
	struct err e;

	assert_int_equal(render(template, &got, &e), -1);
	assert_string_equal(e.msg, message);
}

static void test_limits(void **state)
{
	static const char endless[] = "[% FOREACH a IN [1..9999] %][% FOREACH b IN [1..9999] %]"
				      "[% a + b IF 0 %][% END %][% END %]";
	static const char doubling[] = "[% x = 'aaaaaaaa' %][% FOREACH i IN [1..40] %]"
				       "[% x = x _ x %][% END %]";

	(void)state;
	assert_limited(str_cat(a, STR("[% "), str_cat(a, repeated("(", 100000), STR("%]"))),
		       "t.in line 1: more than 50000 words");
	assert_limited(str_cat(a, STR("[% "), str_cat(a, repeated("(", 60), STR("%]"))),
		       "t.in line 1: nested more than 50 deep");
	assert_limited(repeated("[% IF 1 %]", 60), "t.in line 1: nested more than 50 deep");
	assert_limited(str_cat(a, STR("[% 1"), str_cat(a, repeated("+1", 300), STR("%]"))),
		       "t.in line 1: too many operators in a row");
	assert_limited(STR("[% PROCESS self.tt %]"),
		       "self.tt line 1: PROCESS and INCLUDE are nested too deep");
	assert_limited(str_of(endless), "t.in line 1: the template does too much work");
	assert_limited(str_of(doubling), "t.in line 1: the template does too much work");
	assert_limited(STR("[% FOREACH i IN [1..1000000] %][% END %]"),
		       "t.in line 1: this range is too long");
	assert_limited(repeated("x", TMPL_FILE_MAX + 1), "t.in: larger than 1048576 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
