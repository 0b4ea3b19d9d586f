#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clean.h"
#include "base/net.h"
#include "lib/proc/spawn.h"

enum { LONG_MS = 30000, SHORT_MS = 300, OUTPUT_MAX = 10000 };

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 16u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static int shell(const char *script, int64_t ms, struct spawn_result *r, struct err *e)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct spawn s = { .argv = argv, .deadline = net_now() + ms, .output_max = OUTPUT_MAX };

	return spawn_run(a, &s, r, e);
}

static void test_outputs_and_status(void **state)
{
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(shell("echo to out; echo to err >&2; exit 3", LONG_MS, &r, &e), 0);
	assert_true(str_eq(r.out, STR("to out\n")));
	assert_true(str_eq(r.errors, STR("to err\n")));
	assert_int_equal(r.status, 3);
}

static void test_arguments_are_not_words_of_a_shell(void **state)
{
	const char *argv[] = { "/usr/bin/printf", "<%s>", "a b; echo $HOME", "*", NULL };
	struct spawn s = { .argv = argv,
			   .deadline = net_now() + LONG_MS,
			   .output_max = OUTPUT_MAX };
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(spawn_run(a, &s, &r, &e), 0);
	assert_true(str_eq(r.out, STR("<a b; echo $HOME><*>")));
}

