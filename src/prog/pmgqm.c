/*
 * pmgqm - Quarantine Management Toolkit (manual, 10.6; config.md §9, database.md §6).
 */
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "gw/cfg/lists.h"
#include "gw/quar/list.h"
#include "gw/quar/purge.h"
#include "gw/quar/span.h"
#include "gw/quar/spool.h"
#include "gw/store/store.h"

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

/* Which users have mail in the spam quarantine in the span that the option tells. */
static int find_users(struct arena *a, const struct cli_args *args, struct quar_user **out,
		      size_t *n, struct err *e)
{
	struct quar_span span;
	struct quar_query query;

	if (quar_span(str_of(cli_value(args, "timespan")), time(NULL), &span, e) < 0)
		return -1;
	query = (struct quar_query){ QUAR_SPAM, QUAR_NEW, span.start, span.end, STR_NONE };
	return quar_users(a, here(a), &query, out, n, e);
}

static int status(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct cfg_problems ignored = { 0 };
	struct cfg_lists lists;
	struct quar_user *users;
	size_t n;

	if (cfg_lists_load(a, CFG_DIR, &lists, &ignored, e) < 0 ||
	    find_users(a, args, &users, &n, e) < 0)
		return -1;
	puts("Count  Spamlevel Mail");
	for (size_t i = 0; i < n; i++)
		printf("%-5lld %10.2f %.*s%s\n", (long long)users[i].mails, users[i].spam_level,
		       STR_ARG(users[i].pmail),
		       cfg_is_ours(&lists, users[i].pmail) ? "" : " (external address)");
	return 0;
}

static const struct cli_option purge_options[] = {
	{ "check", NULL, NULL, "Only print the stale files, do not remove anything." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option status_options[] = {
	{ "timespan", QUAR_SPANS, "today", "Which mails to count." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_command commands[] = {
	{ "purge", "Cleanup Quarantine database.", purge_options, purge, NULL },
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
