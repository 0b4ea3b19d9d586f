/*
 * pmgconfig - Configuration Management Toolkit (manual, 13.5).
 */
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "gw/apply/apply.h"

static int apicert(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_env env;

	if (apply_env_system(a, &env, e) < 0)
		return -1;
	return apply_api_cert(a, &env, cli_flag(args, "force"), e);
}

static int tlscert(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_env env;

	if (apply_env_system(a, &env, e) < 0)
		return -1;
	return apply_tls_cert(a, &env, cli_flag(args, "force"), e);
}

static int dump(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_state s;
	struct apply_env env;
	struct str text;

	(void)args;
	if (apply_env_system(a, &env, e) < 0 || apply_read(a, &env, true, &s, e) < 0)
		return -1;
	text = apply_dump(a, apply_vars(a, &env, &s));
	if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
		return err_sys(e, "write to standard output");
	return 0;
}

static int init(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_env env;

	(void)args;
	if (apply_env_system(a, &env, e) < 0)
		return -1;
	return apply_init(a, &env, e);
}

static int sync_config(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_env env;
	size_t changed;

	if (apply_env_system(a, &env, e) < 0)
		return -1;
	return apply_sync(a, &env, cli_flag(args, "restart"), &changed, e);
}

static const struct cli_option cert_options[] = {
	{ "force", NULL, NULL, "Overwrite existing certificate." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option sync_options[] = {
	{ "restart", NULL, NULL, "Restart services if necessary." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_command commands[] = {
	{ "apicert",
	  "Generate /etc/pmg/pmg-api.pem (self signed certificate for GUI and REST API).",
	  cert_options, apicert, NULL },
	{ "dump", "Print configuration setting which can be used in templates.", NULL, dump, NULL },
	{ "init", "Generate required files in /etc/pmg/", NULL, init, NULL },
	{ "sync", "Synchronize Proxmox Mail Gateway configurations with system configuration.",
	  sync_options, sync_config, NULL },
	{ "tlscert",
	  "Generate /etc/pmg/pmg-tls.pem (self signed certificate for encrypted SMTP traffic).",
	  cert_options, tlscert, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct cli_tool tool = { "pmgconfig", commands };

	if (geteuid() != 0) {
		fputs("pmgconfig: please run as root\n", stderr);
		return err_exit(ERR_PERM);
	}
	log_open("pmgconfig", LOG_DAEMON);
	return cli_main(&tool, argc, argv);
}
