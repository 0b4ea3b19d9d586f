/* pmg-smtp-filter: the content filter daemon. */
#include <getopt.h>
#include <sysexits.h>
#include <syslog.h>

#include "base/log.h"
#include "gw/filter/filter.h"
#include "lib/proc/daemon.h"

static const char usage[] =
	"usage: pmg-smtp-filter [OPTIONS] start|stop|restart|reload|status|run\n"
	"  --pidfile FILE    instead of " FILTER_PIDFILE "\n"
	"  --database NAME   instead of Proxmox_ruledb\n"
	"  --untrusted       treat mail on the internal port as incoming, too\n"
	"  --maintenance SECONDS  between two rounds of maintenance, instead of 120\n"
	"`run` stays in the foreground, `reload` reads settings and rules again.\n";

struct program {
	struct arena *a;
	struct filter_options options;
	struct filter *filter;
};

static int prepare(void *ctx, struct err *e)
{
	struct program *p = ctx;

	return filter_open(p->a, &p->options, &p->filter, e);
}

static void run(void *ctx)
{
	struct program *p = ctx;

	log_open("pmg-smtp-filter", LOG_MAIL);
	filter_run(p->filter);
}

static bool take(struct program *p, struct daemon_service *service, int option)
{
	int64_t number;

	switch (option) {
	case 'p':
		service->pidfile = optarg;
		return true;
	case 'd':
		p->options.database = optarg;
		return true;
	case 'u':
		return p->options.untrusted = true;
	case 'm':
		if (!str_int(str_of(optarg), 1, FILTER_MAINTENANCE_MAX, &number))
			return false;
		p->options.maintenance = (int)number;
		return true;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pidfile", required_argument, NULL, 'p' },
		{ "database", required_argument, NULL, 'd' },
		{ "untrusted", no_argument, NULL, 'u' },
		{ "maintenance", required_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct program p = { .a = arena_open("program", 1 << 20) };
	struct daemon_service service = {
		.name = "pmg-smtp-filter", .pidfile = FILTER_PIDFILE, .user = FILTER_USER,
		.prepare = prepare, .run = run, .ctx = &p,
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (!take(&p, &service, option)) {
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	return daemon_command(&service, argv[optind]);
}
