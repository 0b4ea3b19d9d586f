/*
 * pmgdb - Database Management Toolkit (manual, 13.6; database.md §1).
 */
#define _GNU_SOURCE /* strptime */
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/cli.h"
#include "gw/cfg/ldap.h"
#include "gw/filter/filter.h"
#include "gw/rules/rules.h"
#include "gw/stat/stat.h"
#include "gw/store/store.h"
#include "lib/cidr/cidr.h"
#include "lib/proc/daemon.h"

enum {
	DUMP_MAX = 256 << 20,	     /* bytes of output */
	EXPLAIN_MAIL_MAX = 64 << 20, /* bytes of a mail */
};

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

static int write_out(struct buf *text, struct err *e)
{
	struct str out;

	if (buf_done(text, &out, e) < 0)
		return -1;
	if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) < 0)
		return err_sys(e, "write");
	return 0;
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

	if (rules_load(a, store_open(a, &at, NULL), &rules, e) < 0)
		return -1;
	buf_init(&text, a, DUMP_MAX);
	rules_dump(rules, which(str_of(cli_value(args, "rules"))), &text);
	return write_out(&text, e);
}

/* What makes the filter refuse the whole set is a finding, too; an absent database is not. */
static int lint(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct store_at at = here();
	struct rules *rules;
	struct cfg_ldap ldap;
	struct buf text;
	size_t n = 1;

	(void)args;
	buf_init(&text, a, DUMP_MAX);
	if (cfg_ldap_load(a, CFG_DIR, &ldap, e) < 0)
		return -1;
	if (rules_load(a, store_open(a, &at, NULL), &rules, e) == 0) {
		n = rules_lint(a, rules, &ldap, &text);
	} else if (e->code == ERR_INVALID || e->code == ERR_LIMIT) {
		buf_add_visible(&text, str_of(e->msg), sizeof(e->msg));
		buf_addz(&text, "; the filter refuses these rules: correct it\n");
	} else {
		return -1;
	}
	buf_addf(&text, "%zu finding%s\n", n, n == 1 ? "" : "s");
	return write_out(&text, e) < 0 ? -1 : n > 0;
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

/* "2024-03-01 07:00[:30]", or "07:00" today, by the clock on the wall. */
static int read_time(const char *text, time_t *out, struct err *e)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%H:%M" };
	time_t now = time(NULL);

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *end;
		struct tm t;

		localtime_r(&now, &t);
		t.tm_sec = 0;
		t.tm_isdst = -1;
		end = strptime(text, formats[i], &t);
		if (!end || *end)
			continue;
		*out = mktime(&t);
		return 0;
	}
	return err_set(e, ERR_INVALID, "--at: not a time like 2018-03-01 07:00 or 07:00: %s", text);
}

/* With or without angle brackets. */
static struct str address(const char *text)
{
	struct str s = str_trim(str_of(text));

	if (str_starts(s, STR("<")) && str_ends(s, STR(">")))
		s = str_sub(s, 1, s.n - 2);
	return s;
}

static int read_question(struct arena *a, const struct cli_args *args, struct filter_question *q,
			 struct err *e)
{
	const char *from = cli_value(args, "from"), *client = cli_value(args, "client");
	const char *at = cli_value(args, "at"), *const *to;
	struct cidr_addr ip;
	struct str *rcpt;

	q->now = time(NULL);
	if (at && read_time(at, &q->now, e) < 0)
		return -1;
	if (client && !cidr_addr_parse(str_of(client), &ip))
		return err_set(e, ERR_INVALID, "--client: not an IP address: %s", client);
	q->client = str_of(client);
	q->sender = from ? address(from) : STR_NONE;
	q->n_rcpt = cli_values(args, a, "to", &to);
	rcpt = NEW_N(a, struct str, q->n_rcpt);
	for (size_t i = 0; i < q->n_rcpt; i++)
		rcpt[i] = address(to[i]);
	q->rcpt = rcpt;
	q->trusted = cli_flag(args, "out");
	return file_read(a, args->argument, EXPLAIN_MAIL_MAX, &q->mail, e);
}

static int explain(struct arena *a, const struct cli_args *args, struct err *e)
{
	struct filter_question q = { .database = NULL };
	struct buf text;

	log_quiet(true);
	buf_init(&text, a, DUMP_MAX);
	if (read_question(a, args, &q, e) < 0 || daemon_become(FILTER_USER, e) < 0 ||
	    filter_explain(a, &q, &text, e) < 0)
		return -1;
	return write_out(&text, e);
}

static const struct cli_option explain_options[] = {
	{ "from", "<address>", NULL,
	  "Envelope sender; <> for a bounce. Default: as in the header." },
	{ "to", "<address>", NULL,
	  "Envelope recipient; may be given several times. Default: as in the header." },
	{ "client", "<ip>", NULL, "Address of the host that sends the mail." },
	{ "out", NULL, NULL, "The mail is an outgoing one." },
	{ "at", "<time>", NULL, "Local time, as 2018-03-01 07:00 or 07:00. Default: now." },
	{ NULL, NULL, NULL, NULL },
};

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
	{ "delete", "Delete PMG rule database.", NULL, delete, NULL },
	{ "dump", "Print the PMG rule database.", dump_options, dump, NULL },
	{ "explain", "Explain what the rules do with a mail (a file), without doing it.",
	  explain_options, explain, "MAIL" },
	{ "init", "Initialize/Upgrade the PMG rule database.", init_options, init, NULL },
	{ "lint", "Look for mistakes in the rules; exit status 1 if there are any.", NULL, lint,
	  NULL },
	{ "reset", "Reset PMG rule database back to factory defaults.", NULL, reset, NULL },
	{ "update", "Update the PMG statistic database.", NULL, update, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
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
