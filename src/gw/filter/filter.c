#define _GNU_SOURCE
#include "gw/filter/filter.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clean.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/filter/filter_int.h"
#include "gw/spam/channels.h"
#include "gw/spam/teach.h"
#include "gw/stat/stat.h"
#include "gw/store/store.h"
#include "lib/dns/cares.h"
#include "lib/http/http.h"
#include "lib/proc/daemon.h"
#include "lib/proc/prefork.h"
#include "lib/smtp/server.h"

/* A sanitizer reserves terabytes of addresses. */
#if defined(__SANITIZE_ADDRESS__)
#define WORKER_MEMORY_MAX RLIM_INFINITY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORKER_MEMORY_MAX RLIM_INFINITY
#endif
#endif
#ifndef WORKER_MEMORY_MAX
#define WORKER_MEMORY_MAX (((rlim_t)3 << 30) + SPAM_LEARNT_SPACE)
#endif

/* The setting is for all downloads, so for https, too. */
static void use_proxy(struct filter *f, struct arena *a)
{
	struct http_proxies *proxies = NEW(a, struct http_proxies);
	const struct str url = f->cfg->admin.http_proxy;
	struct err e;

	if (http_proxies_read(a, url, url, STR(""), proxies, &e) == 0)
		f->network.proxies = proxies;
	else
		log_warn("pmg.conf: http_proxy is not used to find out where short links lead: %s",
			 e.msg);
}

/* A worker has a resolver of its own. Without one mails are judged by what is in them. */
static void open_network(struct filter *f)
{
	static const struct dns_cares_config config = { 0 };
	struct arena *a;
	struct err e;

	if (!f->cfg->spam.rbl_checks)
		return;
	a = arena_open("network", FILTER_MAIL_MEMORY_MAX);
	if (dns_cares_open(a, &config, &f->network.resolver, &e) < 0) {
		log_err("spam engine: no network tests: %s", e.msg);
		return;
	}
	f->network.health = spam_list_health_new(a);
	use_proxy(f, a);
	f->scan.network = &f->network;
}

static void worker_begin(void *ctx, size_t slot)
{
	struct filter *f = ctx;
	struct rlimit memory;

	/* The soft limit only: spawn_run() takes it off again for other programs. */
	if (getrlimit(RLIMIT_AS, &memory) == 0 && memory.rlim_cur > WORKER_MEMORY_MAX) {
		memory.rlim_cur = WORKER_MEMORY_MAX;
		if (setrlimit(RLIMIT_AS, &memory) < 0)
			log_warn("limit the memory of a worker: %m");
	}
	f->slot = &f->slots[slot];
	f->mail = arena_open("mail", FILTER_MAIL_MEMORY_MAX);
	f->command = arena_open("transaction", FILTER_MAIL_MEMORY_MAX);
	f->db = filter_database(f, arena_open("database", FILTER_MAIL_MEMORY_MAX));
	f->people = people_open(arena_open("people", FILTER_MAIL_MEMORY_MAX), PEOPLE_DIR);
	open_network(f);
	f->mails_left = FILTER_MAILS_PER_WORKER;
	f->file.fd = -1;
}

static void serve(void *ctx, int fd, size_t listener)
{
	struct filter *f = ctx;
	static struct conn c;
	struct err e;

	f->trusted = listener == 0 && !f->options.untrusted;
	conn_init(&c, fd, 0);
	if (smtp_serve(&c, f->command, &filter_handler, f, FILTER_IDLE_MS, &f->mails_left, &e) < 0)
		log_info("connection ended early: %s", e.msg);
	FAILPOINT("after-reply", STR(""));
	if (f->mails_left <= 0)
		f->mails_left = FILTER_MAILS_PER_WORKER;
}

/* Whatever a worker that died has left in the spool; Postfix still has the mail. */
static void worker_died(void *ctx, size_t slot)
{
	struct filter *f = ctx;
	struct filter_slot *s = &f->slots[slot];

	if (s->path[0] == '\0')
		return;
	if (s->handling)
		poison_count(f->poison, s->path);
	if (unlink(s->path) < 0 && errno != ENOENT)
		log_err("remove %s: %m", s->path);
	s->path[0] = '\0';
	s->handling = false;
}

static int64_t utc_offset(time_t now)
{
	struct tm local;

	return localtime_r(&now, &local) ? local.tm_gmtoff : 0;
}

