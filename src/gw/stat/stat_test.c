#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/net.h"
#include "gw/stat/stat.h"
#include "gw/store/store.h"

static struct arena *a;
static struct err e;
static struct db *db, *other;
static struct store_at at;

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
	other = store_open(a, &at, NULL);
	return db_script(
		db,
		"TRUNCATE CStatistic, CReceivers, DailyStat, DomainStat, VirusInfo, "
		"StatInfo, LocalStat, ClusterInfo RESTART IDENTITY; UPDATE Rule SET Count = 0",
		&e);
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void begin_again(void **state)
{
	teardown(state);
	assert_int_equal(setup(state), 0);
}

static void is_text(const char *sql, const char *expected)
{
	struct db_statement s = { NULL, sql };
	const struct db_rows *rows = NULL;

	OK(db_run(other, a, &s, NULL, 0, &rows, &e));
	assert_string_equal(str_z(a, db_str(rows, 0, 0)), expected);
}

static int64_t aggregate(int64_t now, int64_t offset)
{
	int64_t mails = -1;

	OK(stat_aggregate(a, db, now, offset, &mails, &e));
	return mails;
}

/* Midnight UTC of some day; hours are counted from here. */
enum { DAY = 1700006400, HOUR = 3600, MIB = 1048576 };

static const struct stat_rcpt bob = { STR_INIT("Bob@Example.COM"), false };

static struct stat_mail incoming(int64_t time)
{
	return (struct stat_mail){ .time = time,
				   .bytes = MIB,
				   .incoming = true,
				   .ms = 500,
				   .sender = STR("s@sender.example"),
				   .rcpt = &bob,
				   .n_rcpt = 1 };
}

static void record(struct stat_mail mail)
{
	OK(stat_record(a, db, &mail, &e));
}

static void test_rows_of_one_mail(void **state)
{
	struct stat_rcpt two[] = { bob, { STR("x\xff\0@y"), true } };
	int64_t rules[] = { 7, 2, 999999 };
	struct stat_mail mail = incoming(DAY);

	(void)state;
	mail.spam_level = 12;
	mail.virus = STR("EICAR (clamav)");
	mail.rcpt = two;
	mail.n_rcpt = 2;
	mail.rules = rules;
	mail.n_rules = 3;
	record(mail);
	is_text("SELECT concat_ws('|', CID, RID, ID, Time, Bytes, Direction, Spamlevel, VirusInfo, "
		"PTime, Sender) FROM CStatistic",
		"0|1|1|1700006400|1048576|t|12|EICAR (clamav)|500|s@sender.example");
	is_text("SELECT string_agg(concat_ws('|', CStatistic_CID, CStatistic_RID, Receiver, "
		"Blocked),"
		" ' ') FROM CReceivers",
		"0|1|Bob@Example.COM|f 0|1|x\xff @y|t");
	is_text("SELECT string_agg(ID::text || '=' || Count, ' ' ORDER BY ID) FROM Rule "
		"WHERE Count > 0",
		"2=1 7=1");
}

static void test_extremes_fit(void **state)
{
	char *x = arena_alloc(a, 400);
	struct str longer = { memset(x, 'x', 400), 400 };
	struct stat_rcpt rcpt = { longer, false };
	struct stat_mail mail = {
		.time = 1ll << 40,
		.bytes = 1ull << 40,
		.spam_level = 1ll << 40,
		.virus = longer,
		.sender = longer,
		.rcpt = &rcpt,
		.n_rcpt = 1,
	};

	(void)state;
	record(mail);
	mail.n_rcpt = 0;
	record(mail);
	is_text("SELECT concat_ws('|', Time, Bytes, Spamlevel, length(VirusInfo), PTime, "
		"length(Sender), (SELECT max(length(Receiver)) FROM CReceivers)) FROM CStatistic "
		"WHERE ID = 1",
		"2147483647|2147483647|2147483647|255|1|255|255");
	is_text("SELECT count(*)::text FROM CStatistic", "2");
}

