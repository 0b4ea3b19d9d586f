#define _GNU_SOURCE /* pipe2 */
#include "lib/proc/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "base/clean.h"
#include "base/log.h"
#include "base/net.h"
#include "base/str.h"

enum { STOP_WAIT_MS = 40000, POLL_MS = 20, NOT_RUNNING = 3 };
enum { OPTIONS_MAX = 16, OPTION_FIRST = 256 /* above all characters */ };

/* The process that holds the lock, 0 if none does. */
static pid_t holder(const char *pidfile)
{
	CLEAN_FD int fd = open(pidfile, O_RDWR | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

static int take_lock(const struct daemon_service *d, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	CLEAN_FD int fd = open(d->pidfile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (fd < 0)
		return err_sys(e, "%s", d->pidfile);
	if (fcntl(fd, F_SETLK, &lock) < 0)
		return err_set(e, ERR_CONFLICT, "%s is running already", d->name);
	if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)n) != n)
		return err_sys(e, "%s", d->pidfile);
	take_fd(&fd); /* stays open, and locked, as long as this process lives */
	return 0;
}

int daemon_become(const char *user, struct err *e)
{
	struct passwd *pw;

	if (getuid() != 0)
		return 0;
	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return err_set(e, ERR_NOTFOUND, "there is no user '%s': create it first", user);
	if (initgroups(user, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		return err_sys(e, "become user '%s'", user);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "give up new privileges");
	return 0;
}

int daemon_listen(const char *address, uint16_t port, int *fd, struct err *e)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	int64_t until = net_now() + DAEMON_LISTEN_WAIT_MS;

	while (net_listen_tcp(address, port, fd, e) < 0) {
		if (e->code != ERR_CONFLICT || net_now() >= until)
			return -1;
		nanosleep(&pause, NULL); /* no event tells that a port is free */
	}
	return 0;
}

static int set_up(const struct daemon_service *d, struct err *e)
{
	umask(0027);
	if (take_lock(d, e) < 0)
		return -1;
	if (d->prepare && d->prepare(d->ctx, e) < 0)
		return -1;
	return daemon_become(d->user, e);
}

static void leave_terminal(void)
{
	CLEAN_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (chdir("/") < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0)
		log_err("leave the terminal: %m");
}

static int run_foreground(const struct daemon_service *d)
{
	struct err e;

	if (set_up(d, &e) < 0) {
		fprintf(stderr, "%s: %s\n", d->name, e.msg);
		return err_exit(e.code);
	}
	d->run(d->ctx);
	return 0;
}

/* In the background process: reports through the pipe what kept it from starting. */
static NORETURN void run_background(const struct daemon_service *d, int report)
{
	struct err e;

	setsid();
	if (set_up(d, &e) < 0) {
		if (write(report, e.msg, strlen(e.msg)) < 0)
			log_err("%s", e.msg);
		_exit(1);
	}
	leave_terminal();
	close(report);
	d->run(d->ctx);
	exit(0);
}

static int start(const struct daemon_service *d)
{
	char why[512];
	int ends[2];
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		fprintf(stderr, "%s: pipe: %s\n", d->name, strerror(errno));
		return 1;
	}

	pid_t pid = fork();

	if (pid == 0) {
		close(ends[0]);
		run_background(d, ends[1]);
	}
	close(ends[1]);
	n = read(ends[0], why, sizeof(why) - 1);
	close(ends[0]);
	if (pid > 0 && n == 0)
		return 0;
	why[n > 0 ? n : 0] = '\0';
	fprintf(stderr, "%s: %s\n", d->name, n > 0 ? why : "cannot start a process");
	return 1;
}

static bool gone_in_time(const struct daemon_service *d)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	int64_t until = net_now() + STOP_WAIT_MS;

	while (holder(d->pidfile)) {
		if (net_now() >= until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static int stop(const struct daemon_service *d)
{
	pid_t pid = holder(d->pidfile);

	if (!pid)
		return 0;
	if (kill(pid, SIGTERM) < 0 || !gone_in_time(d)) {
		fprintf(stderr, "%s: process %ld does not stop\n", d->name, (long)pid);
		return 1;
	}
	return 0;
}

static int reload(const struct daemon_service *d)
{
	pid_t pid = holder(d->pidfile);

	if (!pid || kill(pid, SIGHUP) < 0) {
		fprintf(stderr, "%s is not running\n", d->name);
		return NOT_RUNNING;
	}
	return 0;
}

static int restart(const struct daemon_service *d)
{
	int ret = stop(d);

	return ret ? ret : start(d);
}

static int status(const struct daemon_service *d)
{
	pid_t pid = holder(d->pidfile);

	if (!pid) {
		printf("%s is not running\n", d->name);
		return NOT_RUNNING;
	}
	printf("%s is running (process %ld)\n", d->name, (long)pid);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const struct daemon_service *d);
} commands[] = {
	{ "start", start },   { "stop", stop },	  { "restart", restart },
	{ "reload", reload }, { "status", status }, { "run", run_foreground },
};

static int refuse_usage(const char *usage)
{
	fputs(usage, stderr);
	return EX_USAGE;
}

static bool take_option(const struct daemon_option *o, const char *value)
{
	int64_t number;

	if (o->flag)
		*o->flag = true;
	else if (o->text)
		*o->text = value;
	else if (!str_int(str_of(value), 1, o->max, &number))
		return false;
	else
		*o->number = (int)number;
	return true;
}

int daemon_main(struct daemon_service *d, const struct daemon_option *options, const char *usage,
		int argc, char **argv)
{
	const struct daemon_option pidfile = { .name = "pidfile", .text = &d->pidfile };
	struct option list[OPTIONS_MAX + 3] = { { "help", no_argument, NULL, 'h' },
						{ "pidfile", required_argument, NULL, 'p' } };
	int given;

	for (size_t i = 0; options[i].name; i++) {
		ASSERT(i < OPTIONS_MAX);
		list[i + 2] = (struct option){ options[i].name,
					       options[i].flag ? no_argument : required_argument,
					       NULL, OPTION_FIRST + (int)i };
	}
	optind = 1;
	while ((given = getopt_long(argc, argv, "", list, NULL)) != -1) {
		if (given == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (given == '?' ||
		    !take_option(given == 'p' ? &pidfile : &options[given - OPTION_FIRST], optarg))
			return refuse_usage(usage);
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (argv[optind] && strcmp(argv[optind], commands[i].name) == 0)
			return commands[i].run(d);
	return refuse_usage(usage);
}

int daemon_reload(const char *pidfile, struct err *e)
{
	pid_t pid = holder(pidfile);

	if (pid && kill(pid, SIGHUP) < 0 && errno != ESRCH)
		return err_sys(e, "reload process %ld", (long)pid);
	return 0;
}
