#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/net.h"
#include "base/str.h"
#include "lib/proc/prefork.h"

enum { PATIENCE_MS = 20000 };

/* Seen by all processes of the server under test, and by the test. */
static struct shared {
	_Atomic int loads, fail_load, busy, hang_load, died, chores, workers_started;
	_Atomic int served[3]; /* 'd', by each generation */
} *shared;

static uint16_t ports[2];
static int generation; /* in a generation and its workers */

static int load(void *ctx, size_t *workers, struct err *e)
{
	(void)ctx;
	generation = ++shared->loads;
	for (int64_t end = net_now() + PATIENCE_MS; shared->hang_load && net_now() < end;)
		usleep(1000);
	if (shared->busy)
		return err_set(e, ERR_TEMP, "told to wait");
	if (shared->fail_load)
		return err_set(e, ERR_INVALID, "told to fail");
	*workers = 3;
	return 0;
}

static void worker(void *ctx, size_t slot)
{
	(void)ctx;
	ASSERT(slot < 3);
	shared->workers_started++;
}

/* Leaves a connection in the queue that asks for the next. */
static void dial_again(size_t listener)
{
	struct err e;
	int fd;

	if (net_connect_tcp("127.0.0.1", ports[listener], net_now() + PATIENCE_MS, &fd, &e) < 0)
		return;
	(void)!send(fd, "d", 1, MSG_NOSIGNAL);
	close(fd);
}

/*
 * Answers with the number of its generation; 'c' makes it crash, 'w' wait for a second byte, 'd'
 * waits for nothing and dials itself once more, so that the queue is never empty.
 */
static void serve(void *ctx, int fd, size_t listener)
{
	static struct conn c;
	struct str got;
	struct err e;

	(void)ctx;
	conn_init(&c, fd, net_now() + PATIENCE_MS);
	if (conn_peek(&c, &got, &e) < 0)
		return;
	if (got.p[0] == 'c')
		abort();
	if (got.p[0] == 'd') {
		dial_again(listener);
		shared->served[generation]++;
	}
	if (got.p[0] == 'w') {
		conn_take(&c, got.n);
		if (conn_printf(&c, &e, "waiting") < 0 || conn_flush(&c, &e) < 0 ||
		    conn_peek(&c, &got, &e) < 0)
			return;
	}
	if (conn_printf(&c, &e, "%d %zu", generation, listener) == 0)
		(void)!conn_flush(&c, &e);
}

static void died(void *ctx, size_t slot)
{
	(void)ctx;
	ASSERT(slot < 3);
	shared->died++;
}

static void chore(void *ctx)
{
	(void)ctx;
	shared->chores++;
}

static int listeners[2];
static pid_t server;

static void listen_anywhere(size_t i)
{
	struct err e;

	for (ports[i] = (uint16_t)(20000 + getpid() % 20000);
	     net_listen_tcp("127.0.0.1", ports[i], &listeners[i], &e) < 0; ports[i]++)
		assert_int_equal(e.code, ERR_CONFLICT);
}

static int start_with(int units)
{
	static struct prefork p = { .stop_seconds = 5, .chore_seconds = 0 };

	p.units = units;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(shared != MAP_FAILED);
	listen_anywhere(0);
	listen_anywhere(1);
	p.listeners = listeners;
	p.n_listeners = 2;
	p.load = load;
	p.worker = worker;
	p.serve = serve;
	p.died = died;
	p.chore = chore;
	server = fork();
	if (server == 0) {
		freopen("/dev/null", "w", stderr);
		prefork_run(&p);
		_exit(42);
	}
	return 0;
}

static int start_server(void **state)
{
	(void)state;
	return start_with(10);
}

static int start_tireless_server(void **state)
{
	(void)state;
	return start_with(1000000);
}

static int stop_server(void **state)
{
	int status;

	(void)state;
	kill(server, SIGTERM);
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(WEXITSTATUS(status), 42);
	close(listeners[0]);
	close(listeners[1]);
	munmap(shared, sizeof(*shared));
	return 0;
}

static int dial(size_t listener)
{
	struct err e;
	int fd;

	if (net_connect_tcp("127.0.0.1", ports[listener], net_now() + PATIENCE_MS, &fd, &e) < 0)
		fail_msg("%s", e.msg);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* What comes until the end of the connection or, with `some`, what comes first. */
static const char *hear(int fd, bool some)
{
	static char text[64];
	size_t n = 0;
	struct err e;

	for (;;) {
		ssize_t got;

		if (net_wait(fd, 0x001 /* POLLIN */, net_now() + PATIENCE_MS, &e) < 0)
			fail_msg("%s", e.msg);
		got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
		if (some)
			break;
	}
	text[n] = '\0';
	return text;
}

static const char *ask(size_t listener, const char *question)
{
	int fd = dial(listener);
	const char *answer;

	say(fd, question);
	answer = hear(fd, false);
	close(fd);
	return answer;
}

static void until_answer_is(const char *want)
{
	int64_t end = net_now() + PATIENCE_MS;

	while (strcmp(ask(0, "x"), want) != 0)
		assert_true(net_now() < end);
}

static void until_at_least(const _Atomic int *value, int want)
{
	int64_t end = net_now() + PATIENCE_MS;

	while (*value < want)
		assert_true(net_now() < end);
}

static void test_serves_both_listeners_and_replaces_workers(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_string_equal(ask(0, "x"), "1 0");
		assert_string_equal(ask(1, "x"), "1 1");
	}
	/* 100 connections at 10 for each worker: at least ten have served, in three places */
	until_at_least(&shared->workers_started, 10);
	until_at_least(&shared->chores, 2);
	assert_int_equal(shared->died, 0);
}

