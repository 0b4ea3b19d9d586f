#define _GNU_SOURCE /* nftw */
#include "gw/quar/testing.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw/quar/spool.h"

struct arena *a;
struct err e;
struct db *db, *other;
struct store_at at;
char root[64];

int make_database(void **state)
{
	struct arena *own = arena_open("test", 16u << 20);

	(void)state;
	at = (struct store_at){ getenv("PGHOST"), NULL };
	if (store_init(own, &at, NULL, &e) < 0)
		return -1;
	arena_close(own);
	return 0;
}

int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	db = store_open(a, &at, NULL);
	other = store_open(a, &at, NULL);
	snprintf(root, sizeof(root), "/tmp/pmg-quar-test.XXXXXX");
	if (!mkdtemp(root) || spool_make_directories(root, &e) < 0)
		return -1;
	return db_script(db, "TRUNCATE CMailStore, CMSReceivers, UserPrefs RESTART IDENTITY", &e);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int teardown(void **state)
{
	(void)state;
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_close(a);
	return 0;
}

struct str text(const char *sql)
{
	struct db_statement s = { NULL, sql };
	const struct db_rows *rows = NULL;

	OK(db_run(other, a, &s, NULL, 0, &rows, &e));
	return db_str(rows, 0, 0);
}

void is_text(const char *sql, struct str expected)
{
	struct str found = text(sql);

	if (!str_eq(found, expected))
		fail_msg("%.*s\ninstead of %.*s", STR_ARG(found), STR_ARG(expected));
}

void is_str(struct str found, struct str expected)
{
	if (!str_eq(found, expected))
		fail_msg("'%.*s'\ninstead of '%.*s'", STR_ARG(found), STR_ARG(expected));
}

void fails(int result, enum err_code code)
{
	assert_int_equal(result, -1);
	if (e.code != code)
		fail_msg("code %d: %s", (int)e.code, e.msg);
}

static const struct quar_rcpt two[] = {
	{ STR_INIT("Bob@Example.COM"), STR_INIT("bob@example.com") },
	{ STR_INIT("alias@example.com"), STR_INIT("ann@example.com") },
};

struct quar_mail spam(void)
{
	return (struct quar_mail){ .type = QUAR_SPAM,
				   .time = 1500000000,
				   .bytes = 100,
				   .spam_level = 7,
				   .info = STR("GTUBE:1000"),
				   .sender = STR("envelope@x.example"),
				   .header = STR("Subject: s\nFrom: \"A, B\" <from@x.example>\n"),
				   .rcpt = two,
				   .n_rcpt = 2 };
}

const char *below_root(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", root, name));
}

struct str file_text(struct str file)
{
	struct str content;

	OK(file_read(a, below_root(str_z(a, file)), 1 << 20, &content, &e));
	return content;
}

static int write_bytes(void *ctx, const struct sink *to, struct err *err)
{
	const struct str *bytes = ctx;

	return sink_write(to, *bytes, err);
}

struct str put(const struct quar_mail *mail, struct str bytes)
{
	const struct quar_source source = { write_bytes, &bytes };
	struct str id;

	OK(quar_store(a, db, root, mail, &source, &id, &e));
	return text("SELECT File FROM CMailStore ORDER BY ID DESC LIMIT 1");
}