/* sa-update tells nobody. A new generation checks what is there (adopt_channels()). */
static void look_for_updates(const struct filter *f)
{
	if (channels_fingerprint(SPAM_STATE_DIR) == f->updates)
		return;
	log_notice("spam rules: %s has changed, a new generation looks at it", SPAM_STATE_DIR);
	if (kill(f->parent, SIGHUP) < 0)
		log_err("reload: %m");
}

/* The classifier's part of a site's daily work (config.md section 8: pmg-daily). */
static void expire_tokens(struct filter *f)
{
	int64_t now = net_now();
	struct bayes_expiry done;
	struct err e;

	if (f->expiry_looked && now < f->expiry_looked + FILTER_EXPIRY_MS)
		return;
	f->expiry_looked = now;
	if (spam_bayes_expire(f->scan.spam, BAYES_EXPIRE_DAILY, time(NULL), now + FILTER_LEARN_MS,
			      &done, &e) < 0) {
		if (e.code != ERR_NOTFOUND)
			log_err("spam engine: old tokens stay: %s", e.msg);
	} else if (done.done) {
		log_info("spam engine: %llu of %llu tokens have expired",
			 (unsigned long long)done.removed, (unsigned long long)done.tokens);
	}
}

static void chore(void *ctx)
{
	struct filter *f = ctx;
	CLEAN_ARENA struct arena *a = arena_open("maintenance", FILTER_MAIL_MEMORY_MAX);
	struct db *db = filter_database(f, a);
	time_t now = time(NULL);
	int64_t start = net_now(), mails;
	struct err e;

	if (spam_rules_outdated(f->scan.spam) && daemon_reload(FILTER_PIDFILE, &e) < 0)
		log_warn("spam rules: %s", e.msg);
	db_deadline(db, net_now() + FILTER_CHORE_MS_MAX);
	log_notice("starting database maintenance");
	if (stat_aggregate(a, db, now, utc_offset(now), &mails, &e) < 0)
		log_err("database maintenance: %s", e.msg);
	log_notice("end database maintenance (%lld ms)", (long long)(net_now() - start));
	expire_tokens(f);
	look_for_updates(f);
}

/* A directory for our user; one that exists is left as the administrator has it. */
static int make_directory(const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : err_sys(e, "%s", path);
	if (chmod(path, mode) < 0 || chown(path, uid, gid) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

static int make_directories(struct err *e)
{
	const struct passwd *user = getpwnam(FILTER_USER);
	const struct group *group = getgrnam("pmg");

	if (!user || !group)
		return err_set(e, ERR_NOTFOUND, "user '%s' or group 'pmg' is missing: create them",
			       FILTER_USER);
	if (make_directory(FILTER_RUN_DIR, 0755, user->pw_uid, user->pw_gid, e) < 0 ||
	    make_directory(FILTER_SETS_DIR, 0700, user->pw_uid, user->pw_gid, e) < 0)
		return -1;
	/* setgid: what any of our daemons puts there belongs to the group */
	return make_directory(SPOOL_ROOT, 02775, 0, group->gr_gid, e);
}

int filter_open(struct arena *a, const struct filter_options *options, struct filter **out,
		struct err *e)
{
	struct filter *f = NEW(a, struct filter);

	f->options = *options;
	if (!f->options.database)
		f->options.database = STORE_DATABASE;
	if (make_directories(e) < 0 || poison_open(&f->poison, e) < 0)
		return -1;
	if (daemon_listen("127.0.0.1", FILTER_PORT_OUT, &f->listeners[0], e) < 0 ||
	    daemon_listen("127.0.0.1", FILTER_PORT_IN, &f->listeners[1], e) < 0)
		return -1;
	*out = f;
	return 0;
}

void filter_run(struct filter *f)
{
	const struct prefork p = {
		.listeners = f->listeners,
		.n_listeners = ARRAY_LEN(f->listeners),
		.units = FILTER_MAILS_PER_WORKER,
		.stop_seconds = FILTER_STOP_SECONDS,
		.ctx = f,
		.load = filter_load,
		.worker = worker_begin,
		.serve = serve,
		.died = worker_died,
		.chore = chore,
		.chore_seconds = f->options.maintenance,
	};
	struct err e;

	f->parent = getpid();
	/* No worker of an earlier filter is alive: it would still hold the ports. */
	if (spool_make_directories(SPOOL_ROOT, &e) < 0 || spool_empty_active(SPOOL_ROOT, &e) < 0) {
		log_err("spool: %s", e.msg);
		return;
	}
	prefork_run(&p);
}
