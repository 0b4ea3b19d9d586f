#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clean.h"
#include "base/net.h"
#include "lib/proc/daemon.h"

enum { ANY_PORT = 0, HELD_MS = 100 };

static uint16_t port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t n = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &n), 0);
	return ntohs(address.sin_port);
}

/* A worker of a service that has gone: it has the socket, and ends in a moment. */
static pid_t last_worker(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		poll(NULL, 0, HELD_MS);
		_exit(0);
	}
	return pid;
}

static void test_waits_for_the_last_worker(void **state)
{
	CLEAN_FD int again = -1;
	int fd = -1, status;
	struct err e;

	(void)state;
	assert_int_equal(net_listen_tcp("127.0.0.1", ANY_PORT, &fd, &e), 0);
	uint16_t port = port_of(fd);
	pid_t worker = last_worker();

	close(fd);
	assert_int_equal(net_listen_tcp("127.0.0.1", port, &again, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(daemon_listen("127.0.0.1", port, &again, &e), 0);
	assert_int_equal(port_of(again), port);
	assert_int_equal(waitpid(worker, &status, 0), worker);
}

static void test_gives_other_errors_at_once(void **state)
{
	int64_t before = net_now();
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(daemon_listen("nowhere", ANY_PORT, &fd, &e), -1);
	assert_true(net_now() - before < DAEMON_LISTEN_WAIT_MS / 2);
}

/* What daemon_main() says to a command line of three words behind "x --pidfile FILE". */
static int given(const char *first, const char *second, const char *third, const char **text,
		 int *number, bool *flag)
{
	const struct daemon_option options[] = {
		{ "text", .text = text },
		{ "number", .number = number, .max = 10 },
		{ "flag", .flag = flag },
		{ 0 },
	};
	char *argv[] = { (char *)"x", (char *)"--pidfile", (char *)"/nowhere/at/all",
			 (char *)first, (char *)second, (char *)third, NULL };
	struct daemon_service service = { .name = "x" };

	return daemon_main(&service, options, "usage\n", third ? 6 : second ? 5 : 4, argv);
}

static void test_command_line(void **state)
{
	enum { NOT_RUNNING = 3, BAD_USAGE = 64 };
	const char *text = NULL;
	bool flag = false;
	int number = 0;

	(void)state;
	assert_int_equal(given("status", NULL, NULL, &text, &number, &flag), NOT_RUNNING);
	assert_int_equal(given("--number", "10", "status", &text, &number, &flag), NOT_RUNNING);
	assert_int_equal(number, 10);
	assert_false(flag);
	assert_int_equal(given("--flag", "status", "--text=a", &text, &number, &flag), NOT_RUNNING);
	assert_true(flag);
	assert_string_equal(text, "a");
	assert_int_equal(given("--help", NULL, NULL, &text, &number, &flag), 0);
	assert_int_equal(given("--number", "11", "status", &text, &number, &flag), BAD_USAGE);
	assert_int_equal(given("--number", "0", "status", &text, &number, &flag), BAD_USAGE);
	assert_int_equal(given("--number", "1x", "status", &text, &number, &flag), BAD_USAGE);
	assert_int_equal(given("--other", "status", NULL, &text, &number, &flag), BAD_USAGE);
	assert_int_equal(given("--flag", NULL, NULL, &text, &number, &flag), BAD_USAGE);
	assert_int_equal(given("begin", NULL, NULL, &text, &number, &flag), BAD_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_the_last_worker),
		cmocka_unit_test(test_gives_other_errors_at_once),
		cmocka_unit_test(test_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
