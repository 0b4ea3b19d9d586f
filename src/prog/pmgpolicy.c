/* pmgpolicy: the policy daemon that Postfix asks. */
#include <getopt.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
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

/* False if the command line is wrong. */
static bool take_option(int option, struct program *p, struct daemon_service *service)
{
	int64_t number;

	switch (option) {
	case 'p':
		service->pidfile = optarg;
		return true;
	case 'd':
		p->options.database = optarg;
		return true;
	case 'P':
		if (!str_int(str_of(optarg), 1, 65535, &number))
			return false;
		p->options.port = (uint16_t)number;
		return true;
	case 'm':
		if (!str_int(str_of(optarg), 1, 86400, &number))
			return false;
		p->options.maintenance = (unsigned)number;
		return true;
	case 't':
		p->options.testmode = true;
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
		{ "port", required_argument, NULL, 'P' },
		{ "maintenance", required_argument, NULL, 'm' },
		{ "testmode", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct program p = { .a = arena_open("program", 1 << 20),
			     .options = { .port = POLICY_PORT,
					  .maintenance = POLICY_MAINTENANCE } };
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
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (!take_option(option, &p, &service)) {
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (getuid() == 0 && policy_make_directory(&e) < 0)
		fprintf(stderr, "pmgpolicy: %s\n", e.msg);
	return daemon_command(&service, argv[optind]);
}
