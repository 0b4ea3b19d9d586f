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

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pidfile", required_argument, NULL, 'p' },
		{ "database", required_argument, NULL, 'd' },
		{ "untrusted", no_argument, NULL, 'u' },
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
		switch (option) {
		case 'p':
			service.pidfile = optarg;
			break;
		case 'd':
			p.options.database = optarg;
			break;
		case 'u':
			p.options.untrusted = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	return daemon_command(&service, argv[optind]);
}
