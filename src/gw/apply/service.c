/*
 * One table of how a service learns that its configuration changed: through systemd where it runs,
 * directly where it does not. None is started that does not run already.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "base/net.h"
#include "gw/apply/apply_int.h"

enum { STOP_TIMEOUT_MS = 60 * 1000, ARGS_MAX = 4, SYSTEMD_NO_UNIT = 5 };

struct how {
	const char *name;
	const char *systemd[ARGS_MAX];
	/* Without systemd, a service with its own control command: */
	const char *running[ARGS_MAX]; /* exit status 0 when it runs */
	const char *reload[ARGS_MAX];
	/* or one that is ended by SIGTERM and started again: */
	const char *pidfile, *comm;
	const char *start[ARGS_MAX];
};

static const struct how table[SERVICE_COUNT] = {
	[SERVICE_POSTFIX] = {
		.name = "postfix",
		.systemd = { "/usr/bin/systemctl", "try-reload-or-restart", "postfix" },
		.running = { "/usr/sbin/postfix", "status" },
		.reload = { "/usr/sbin/postfix", "reload" },
	},
	[SERVICE_CLAMD] = {
		.name = "clamav-daemon",
		.systemd = { "/usr/bin/systemctl", "try-restart", "clamav-daemon" },
		.pidfile = "/run/clamav/clamd.pid",
		.comm = "clamd",
		.start = { "/usr/sbin/clamd", "-c", "/etc/clamav/clamd.conf" },
	},
	[SERVICE_FRESHCLAM] = {
		.name = "clamav-freshclam",
		.systemd = { "/usr/bin/systemctl", "try-restart", "clamav-freshclam" },
		.pidfile = "/run/clamav/freshclam.pid",
		.comm = "freshclam",
		.start = { "/usr/bin/freshclam", "-d" },
	},
	[SERVICE_FILTER] = {
		.name = "pmg-smtp-filter",
		.systemd = { "/usr/bin/systemctl", "try-reload-or-restart", "pmg-smtp-filter" },
		.running = { "/usr/bin/pmg-smtp-filter", "status" },
		.reload = { "/usr/bin/pmg-smtp-filter", "reload" },
	},
	[SERVICE_POLICY] = {
		.name = "pmgpolicy",
		.systemd = { "/usr/bin/systemctl", "try-reload-or-restart", "pmgpolicy" },
		.running = { "/usr/bin/pmgpolicy", "status" },
		.reload = { "/usr/bin/pmgpolicy", "reload" },
	},
};

const char *service_name(enum service service)
{
	return table[service].name;
}

/* The process in the pid file, if it is the program it should be; 0 otherwise. */
static pid_t running_pid(struct arena *a, const struct apply_env *env, const struct how *h)
{
	const char *path = at_root(a, env, str_of(h->pidfile));
	char comm[64] = "";
	struct str text;
	struct err e;
	int64_t pid;

	if (file_read(a, path, 64, &text, &e) < 0 || !str_int(str_trim(text), 2, INT32_MAX, &pid))
		return 0;
	CLEAN_FILE FILE *f = fopen(str_z(a, str_fmt(a, "/proc/%lld/comm", (long long)pid)), "re");

	if (!f || !fgets(comm, sizeof(comm), f))
		return 0;
	return str_eq(str_trim(str_of(comm)), str_of(h->comm)) ? (pid_t)pid : 0;
}

static int stop(pid_t pid, const struct how *h, struct err *e)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };
	int64_t deadline = net_now() + STOP_TIMEOUT_MS;

	if (kill(pid, SIGTERM) < 0)
		return errno == ESRCH ? 0 : err_sys(e, "stop %s", h->name);
	while (kill(pid, 0) == 0) {
		if (net_now() > deadline)
			return err_set(e, ERR_TEMP, "%s does not stop", h->name);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int restart_by_pidfile(struct arena *a, const struct apply_env *env, const struct how *h,
			      struct err *e)
{
	pid_t pid = running_pid(a, env, h);

	if (pid == 0)
		return 0;
	if (stop(pid, h, e) < 0)
		return -1;
	return run_checked(a, env, h->start, e);
}

static int reload_by_command(struct arena *a, const struct apply_env *env, const struct how *h,
			     struct err *e)
{
	struct str output;
	int status;

	if (env->run(env->ctx, a, h->running, &output, &status, e) < 0)
		return e->code == ERR_NOTFOUND ? 0 : -1;
	return status == 0 ? run_checked(a, env, h->reload, e) : 0;
}

/* Units that do not run are left alone by the verbs in the table. */
static int refresh_by_systemd(struct arena *a, const struct apply_env *env, const struct how *h,
			      struct err *e)
{
	struct str output;
	int status;

	if (env->run(env->ctx, a, h->systemd, &output, &status, e) < 0)
		return -1;
	if (status == 0 || status == SYSTEMD_NO_UNIT)
		return 0;
	return err_set(e, ERR_SYS, "systemctl %s %s: exit status %d: %.*s", h->systemd[1],
		       h->systemd[2], status, STR_ARG(str_trim(str_sub(output, 0, 300))));
}

int service_refresh(struct arena *a, const struct apply_env *env, enum service service,
		    struct err *e)
{
	const struct how *h = &table[service];

	if (env->systemd)
		return refresh_by_systemd(a, env, h, e);
	return h->pidfile ? restart_by_pidfile(a, env, h, e) : reload_by_command(a, env, h, e);
}
