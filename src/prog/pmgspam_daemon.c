/*
 * pmgspam daemon - answers spamc and its kin, on a port of this machine (gw/spamd/spamd.h).
 *
 * It stays in the foreground. HUP loads the rules anew; so it does by itself when the classifier
 * has learnt enough for other scores.
 */
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "gw/spamd/spamd.h"
#include "lib/proc/daemon.h"
#include "lib/proc/prefork.h"
#include "prog/pmgspam.h"

#define USER "pmg-smtp-filter"

enum {
	PORT = 783,
	CHILDREN = 5,
	UNITS = 200, /* requests of a worker, as --max-conn-per-child */
	STOP_SECONDS = 30,
	LOOK_SECONDS = 60, /* between two looks at what was learnt */
	MEMORY = 1 << 30,
	CONF_LINES_MAX = 1 << 20,
	HOSTNAME_SIZE = 256,
	OPT_SITE = 256,
	OPT_CF,
};

struct service {
	struct spam_conf_paths paths;
	struct buf lines;
	const char *user;
	int64_t port, children;
	bool help, local;
	pid_t parent;
	char hostname[HOSTNAME_SIZE];
	struct spamd spamd;
	struct arena *mail; /* of a worker, here and below */
	struct spam_network network;
};

static const struct option options[] = {
	{ "port", required_argument, NULL, 'p' },
	{ "username", required_argument, NULL, 'u' },
	{ "max-children", required_argument, NULL, 'm' },
	{ "allow-tell", no_argument, NULL, 'l' },
	{ "local", no_argument, NULL, 'L' },
	{ "debug", optional_argument, NULL, 'D' },
	{ "configpath", required_argument, NULL, 'C' },
	{ "siteconfigpath", required_argument, NULL, OPT_SITE },
	{ "cf", required_argument, NULL, OPT_CF },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *to)
{
	fputs("usage: pmgspam daemon [OPTION]...\n"
	      "\n"
	      "  -p, --port N            on 127.0.0.1 (783)\n"
	      "  -m, --max-children N    requests at the same time (5)\n"
	      "  -u, --username USER     as whom, where it is started by root (pmg-smtp-filter)\n"
	      "  -l, --allow-tell        clients may teach the classifier (spamc -L)\n"
	      "  -L, -C, --siteconfigpath, --cf, -D   as for pmgspam\n",
	      to);
}

static bool option(struct service *s, int c)
{
	switch (c) {
	case 'p':
		return str_int(str_of(optarg), 1, UINT16_MAX, &s->port);
	case 'u':
		s->user = optarg;
		return true;
	case 'm':
		return str_int(str_of(optarg), 1, PREFORK_WORKERS_MAX, &s->children);
	case 'l':
		return s->spamd.allow_tell = true;
	case 'L':
		return s->local = true;
	case 'C':
		s->paths.state_dir = s->paths.rules_dir = optarg;
		return true;
	case OPT_SITE:
		s->paths.site_dir = optarg;
		return true;
	case OPT_CF:
		buf_addf(&s->lines, "%s\n", optarg);
		return !s->lines.failed;
	case 'h':
		return s->help = true;
	default:
		return false;
	}
}

static int load(void *ctx, size_t *workers, struct err *e)
{
	struct service *s = ctx;
	struct spam_load_report report;
	struct spam_rules *rules;

	if (spam_rules_load(arena_open("rules", MEMORY), &s->paths, &rules, &report, e) < 0)
		return -1;
	s->spamd.rules = rules;
	s->spamd.hostname = s->hostname;
	*workers = (size_t)s->children;
	log_info("%zu spam rules, %zu processes", report.active, *workers);
	return 0;
}

static void worker(void *ctx, size_t slot)
{
	struct service *s = ctx;

	(void)slot;
	s->mail = arena_open("mail", MEMORY);
	if (!s->local && network_open(arena_open("network", MEMORY), &s->network))
		s->spamd.network = &s->network;
}

static void serve(void *ctx, int fd, size_t listener)
{
	static struct conn c;
	struct service *s = ctx;
	struct err e;

	(void)listener;
	conn_init(&c, fd, 0);
	if (spamd_serve(&c, s->mail, &s->spamd, &e) < 0)
		log_info("connection ended early: %s", e.msg);
}

static void died(void *ctx, size_t slot)
{
	(void)ctx;
	log_err("worker %zu has died", slot);
}

static void look(void *ctx)
{
	const struct service *s = ctx;

	if (spam_rules_outdated(s->spamd.rules))
		kill(s->parent, SIGHUP);
}

static int run(struct service *s, struct err *e)
{
	int listener;
	const struct prefork p = {
		.listeners = &listener,
		.n_listeners = 1,
		.units = UNITS,
		.stop_seconds = STOP_SECONDS,
		.ctx = s,
		.load = load,
		.worker = worker,
		.serve = serve,
		.died = died,
		.chore = look,
		.chore_seconds = LOOK_SECONDS,
	};

	if (net_listen_tcp("127.0.0.1", (uint16_t)s->port, &listener, e) < 0)
		return -1;
	if (daemon_become(s->user, e) < 0)
		return -1;
	s->parent = getpid();
	s->paths.extra = buf_str(&s->lines);
	s->paths.bayes = true;
	s->paths.set = s->local ? SPAM_SET_LOCAL : SPAM_SET_NET;
	if (gethostname(s->hostname, sizeof(s->hostname) - 1) < 0)
		snprintf(s->hostname, sizeof(s->hostname), "localhost");
	prefork_run(&p);
	return 0;
}

int pmgspam_daemon(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("options", 2 * CONF_LINES_MAX);
	struct service s = { .user = USER, .port = PORT, .children = CHILDREN };
	struct err e;
	int c;

	buf_init(&s.lines, a, CONF_LINES_MAX);
	while ((c = getopt_long(argc, argv, "p:u:m:lLC:D::h", options, NULL)) >= 0) {
		if (c == 'D') {
			debug_option(argc, argv);
		} else if (!option(&s, c)) {
			usage(stderr);
			return 2;
		}
	}
	if (s.help || optind < argc) {
		usage(s.help ? stdout : stderr);
		return s.help ? 0 : 2;
	}
	if (run(&s, &e) == 0)
		return 0;
	fprintf(stderr, "pmgspam daemon: %s\n", e.msg);
	return err_exit(e.code);
}