/* The commit does not wait, and only this one does not. */
static void test_durability_of_others_is_untouched(void **state)
{
	(void)state;
	OK(db_script(other,
		     "CREATE TABLE seen (mode text);"
		     "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS "
		     "$$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); "
		     "RETURN NULL; END $$;"
		     "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON CStatistic "
		     "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION look()",
		     &e));
	record(incoming(DAY));
	OK(db_script(db, "INSERT INTO seen VALUES (current_setting('synchronous_commit'))", &e));
	is_text("SELECT string_agg(mode, ' ') FROM seen", "off on");
	OK(db_script(other, "DROP FUNCTION look() CASCADE; DROP TABLE seen", &e));
}

static void make_varied_mails(void)
{
	struct stat_rcpt many[] = { { STR("a@One.example"), false },
				    { STR("b@one.example"), true },
				    { STR("c@two.example@x"), false },
				    { STR("nobody"), false } };
	struct stat_mail m;

	record(incoming(DAY + 10 * HOUR)); /* ham */
	m = incoming(DAY + 10 * HOUR + 3599);
	m.spam_level = 3;
	m.rcpt = many;
	m.n_rcpt = 4;
	record(m); /* spam to three domains, one of them twice, and to none */
	m = incoming(DAY + 11 * HOUR);
	m.virus = STR("EICAR (clamav)");
	m.spam_level = 9;
	m.sender = STR("");
	record(m); /* a virus is no spam and no bounce */
	m = incoming(DAY + 11 * HOUR);
	m.sender = STR("");
	m.spam_level = 2;
	record(m); /* bounce */
	m = incoming(DAY + 11 * HOUR);
	m.incoming = false;
	m.sender = STR("me@Inside.example");
	m.bytes = 3 * MIB / 2;
	record(m);
	m.virus = STR("EICAR (clamav)");
	record(m);
	m.virus = STR("");
	m.spam_level = 5;
	record(m);
	m.sender = STR("");
	m.spam_level = 0;
	record(m);
	/* what pmgpolicy writes: a greylisted and an SPF rejected mail */
	OK(db_script(
		db,
		"INSERT INTO CStatistic (RID, Time, Bytes, Direction, Spamlevel, PTime, Sender) "
		"VALUES (100, 1700006400 + 11 * 3600, 0, true, 5, 0, 'g@x'), "
		"(101, 1700006400 + 11 * 3600, 0, true, 4, 0, 'g@x');"
		"INSERT INTO CReceivers VALUES (0, 100, 'bob@example.com', true), "
		"(0, 101, 'bob@example.com', true)",
		&e));
}

static const char daily[] =
	"SELECT string_agg(concat_ws(' ', (Time - 1700006400) / 3600, CountIn, "
	"CountOut, BytesIn, BytesOut, VirusIn, VirusOut, SpamIn, SpamOut, "
	"BouncesIn, BouncesOut, GreylistCount, SPFCount, PTimeSum, MTime, RBLCount),"
	" E'\\n' ORDER BY Time) FROM DailyStat";
static const char domains[] =
	"SELECT string_agg(concat_ws(' ', (Time - 1700006400) / 86400, Domain,"
	" CountIn, CountOut, BytesIn, BytesOut, VirusIn, VirusOut, SpamIn, "
	"SpamOut, BouncesIn, BouncesOut, PTimeSum, MTime), E'\\n' "
	"ORDER BY Time, Domain) FROM DomainStat";
static const char viruses[] = "SELECT string_agg(concat_ws(' ', (Time - 1700006400) / 86400, Name, "
			      "Count, MTime), E'\\n' ORDER BY Time) FROM VirusInfo";

