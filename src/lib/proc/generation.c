#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>

#include "base/clean.h"
#include "base/log.h"
#include "base/net.h"
#include "lib/proc/prefork_int.h"

enum { CRASHES_PER_SECOND_MAX = 20 };

struct generation {
	const struct prefork *p;
	pid_t worker[PREFORK_WORKERS_MAX]; /* 0: none at the moment */
	size_t n;
	pid_t chore;
	bool leaving;
	int64_t crash_second;
	int crashes; /* in that second */
};

static volatile sig_atomic_t told_to_stop;

static void on_term(int number)
{
	(void)number;
	told_to_stop = 1;
}

/* SIGTERM stays blocked but while waiting, so that it never interrupts work in hand. */
static void worker_signals(sigset_t *while_waiting)
{
	struct sigaction act = { .sa_handler = on_term };

	told_to_stop = 0;
	sigaction(SIGTERM, &act, NULL);
	sigprocmask(SIG_BLOCK, NULL, while_waiting);
	sigdelset(while_waiting, SIGTERM);
	sigdelset(while_waiting, SIGINT);
}

/* One that waits is not delivered while there is always a connection to return with. */
static bool stop_is_due(void)
{
	sigset_t pending;

	return told_to_stop || (sigpending(&pending) == 0 && sigismember(&pending, SIGTERM));
}

/* Each worker waits exclusively: a connection wakes one of those that are idle. */
static int watch_listeners(const struct prefork *p)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT(epoll >= 0);
	for (size_t i = 0; i < p->n_listeners; i++) {
		struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.u64 = i };

		ASSERT(epoll_ctl(epoll, EPOLL_CTL_ADD, p->listeners[i], &ev) == 0);
	}
	return epoll;
}

static NORETURN void worker_run(const struct prefork *p, size_t slot)
{
	sigset_t while_waiting;
	int epoll = watch_listeners(p);

	worker_signals(&while_waiting);
	p->worker(p->ctx, slot);
	for (int units = 0; units < p->units && !stop_is_due();) {
		struct epoll_event ev;

		if (epoll_pwait(epoll, &ev, 1, -1, &while_waiting) != 1)
			continue;

		CLEAN_FD int fd = accept4(p->listeners[ev.data.u64], NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue; /* another worker was faster */
		p->serve(p->ctx, fd, (size_t)ev.data.u64);
		units++;
	}
	exit(0);
}

static void wait_between_chores(const sigset_t *while_waiting, int seconds)
{
	int64_t until = net_now() + seconds * 1000;

	int64_t left = seconds * 1000;

	/* At least once, because only here a SIGTERM is let through. */
	do {
		struct timespec ts = { left / 1000, left % 1000 * 1000000 };

		pselect(0, NULL, NULL, NULL, &ts, while_waiting);
		left = until - net_now();
	} while (!told_to_stop && left > 0);
}

static NORETURN void chore_run(const struct prefork *p)
{
	sigset_t while_waiting;

	worker_signals(&while_waiting);
	for (;;) {
		wait_between_chores(&while_waiting, p->chore_seconds);
		if (told_to_stop)
			exit(0);
		p->chore(p->ctx);
	}
}

static pid_t start_child(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		log_err("fork: %m");
	if (pid == 0)
		prefork_follow(parent);
	return pid;
}

/* Fills every empty place, unless workers die so fast that this would only burn the processor. */
static void fill(struct generation *g)
{
	if (g->leaving || g->crashes > CRASHES_PER_SECOND_MAX)
		return;
	for (size_t i = 0; i < g->n; i++) {
		if (g->worker[i])
			continue;
		pid_t pid = start_child();

		if (pid == 0)
			worker_run(g->p, i);
		g->worker[i] = pid > 0 ? pid : 0;
	}
	if (g->p->chore && !g->chore) {
		pid_t pid = start_child();

		if (pid == 0)
			chore_run(g->p);
		g->chore = pid > 0 ? pid : 0;
	}
}

static void count_crash(struct generation *g)
{
	int64_t second = net_now() / 1000;

	if (second != g->crash_second)
		g->crashes = 0;
	g->crash_second = second;
	g->crashes++;
}

static void child_ended(struct generation *g, pid_t pid, int status)
{
	bool crashed = WIFSIGNALED(status) || WEXITSTATUS(status) != 0;

	if (crashed && WIFSIGNALED(status))
		log_err("process %ld ended by signal %d", (long)pid, WTERMSIG(status));
	else if (crashed)
		log_err("process %ld ended with status %d", (long)pid, WEXITSTATUS(status));
	if (crashed)
		count_crash(g);
	if (pid == g->chore)
		g->chore = 0;
	for (size_t i = 0; i < g->n; i++) {
		if (g->worker[i] != pid)
			continue;
		g->worker[i] = 0;
		if (crashed)
			g->p->died(g->p->ctx, i);
	}
}

static void reap(struct generation *g)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		child_ended(g, pid, status);
	fill(g);
}

static size_t signal_all(const struct generation *g, int number)
{
	size_t alive = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->worker[i]) {
			kill(g->worker[i], number);
			alive++;
		}
	if (g->chore) {
		kill(g->chore, number);
		alive++;
	}
	return alive;
}

static bool any_alive(const struct generation *g)
{
	return signal_all(g, 0) > 0;
}

/* Every second at least, so that places left empty after crashes are filled again. */
static void wait_and_handle(struct generation *g, const sigset_t *set)
{
	static const struct timespec second = { 1, 0 };

	switch (sigtimedwait(set, NULL, &second)) {
	case SIGCHLD:
		reap(g);
		break;
	case SIGTERM:
		g->leaving = true;
		signal_all(g, SIGTERM);
		break;
	case SIGQUIT:
		g->leaving = true;
		signal_all(g, SIGKILL);
		break;
	case -1:
		g->crashes = 0;
		reap(g);
		break;
	default:
		break;
	}
}

void generation_run(const struct prefork *p, int ready)
{
	struct generation g = { .p = p };
	struct err e;
	sigset_t set;

	prefork_block_signals(&set);
	if (p->load(p->ctx, &g.n, &e) < 0) {
		log_err("unable to load, the running generation stays: %s", e.msg);
		exit(e.code == ERR_TEMP ? EX_TEMPFAIL : 1);
	}
	ASSERT(g.n > 0 && g.n <= PREFORK_WORKERS_MAX);
	fill(&g);
	if (write(ready, "R", 1) != 1)
		log_err("report ready: %m");
	close(ready);
	while (!g.leaving || any_alive(&g))
		wait_and_handle(&g, &set);
	exit(0);
}
