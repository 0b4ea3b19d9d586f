/*
 * The two checks that are programs of somebody else's, with small programs of our own in their
 * place: those that keep to the rules, and those that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clean.h"
#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/scan/avast.h"
#include "gw/scan/custom.h"

enum { LONG_MS = 30000, SHORT_MS = 300, LOG_MAX = 100000 };

static struct arena *a;
static char dir[] = "/tmp/programs_test.XXXXXX";
static const char *program, *mail, *log_file;

static int open_all(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	if (!mkdtemp(dir))
		return -1;
	program = str_z(a, str_fmt(a, "%s/program", dir));
	mail = str_z(a, str_fmt(a, "%s/mail", dir));
	log_file = str_z(a, str_fmt(a, "%s/log", dir));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	unlink(program);
	unlink(log_file);
	rmdir(dir);
	arena_close(a);
	return 0;
}

static void write_program(const char *script)
{
	struct file_attr attr = { 0700, (uid_t)-1, (gid_t)-1 };
	struct err e;

	assert_int_equal(file_replace(program, str_fmt(a, "#!/bin/sh\n%s\n", script), &attr, &e),
			 0);
}

/* Runs the check, and returns what it logged. */
static const char *custom(const char *script, int64_t ms, struct custom_result *r)
{
	CLEAN_FD int saved = dup(STDERR_FILENO);
	CLEAN_FD int to = open(log_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct str logged;
	struct err e;

	write_program(script);
	log_id("ABC123");
	assert_true(dup2(to, STDERR_FILENO) >= 0);
	custom_check(a, program, mail, net_now() + ms, r);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(file_read(a, log_file, LOG_MAX, &logged, &e), 0);
	return str_z(a, logged);
}

static void expect(const char *script, const char *virus, const char *score)
{
	struct custom_result r;
	const char *logged = custom(script, LONG_MS, &r);

	if (*logged)
		fail_msg("%s: logged %s", script, logged);
	assert_string_equal(str_z(a, r.virus), virus);
	assert_string_equal(str_z(a, r.score), score);
}

static void test_custom_results(void **state)
{
	(void)state;
	expect("echo v1; echo OK", "", "");
	expect("echo v1; echo 'VIRUS: Random Virus'", "Random Virus", "");
	expect("echo v1; echo 'SCORE: 4'", "", "4");
	expect("echo v1; echo 'SCORE: -3.75'", "", "-3.75");
	expect("echo v1; echo 'SCORE: 0'", "", "0");
	expect("printf 'v1\\nOK'", "", "");
	expect("printf 'v1\\r\\nOK\\r\\n'", "", "");
	expect("printf 'v1\\nVIRUS:\\033[2J\\tx\\n'", "[2J x", "");
}

static void test_custom_arguments(void **state)
{
	struct custom_result r;
	const char *logged = custom("echo v1; echo OK; echo \"$#|$1|$2\" >&2", LONG_MS, &r);

	(void)state;
	assert_string_equal(logged, str_z(a, str_fmt(a, "ABC123: custom check: 2|v1|%s\n", mail)));
}

static void test_custom_fails_open(void **state)
{
	static const char *const broken[] = {
		"exit 0", "echo OK", "echo OK; echo v1", "echo v1", "echo v2; echo OK",
		"echo v1; echo ok", "echo v1; echo OK; echo OK",
		"echo v1; echo OK; echo v1; echo OK",
		"echo v1; echo 'SCORE: 5'; echo 'VIRUS: x'", "echo v1; echo; echo OK",
		"echo v1; echo 'SCORE: 5'; exit 1", "echo v1; echo 'VIRUS: x'; kill -9 $$",
		"echo v1; echo 'VIRUS: '", "echo v1; echo 'SCORE: '",
		"echo v1; echo 'SCORE: 5 points'", "echo v1; echo 'SCORE: 1e9'",
		"echo v1; echo 'SCORE: nan'", "echo v1; echo 'SCORE: --1'",
		"echo v1; echo 'SCORE: -'", "echo v1; echo 'SCORE: 1.'",
		"echo v1; echo 'SCORE: 1.2.3'",
		"echo v1; echo 'SCORE: 111111111111111111111'", "echo v1; echo 'SCORE: 0x10'",
		"echo v1; echo 'SCORE: 5'; yes", "echo v1; echo 'SCORE: 5'; yes >&2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct custom_result r;
		const char *logged = custom(broken[i], LONG_MS, &r);

		if (r.virus.n || r.score.n)
			fail_msg("%s: counted", broken[i]);
		if (!strstr(logged, "ABC123: custom check failed, the mail is treated as OK: "))
			fail_msg("%s: logged %s", broken[i], logged);
	}
}

static void test_custom_hang_ends_with_the_mails_deadline(void **state)
{
	struct custom_result r;
	int64_t began = net_now();
	const char *logged = custom("echo v1; echo 'SCORE: 5'; echo working >&2; sleep 1000",
				    SHORT_MS, &r);

	(void)state;
	assert_in_range(net_now() - began, SHORT_MS, LONG_MS);
	assert_int_equal(r.score.n, 0);
	/* What was said before it hung is not lost. */
	assert_non_null(strstr(logged, "ABC123: custom check: working\n"));
	assert_non_null(strstr(logged, "did not end in time"));
}

static void test_custom_talks_a_lot(void **state)
{
	struct custom_result r;
	const char *logged = custom("echo v1; echo OK; seq 1000 >&2", LONG_MS, &r);

	(void)state;
	assert_non_null(strstr(logged, "custom check: 200\n"));
	assert_null(strstr(logged, "custom check: 201\n"));
	assert_non_null(strstr(logged, "more lines are not logged"));
}

static void test_custom_program_is_missing(void **state)
{
	struct custom_result r = { STR("x"), STR("x") };

	(void)state;
	custom_check(a, "/nonexistent/check", mail, net_now() + LONG_MS, &r);
	assert_true(r.virus.n == 0 && r.score.n == 0);
}

static int avast(const char *script, int64_t ms, struct str *virus, struct err *e)
{
	write_program(script);
	return avast_scan_by(a, program, mail, net_now() + ms, virus, e);
}

static void test_avast_answers(void **state)
{
	static const struct {
		const char *script, *virus;
	} cases[] = {
		{ "exit 0", "" },
		{ "printf '%s\\tEICAR Test-NOT virus!!!\\n' \"$1\"; exit 1",
		  "EICAR Test-NOT virus!!!" },
		{ "printf '%s Name\\n' \"$1\"; exit 1", "Name" },
		{ "printf '%s\\tFirst\\n%s\\tSecond\\n' \"$1\" \"$1\"; exit 1", "First" },
		{ "printf '%s|>a b.exe\\tWin32:Worm\\n' \"$1\"; exit 1", "Win32:Worm" },
		{ "printf '%s\\tA\\033B\\n' \"$1\"; exit 1", "A B" },
		{ "printf '%s\\tName\\n' \"$1\"; exit 0", "Name" }, /* said is said */
	};
	struct str virus;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (avast(cases[i].script, LONG_MS, &virus, &e) < 0)
			fail_msg("%s: %s", cases[i].script, e.msg);
		assert_string_equal(str_z(a, virus), cases[i].virus);
	}
}

