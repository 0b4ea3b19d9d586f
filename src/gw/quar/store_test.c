#include <sys/stat.h>
#include <unistd.h>

#include "base/net.h"
#include "gw/quar/store_int.h"
#include "gw/quar/testing.h"

/* Spans of all sizes around the buffer's. */
static int write_spans(void *ctx, const struct sink *to, struct err *err)
{
	static const size_t sizes[] = { 1, 70000, 65536, 65535, 1, 10 };
	const char *bytes = ctx;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		if (sink_write(to, (struct str){ bytes, sizes[i] }, err) < 0)
			return -1;
		bytes += sizes[i];
	}
	return 0;
}

static int write_short(void *ctx, const struct sink *to, struct err *err)
{
	return sink_write(to, str_of(ctx), err);
}

static int write_fails(void *ctx, const struct sink *to, struct err *err)
{
	if (sink_write(to, str_of(ctx), err) < 0)
		return -1;
	return err_set(err, ERR_LIMIT, "too much");
}

static const struct quar_rcpt two[] = {
	{ STR_INIT("Bob@Example.COM"), STR_INIT("bob@example.com") },
	{ STR_INIT("alias@example.com"), STR_INIT("ann@example.com") },
};

static struct quar_mail mail_for_two(void)
{
	return (struct quar_mail){
		.type = QUAR_SPAM,
		.time = 1500000000,
		.bytes = 4711,
		.spam_level = 7,
		.info = STR("GTUBE:1000,X:-1"),
		.sender = STR("s\xff\0@x"),
		.header = STR("Subject: a\\b'\nFrom: x\n"),
		.rcpt = two,
		.n_rcpt = 2,
	};
}

static const struct quar_source hello = { write_short, (void *)(uintptr_t) "hello\n" };

static int files(void)
{
	int n = 0;

	for (int i = 0; i < 256; i++) {
		struct stat st;
		char *dir = str_z(a, str_fmt(a, "%s/spam/%02X", root, i));

		if (stat(dir, &st) == 0)
			n += rmdir(dir) < 0; /* fails if there is something in it */
	}
	return n;
}

static void test_rows_and_file(void **state)
{
	struct quar_mail mail = mail_for_two();
	struct str id, content, path;

	(void)state;
	OK(quar_store(a, db, root, &mail, &hello, &id, &e));
	is_text("SELECT concat_ws('|', CID, RID, ID, Time, QType, Bytes, Spamlevel, Info, Sender, "
		"Header) FROM CMailStore",
		STR("0|1|1|1500000000|S|4711|7|GTUBE:1000,X:-1|s\xff @x|Subject: a\\b'\nFrom: "
		    "x\n"));
	is_text("SELECT string_agg(concat_ws('|', CMailStore_CID, CMailStore_RID, PMail, "
		"coalesce(Receiver, '-'), Status, Seen, SeenMTime, "
		"abs(MTime - extract(epoch FROM now())) < 100), ' ' ORDER BY PMail) "
		"FROM CMSReceivers",
		STR("0|1|ann@example.com|alias@example.com|N|N|0|t 0|1|bob@example.com|-|N|N|0|t"));
	is_text("SELECT (count(*) FILTER (WHERE TicketID BETWEEN 0 AND 268435455))::text || "
		"((max(TicketID) - min(TicketID)) IN (1, 268435455))::text FROM CMSReceivers",
		STR("2true"));
	path = text("SELECT File FROM CMailStore");
	assert_true(str_starts(path, STR("spam/")));
	assert_true(str_ends(path, id));
	content = file_text(path);
	assert_true(str_eq(content, STR("hello\n")));
	OK(quar_store(a, db, root, &mail, &hello, &id, &e));
	is_text("SELECT string_agg(RID || '-' || ID, ' ' ORDER BY RID) FROM CMailStore",
		STR("1-1 2-2"));
}

static void test_large_file(void **state)
{
	enum { SIZE = 1 + 70000 + 65536 + 65535 + 1 + 10 };
	char *bytes = arena_alloc(a, SIZE);
	struct quar_source source = { write_spans, bytes };
	struct quar_mail mail = mail_for_two();
	struct str id, content, path;

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 7 / 3);
	mail.type = QUAR_ATTACHMENT;
	OK(quar_store(a, db, root, &mail, &source, &id, &e));
	path = text("SELECT File FROM CMailStore WHERE QType = 'A'");
	content = file_text(path);
	assert_true(str_eq(content, (struct str){ bytes, SIZE }));
}

