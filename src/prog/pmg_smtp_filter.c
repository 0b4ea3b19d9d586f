/* pmg-smtp-filter: the content filter daemon. */
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

int main(int argc, char **argv)
{
	struct program p = { .a = arena_open("program", 1 << 20),
			     .options = { .maintenance = FILTER_MAINTENANCE } };
	const struct daemon_option options[] = {
		{ "database", .text = &p.options.database },
		{ "untrusted", .flag = &p.options.untrusted },
		{ "maintenance", .number = &p.options.maintenance, .max = FILTER_MAINTENANCE_MAX },
		{ 0 },
	};
	struct daemon_service service = {
		.name = "pmg-smtp-filter", .pidfile = FILTER_PIDFILE, .user = FILTER_USER,
		.prepare = prepare, .run = run, .ctx = &p,
	};

	return daemon_main(&service, options, usage, argc, argv);
}
