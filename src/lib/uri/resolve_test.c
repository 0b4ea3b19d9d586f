#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/uri/resolve.h"

static struct arena *arena;

static void resolves(const char *base, const char *ref, const char *want)
{
	struct str got = uri_resolve(arena, str_of(base), str_of(ref));

	assert_string_equal(str_z(arena, got), want);
}

/* RFC 3986 section 5.4, with the lax answer to http:g. */
static void examples_of_the_rfc(void **state UNUSED)
{
	static const char *const examples[][2] = {
		{ "g:h", "g:h" },
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q#s" },
		{ "g#s", "http://a/b/c/g#s" },
		{ ";x", "http://a/b/c/;x" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../../g", "http://a/g" },
		{ "/./g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" },
		{ "g/./h", "http://a/b/c/g/h" },
		{ "g/../h", "http://a/b/c/h" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "http:g", "http://a/b/c/g" },
	};

	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		resolves("http://a/b/c/d;p?q", examples[i][0], examples[i][1]);
}

static void without_a_base(void **state UNUSED)
{
	resolves("", "http://a/b/../c", "http://a/c");
	resolves("", "//www.example.com/x", "http://www.example.com/x");
	resolves("", "//ftp2.example.com", "ftp://ftp2.example.com");
	resolves("", "//example.com", "//example.com");
	resolves("", "x/y", "x/y");
	resolves("", "", "");
	resolves("http://a", "g", "http://a/g");
}

static int setup(void **state UNUSED)
{
	arena = arena_open("test", 1 << 20);
	return 0;
}

static int teardown(void **state UNUSED)
{
	arena_close(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(examples_of_the_rfc, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_base, setup, teardown),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
