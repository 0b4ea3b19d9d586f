#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/conf/lines.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void assert_text(struct str got, const char *want)
{
	assert_string_equal(str_z(a, got), want);
}

static void test_section_file(void **state)
{
	struct conf_file f;

	(void)state;
	conf_parse(a,
		   STR("# made by hand\n"
		       "section: mail\r\n"
		       "\tmaxsize   10485760\r\n"
		       "   # a comment\n"
		       "   banner ESMTP  two blanks # and this\n"
		       "\n"
		       "ldap:hq\n"
		       "\tserver1 ldap.example.com\n"
		       "\tdisable\n"
		       "\tcomment c"),
		   &f);
	assert_int_equal(f.problems.n, 0);
	assert_int_equal(f.sections.n, 2);
	assert_text(f.sections.p[0].type, "section");
	assert_text(f.sections.p[0].id, "mail");
	assert_int_equal(f.sections.p[0].line, 2);
	assert_int_equal(f.sections.p[0].settings.n, 2);
	assert_text(f.sections.p[0].settings.p[1].value, "ESMTP  two blanks # and this");
	assert_int_equal(f.sections.p[0].settings.p[1].line, 5);
	assert_text(f.sections.p[1].id, "hq");
	assert_text(conf_print(a, &f, (const char *const[]){ "server1", NULL }),
		    "section: mail\n"
		    "\tbanner ESMTP  two blanks # and this\n"
		    "\tmaxsize 10485760\n"
		    "\n"
		    "ldap: hq\n"
		    "\tcomment c\n"
		    "\tdisable\n"
		    "\tserver1 ldap.example.com\n"
		    "\n");
}

static void test_section_problems(void **state)
{
	static const struct {
		size_t line;
		const char *reason;
	} want[] = {
		{ 1, "a setting outside of a section" },
		{ 2, "neither a section header (\"section: NAME\") nor an indented setting" },
		{ 6, "not the name of a setting" },
		{ 8, "a setting outside of a section" },
		{ 9, "this section stands in the file twice; the first one counts" },
		{ 11, "has a NUL byte" },
	};
	struct conf_file f;

	(void)state;
	conf_parse(a,
		   STR("\tspf 1\n"
		       "junk\n"
		       "\tnot reported again\n"
		       "\n"
		       "section: mail\n"
		       "\t=x 1\n"
		       "\n"
		       "\ttls 1\n"
		       "section: mail\n"
		       "\n"
		       "section: ad\0min\n"),
		   &f);
	assert_int_equal(f.problems.n, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(f.problems.p[i].line, want[i].line);
		assert_text(f.problems.p[i].reason, want[i].reason);
	}
	assert_int_equal(f.sections.n, 1);
}

static void test_section_limits(void **state)
{
	struct str text = STR_NONE;
	struct conf_file f;

	(void)state;
	for (int i = 0; i < 1500; i++)
		text = str_cat(a, text, str_fmt(a, "section: s%d\n", i));
	conf_parse(a, text, &f);
	assert_int_equal(f.sections.n, CONF_SECTIONS_MAX);
	assert_int_equal(f.problems.n, CONF_PROBLEMS_MAX);
	assert_int_equal(f.problems.p[0].line, CONF_SECTIONS_MAX + 1);
}

static void test_digest(void **state)
{
	(void)state;
	/* sha1sum of nothing, and of "abc" (FIPS 180) */
	assert_text(conf_digest(a, STR_NONE), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	assert_text(conf_digest(a, STR("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static int check_short(struct str s, struct err *e)
{
	return s.n <= 8 ? 0 : err_set(e, ERR_INVALID, "'%.*s' is too long", STR_ARG(s));
}

static const struct conf_lines table = { CONF_TABLE, check_short, check_short };
static const struct conf_lines list = { CONF_LIST, check_short, NULL };

static void test_table(void **state)
{
	struct conf_entries f;

	(void)state;
	conf_lines_parse(a, &table,
			 STR("#first\n"
			     "#head office \n"
			     "a.org 1\n"
			     "\n"
			     "#lost\n"
			     "\n"
			     "b.org\tx y\n"),
			 &f);
	assert_int_equal(f.problems.n, 0);
	assert_int_equal(f.list.n, 2);
	assert_text(f.list.p[0].comment, "head office");
	assert_text(f.list.p[1].key, "b.org");
	assert_text(f.list.p[1].value, "x y");
	assert_int_equal(f.list.p[1].line, 7);
	assert_text(conf_lines_print(a, &table, f.list.p, f.list.n),
		    "#head office\na.org 1\nb.org x y\n");
}

static void test_list(void **state)
{
	struct conf_entries f;

	(void)state;
	conf_lines_parse(a, &list, STR("1/8 #*\n2/8 # two\r\n3/8\n4/8 #\n"), &f);
	assert_int_equal(f.problems.n, 0);
	assert_text(conf_lines_print(a, &list, f.list.p, f.list.n),
		    "1/8 #*\n2/8 #two\n3/8 #*\n4/8 #*\n");
}

static void test_lines_problems(void **state)
{
	struct conf_entries f;

	(void)state;
	conf_lines_parse(a, &table, STR("a 1\n  b 2\nA 3\nc\n123456789 1\nd 123456789\ne 1\r\n"),
			 &f);
	assert_int_equal(f.list.n, 1);
	assert_int_equal(f.problems.n, 6);
	assert_text(f.problems.p[5].reason, "has a carriage return");
	assert_int_equal(f.problems.p[0].line, 2);
	assert_text(f.problems.p[1].reason, "given twice; the first one counts");
	assert_text(f.problems.p[2].reason, "no value after 'c'");
	assert_text(f.problems.p[3].reason, "'123456789' is too long");
	assert_int_equal(f.problems.p[4].line, 6);
	conf_lines_parse(a, &list, STR("1/8 2/8\n"), &f);
	assert_int_equal(f.problems.n, 1);
	assert_text(f.problems.p[0].reason, "something besides a comment follows");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section_file),
		cmocka_unit_test(test_section_problems),
		cmocka_unit_test(test_section_limits),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_lines_problems),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
