/*
 * pmgqm - Quarantine Management Toolkit (manual, 10.6; config.md §9, database.md §6).
 */
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/cli.h"
#include "gw/cfg/lists.h"
#include "gw/quar/purge.h"
#include "gw/quar/spool.h"
#include "gw/report/report.h"
#include "gw/store/store.h"

enum { ADDRESS_MAX = 512 };

/* The server is the local one; PGHOST names another socket directory, as it does for psql. */
static struct db *here(struct arena *a)
{
	const struct store_at at = { getenv("PGHOST"), NULL };

	return store_open(a, &at, NULL);
}

static int settings(struct arena *a, struct cfg **out, struct err *e)
{
	struct cfg_env env;

	return cfg_env_system(a, &env, e) < 0 || cfg_load(a, &env, out, e) < 0 ? -1 : 0;
}

static void print_path(void *arg, const char *path)
{
	printf("%s%s\n", (const char *)arg, path);
}

static int purge(struct arena *a, const struct cli_args *args, struct err *e)
{
	static char removed[] = "removed: ", only_path[] = "";
	bool check = cli_flag(args, "check");
	struct quar_purged done;
	struct quar_purge p;
	struct cfg *cfg;

	if (settings(a, &cfg, e) < 0)
		return -1;
	p = (struct quar_purge){ .spool = SPOOL_ROOT,
				 .midnight = quar_midnight(time(NULL), 0),
				 .spam_days = cfg->spamquar.lifetime,
				 .virus_days = cfg->virusquar.lifetime,
				 .check = check,
				 .stale = print_path,
				 .arg = check ? only_path : removed };
	if (quar_purge(a, here(a), &p, &done, e) < 0)
		return -1;
	if (!check)
		fprintf(stderr, "removed %lld mails, %lld orphaned receivers, %lld stale files\n",
			(long long)done.mails, (long long)done.receivers, (long long)done.files);
	return 0;
}

static int domains(struct arena *a, struct cfg_lists *out, struct err *e)
{
	struct cfg_problems ignored = { 0 };

	return cfg_lists_load(a, CFG_DIR, out, &ignored, e);
}

static int span_of(const struct cli_args *args, struct quar_span *out, struct err *e)
{
	return quar_span(str_of(cli_value(args, "timespan")), time(NULL), out, e);
}

static int status(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct quar_query query = { .type = QUAR_SPAM, .status = QUAR_NEW };
	struct quar_user *users;
	struct cfg_lists lists;
	struct quar_span span;
	size_t n;

	if (span_of(args, &span, e) < 0)
		return -1;
	query.start = span.start;
	query.end = span.end;
	if (domains(a, &lists, e) < 0 || quar_users(a, here(a), &query, &users, &n, e) < 0)
		return -1;
	puts("Count  Spamlevel Mail");
	for (size_t i = 0; i < n; i++)
		printf("%-5lld %10.2f %.*s%s\n", (long long)users[i].mails, users[i].spam_level,
		       STR_ARG(users[i].pmail),
		       cfg_is_ours(&lists, users[i].pmail) ? "" : " (external address)");
	return 0;
}

static int read_key(struct arena *a, struct ticket_key **out, struct err *e)
{
	struct str pem;

	return file_read(a, TICKET_KEY, TICKET_KEY_MAX, &pem, e) < 0 ||
			       ticket_key_read(a, pem, out, e) < 0
		       ? -1
		       : 0;
}

/* *none is set if the administrator wants no reports. */
static int read_round(struct arena *a, const struct cli_args *args, struct cfg *cfg,
		      struct report_round *r, bool *none, struct err *e)
{
	static const char *const dirs[] = { "/etc/pmg/templates", "/var/lib/pmg/templates", NULL };
	static const char *const styles[] = { "none", "short", "verbose", "custom" };
	const char *style = cli_value(args, "style");
	struct ticket_key *key;

	if (read_key(a, &key, e) < 0 || signing_load(a, CFG_DIR, cfg, &r->signing, e) < 0)
		return -1;
	style = style ? style : styles[cfg->spamquar.reportstyle];
	*none = !strcmp(style, "none");
	r->report = (struct report){ .cfg = cfg,
				     .key = key,
				     .template_dirs = dirs,
				     .style = str_of(*none ? "verbose" : style),
				     .timespan = str_of(cli_value(args, "timespan")),
				     .now = time(NULL) };
	r->db = here(a);
	r->receiver = str_lower(a, str_of(cli_value(args, "receiver")));
	r->redirect = str_of(cli_value(args, "redirect"));
	r->print = cli_flag(args, "debug");
	return span_of(args, &r->report.span, e);
}

/* One at sign, with something before and behind it and no blanks; no report goes astray. */
static int check_address(const struct cli_args *args, const char *option, struct err *e)
{
	struct str rest = str_of(cli_value(args, option)), local;

	if (!rest.p)
		return 0;
	if (rest.n > ADDRESS_MAX)
		return err_set(e, ERR_INVALID, "--%s: longer than %d bytes", option, ADDRESS_MAX);
	for (size_t i = 0; i < rest.n; i++)
		if ((unsigned char)rest.p[i] <= ' ' || rest.p[i] == '\\')
			return err_set(e, ERR_INVALID, "--%s: not a mail address", option);
	local = str_cut(&rest, '@');
	if (!local.n || !rest.n || str_chr(rest, '@') >= 0 || str_chr(rest, '/') >= 0)
		return err_set(e, ERR_INVALID, "--%s: not a mail address", option);
	return 0;
}

static int send_reports(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct report_round round = { 0 };
	size_t mails = 0;
	struct cfg *cfg;
	bool none;

	if (cli_value(args, "redirect") && !cli_value(args, "receiver"))
		return err_set(e, ERR_INVALID, "--redirect needs --receiver");
	if (check_address(args, "receiver", e) < 0 || check_address(args, "redirect", e) < 0)
		return -1;
	if (settings(a, &cfg, e) < 0 || domains(a, &round.lists, e) < 0 ||
	    read_round(a, args, cfg, &round, &none, e) < 0)
		return -1;
	if (none && !round.receiver.n && !round.print)
		return 0;
	if (report_round(a, &round, &mails, e) < 0)
		return -1;
	if (!mails && round.receiver.n)
		fprintf(stderr, "no report for %.*s: no new mails, or an external address\n",
			STR_ARG(round.receiver));
	return 0;
}

static const struct cli_option purge_options[] = {
	{ "check", NULL, NULL, "Only print the stale files, do not remove anything." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option send_options[] = {
	{ "debug", NULL, NULL, "Print the mails to standard output instead of sending them." },
	{ "receiver", "<string>", NULL, "Generate report for this email address only." },
	{ "redirect", "<string>", NULL, "Send the report to this email address instead." },
	{ "style", "short|verbose|custom", NULL,
	  "Spam report style. Default: the setting spamquar.reportstyle." },
	{ "timespan", QUAR_SPANS, "today", "Which mails to report." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option status_options[] = {
	{ "timespan", QUAR_SPANS, "today", "Which mails to count." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_command commands[] = {
	{ "purge", "Cleanup Quarantine database.", purge_options, purge, NULL },
	{ "send", "Generate and send spam report emails.", send_options, send_reports, NULL },
	{ "status", "Print quarantine status (mails per user) for specified time span.",
	  status_options, status, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct cli_tool tool = { "pmgqm", commands };

	if (geteuid() != 0) {
		fputs("pmgqm: please run as root\n", stderr);
		return err_exit(ERR_PERM);
	}
	log_open_stderr(tool.name);
	return cli_main(&tool, argc, argv);
}
