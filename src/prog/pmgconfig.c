/*
 * pmgconfig - Configuration Management Toolkit (manual, 13.5).
 */
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/net.h"
#include "cli/cli.h"
#include "gw/apply/apply.h"
#include "gw/check/check.h"
#include "gw/rules/whitelist.h"
#include "gw/signing/signing.h"
#include "gw/store/store.h"
#include "lib/dns/cares.h"

enum {
	CHECK_MS = 30 * 1000,    /* for all answers of DNS together */
	DATABASE_MS = 10 * 1000, /* for the SMTP whitelist */
};

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

static int print(struct str text, struct err *e)
{
	if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
		return err_sys(e, "write to standard output");
	return 0;
}

/* Records of the domain's keys; those of the key for all domains, if `domain` is empty. */
static int print_records(struct arena *a, const char *dir, struct str domain, struct str selector,
			 struct err *e)
{
	struct signing_keys keys;
	size_t n = 0;

	signing_keys_read(a, dir, selector, &keys);
	for (size_t i = 0; i < keys.problems.n; i++)
		fprintf(stderr, "%.*s\n", STR_ARG(keys.problems.p[i]));
	for (size_t i = 0; i < keys.list.n; i++) {
		if (!str_ieq(keys.list.p[i].domain, domain))
			continue;
		if (print(signing_record(a, &keys.list.p[i]), e) < 0)
			return -1;
		n++;
	}
	return n ? 0 : err_set(e, ERR_NOTFOUND, "there is no DKIM key");
}

/* The exit status is what monitoring looks at: 0, 1 for warnings, 2 for errors. */
static int self_check(struct arena *a, const struct cli_args *args, struct err *e)
{
	static const struct dns_cares_config config = { 0 };
	bool json = !strcmp(cli_value(args, "output-format"), "json");
	struct dns_resolver *resolver;
	struct check_findings found;
	struct check_facts facts;
	struct apply_env env;

	if (apply_env_system(a, &env, e) < 0 ||
	    check_facts_read(a, &env.cfg, time(NULL), &facts, e) < 0 ||
	    dns_cares_open(a, &config, &resolver, e) < 0)
		return -1;
	check_run(a, &facts, dns_open(a, resolver), net_now() + CHECK_MS, &found);
	if (print(json ? check_json(a, &found) : check_text(a, &found), e) < 0)
		return -1;
	return (int)check_worst(&found);
}

static int bits_of(const struct cli_args *args, int *out, struct err *e)
{
	int64_t bits;

	if (!str_int(str_of(cli_value(args, "keysize")), DKIM_KEY_BITS_MIN, DKIM_KEY_BITS_MAX,
		     &bits))
		return err_set(e, ERR_INVALID, "keysize: a number from %d to %d", DKIM_KEY_BITS_MIN,
			       DKIM_KEY_BITS_MAX);
	*out = (int)bits;
	return 0;
}

/* A key of the domain's own, if one is asked for; then the records of all it has. */
static int dkim(struct arena *a, const struct cli_args *args, struct err *e)
{
	const char *type = cli_value(args, "create");
	struct apply_dkim w = { .domain = str_of(args->argument),
				.selector = str_of(cli_value(args, "selector")),
				.force = cli_flag(args, "force") };
	struct apply_env env;

	if (apply_env_system(a, &env, e) < 0)
		return -1;
	if (type && !w.selector.n)
		return err_set(e, ERR_INVALID, "--create needs --selector");
	if (type && !strcmp(type, "rsa") && bits_of(args, &w.bits, e) < 0)
		return -1;
	if (type && apply_dkim_make(a, &env, &w, e) < 0)
		return -1;
	return print_records(a, env.cfg.dir, w.domain, STR(""), e);
}