static void test_reload_lets_the_old_one_finish(void **state)
{
	int fd = dial(0);

	(void)state;
	say(fd, "w");
	assert_string_equal(hear(fd, true), "waiting");
	kill(server, SIGHUP);
	until_answer_is("2 0");
	say(fd, "x");
	assert_string_equal(hear(fd, false), "1 0");
	close(fd);
}

static void test_failed_reload_changes_nothing(void **state)
{
	(void)state;
	until_answer_is("1 0");
	shared->fail_load = 1;
	kill(server, SIGUSR1);
	until_at_least(&shared->loads, 2);
	for (int i = 0; i < 20; i++)
		assert_string_equal(ask(0, "x"), "1 0");
	shared->fail_load = 0;
	kill(server, SIGUSR1);
	until_answer_is("3 0");
}

/* The database was away, say: nobody has to ask for the reload again. */
static void test_reload_that_was_too_early_is_tried_again(void **state)
{
	(void)state;
	until_answer_is("1 0");
	shared->busy = 1;
	kill(server, SIGHUP);
	until_at_least(&shared->loads, 2);
	assert_string_equal(ask(0, "x"), "1 0");
	shared->busy = 0;
	until_at_least(&shared->loads, 3);
	until_answer_is("3 0");
}

/* One that is still loading has nothing in hand. */
static void test_stop_does_not_wait_for_a_generation_that_loads(void **state)
{
	int64_t start = net_now();

	until_answer_is("1 0");
	shared->hang_load = 1;
	kill(server, SIGHUP);
	until_at_least(&shared->loads, 2);
	stop_server(state);
	assert_true(net_now() - start < PATIENCE_MS / 2);
}

/* A queue that is never empty does not keep a worker of the old generation. */
static void test_old_workers_leave_under_load(void **state)
{
	int64_t end = net_now() + PATIENCE_MS;
	int last;

	(void)state;
	until_answer_is("1 0");
	for (int i = 0; i < 20; i++)
		say(dial(0), "d");
	until_at_least(&shared->served[1], 100);
	kill(server, SIGHUP);
	until_at_least(&shared->served[2], 100);
	do {
		assert_true(net_now() < end);
		last = shared->served[1];
		until_at_least(&shared->served[2], shared->served[2] + 500);
	} while (shared->served[1] != last);
}

static void test_crashed_worker_is_told_and_replaced(void **state)
{
	(void)state;
	for (int i = 1; i <= 5; i++) {
		ask(0, "c");
		until_at_least(&shared->died, i);
		assert_string_equal(ask(0, "x"), "1 0");
	}
	assert_int_equal(shared->died, 5);
}

/* The parent dies by kill -9: nobody is left behind who would hold the ports. */
static void test_nothing_outlives_the_parent(void **state)
{
	int64_t end = net_now() + PATIENCE_MS;
	struct err e;
	int fd, status;

	start_server(state);
	assert_string_equal(ask(0, "x"), "1 0");
	kill(server, SIGKILL);
	assert_int_equal(waitpid(server, &status, 0), server);
	close(listeners[0]);
	close(listeners[1]);
	while (net_connect_tcp("127.0.0.1", ports[0], end, &fd, &e) == 0) {
		close(fd);
		assert_true(net_now() < end);
	}
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_serves_both_listeners_and_replaces_workers,
						start_server, stop_server),
		cmocka_unit_test_setup_teardown(test_reload_lets_the_old_one_finish, start_server,
						stop_server),
		cmocka_unit_test_setup_teardown(test_failed_reload_changes_nothing, start_server,
						stop_server),
		cmocka_unit_test_setup_teardown(test_reload_that_was_too_early_is_tried_again,
						start_server, stop_server),
		cmocka_unit_test_setup(test_stop_does_not_wait_for_a_generation_that_loads,
				       start_server),
		cmocka_unit_test_setup_teardown(test_old_workers_leave_under_load,
						start_tireless_server, stop_server),
		cmocka_unit_test_setup_teardown(test_crashed_worker_is_told_and_replaced,
						start_server, stop_server),
		cmocka_unit_test(test_nothing_outlives_the_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
