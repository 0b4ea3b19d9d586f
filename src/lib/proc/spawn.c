#define _GNU_SOURCE /* close_range, memfd_create, pipe2 */
#include "lib/proc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clean.h"
#include "base/file.h"
#include "base/net.h"
#include "lib/proc/cage.h"

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"LC_ALL=C.UTF-8",
	"HOME=/",
};

/* One of the two outputs: what the parent reads, and what has been read. */
struct output {
	int fd;
	bool open;
	struct buf text;
};

/* What keeps a child from being the program. */
struct failure {
	int error;  /* errno */
	bool caged; /* it was the program that could not be started */
};

static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What the caller may use at most is its own business: the program gets what is allowed at all. */
static int unlimit_memory(void)
{
	struct rlimit all;

	if (getrlimit(RLIMIT_AS, &all) < 0)
		return -1;
	all.rlim_cur = all.rlim_max;
	return setrlimit(RLIMIT_AS, &all);
}

static int prepare(const struct spawn *s, const int fds[3])
{
	reset_signals();
	if (setpgid(0, 0) < 0 || unlimit_memory() < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			return -1;
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -1;
	return s->cage ? cage_enter(s->cage, s->argv[0]) : 0;
}

static NORETURN void child(const struct spawn *s, char *const *env, const int fds[3], int report)
{
	struct failure f = { .caged = prepare(s, fds) == 0 };

	if (f.caged)
		execve(s->argv[0], (char *const *)s->argv, env);
	f.error = errno;
	if (write(report, &f, sizeof(f)) < 0)
		_exit(126);
	_exit(127);
}

static int start(const struct spawn *s, char *const *env, const int fds[3], pid_t *pid,
		 struct err *e)
{
	struct failure f;
	int report[2];
	ssize_t n;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	*pid = fork();
	if (*pid == 0)
		child(s, env, fds, report[1]);
	close(report[1]);
	if (*pid < 0) {
		close(report[0]);
		return err_sys(e, "fork");
	}
	/* Ends with execve(), before which nothing can take long. */
	while ((n = read(report[0], &f, sizeof(f))) < 0 && errno == EINTR)
		;
	close(report[0]);
	if (n != sizeof(f))
		return 0;
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err_set(e, f.caged && f.error == ENOENT ? ERR_NOTFOUND : ERR_SYS, "%s%s",
		       f.caged ? "" : "cannot be locked down: ", strerror(f.error));
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

static int run(const struct spawn *s, char *const *env, struct output outputs[2], int fds[3],
	       int *status, struct err *e)
{
	CLEAN_FD int pidfd = -1;
	struct err ignored;
	pid_t pid = -1;
	int result;

	if (start(s, env, fds, &pid, e) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		close(fds[i]);
		fds[i] = -1;
	}
	pidfd = pidfd_open(pid, 0);
	result = pidfd < 0 ? err_sys(e, "pidfd_open") : listen_to(pidfd, outputs, s->deadline, e);
	/* Not reaped yet, so the number is still its own. */
	if (result < 0 || s->cage)
		kill(-pid, SIGKILL);
	if (result < 0) {
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

/* A file without a name that can be read, sought in and opened again. */
static int open_input(struct str content, int *out, struct err *e)
{
	CLEAN_FD int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "memfd_create");
	if (file_write_all(fd, content, e) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "lseek");
	*out = take_fd(&fd);
	return 0;
}

static bool is_same_name(const char *x, const char *y)
{
	return strncmp(x, y, strcspn(x, "=") + 1) == 0;
}

/* The caller's ones, and the usual ones that it has not changed. */
static char *const *environment_of(struct arena *a, const struct spawn *s)
{
	const char **env = NEW_N(a, const char *, SPAWN_ENV_MAX + ARRAY_LEN(environment) + 1);
	size_t own = 0, n;

	while (s->env && s->env[own] && own < SPAWN_ENV_MAX) {
		env[own] = s->env[own];
		own++;
	}
	n = own;
	for (size_t i = 0; i < ARRAY_LEN(environment); i++) {
		size_t k = 0;

		while (k < own && !is_same_name(environment[i], env[k]))
			k++;
		if (k == own)
			env[n++] = environment[i];
	}
	return (char *const *)env;
}

int spawn_run(struct arena *a, const struct spawn *s, struct spawn_result *out, struct err *e)
{
	struct output outputs[2] = { { .fd = -1 }, { .fd = -1 } };
	int fds[3] = { -1, -1, -1 }, result = -1;

	*out = (struct spawn_result){ .status = -1 };
	if (open_input(s->input, &fds[0], e) == 0 &&
	    open_output(a, s->output_max, &outputs[0], &fds[1], e) == 0 &&
	    open_output(a, s->output_max, &outputs[1], &fds[2], e) == 0)
		result = run(s, environment_of(a, s), outputs, fds, &out->status, e);
	for (int i = 0; i < 3; i++)
		clean_fd_(&fds[i]);
	for (int i = 0; i < 2; i++)
		clean_fd_(&outputs[i].fd);
	out->out = buf_str(&outputs[0].text);
	out->errors = buf_str(&outputs[1].text);
	return result < 0 ? err_wrap(e, "%s", s->argv[0]) : 0;
}