static int dkim_record(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_env env;
	struct cfg *cfg;

	(void)args;
	if (apply_env_system(a, &env, e) < 0 || cfg_load(a, &env.cfg, &cfg, e) < 0)
		return -1;
	if (!cfg->admin.dkim_selector.n)
		return err_set(e, ERR_NOTFOUND, "no selector is configured");
	return print_records(a, env.cfg.dir, STR(""), cfg->admin.dkim_selector, e);
}

static int dkim_set(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_dkim w = { .selector = str_of(cli_value(args, "selector")),
				.force = cli_flag(args, "force") };
	struct apply_env env;

	if (!w.selector.n || !cli_value(args, "keysize"))
		return err_set(e, ERR_INVALID, "--selector and --keysize are needed");
	if (bits_of(args, &w.bits, e) < 0 || apply_env_system(a, &env, e) < 0 ||
	    apply_dkim_make(a, &env, &w, e) < 0)
		return -1;
	return apply_dkim_select(a, &env, w.selector, e);
}

static int dump(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_state s;
	struct apply_env env;

	(void)args;
	if (apply_env_system(a, &env, e) < 0 || apply_read(a, &env, true, &s, e) < 0)
		return -1;
	return print(apply_dump(a, apply_vars(a, &env, &s)), e);
}

static int init(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_env env;

	(void)args;
	if (apply_env_system(a, &env, e) < 0)
		return -1;
	return apply_init(a, &env, e);
}

/* The SMTP whitelist for Postfix. While nobody can tell it, Postfix keeps what it has. */
static const struct apply_access *access_tables(struct arena *a)
{
	struct db *db = store_open(a, &(struct store_at){ 0 }, NULL);
	struct apply_access *out = NEW(a, struct apply_access);
	struct whitelist_tables tables;
	struct whitelist_row *rows;
	struct err e;
	size_t n;

	db_deadline(db, net_now() + DATABASE_MS);
	if (whitelist_read(a, db, &rows, &n, &e) < 0 ||
	    whitelist_tables(a, rows, n, &tables, &e) < 0) {
		log_warn("Postfix keeps the SMTP whitelist of before: %s", e.msg);
		out = NULL;
	} else
		*out = (struct apply_access){ tables.senders, tables.receivers, tables.clients,
					      tables.postscreen };
	db_disconnect(db);
	return out;
}

static int sync_config(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct apply_env env;
	size_t changed;

	if (apply_env_system(a, &env, e) < 0)
		return -1;
	env.access = access_tables(a);
	return apply_sync(a, &env, cli_flag(args, "restart"), &changed, e);
}

static const struct cli_option cert_options[] = {
	{ "force", NULL, NULL, "Overwrite existing certificate." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option check_options[] = {
	{ "output-format", "text|json", "text", "Output format." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option dkim_options[] = {
	{ "create", "rsa|ed25519", NULL,
	  "Make a key of this type before. Mails are signed with it from the next start or reload "
	  "of pmg-smtp-filter on: publish its record before that." },
	{ "selector", "<string>", NULL, "Name of the key to make." },
	{ "keysize", "<integer>", "2048", "Number of bits of an RSA key." },
	{ "force", NULL, NULL, "Replace an existing key." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option dkim_set_options[] = {
	{ "selector", "<string>", NULL, "DKIM selector." },
	{ "keysize", "<integer>", NULL, "Number of bits of the RSA key." },
	{ "force", NULL, NULL, "Overwrite an existing key." },
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
	{ "check",
	  "Tell what is to be put right: names in DNS, relaying, certificates, disks, backup. The "
	  "exit status is 0 if there is nothing, 1 with warnings, 2 with errors.",
	  check_options, self_check, NULL },
	{ "dkim", "Print the DNS records of the DKIM keys that a domain has of its own.",
	  dkim_options, dkim, "DOMAIN" },
	{ "dkim_record", "Print the DNS record of the DKIM key for all other domains.", NULL,
	  dkim_record, NULL },
	{ "dkim_set", "Generate the DKIM key for all domains that have none, and select it.",
	  dkim_set_options, dkim_set, NULL },
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
