#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "base/clean.h"
#include "base/log.h"
#include "base/net.h"
#include "lib/proc/prefork_int.h"

enum { GENERATIONS_MAX = 16, RETRY_FIRST_MS = 500, RETRY_LAST_MS = 10000 };

struct generation {
	pid_t pid;
	int ready; /* readable end of its pipe; -1 once it is up */
	bool leaving;
};

struct parent {
	const struct prefork *p;
	struct generation list[GENERATIONS_MAX];
	size_t n;
	bool stopping;
	int64_t retry_at, retry_ms, kill_at; /* net_now() times; 0: not */
};

void prefork_block_signals(sigset_t *set)
{
	static const int used[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT, SIGCHLD };

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_LEN(used); i++)
		sigaddset(set, used[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void prefork_follow(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) /* it went before we asked */
		_exit(0);
}

static void generation_start(struct parent *s)
{
	pid_t self = getpid();
	int ends[2];

	s->retry_at = 0;
	if (s->n == GENERATIONS_MAX) {
		log_err("reload refused: %d generations are still finishing their work",
			GENERATIONS_MAX);
		return;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		log_err("reload: pipe: %m");
		return;
	}
	struct generation *g = &s->list[s->n];

	*g = (struct generation){ .pid = fork(), .ready = ends[0] };
	if (g->pid == 0) {
		close(ends[0]);
		prefork_follow(self);
		generation_run(s->p, ends[1]);
	}
	close(ends[1]);
	if (g->pid < 0) {
		log_err("reload: fork: %m");
		close(ends[0]);
		return;
	}
	s->n++;
}

/* One that is being loaded already does not know of changes made since; another one follows. */
static void reload(struct parent *s)
{
	log_info("reloading configuration");
	s->retry_ms = RETRY_FIRST_MS;
	generation_start(s);
}

static void retire_before(struct parent *s, size_t newest)
{
	for (size_t i = 0; i < newest; i++)
		if (!s->list[i].leaving) {
			s->list[i].leaving = true;
			kill(s->list[i].pid, SIGTERM);
		}
}

static bool one_serves(const struct parent *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i].leaving)
			return true;
	return false;
}

static void retry_later(struct parent *s)
{
	s->retry_ms = s->retry_ms ? s->retry_ms * 2 : RETRY_FIRST_MS;
	if (s->retry_ms > RETRY_LAST_MS)
		s->retry_ms = RETRY_LAST_MS;
	s->retry_at = net_now() + s->retry_ms;
}

/* The pipe says that it is up, or ends because it has gone; SIGCHLD tells about the latter. */
static void generation_heard(struct parent *s, size_t i)
{
	struct generation *g = &s->list[i];
	char byte;
	bool up = read(g->ready, &byte, 1) == 1;

	close(g->ready);
	g->ready = -1;
	if (!up)
		return;
	s->retry_ms = 0;
	retire_before(s, i);
}

static void generation_ended(struct parent *s, pid_t pid, int status)
{
	bool too_early = WIFEXITED(status) && WEXITSTATUS(status) == EX_TEMPFAIL;
	size_t i = 0;

	while (i < s->n && s->list[i].pid != pid)
		i++;
	if (i == s->n)
		return;
	if (s->list[i].ready >= 0)
		close(s->list[i].ready);
	if (!s->stopping && !s->list[i].leaving && WIFSIGNALED(status))
		log_err("generation %ld ended by signal %d", (long)pid, WTERMSIG(status));
	memmove(&s->list[i], &s->list[i + 1], (s->n - i - 1) * sizeof(s->list[0]));
	s->n--;
	if (!s->stopping && (too_early || !one_serves(s)))
		retry_later(s);
}

static void reap(struct parent *s)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		generation_ended(s, pid, status);
}

static void signal_all(const struct parent *s, int number)
{
	for (size_t i = 0; i < s->n; i++)
		kill(s->list[i].pid, number);
}

static void stop(struct parent *s)
{
	s->stopping = true;
	s->retry_at = 0;
	s->kill_at = net_now() + s->p->stop_seconds * 1000;
	/* One that is loading has nothing in hand, and hears of no signal until it is up. */
	for (size_t i = 0; i < s->n; i++)
		kill(s->list[i].pid, s->list[i].ready >= 0 ? SIGKILL : SIGTERM);
}

static void handle_signals(struct parent *s, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(s);
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(s);
		else if ((info.ssi_signo == SIGHUP || info.ssi_signo == SIGUSR1) && !s->stopping)
			reload(s);
	}
}

static int time_to_wait(const struct parent *s)
{
	int64_t until = s->stopping ? s->kill_at : s->retry_at;
	int64_t left = until - net_now();

	if (until == 0)
		return -1;
	return left < 0 ? 0 : (int)left + 1;
}

static void wait_and_handle(struct parent *s, int signals)
{
	struct pollfd fds[1 + GENERATIONS_MAX] = { { .fd = signals, .events = POLLIN } };
	size_t n = s->n;

	for (size_t i = 0; i < n; i++)
		fds[1 + i] = (struct pollfd){ .fd = s->list[i].ready, .events = POLLIN };
	if (poll(fds, 1 + n, time_to_wait(s)) < 0 && errno != EINTR)
		log_err("poll: %m");
	for (size_t i = 0; i < n; i++)
		if (fds[1 + i].fd >= 0 && fds[1 + i].revents)
			generation_heard(s, i);
	if (fds[0].revents)
		handle_signals(s, signals);
	if (s->retry_at && net_now() >= s->retry_at)
		generation_start(s);
	if (s->kill_at && net_now() >= s->kill_at) {
		signal_all(s, SIGQUIT);
		s->kill_at = net_now() + 1000;
	}
}

void prefork_run(const struct prefork *p)
{
	struct parent s = { .p = p };
	sigset_t set;

	prefork_block_signals(&set);

	CLEAN_FD int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	generation_start(&s);
	while (!s.stopping || s.n > 0)
		wait_and_handle(&s, signals);
}
