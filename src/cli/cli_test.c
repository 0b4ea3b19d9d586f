#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

static char seen[64];

static int run_init(struct arena *a, const struct cli_args *args, struct err *e)
{
	(void)a;
	(void)e;
	snprintf(seen, sizeof(seen), "%d %d %s", cli_flag(args, "force"), cli_flag(args, "forget"),
		 cli_value(args, "rules"));
	return 0;
}

static int run_insert(struct arena *a, const struct cli_args *args, struct err *e)
{
	(void)a;
	(void)args;
	snprintf(seen, sizeof(seen), "insert");
	return err_set(e, ERR_TEMP, "not now");
}

static int run_tell(struct arena *a, const struct cli_args *args, struct err *e)
{
	const char *const *to;
	size_t n = cli_values(args, a, "to", &to);

	(void)e;
	snprintf(seen, sizeof(seen), "%s from %s to %zu %s", args->argument,
		 cli_value(args, "from") ? cli_value(args, "from") : "nobody", n,
		 n ? to[n - 1] : "");
	return 3;
}

static const struct cli_option tell_options[] = {
	{ "from", "<address>", NULL, "Who." },
	{ "to", "<address>", NULL, "Whom, several times." },
	{ NULL, NULL, NULL, NULL },
};
static const struct cli_option options[] = {
	{ "force", NULL, NULL, "Delete." },
	{ "forget", NULL, NULL, "Forget." },
	{ "rules", "all|some", "all", "Which." },
	{ NULL, NULL, NULL, NULL },
};
static const struct cli_command commands[] = {
	{ "init", "Initialize.", options, run_init, NULL },
	{ "insert", "Insert.", NULL, run_insert, NULL },
	{ "tell", "Tell.", tell_options, run_tell, "NEWS" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct cli_tool tool = { "test", commands };

static int call(const char *words)
{
	static char copy[256];
	char *argv[16] = { 0 }, *save = NULL;
	int argc = 0;

	seen[0] = '\0';
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return cli_main(&tool, argc, argv);
}

static void test_options(void **state)
{
	static const struct {
		const char *words, *values;
	} cases[] = {
		{ "test init", "0 0 all" },
		{ "test init --force", "1 0 all" },
		{ "test init -forc -RULES some", "1 0 some" },
		{ "test init --force 0 --forget=1", "0 1 all" },
		{ "test init --force yes --forget off", "1 0 all" },
		{ "test init --rules=some --force --forget", "1 1 some" },
		{ "test ini", "0 0 all" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(call(cases[i].words), 0);
		assert_string_equal(seen, cases[i].values);
	}
}

static void test_argument_any_text_and_own_status(void **state)
{
	(void)state;
	assert_int_equal(call("test tell news"), 3);
	assert_string_equal(seen, "news from nobody to 0 ");
	assert_int_equal(call("test tell --to a --from=x -to b news --from y"), 3);
	assert_string_equal(seen, "news from y to 2 b");
}

static void test_bad_usage_runs_nothing(void **state)
{
	static const char *const cases[] = {
		"test",
		"test in",
		"test unknown",
		"test init --for",
		"test init --what",
		"test init --force=maybe",
		"test init --rules",
		"test init --rules none",
		"test init again",
		"test insert --force",
		"test help nothing",
		"test help init insert",
		"test init --rules=all|x",
		"test init --",
		"test tell",
		"test tell --to a",
		"test tell news --to",
		"test tell news more",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(call(cases[i]), CLI_USAGE);
		assert_string_equal(seen, "");
	}
}

static void test_failure_is_the_exit_status(void **state)
{
	(void)state;
	assert_int_equal(call("test insert"), EX_TEMPFAIL);
	assert_string_equal(seen, "insert");
}

static void test_help(void **state)
{
	(void)state;
	assert_int_equal(call("test help"), 0);
	assert_int_equal(call("test help -v"), 0);
	assert_int_equal(call("test help init"), 0);
	assert_int_equal(call("test help tell"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_argument_any_text_and_own_status),
		cmocka_unit_test(test_bad_usage_runs_nothing),
		cmocka_unit_test(test_failure_is_the_exit_status),
		cmocka_unit_test(test_help),
	};

	/* what is printed is for people; the tests look at what is done */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