static void test_avast_failures_are_errors(void **state)
{
	static const char *const broken[] = {
		"exit 1", "exit 2", "echo 'license expired' >&2; exit 2", "echo hello",
		"echo; exit 1",
		"echo \"$1\"", "echo \"$1 \"; exit 1", "echo \"$1: not found\"; exit 1",
		"printf '%s\\tName\\n' \"$1\"; exit 2", "printf '%sx\\tName\\n' \"$1\"; exit 1",
		"printf '%s|>member Name\\n' \"$1\"; exit 1", "kill -9 $$", "yes",
		"printf '%s\\tName\\n' \"$1\"; sleep 1000",
	};
	struct str virus = STR("untouched");
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		bool hangs = i == ARRAY_LEN(broken) - 1;

		if (avast(broken[i], hangs ? SHORT_MS : LONG_MS, &virus, &e) == 0)
			fail_msg("taken for an answer: %s", broken[i]);
		assert_int_equal(e.code, ERR_TEMP);
		assert_true(str_eq(virus, STR("untouched")));
	}
	assert_int_equal(
		avast_scan_by(a, "/nonexistent/scan", mail, net_now() + LONG_MS, &virus, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_custom_results),
		cmocka_unit_test(test_custom_arguments),
		cmocka_unit_test(test_custom_fails_open),
		cmocka_unit_test(test_custom_hang_ends_with_the_mails_deadline),
		cmocka_unit_test(test_custom_talks_a_lot),
		cmocka_unit_test(test_custom_program_is_missing),
		cmocka_unit_test(test_avast_answers),
		cmocka_unit_test(test_avast_failures_are_errors),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
