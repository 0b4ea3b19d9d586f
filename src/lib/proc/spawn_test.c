#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
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
	struct spawn s = { argv, net_now() + ms, OUTPUT_MAX };

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
	struct spawn s = { argv, net_now() + LONG_MS, OUTPUT_MAX };
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
			       "grep -c 'SigIgn.*0...$' /proc/self/status", LONG_MS, &r, &e), 0);
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
	struct spawn s = { argv, net_now() + LONG_MS, OUTPUT_MAX };
	struct spawn_result r;
	struct err e;

	(void)state;
	assert_int_equal(spawn_run(a, &s, &r, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	argv[0] = "/etc/passwd";
	assert_int_equal(spawn_run(a, &s, &r, &e), -1);
	assert_int_equal(e.code, ERR_SYS);
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
		cmocka_unit_test(test_no_descriptor_is_left),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