static void test_sums(void **state)
{
	(void)state;
	make_varied_mails();
	assert_int_equal(aggregate(77, 0), 10);
	is_text(daily, "10 2 0 2 0 0 0 1 0 0 0 0 0 1 77 0\n"
		       "11 4 4 2 6 1 1 0 1 1 1 1 1 3 77 0");
	is_text(domains, "0 example.com 5 0 3 0 1 0 2 0 1 0 1.5 77\n"
			 "0 inside.example 0 3 0 4.5 0 1 0 1 0 0 1.5 77\n"
			 "0 one.example 1 0 1 0 0 0 1 0 0 0 0.5 77\n"
			 "0 two.example@x 1 0 1 0 0 0 1 0 0 0 0.5 77");
	is_text(viruses, "0 EICAR (clamav) 2 77");
	is_text("SELECT string_agg(Name || '=' || IValue, ' ' ORDER BY Name) FROM StatInfo",
		"dailystat_index=11 domainstat_in_index=11 domainstat_out_index=11 "
		"virusinfo_index=11");
}

static void test_sums_grow(void **state)
{
	struct stat_mail virus = incoming(DAY + 10 * HOUR);

	(void)state;
	assert_int_equal(aggregate(70, 0), 0);
	record(incoming(DAY + 10 * HOUR));
	assert_int_equal(aggregate(71, 0), 1);
	virus.virus = STR("V");
	record(virus);
	OK(db_script(db, "UPDATE DailyStat SET RBLCount = 4", &e));
	assert_int_equal(aggregate(72, 0), 1);
	assert_int_equal(aggregate(73, 0), 0);
	record(virus);
	assert_int_equal(aggregate(74, 0), 1);
	is_text(daily, "10 3 0 3 0 2 0 0 0 0 0 0 0 1.5 74 4");
	is_text(domains, "0 example.com 3 0 3 0 2 0 0 0 0 0 1.5 74");
	is_text(viruses, "0 V 2 74");
}

/*
 * Europe's clocks go from 02:00 to 03:00 local time at 01:00 UTC on 31 March 2024, and from 03:00
 * to 02:00 at 01:00 UTC on 27 October. What is added up after the change is an hour ahead or
 * behind.
 */
static void test_buckets_are_local_time(void **state)
{
	enum { SPRING = 1711846800, AUTUMN = 1729990800 };

	(void)state;
	record(incoming(SPRING - 1));
	aggregate(SPRING, 3600);
	record(incoming(SPRING));
	aggregate(SPRING + 1, 7200);
	record(incoming(AUTUMN - 1));
	aggregate(AUTUMN, 7200);
	record(incoming(AUTUMN));
	aggregate(AUTUMN + 1, 3600);
	is_text("SELECT string_agg(to_char(to_timestamp(Time) AT TIME ZONE 'UTC', "
		"'MM-DD HH24:MI') || ' ' || CountIn, ', ' ORDER BY Time) FROM DailyStat",
		"03-31 01:00 1, 03-31 03:00 1, 10-27 02:00 2");
	begin_again(state);
	record(incoming(DAY - 1));
	record(incoming(DAY - 5 * HOUR));
	record(incoming(DAY - 5 * HOUR - 1));
	aggregate(DAY, 5 * HOUR);
	is_text("SELECT string_agg((Time - 1700006400) / 86400 || ' ' || CountIn, ', ' "
		"ORDER BY Time) FROM DomainStat",
		"-1 1, 0 2");
	begin_again(state);
	record(incoming(DAY));
	aggregate(DAY, -1800);
	is_text("SELECT string_agg(((Time - 1700006400) / 3600)::text, ' ') FROM DailyStat", "-1");
}

static void add_early(const struct stat_early *hours, size_t n, const char *place)
{
	struct str before;

	OK(db_begin(db, &e));
	OK(stat_early_begin(a, db, &before, &e));
	OK(stat_early_add(a, db, 7, 99, hours, n, str_of(place), &e));
	OK(db_commit(db, &e));
}