static void test_what_it_inherits(void **state)
{
	struct spawn_result r;
	struct err e;
	int fd = open("/dev/null", O_RDONLY); /* deliberately without close-on-exec */

	(void)state;
	assert_int_equal(setenv("SECRET", "x", 1), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(shell("cat; echo \"[$SECRET]\"; ls /proc/self/fd | wc -l; "
			       "grep -c 'SigIgn.*0...$' /proc/self/status",
			       LONG_MS, &r, &e),
			 0);
	assert_string_equal(str_z(a, r.out), "[]\n4\n1\n"); /* PIPE is bit 12 */
	signal(SIGPIPE, SIG_DFL);
	close(fd);
}

/* Waits for it to be gone, or a zombie, which is what stays where nobody adopts orphans. */
static bool ends_soon(pid_t pid)
{
	int64_t end = net_now() + LONG_MS;

	while (net_now() < end) {
		CLEAN_FD int fd = open(str_z(a, str_fmt(a, "/proc/%d/stat", (int)pid)), O_RDONLY);
		char stat[512] = "";

		if (fd < 0 || read(fd, stat, sizeof(stat) - 1) <= 0 || strstr(stat, ") Z "))
			return true;
		usleep(1000);
	}
	return false;
}

/* A limit that a worker sets for itself is not one for the administrator's program. */
static void test_memory_limit_is_not_inherited(void **state)
{
	struct rlimit before, own, after;
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	own = (struct rlimit){ (rlim_t)1 << 46, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &own), 0);
	assert_int_equal(shell("test $(ulimit -S -v) = $(ulimit -H -v)", LONG_MS, &r, &e), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(getrlimit(RLIMIT_AS, &after), 0);
	assert_true(after.rlim_cur == own.rlim_cur);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
}

static void test_deadline_kills_the_whole_group(void **state)
{
	int64_t began = net_now(), pid;
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(shell("sleep 1000 & echo $!; wait", SHORT_MS, &r, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_int_equal(r.status, -1);
	assert_in_range(net_now() - began, SHORT_MS, LONG_MS);
	assert_true(str_int(str_trim(r.out), 2, INT32_MAX, &pid)); /* what it said is not lost */
	assert_true(ends_soon((pid_t)pid));
}

static void test_hang_without_outputs(void **state)
{
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(shell("exec sleep 1000 >&- 2>&-", SHORT_MS, &r, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
}

static void test_flood(void **state)
{
	static const char *const floods[] = { "yes", "yes >&2", "yes & yes >&2" };
	struct spawn_result r;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(floods); i++) {
		assert_int_equal(shell(floods[i], LONG_MS, &r, &e), -1);
		assert_int_equal(e.code, ERR_LIMIT);
		assert_true(r.out.n <= OUTPUT_MAX && r.errors.n <= OUTPUT_MAX);
	}
}

static void test_background_child_does_not_hold_us_up(void **state)
{
	int64_t began = net_now(), pid;
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(shell("sleep 1000 & echo $!", LONG_MS, &r, &e), 0);
	assert_true(net_now() - began < LONG_MS);
	assert_true(str_int(str_trim(r.out), 2, INT32_MAX, &pid));
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0); /* it was left alone */
}

static void test_ended_by_a_signal(void **state)
{
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(shell("echo x; kill -SEGV $$", LONG_MS, &r, &e), -1);
	assert_int_equal(e.code, ERR_SYS);
	assert_non_null(strstr(e.msg, "signal 11"));
	assert_int_equal(r.status, -1);
}

static void test_cannot_be_started(void **state)
{
	const char *argv[] = { "/nonexistent/program", NULL };
	struct spawn s = { .argv = argv,
			   .deadline = net_now() + LONG_MS,
			   .output_max = OUTPUT_MAX };
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(spawn_run(a, &s, &r, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	argv[0] = "/etc/passwd";
	assert_int_equal(spawn_run(a, &s, &r, &e), -1);
	assert_int_equal(e.code, ERR_SYS);
}

static void test_input_is_a_file(void **state)
{
	const char *argv[] = { "/bin/sh", "-c",        "cat; cat $1; tail -c 2 " SPAWN_INPUT,
			       "-",       SPAWN_INPUT, NULL };
	struct spawn s = { .argv = argv,
			   .deadline = net_now() + LONG_MS,
			   .output_max = OUTPUT_MAX,
			   .input = STR("ab\0c") };
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(spawn_run(a, &s, &r, &e), 0);
	assert_true(str_eq(r.out, STR("ab\0cab\0c\0c")));
}

static void test_environment(void **state)
{
	const char *argv[] = { "/usr/bin/env", NULL };
	const char *env[] = { "A=1", "HOME=/x", "LC=y", NULL };
	struct spawn s = {
		.argv = argv, .deadline = net_now() + LONG_MS, .output_max = OUTPUT_MAX, .env = env
	};
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(spawn_run(a, &s, &r, &e), 0);
	assert_string_equal(str_z(a, r.out),
			    "A=1\nHOME=/x\nLC=y\n"
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
			    "/sbin:/bin\nLC_ALL=C.UTF-8\n");
}

/* Runs a line of shell or of Perl in a cage; 0 or the error of spawn_run(). */
static int caged(const char *program, const char *option, const char *script,
		 struct spawn_result *r, struct err *e)
{
	static const struct spawn_cage cage = { .memory = 512u << 20, .seconds = 1 };
	const char *argv[] = { program, option, script, NULL };
	struct spawn s = { .argv = argv,
			   .deadline = net_now() + LONG_MS,
			   .output_max = OUTPUT_MAX,
			   .input = STR("document"),
			   .cage = &cage };

	return spawn_run(a, &s, r, e);
}

static void test_cage_lets_work(void **state)
{
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(
		caged("/bin/sh", "-c", "cat " SPAWN_INPUT " 2>/dev/null | tr d D; exit 4", &r, &e),
		0);
	assert_true(str_eq(r.out, STR("Document")));
	assert_int_equal(r.status, 4);
}

/* Each prints "no" where the cage holds; `files`: if the kernel can do that. */
static const struct {
	const char *script;
	bool files;
} tries[] = {
	{ "socket(S, 2, 1, 0) or print 'no'", false },
	{ "socket(S, 1, 1, 0) or print 'no'", false },
	{ "kill(0, getppid()) or print 'no'", false },
	{ "require 'syscall.ph'; syscall(SYS_tgkill(), getppid(), getppid(), 0) and print 'no'",
	  false },
	{ "setpgrp(0, 0) or print 'no'", false },
	{ "use POSIX; if (fork) { wait } elsif (POSIX::setsid() < 1) { print 'no' }", false },
	{ "truncate($ENV{OUTSIDE}, 0) or print 'no'", false },
	{ "chmod(0, $ENV{OUTSIDE}) or print 'no'", false },
	{ "eval { $x = 'x' x (600 << 20); 1 } or print 'no'", false },
	{ "open(F, '<', $ENV{OUTSIDE}) or print 'no'", true },
	{ "open(F, '>>', $ENV{OUTSIDE}) or print 'no'", true },
	{ "open(F, '>', \"$ENV{OUTSIDE}.new\") or print 'no'", true },
	{ "unlink($ENV{OUTSIDE}) or print 'no'", true },
};

static void test_cage_holds(void **state)
{
	const long landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* its version */);
	char outside[] = "/tmp/cage_test.XXXXXX";
	CLEAN_FD int fd = mkstemp(outside);
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_true(fd >= 0 && write(fd, "x", 1) == 1);
	if (landlock < 1)
		print_message("skipped for files: this kernel has no Landlock\n");
	for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
		const char *try = tries[i].script;
		struct str script = str_fmt(a, "$ENV{OUTSIDE} = '%s'; %s", outside, try);

		if (tries[i].files && landlock < 1)
			continue;
		if (caged("/usr/bin/perl", "-e", str_z(a, script), &r, &e) < 0)
			fail_msg("%s: %s", try, e.msg);
		/* Perl says by itself that memory is out. */
		if (!str_eq(r.out, STR("no")) && str_ifind(r.errors, STR("out of memory")) != 0)
			fail_msg("%s: %s%s", try, str_z(a, r.out), str_z(a, r.errors));
	}
	assert_int_equal(unlink(outside), 0);
}

static void test_cage_ends_what_computes_forever(void **state)
{
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(caged("/usr/bin/perl", "-e", "1 while 1", &r, &e), -1);
	assert_int_equal(e.code, ERR_SYS);
	assert_non_null(strstr(e.msg, "signal"));
}

static void test_cage_leaves_nothing_running(void **state)
{
	struct spawn_result r;
	struct err e;
	int64_t pid;

	(void)state;
	assert_int_equal(caged("/bin/sh", "-c", "sleep 1000 & echo $!", &r, &e), 0);
	assert_true(str_int(str_trim(r.out), 2, INT32_MAX, &pid));
	assert_true(ends_soon((pid_t)pid));
}

static void test_no_descriptor_is_left(void **state)
{
	int before = dup(0), after;
	struct spawn_result r;
	struct err e;

	(void)state;
	close(before);
	for (int i = 0; i < 20; i++)
		assert_int_equal(shell(i % 2 ? "true" : "kill -9 $$", LONG_MS, &r, &e), i % 2 - 1);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outputs_and_status),
		cmocka_unit_test(test_arguments_are_not_words_of_a_shell),
		cmocka_unit_test(test_what_it_inherits),
		cmocka_unit_test(test_memory_limit_is_not_inherited),
		cmocka_unit_test(test_deadline_kills_the_whole_group),
		cmocka_unit_test(test_hang_without_outputs),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_background_child_does_not_hold_us_up),
		cmocka_unit_test(test_ended_by_a_signal),
		cmocka_unit_test(test_cannot_be_started),
		cmocka_unit_test(test_input_is_a_file),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_cage_lets_work),
		cmocka_unit_test(test_cage_holds),
		cmocka_unit_test(test_cage_ends_what_computes_forever),
		cmocka_unit_test(test_cage_leaves_nothing_running),
		cmocka_unit_test(test_no_descriptor_is_left),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
