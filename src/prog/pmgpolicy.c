/* pmgpolicy: the policy daemon that Postfix asks. */
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "gw/policy/policy.h"
#include "lib/proc/daemon.h"

static const char usage[] =
	"usage: pmgpolicy [OPTIONS] start|stop|restart|reload|status|run\n"
	"  --pidfile FILE    default: the environment variable PIDFILE,\n"
	"                    else " POLICY_PIDFILE "\n"
	"  --database NAME   instead of Proxmox_ruledb\n"
	"  --port NUMBER     instead of 10022\n"
	"  --maintenance SECONDS  between two rounds of maintenance, instead of 120\n"
	"  --testmode        a request's attribute `testtime` (seconds since 1970) is its time\n"
	"`run` stays in the foreground, `reload` reads settings and SMTP whitelist again.\n";

struct program {
	struct arena *a;
	struct policy_options options;
	struct policy_front *front;
};

static int prepare(void *ctx, struct err *e)
{
	struct program *p = ctx;

	return policy_open(p->a, &p->options, &p->front, e);
}

static void run(void *ctx)
{
	struct program *p = ctx;

	log_open("pmgpolicy", LOG_MAIL);
	policy_run(p->front);
}

int main(int argc, char **argv)
{
	struct program p = { .a = arena_open("program", 1 << 20),
			     .options = { .port = POLICY_PORT,
					  .maintenance = POLICY_MAINTENANCE } };
	const struct daemon_option options[] = {
		{ "database", .text = &p.options.database },
		{ "port", .number = &p.options.port, .max = 65535 },
		{ "maintenance", .number = &p.options.maintenance, .max = POLICY_MAINTENANCE_MAX },
		{ "testmode", .flag = &p.options.testmode },
		{ 0 },
	};
	const char *pidfile = getenv("PIDFILE");
	struct daemon_service service = {
		.name = "pmgpolicy",
		.pidfile = pidfile && *pidfile ? pidfile : POLICY_PIDFILE,
		.user = POLICY_USER,
		.prepare = prepare,
		.run = run,
		.ctx = &p,
	};
	struct err e;

	if (getuid() == 0 && policy_make_directory(&e) < 0)
		fprintf(stderr, "pmgpolicy: %s\n", e.msg);
	return daemon_main(&service, options, usage, argc, argv);
}
