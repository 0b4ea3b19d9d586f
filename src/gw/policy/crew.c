#define _GNU_SOURCE /* close_range */
#include "gw/policy/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>

#include "base/log.h"
#include "gw/cfg/cfg.h"
#include "gw/policy/greylist.h"
#include "gw/policy/postscreen.h"
#include "gw/store/store.h"

enum {
	MEMORY_MAX = 256 << 20, /* of what is loaded */
	LOAD_MS = 30 * 1000,    /* for the whitelist */
	CHORE_MS = 600 * 1000,  /* for one round of maintenance */
	REFILL_MS = 1000,       /* until an empty place is filled, so that crashes burn no CPU */
};

struct place {
	pid_t pid; /* 0: empty */
	enum crew_kind kind;
};

struct keeper {
	struct crew crew;
	struct place places[CREW_WORKERS_MAX];
	size_t n;
	int control;
	bool leaving;
	pid_t chore;
	int64_t chore_ms; /* between two rounds of maintenance */
	int64_t chore_at; /* net_now() */
	int64_t since;    /* seconds since 1970: when this generation began */
};

struct db *crew_database(const struct crew *c, struct arena *a)
{
	const struct db_target target = { NULL, c->database, POLICY_USER };

	return db_open(a, &target);
}

static int load_settings(struct crew *c, struct err *e)
{
	struct cfg_env env;
	struct cfg *cfg;
	size_t workers;

	if (cfg_env_system(c->a, &env, e) < 0 || cfg_load(c->a, &env, &cfg, e) < 0)
		return err_wrap(e, "settings");
	for (size_t i = 0; i < cfg->problems.list.n; i++)
		log_warn("%.*s", STR_ARG(cfg_problem_text(c->a, &cfg->problems.list.p[i])));
	c->settings = (struct policy_settings){
		.spf = cfg->mail.spf,
		.greylist = cfg->mail.greylist,
		.greylist6 = cfg->mail.greylist6,
		.mask4 = (uint8_t)cfg->mail.greylistmask4,
		.mask6 = (uint8_t)cfg->mail.greylistmask6,
		.fqdn = cfg->dns.fqdn,
	};
	workers = (size_t)cfg->mail.max_policy;
	/* One statement answers all that wait, so few are enough for the database. */
	c->n[CREW_STORE] = (workers + 1) / 3;
	c->n[CREW_LOOKUP] = workers - c->n[CREW_STORE];
	return 0;
}

static int load(struct crew *c, struct err *e)
{
	struct whitelist *whitelist;
	struct db *db;
	int ret;

	c->a = arena_open("generation", MEMORY_MAX);
	if (load_settings(c, e) < 0)
		return -1;
	db = crew_database(c, c->a);
	db_deadline(db, net_now() + LOAD_MS);
	ret = whitelist_load(c->a, db, &whitelist, e);
	db_disconnect(db);
	c->settings.whitelist = whitelist;
	return ret;
}

int crew_leave_parent(int fd)
{
	static const int used[] = { SIGTERM, SIGHUP, SIGUSR1, SIGCHLD, SIGALRM };
	sigset_t none;
	int own = 3;

	for (size_t i = 0; i < ARRAY_LEN(used); i++)
		signal(used[i], SIG_DFL);
	signal(SIGINT, SIG_IGN); /* of a terminal: the front hears it, too, and closes our socket */
	signal(SIGPIPE, SIG_IGN);
	closelog(); /* its descriptor goes with the others */
	ASSERT(dup2(fd, own) == own && close_range(own + 1, ~0U, 0) == 0);
	log_open("pmgpolicy", LOG_MAIL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return own;
}

static int send_message(int control, enum crew_kind kind, int fd)
{
	char byte = (char)('0' + kind);
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} extra = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

	if (fd >= 0) {
		m.msg_control = &extra;
		m.msg_controllen = sizeof(extra);
		extra.head.cmsg_level = SOL_SOCKET;
		extra.head.cmsg_type = SCM_RIGHTS;
		extra.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&extra.head), &fd, sizeof(int));
	}
	return sendmsg(control, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int crew_receive(int control, enum crew_kind *kind, int *fd)
{
	char byte;
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} extra = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = &extra,
			    .msg_controllen = sizeof(extra) };

	*fd = -1;
	if (recvmsg(control, &m, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	if (m.msg_controllen && extra.head.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&extra.head), sizeof(int));
	*kind = (enum crew_kind)(byte - '0');
	return 0;
}

