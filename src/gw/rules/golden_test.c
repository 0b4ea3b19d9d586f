/*
 * Mail + rule set + envelope → outbox, judged by hand. All cases of a file share its [rules] unless
 * they bring their own; a file is tests/corpus/rules/TOPIC.cases, its cases start with "== NAME".
 * GOLDEN_PRINT=1 prints what comes out, to be judged before it is put into a file.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "base/file.h"
#include "gw/rules/testcase.h"

enum { FILE_BYTES_MAX = 4 << 20 };

struct tally {
	unsigned cases, failed;
	const char *file;
	bool print;
};

static struct str run(struct arena *a, struct testcase *c, struct str *expected)
{
	if (c->explained.p) {
		*expected = c->explained;
		return testcase_explain(a, c);
	}
	if (c->linted.p) {
		*expected = c->linted;
		return testcase_lint(a, c);
	}
	*expected = c->expected;
	return testcase_run(a, c);
}

static void run_case(struct tally *t, struct str name, struct str text)
{
	CLEAN_ARENA struct arena *a = arena_open("golden", 256 << 20);
	struct testcase *c = testcase_read(a, text);
	struct str expected, got = run(a, c, &expected);

	t->cases++;
	if (t->print)
		printf("== %.*s\n%.*s\n", STR_ARG(name), STR_ARG(got));
	if (str_eq(str_trim(got), str_trim(expected)))
		return;
	t->failed++;
	if (!t->print)
		fprintf(stderr, "%s: %.*s\n--- expected\n%.*s--- got\n%.*s---\n", t->file,
			STR_ARG(name), STR_ARG(expected), STR_ARG(got));
}

static bool case_start(struct str line, struct str *name)
{
	*name = str_trim(str_from(line, 3));
	return str_starts(line, STR("== "));
}

/* What precedes the first case is part of each. */
static void run_file(struct tally *t, struct arena *a)
{
	struct str rest, line, common, name = STR_NONE, next, text;
	const char *from, *at;
	struct err e;

	assert_int_equal(file_read(a, t->file, FILE_BYTES_MAX, &rest, &e), 0);
	common = rest;
	from = at = rest.p;
	while (true) {
		bool more = str_line(&rest, &line);

		if (more && !case_start(line, &next)) {
			at = rest.n ? rest.p : line.p + line.n;
			continue;
		}
		text = (struct str){ from, (size_t)(at - from) };
		if (name.n)
			run_case(t, name, str_cat(a, common, text));
		else
			common = text;
		if (!more)
			return;
		name = next;
		from = at = rest.p ? rest.p : line.p + line.n;
	}
}

static void golden(void **state)
{
	struct arena *a = arena_open("golden files", 256 << 20);
	struct tally t = { .print = getenv("GOLDEN_PRINT") != NULL };
	const char *root = getenv("PMG_SOURCE_ROOT");
	struct str pattern = str_fmt(a, "%s/tests/corpus/{rules,explain,lint}/*.cases",
				     root ? root : ".");
	glob_t g;

	(void)state;
	assert_int_equal(glob(str_z(a, pattern), GLOB_BRACE, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		t.file = g.gl_pathv[i];
		run_file(&t, a);
	}
	globfree(&g);
	arena_close(a);
	printf("%u cases\n", t.cases);
	assert_true(t.cases > 0);
	assert_int_equal(t.failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(golden) };

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
