#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/policy/decide.h"
#include "gw/policy/greylist.h"
#include "gw/store/store.h"

static struct arena *a;
static struct err e;
static struct db *db;
static struct store_at at;

enum { T = 1700000000, DAY = 86400 }; /* T: the first contact */

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s", e.msg);                                                     \
	} while (0)

static int make_database(void **state)
{
	struct arena *own = arena_open("test", 16u << 20);

	(void)state;
	at = (struct store_at){ getenv("PGHOST"), NULL };
	if (store_init(own, &at, NULL, &e) < 0)
		return -1;
	arena_close(own);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	db = store_open(a, &at, NULL);
	return db_script(db, "TRUNCATE CGreylist, CStatistic, CReceivers RESTART IDENTITY", &e);
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void is_text(const char *sql, const char *expected)
{
	struct db_statement s = { NULL, sql };
	const struct db_rows *rows = NULL;

	OK(db_run(db, a, &s, NULL, 0, &rows, &e));
	assert_string_equal(db_rows_count(rows) ? str_z(a, db_str(rows, 0, 0)) : "", expected);
}

static const char *network = "192.0.2.0/24", *sender = "alice@sender.example";

static struct greylist_question question(int64_t now)
{
	return (struct greylist_question){ .network = str_of(network),
					   .sender = str_of(sender),
					   .receiver = STR("bob@inside.test"),
					   .instance = STR("i1"),
					   .now = now };
}

/* What is answered to one try: "defer", "accept"; with "!" if it goes into the log. */
static const char *try_at(int64_t now)
{
	struct greylist_question q = question(now);

	OK(greylist_ask(a, db, 0, &q, 1, &e));
	assert_int_not_equal(q.answer, GREYLIST_UNKNOWN);
	if (q.answer == GREYLIST_ACCEPT)
		return q.is_news ? "accept!" : "accept";
	return q.is_news ? "defer!" : "defer";
}

#define TRY(now, expected) assert_string_equal(try_at(now), expected)

#define ROW                                                                                        \
	"SELECT concat_ws(' ', RCTime - 1700000000, ExTime - 1700000000, Delay, Blocked, Passed, " \
	"MTime - 1700000000, Instance) FROM CGreylist"

/* The timeline of policy.md §5, for whatever network and sender. */
static void timeline(void)
{
	int64_t last;

	TRY(T, "defer!");
	TRY(T + 177, "defer!");
	TRY(T + 179, "defer!");
	TRY(T + 2 * DAY - 1, "accept");
	TRY(T + 2 * DAY + 5, "accept");
	last = T + 2 * DAY + 5;
	TRY(last + 36 * DAY - 1, "accept");
	last = last + 36 * DAY - 1;
	TRY(last + 36 * DAY, "defer");
}

static void test_timeline(void **state)
{
	(void)state;
	timeline();
}

static void test_timeline_of_ipv6(void **state)
{
	(void)state;
	network = "2001:db8::/64";
	timeline();
	network = "192.0.2.0/24";
}

static void test_too_late(void **state)
{
	int64_t again = T + 2 * DAY + 1;

	(void)state;
	TRY(T, "defer!");
	TRY(again, "defer");
	TRY(again + 179, "defer!");
	TRY(again + 181, "accept");
}

static void test_exact_limits(void **state)
{
	(void)state;
	TRY(T, "defer!");
	TRY(T + 179, "defer!");
	TRY(T + 180, "accept");
	OK(db_script(db, "TRUNCATE CGreylist", &e));
	TRY(T, "defer!");
	TRY(T + 2 * DAY, "defer");
}

/* Each bounce is greylisted anew. */
static void test_bounces(void **state)
{
	(void)state;
	sender = "";
	TRY(T, "defer!");
	TRY(T + 2 * DAY - 1, "accept");
	TRY(T + 2 * DAY + 1, "defer");
	TRY(T + 2 * DAY + 1 + 181, "accept");
	TRY(T + 2 * DAY + 1 + 182, "defer");
	sender = "alice@sender.example";
}

/* The columns, state by state. */
static void test_rows(void **state)
{
	(void)state;
	try_at(T);
	is_text(ROW, "0 172800 0 1 0 0 i1");
	try_at(T + 100);
	is_text(ROW, "0 172800 0 2 0 100 i1");
	try_at(T + 200);
	is_text(ROW, "0 3110600 200 2 1 200 i1");
	try_at(T + 300);
	is_text(ROW, "0 3110700 200 2 2 300 i1");
	try_at(T + 300 + 3110400);
	is_text(ROW, "3110700 3283500 200 1 0 3110700 i1");
}

static void test_numbers_are_the_sheets(void **state)
{
	(void)state;
	assert_int_equal(GREYLIST_DELAY, 180);
	assert_int_equal(GREYLIST_RETRY, 172800);
	assert_int_equal(GREYLIST_KNOWN, 3110400);
}

/* Many at once, some of them the same, in no order. */
static void test_batch(void **state)
{
	struct greylist_question q[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		q[i] = question(T);
		q[i].receiver = str_fmt(a, "r%zu@inside.test", i * 37 % 100);
	}
	OK(greylist_ask(a, db, 0, q, ARRAY_LEN(q), &e));
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		assert_int_equal(q[i].answer, GREYLIST_DEFER);
	is_text("SELECT concat(count(*), ' ', min(blocked), ' ', max(blocked)) FROM CGreylist",
		"100 2 2");
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		q[i].now = q[i].receiver.p[1] == '1' ? T + 200 : T + 100;
	OK(greylist_ask(a, db, 0, q, ARRAY_LEN(q), &e));
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		assert_int_equal(q[i].answer,
				 q[i].receiver.p[1] == '1' ? GREYLIST_ACCEPT : GREYLIST_DEFER);
}

/* What a stranger may write into an address must be stored as it is. */
static void test_odd_bytes(void **state)
{
	struct greylist_question q = question(T);

	(void)state;
	q.sender = STR("\xff\xc3('\"\\{},NULL\t@x");
	q.instance = STR("'; DROP TABLE CGreylist; --");
	OK(greylist_ask(a, db, 0, &q, 1, &e));
	q.now += 200;
	OK(greylist_ask(a, db, 0, &q, 1, &e));
	assert_int_equal(q.answer, GREYLIST_ACCEPT);
}

static void test_failure_answers_nothing(void **state)
{
	struct greylist_question q = question(T);

	(void)state;
	db_deadline(db, 0);
	assert_int_equal(greylist_ask(a, db, 0, &q, 1, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_int_equal(q.answer, GREYLIST_UNKNOWN);
}

static void test_spf_rejections_are_noted(void **state)
{
	struct greylist_question q = question(T);

	(void)state;
	OK(greylist_note_spf(a, db, 0, &q, 1, &e));
	is_text(ROW, "0 10 0 100000 0 0 i1");
	q.now += 5;
	OK(greylist_note_spf(a, db, 0, &q, 1, &e));
	is_text(ROW, "0 10 0 100000 0 0 i1");
	/* A later try that SPF does not reject any more: early, then expired. */
	TRY(T + 100, "defer!");
	TRY(T + 200, "defer");
}

static void ask(const char *instance, const char *from, const char *to, int64_t now)
{
	struct greylist_question q = { .network = str_of(network),
				       .sender = str_of(from),
				       .receiver = str_of(to),
				       .instance = str_of(instance),
				       .now = now };

	OK(greylist_ask(a, db, 0, &q, 1, &e));
}

static size_t expire(int64_t cid, int64_t now)
{
	size_t found = 99;

	OK(greylist_expire(a, db, cid, now, &found, &e));
	return found;
}

static void test_expired_mails_are_counted(void **state)
{
	struct greylist_question spf = question(T + 7);

	(void)state;
	ask("m1", "a@x", "one@inside.test", T);
	ask("m1", "a@x", "two@inside.test", T + 1);
	ask("m2", "a@x", "three@inside.test", T + 2);
	ask("m3", "b@x", "known@inside.test", T);
	ask("m3", "b@x", "known@inside.test", T + 200);
	spf.instance = STR("m4");
	OK(greylist_note_spf(a, db, 0, &spf, 1, &e));
	assert_int_equal(expire(0, T + 2 * DAY + 1), 2); /* m1's second is not over yet */
	is_text("SELECT string_agg(concat_ws('|', CID, RID, ID, Time - 1700000000, Bytes, "
		"Direction, Spamlevel, coalesce(VirusInfo, 'null'), PTime, Sender), ' ' "
		"ORDER BY Spamlevel) FROM CStatistic",
		"0|2|2|7|0|t|4|null|0|alice@sender.example 0|1|1|0|0|t|5|null|0|a@x");
	is_text("SELECT string_agg(concat_ws('|', CStatistic_CID, CStatistic_RID, Receiver, "
		"Blocked), ' ' ORDER BY CStatistic_RID) FROM CReceivers",
		"0|1|one@inside.test|t 0|2|bob@inside.test|t");
	is_text("SELECT string_agg(Receiver, ' ' ORDER BY Receiver) FROM CGreylist",
		"known@inside.test three@inside.test two@inside.test");
}

static void test_all_recipients_of_an_expired_mail(void **state)
{
	(void)state;
	ask("m1", "a@x", "one@inside.test", T);
	ask("m1", "a@x", "two@inside.test", T);
	ask("m1", "b@x", "one@inside.test", T);
	ask("m5", "a@x", "known@inside.test", T);
	ask("m5", "a@x", "known@inside.test", T + 200);
	assert_int_equal(expire(0, T + 60 * DAY), 2);
	is_text("SELECT string_agg(concat_ws('|', s.Sender, r.Receiver), ' ' ORDER BY s.Sender, "
		"r.Receiver) FROM CStatistic s JOIN CReceivers r ON r.CStatistic_RID = s.RID",
		"a@x|one@inside.test a@x|two@inside.test b@x|one@inside.test");
	is_text("SELECT count(*)::text FROM CGreylist", "0");
}

/* Rows of other nodes go, and are counted where they were born. */
static void test_other_nodes_rows(void **state)
{
	(void)state;
	ask("m1", "a@x", "one@inside.test", T);
	ask("m2", "a@x", "two@inside.test", T);
	OK(db_script(db, "UPDATE CGreylist SET CID = 3 WHERE Instance = 'm2'", &e));
	assert_int_equal(expire(0, T + 3 * DAY), 1);
	is_text("SELECT count(*)::text FROM CGreylist", "0");
	is_text("SELECT string_agg(Receiver, ' ') FROM CReceivers", "one@inside.test");
}

static void test_more_than_one_round(void **state)
{
	(void)state;
	OK(db_script(
		db,
		"INSERT INTO CGreylist SELECT '192.0.2.0/24', 's@x', 'r' || n, 'i' || n, 1, 2, "
		"0, 1, 0, 0, 1 FROM generate_series(1, 45000) n",
		&e));
	assert_int_equal(expire(0, T), 45000);
	is_text("SELECT count(*)::text FROM CStatistic", "45000");
	assert_int_equal(expire(0, T), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_timeline),
		TEST(test_timeline_of_ipv6),
		TEST(test_too_late),
		TEST(test_exact_limits),
		TEST(test_bounces),
		TEST(test_rows),
		TEST(test_numbers_are_the_sheets),
		TEST(test_batch),
		TEST(test_odd_bytes),
		TEST(test_failure_answers_nothing),
		TEST(test_spf_rejections_are_noted),
		TEST(test_expired_mails_are_counted),
		TEST(test_all_recipients_of_an_expired_mail),
		TEST(test_other_nodes_rows),
		TEST(test_more_than_one_round),
	};

	return cmocka_run_group_tests(tests, make_database, NULL);
}