static void test_early_refusals(void **state)
{
	const struct stat_early first[] = { { 3600, 2, 0 }, { 7200, 0, 1 }, { 3600, 1, 1 } };
	const struct stat_early second[] = { { 7200, 5, 0 } };
	struct str place;

	(void)state;
	OK(db_begin(db, &e));
	OK(stat_early_begin(a, db, &place, &e));
	assert_int_equal(place.n, 0);
	OK(db_commit(db, &e));
	add_early(first, ARRAY_LEN(first), "one");
	add_early(second, ARRAY_LEN(second), "two");
	add_early(NULL, 0, "three"); /* lines that say nothing move the place all the same */
	is_text("SELECT string_agg(format('%s %s %s %s %s', Time, RBLCount, PregreetCount, CID, "
		"MTime), ', ' ORDER BY Time) FROM LocalStat",
		"3600 3 1 7 99, 7200 5 1 7 99");
	OK(db_begin(db, &e));
	OK(stat_early_begin(a, db, &place, &e));
	assert_true(str_eq(place, STR("three")));

	/* Nobody else counts meanwhile. */
	OK(db_script(other, "SET lock_timeout = '50ms'", &e));
	OK(db_begin(other, &e));
	assert_int_equal(stat_early_begin(a, other, &place, &e), -1);
	db_rollback(other);
	db_rollback(db);
}

static void test_clear_and_again(void **state)
{
	(void)state;
	make_varied_mails();
	aggregate(77, 0);
	OK(db_script(db,
		     "INSERT INTO LocalStat VALUES (1, 1, 1, 0, 1);"
		     "INSERT INTO ClusterInfo VALUES (1, 'lastmt_DailyStat', 1), "
		     "(1, 'lastmt_UserPrefs', 1)",
		     &e));
	OK(stat_clear(a, db, &e));
	is_text("SELECT ((SELECT count(*) FROM DailyStat) + (SELECT count(*) FROM DomainStat) + "
		"(SELECT count(*) FROM VirusInfo) + (SELECT count(*) FROM StatInfo) + "
		"(SELECT count(*) FROM LocalStat))::text",
		"0");
	is_text("SELECT string_agg(Name, ' ') FROM ClusterInfo", "lastmt_UserPrefs");
	assert_int_equal(aggregate(78, 0), 10);
	is_text(viruses, "0 EICAR (clamav) 2 78");
}

/* Rows that are written but not committed when somebody adds up are counted the next time. */
static void test_late_rows_are_counted(void **state)
{
	(void)state;
	OK(db_begin(other, &e));
	OK(db_script(
		other,
		"INSERT INTO CStatistic (RID, Time, Bytes, Direction, Spamlevel, PTime, Sender) "
		"VALUES (1, 1700006400, 0, true, 0, 1, 'late@x')",
		&e));
	db_deadline(db, net_now() + 20000);
	assert_int_equal(stat_aggregate(a, db, 1, 0, &(int64_t){ 0 }, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
	assert_non_null(strstr(e.msg, "lock timeout")); /* and not its deadline */
	OK(db_commit(other, &e));
	record(incoming(DAY));
	assert_int_equal(aggregate(2, 0), 2);
}

static void test_many_batches(void **state)
{
	(void)state;
	OK(db_script(db,
		     "INSERT INTO CStatistic (RID, ID, Time, Bytes, Direction, Spamlevel, PTime, "
		     "Sender) SELECT n, n, 1700006400, 0, true, 0, 1, 's@x' "
		     "FROM generate_series(5000000, 5000000 + 250000) AS n;"
		     "SELECT setval('cstatistic_id_seq', 5000000 + 250000)",
		     &e));
	assert_int_equal(aggregate(1, 0), 250001);
	is_text("SELECT CountIn::text FROM DailyStat", "250001");
	is_text("SELECT min(IValue) || ' ' || max(IValue) FROM StatInfo", "5250001 5250001");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_rows_of_one_mail),
		TEST(test_extremes_fit),
		TEST(test_durability_of_others_is_untouched),
		TEST(test_sums),
		TEST(test_sums_grow),
		TEST(test_buckets_are_local_time),
		TEST(test_early_refusals),
		TEST(test_clear_and_again),
		TEST(test_late_rows_are_counted),
		TEST(test_many_batches),
	};

	return cmocka_run_group_tests(tests, make_database, NULL);
}
