/*
 * pmgdb - Database Management Toolkit (manual, 13.6; database.md §1).
 */
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "gw/filter/filter.h"
#include "gw/rules/rules.h"
#include "gw/stat/stat.h"
#include "gw/store/store.h"
#include "lib/proc/daemon.h"

enum { DUMP_MAX = 256 << 20 };

static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
	fflush(stdout);
}

static const struct store_progress progress = { print_line, NULL };

/* The server is the local one; PGHOST names another socket directory, as it does for psql. */
static struct store_at here(void)
{
	return (struct store_at){ getenv("PGHOST"), NULL };
}

/* Adds up what is new; the hours are those of the clock on the wall. */
static int add_up(struct arena *a, struct db *db, struct err *e)
{
	time_t now = time(NULL);
	struct tm local;
	int64_t mails;

	localtime_r(&now, &local);
	if (stat_aggregate(a, db, now, local.tm_gmtoff, &mails, e) < 0)
		return -1;
	printf("statistics: %lld new mails\n", (long long)mails);
	return 0;
}

static int rebuild_statistics(struct arena *a, const struct store_at *at, struct err *e)
{
	struct db *db = store_open(a, at, NULL);

	return stat_clear(a, db, e) < 0 ? -1 : add_up(a, db, e);
}

static int init(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();

	if (cli_flag(args, "force") && store_delete(&at, e) < 0 && e->code != ERR_NOTFOUND)
		return -1;
	if (store_init(a, &at, &progress, e) < 0 || daemon_reload(FILTER_PIDFILE, e) < 0)
		return -1;
	return cli_flag(args, "statistics") ? rebuild_statistics(a, &at, e) : 0;
}

static int update(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();

	(void)args;
	return add_up(a, store_open(a, &at, NULL), e);
}

static enum rules_which which(struct str word)
{
	if (str_eq(word, STR("active")))
		return RULES_ACTIVE;
	return str_eq(word, STR("inactive")) ? RULES_INACTIVE : RULES_ALL;
}

static int dump(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();
	struct rules *rules;
	struct buf text;
	struct str out;

	if (rules_load(a, store_open(a, &at, NULL), &rules, e) < 0)
		return -1;
	buf_init(&text, a, DUMP_MAX);
	rules_dump(rules, which(str_of(cli_value(args, "rules"))), &text);
	if (buf_done(&text, &out, e) < 0)
		return -1;
	if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) < 0)
		return err_sys(e, "write");
	return 0;
}

static int reset(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();

	(void)args;
	if (store_reset(store_open(a, &at, NULL), a, e) < 0)
		return -1;
	return daemon_reload(FILTER_PIDFILE, e);
}

static int delete (struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();

	(void)a;
	(void)args;
	return store_delete(&at, e);
}

static const struct cli_option init_options[] = {
	{ "force", NULL, NULL, "Delete existing database." },
	{ "statistics", NULL, NULL, "Reset and update statistic database." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_option dump_options[] = {
	{ "rules", "all|active|inactive", "all", "Which rules to print." },
	{ NULL, NULL, NULL, NULL },
};

static const struct cli_command commands[] = {
	{ "delete", "Delete PMG rule database.", NULL, delete },
	{ "dump", "Print the PMG rule database.", dump_options, dump },
	{ "init", "Initialize/Upgrade the PMG rule database.", init_options, init },
	{ "reset", "Reset PMG rule database back to factory defaults.", NULL, reset },
	{ "update", "Update the PMG statistic database.", NULL, update },
	{ NULL, NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	static const struct cli_tool tool = { "pmgdb", commands };

	if (geteuid() != 0) {
		fputs("pmgdb: please run as root\n", stderr);
		return err_exit(ERR_PERM);
	}
	return cli_main(&tool, argc, argv);
}