static void test_texts_are_cut_to_their_columns(void **state)
{
	char *x = arena_alloc(a, 2000000);
	struct str all = { memset(x, 'x', 2000000), 2000000 };
	struct quar_rcpt rcpt = { str_sub(all, 0, 300), str_sub(all, 0, 301) };
	struct quar_mail mail = mail_for_two();
	struct str id;

	(void)state;
	mail.header = all;
	mail.sender = str_sub(all, 0, 300);
	mail.info = STR_NONE;
	mail.rcpt = &rcpt;
	mail.n_rcpt = 1;
	mail.bytes = 1ull << 33;
	OK(quar_store(a, db, root, &mail, &hello, &id, &e));
	is_text("SELECT concat_ws(' ', length(Header), length(Sender), Info IS NULL, Bytes) "
		"FROM CMailStore",
		STR("1048576 255 t 2147483647"));
	is_text("SELECT length(PMail) || ' ' || length(Receiver) FROM CMSReceivers",
		STR("255 255"));
}

static void test_nothing_is_left_of_a_file_that_fails(void **state)
{
	struct quar_source source = { write_fails, (void *)(uintptr_t) "half" };
	struct quar_mail mail = mail_for_two();
	struct str id = STR("untouched");

	(void)state;
	assert_int_equal(quar_store(a, db, root, &mail, &source, &id, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_true(str_eq(id, STR("untouched")));
	assert_int_equal(files(), 0);
	is_text("SELECT count(*)::text FROM CMailStore", STR("0"));
}

static void test_nothing_is_left_of_rows_that_fail(void **state)
{
	struct quar_mail mail = mail_for_two();
	struct str id;

	(void)state;
	OK(db_script(other, "ALTER TABLE CMSReceivers RENAME TO away", &e));
	assert_int_equal(quar_store(a, db, root, &mail, &hello, &id, &e), -1);
	assert_int_equal(files(), 0);
	OK(db_script(other, "ALTER TABLE away RENAME TO CMSReceivers", &e));
	is_text("SELECT count(*)::text FROM CMailStore", STR("0"));
	OK(quar_store(a, db, root, &mail, &hello, &id, &e));
	assert_int_equal(files(), 1);
}

static void test_no_database_no_file(void **state)
{
	struct store_at nowhere = { "/nonexistent", NULL };
	struct quar_mail mail = mail_for_two();
	struct str id;

	(void)state;
	assert_int_equal(quar_store(a, store_open(a, &nowhere, NULL), root, &mail, &hello, &id, &e),
			 -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_int_equal(files(), 0);
}

static void test_file_stays_when_commit_has_no_answer(void **state)
{
	struct quar_mail mail = mail_for_two();
	struct str id;

	(void)state;
	OK(db_script(other,
		     "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
		     "$$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$;"
		     "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON CMailStore "
		     "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()",
		     &e));
	db_deadline(db, net_now() + 500);
	assert_int_equal(quar_store(a, db, root, &mail, &hello, &id, &e), -1);
	assert_true(db_commit_unknown(db));
	assert_int_equal(files(), 1);
	db_deadline(db, INT64_MAX);
	OK(db_script(other, "DROP FUNCTION wait() CASCADE", &e));
}

static void test_tickets_wrap(void **state)
{
	(void)state;
	assert_int_equal(quar_ticket(0, 0), 0);
	assert_int_equal(quar_ticket(0x0fffffff, 0), 0x0fffffff);
	assert_int_equal(quar_ticket(0x0fffffff, 1), 0);
	assert_int_equal(quar_ticket(UINT32_MAX, 2), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows_and_file),
		TEST(test_large_file),
		TEST(test_texts_are_cut_to_their_columns),
		TEST(test_nothing_is_left_of_a_file_that_fails),
		TEST(test_nothing_is_left_of_rows_that_fail),
		TEST(test_no_database_no_file),
		TEST(test_file_stays_when_commit_has_no_answer),
		TEST(test_tickets_wrap),
	};

	return cmocka_run_group_tests(tests, make_database, NULL);
}
