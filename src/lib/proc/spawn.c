#define _GNU_SOURCE /* posix_spawn_file_actions_addclosefrom_np, pipe2 */
#include "lib/proc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clean.h"
#include "base/net.h"

static char *const environment[] = {
	(char[]){ "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
	(char[]){ "LC_ALL=C.UTF-8" },
	(char[]){ "HOME=/" },
	NULL,
};

/* One of the two outputs: what the parent reads, and what has been read. */
struct output {
	int fd;
	bool open;
	struct buf text;
};

static int start(const struct spawn *s, int out, int errors, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	error = posix_spawn(pid, s->argv[0], &actions, &attr, (char *const *)s->argv, environment);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* What the caller may use at most is its own business: the program gets what is allowed at all. */
static int start_unlimited(const struct spawn *s, int out, int errors, pid_t *pid)
{
	struct rlimit own, all;
	int error;

	if (getrlimit(RLIMIT_AS, &own) < 0)
		return errno;
	all = (struct rlimit){ own.rlim_max, own.rlim_max };
	if (setrlimit(RLIMIT_AS, &all) < 0)
		return errno;
	error = start(s, out, errors, pid);
	ASSERT(setrlimit(RLIMIT_AS, &own) == 0);
	return error;
}

/* Reads what is there. ERR_LIMIT if that is too much. */
static int read_output(struct output *o, struct err *e)
{
	char chunk[4096];
	ssize_t n;

	while (o->open && (n = read(o->fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return err_sys(e, "read its output");
		buf_add(&o->text, (struct str){ chunk, (size_t)n });
		if (o->text.failed)
			return err_set(e, ERR_LIMIT, "it printed more than %zu bytes", o->text.max);
	}
	o->open = false;
	return 0;
}

/* Until the process has ended (it is not reaped yet) and what it printed has been read. */
static int listen_to(int pidfd, struct output outputs[2], int64_t deadline, struct err *e)
{
	bool ended = false;

	while (!ended) {
		struct pollfd fds[3] = { { .fd = pidfd, .events = POLLIN } };
		int64_t left = deadline - net_now();

		for (int i = 0; i < 2; i++) {
			fds[i + 1].fd = outputs[i].open ? outputs[i].fd : -1;
			fds[i + 1].events = POLLIN;
		}
		if (left <= 0)
			return err_set(e, ERR_TEMP, "it did not end in time");
		if (poll(fds, 3, left > 60000 ? 60000 : (int)left) < 0 && errno != EINTR)
			return err_sys(e, "poll");
		ended = fds[0].revents != 0;
		for (int i = 0; i < 2; i++)
			if (read_output(&outputs[i], e) < 0)
				return -1;
	}
	return 0;
}

static int reap(pid_t pid, int *status, struct err *e)
{
	int raw;

	while (waitpid(pid, &raw, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for it");
	if (WIFSIGNALED(raw))
		return err_set(e, ERR_SYS, "it was ended by signal %d", WTERMSIG(raw));
	*status = WEXITSTATUS(raw);
	return 0;
}

static int run(const struct spawn *s, struct output outputs[2], int ends[2], int *status,
	       struct err *e)
{
	CLEAN_FD int pidfd = -1;
	struct err ignored;
	pid_t pid;
	int error;

	error = start_unlimited(s, ends[0], ends[1], &pid);
	if (error)
		return err_set(e, error == ENOENT ? ERR_NOTFOUND : ERR_SYS, "%s", strerror(error));
	close(ends[0]);
	close(ends[1]);
	ends[0] = ends[1] = -1;
	pidfd = pidfd_open(pid, 0);
	error = pidfd < 0 ? err_sys(e, "pidfd_open") : listen_to(pidfd, outputs, s->deadline, e);
	if (error < 0) {
		/* Not reaped yet, so the number is still its own. */
		kill(-pid, SIGKILL);
		reap(pid, status, &ignored);
		*status = -1;
		return -1;
	}
	return reap(pid, status, e);
}

static int open_output(struct arena *a, size_t max, struct output *o, int *end, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	o->fd = fds[0];
	o->open = true;
	buf_init(&o->text, a, max);
	*end = fds[1];
	return 0;
}

int spawn_run(struct arena *a, const struct spawn *s, struct spawn_result *out, struct err *e)
{
	struct output outputs[2] = { { .fd = -1 }, { .fd = -1 } };
	int ends[2] = { -1, -1 }, result = -1;

	*out = (struct spawn_result){ .status = -1 };
	if (open_output(a, s->output_max, &outputs[0], &ends[0], e) == 0 &&
	    open_output(a, s->output_max, &outputs[1], &ends[1], e) == 0)
		result = run(s, outputs, ends, &out->status, e);
	for (int i = 0; i < 2; i++) {
		clean_fd_(&outputs[i].fd);
		clean_fd_(&ends[i]);
	}
	out->out = buf_str(&outputs[0].text);
	out->errors = buf_str(&outputs[1].text);
	return result < 0 ? err_wrap(e, "%s", s->argv[0]) : 0;
}
