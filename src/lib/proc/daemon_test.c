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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_the_last_worker),
		cmocka_unit_test(test_gives_other_errors_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
