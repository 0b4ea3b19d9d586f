/*
 * pmgdb - Database Management Toolkit (manual, 13.6; database.md §1).
 */
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "gw/stat/stat.h"
#include "gw/store/store.h"

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
	if (store_init(a, &at, &progress, e) < 0)
		return -1;
	return cli_flag(args, "statistics") ? rebuild_statistics(a, &at, e) : 0;
}

static int update(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();

	(void)args;
	return add_up(a, store_open(a, &at, NULL), e);
}

static int reset(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();

	(void)args;
	return store_reset(store_open(a, &at, NULL), a, e);
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

static const struct cli_command commands[] = {
	{ "delete", "Delete PMG rule database.", NULL, delete },
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