static void start_worker(struct keeper *k, struct place *place)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		log_err("socketpair: %m");
		return;
	}
	place->pid = fork();
	if (place->pid == 0) {
		int fd = crew_leave_parent(ends[1]);

		if (place->kind == CREW_LOOKUP)
			lookup_run(&k->crew, fd);
		store_run(&k->crew, fd);
	}
	if (place->pid < 0) {
		log_err("fork: %m");
		place->pid = 0;
	} else if (send_message(k->control, place->kind, ends[0]) < 0) {
		k->leaving = true; /* the front has gone; the worker sees its socket closed */
	}
	close(ends[0]);
	close(ends[1]);
}

static void fill(struct keeper *k)
{
	for (size_t i = 0; i < k->n && !k->leaving; i++)
		if (!k->places[i].pid)
			start_worker(k, &k->places[i]);
}

static NORETURN void chore_run(const struct keeper *k)
{
	CLEAN_ARENA struct arena *a = arena_open("maintenance", MEMORY_MAX);
	struct db *db = crew_database(&k->crew, a);
	int64_t start = net_now(), counted;
	size_t found;
	struct err e;

	alarm(CHORE_MS / 1000 + 30);
	db_deadline(db, start + CHORE_MS);
	log_notice("starting policy database maintenance (greylist, rbl)");
	if (postscreen_count(a, db, k->crew.cid, k->since, time(NULL), &e) < 0)
		log_err("rbl update error: %s", e.msg);
	counted = net_now();
	if (greylist_expire(a, db, k->crew.cid, time(NULL), &found, &e) < 0)
		log_err("greylist database update error: %s", e.msg);
	else if (found)
		log_info("found %zu expired mails in greylisting database", found);
	log_notice("end policy database maintenance (%lld ms, %lld ms)",
		   (long long)(counted - start), (long long)(net_now() - counted));
	db_disconnect(db);
	_exit(0);
}

static void start_chore(struct keeper *k)
{
	k->chore_at = net_now() + k->chore_ms;
	if (k->chore || k->leaving)
		return;
	k->chore = fork();
	if (k->chore == 0) {
		close(crew_leave_parent(k->control));
		chore_run(k);
	}
	if (k->chore < 0) {
		log_err("fork: %m");
		k->chore = 0;
	}
}

static void ended(struct keeper *k, pid_t pid, int status)
{
	if (WIFSIGNALED(status))
		log_err("process %ld ended by signal %d", (long)pid, WTERMSIG(status));
	else if (WEXITSTATUS(status))
		log_err("process %ld ended with status %d", (long)pid, WEXITSTATUS(status));
	if (pid == k->chore)
		k->chore = 0;
	for (size_t i = 0; i < k->n; i++)
		if (k->places[i].pid == pid)
			k->places[i].pid = 0;
}

static bool any_alive(const struct keeper *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->places[i].pid)
			return true;
	return false;
}

static void wait_and_handle(struct keeper *k, int signals)
{
	/* When the control socket is closed it is not looked at again: it would be readable. */
	struct pollfd fds[] = { { .fd = signals, .events = POLLIN },
				{ .fd = k->leaving ? -1 : k->control, .events = POLLIN } };
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	if (poll(fds, 2, REFILL_MS) < 0 && errno != EINTR)
		log_err("poll: %m");
	while (read(signals, &info, sizeof(info)) == sizeof(info))
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(k, pid, status);
	if (fds[1].revents)
		k->leaving = true;
}

static void keep(struct keeper *k)
{
	int64_t filled = net_now();
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);

	CLEAN_FD int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

	k->chore_at = filled + k->chore_ms;
	while (!k->leaving || any_alive(k)) {
		wait_and_handle(k, signals);
		if (net_now() >= filled + REFILL_MS) {
			fill(k);
			filled = net_now();
		}
		if (net_now() >= k->chore_at)
			start_chore(k);
	}
}

void crew_run(const struct policy_options *options, int control)
{
	static struct keeper k;
	struct err e;

	k.control = control;
	k.chore_ms = (int64_t)options->maintenance * 1000;
	k.since = time(NULL);
	k.crew.database = options->database ? options->database : STORE_DATABASE;
	if (load(&k.crew, &e) < 0) {
		log_err("unable to load, the running generation stays: %s", e.msg);
		_exit(e.code == ERR_TEMP ? EX_TEMPFAIL : 1);
	}
	for (int kind = 0; kind < CREW_KINDS; kind++)
		for (size_t i = 0; i < k.crew.n[kind]; i++)
			k.places[k.n++].kind = (enum crew_kind)kind;
	fill(&k);
	if (send_message(control, CREW_READY, -1) < 0)
		_exit(0);
	keep(&k);
	_exit(0);
}
