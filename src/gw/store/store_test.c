#include "gw/store/test_int.h"

#include "base/buf.h"
#include "gw/store/userprefs.h"

struct arena *a;
struct err e;
struct store_at at;
struct db *db;

static const struct db_rows *query(const char *sql)
{
	struct db_statement s = { NULL, sql };
	const struct db_rows *rows = NULL;

	OK(db_run(db, a, &s, NULL, 0, &rows, &e));
	return rows;
}

const char *text(const char *sql)
{
	return str_z(a, db_str(query(sql), 0, 0));
}

int64_t number(const char *sql)
{
	return db_int(query(sql), 0, 0);
}

static void collect(void *arg, const char *line)
{
	buf_addf(arg, "%s\n", line);
}

const char *init_says(void)
{
	struct buf said;
	struct store_progress progress = { collect, &said };

	/* what the child says is lost to us: the test of roles looks at the result */
	buf_init(&said, a, 4096);
	OK(store_init(a, &at, &progress, &e));
	return str_z(a, buf_str(&said));
}

int new_database(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	at = (struct store_at){ getenv("PGHOST"), NULL };
	if (store_delete(&at, &e) < 0 && e.code != ERR_NOTFOUND)
		return -1;
	db = store_open(a, &at, NULL);
	return store_init(a, &at, NULL, &e);
}

int end_database(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

const char *schema_signature(void)
{
	return text(
		"SELECT string_agg(line, E'\\n' ORDER BY line) FROM ("
		" SELECT table_name || '.' || column_name || ' ' || udt_name ||"
		"  coalesce('(' || character_maximum_length || ')', '') || ' ' || is_nullable ||"
		"  coalesce(' ' || column_default, '') AS line FROM information_schema.columns"
		"  WHERE table_schema = 'public'"
		" UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
		" UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid)"
		"  FROM pg_constraint WHERE connamespace = 'public'::regnamespace) AS lines");
}

/* database.md §2, as columns: [n]umber, [r]eal, [b]oolean, [B]ytes, [c]har, text by width; ? null.
 */
static const char expected_columns[] =
	"attribut: object_id n, name 20, value B?\n"
	"cgreylist: ipnet 49, sender 255, receiver 255, instance 255?, rctime n, extime n, delay n,"
	" blocked n, passed n, cid n, mtime n\n"
	"clusterinfo: cid n, name *, ivalue n?, svalue *?\n"
	"cmailstore: cid n, rid n, id n, time n, qtype c, bytes n, spamlevel n, info *?, sender "
	"255,"
	" header *, file 255\n"
	"cmsreceivers: cmailstore_cid n, cmailstore_rid n, pmail 255, receiver 255?, ticketid n,"
	" status c, seen c, seenmtime n, mtime n\n"
	"creceivers: cstatistic_cid n, cstatistic_rid n, receiver 255, blocked b\n"
	"cstatistic: cid n, rid n, id n, time n, bytes n, direction b, spamlevel n, virusinfo 255?,"
	" ptime n, sender 255\n"
	"dailystat: time n, countin n, countout n, bytesin r, bytesout r, virusin n, virusout n,"
	" spamin n, spamout n, bouncesin n, bouncesout n, greylistcount n, spfcount n, ptimesum r,"
	" mtime n, rblcount n\n"
	"domainstat: time n, domain 255, countin n, countout n, bytesin r, bytesout r, virusin n,"
	" virusout n, spamin n, spamout n, bouncesin n, bouncesout n, ptimesum r, mtime n\n"
	"localstat: time n, rblcount n, pregreetcount n, cid n, mtime n\n"
	"object: id n, objecttype n, objectgroup_id n, value B?\n"
	"objectgroup: id n, name 255, info 255?, class 10\n"
	"objectgroup_attributes: objectgroup_id n, name 20, value B?\n"
	"rule: id n, name 255?, priority n, active n, direction n, count n\n"
	"rule_attributes: rule_id n, name 20, value B?\n"
	"rulegroup: objectgroup_id n, rule_id n, grouptype n\n"
	"statinfo: name 255, ivalue n?, svalue 255?\n"
	"userprefs: pmail *, name 255, data *, mtime n\n"
	"virusinfo: time n, name *, count n, mtime n";

static void test_columns_are_as_specified(void **state)
{
	(void)state;
	assert_string_equal(
		text("SELECT string_agg(line, E'\\n' ORDER BY line COLLATE \"C\") FROM (SELECT"
		     " table_name || ': ' || string_agg(column_name || ' ' || CASE udt_name"
		     " WHEN 'int4' THEN 'n' WHEN 'float4' THEN 'r' WHEN 'bool' THEN 'b'"
		     " WHEN 'bytea' THEN 'B' WHEN 'char' THEN 'c'"
		     " ELSE coalesce(character_maximum_length::text, '*') END ||"
		     " CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END, ', '"
		     " ORDER BY ordinal_position) AS line FROM information_schema.columns"
		     " WHERE table_schema = 'public' GROUP BY table_name) AS lines"),
		expected_columns);
}

static void test_database_and_rights(void **state)
{
	(void)state;
	assert_string_equal(
		text("SELECT pg_encoding_to_char(encoding) || ' ' || datcollate || ' ' ||"
		     " datctype || ' ' || datdba::regrole::text FROM pg_database"
		     " WHERE datname = 'Proxmox_ruledb'"),
		"SQL_ASCII C C root");
	assert_int_equal(number("SELECT count(*) FROM pg_roles WHERE rolcanlogin AND NOT rolsuper"
				" AND NOT rolcreatedb AND rolname IN"
				" ('root', 'www-data', 'pmg-smtp-filter', 'pmgpolicy')"),
			 4);
	OK(db_script(db, "CREATE TABLE later (id serial)", &e));
	for (int i = 0; i < 2; i++) {
		const char *table = i ? "later" : "cstatistic";
		const char *sql = str_z(
			a, str_fmt(a,
				   "SELECT string_agg(rolname || ' ' || (SELECT string_agg(p, ' ')"
				   " FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE',"
				   " 'TRUNCATE']) AS p WHERE has_table_privilege(r.oid, '%s', p)),"
				   " ', ' ORDER BY rolname) FROM pg_roles r WHERE rolname IN"
				   " ('www-data', 'pmg-smtp-filter', 'pmgpolicy')",
				   table));

		assert_string_equal(text(sql), "pmg-smtp-filter SELECT INSERT UPDATE DELETE, "
					       "pmgpolicy SELECT INSERT UPDATE DELETE, "
					       "www-data SELECT");
	}
	assert_int_equal(
		number("SELECT has_sequence_privilege('pmgpolicy', 'later_id_seq', 'USAGE')"), 1);
	assert_int_equal(
		number("SELECT has_sequence_privilege('www-data', 'later_id_seq', 'USAGE')"), 0);
}

static void test_init_again_changes_nothing(void **state)
{
	const char *before = schema_signature();

	(void)state;
	OK(db_script(db, "UPDATE Rule SET Active = 0 WHERE ID = 1", &e));
	assert_string_equal(init_says(), "");
	assert_string_equal(schema_signature(), before);
	assert_int_equal(number("SELECT Active FROM Rule WHERE ID = 1"), 0);
	assert_int_equal(number("SELECT count(*) FROM Rule"), 13);
}

static void test_init_finishes_what_was_interrupted(void **state)
{
	const char *before = schema_signature();

	(void)state;
	OK(db_script(db, "DROP SCHEMA public CASCADE; CREATE SCHEMA public", &e));
	assert_string_equal(init_says(), "created tables and factory rules\n");
	assert_string_equal(schema_signature(), before);
}

/* database.md §4: what is linked to what, with ids. */
static void test_factory_rules(void **state)
{
	(void)state;
	assert_string_equal(
		text("SELECT string_agg(r.ID || ' ' || r.Name || ' ' || r.Priority || ' ' || "
		     "r.Active"
		     " || ' ' || r.Direction || ': ' || (SELECT string_agg(l.Grouptype || '=' || "
		     "g.ID"
		     " || ' ' || g.Name, ', ' ORDER BY l.Grouptype, g.ID) FROM RuleGroup l"
		     " JOIN Objectgroup g ON g.ID = l.Objectgroup_ID WHERE l.Rule_ID = r.ID),"
		     " E'\\n' ORDER BY r.ID) FROM Rule r"),
		"1 Block Dangerous Files 93 1 0: 3=8 Dangerous Content, 4=15 Remove attachments\n"
		"2 Block Viruses 96 1 0: 3=9 Virus, 4=19 Quarantine, 4=20 Notify Admin\n"
		"3 Virus Alert 96 1 1: 3=9 Virus, 4=18 Block, 4=20 Notify Admin, 4=21 Notify "
		"Sender\n"
		"4 Blacklist 98 1 0: 0=2 Blacklist, 4=18 Block\n"
		"5 Modify Header 90 1 0: 4=13 Modify Spam Level\n"
		"6 Whitelist 85 1 0: 0=3 Whitelist, 4=17 Accept\n"
		"7 Quarantine/Mark Spam (Level 3) 80 1 0: 3=10 Spam (Level 3), 4=14 Modify Spam "
		"Subject,"
		" 4=19 Quarantine\n"
		"8 Quarantine/Mark Spam (Level 5) 81 0 0: 3=11 Spam (Level 5), 4=14 Modify Spam "
		"Subject,"
		" 4=19 Quarantine\n"
		"9 Block Spam (Level 10) 82 0 0: 3=12 Spam (Level 10), 4=18 Block\n"
		"10 Block outgoing Spam 70 0 1: 3=10 Spam (Level 3), 4=18 Block, 4=20 Notify Admin,"
		" 4=21 Notify Sender\n"
		"11 Add Disclaimer 60 0 1: 4=22 Disclaimer\n"
		"12 Block Multimedia Files 87 0 2: 3=6 Multimedia, 4=15 Remove attachments\n"
		"13 Quarantine Office Files 89 0 0: 3=7 Office Files,"
		" 4=23 Attachment Quarantine (remove matching)");
}

static void test_factory_objects(void **state)
{
	(void)state;
	assert_string_equal(
		text("SELECT string_agg(o.ID || ' ' || ObjectType || ' ' ||"
		     " coalesce(encode(Value, 'escape'), 'NULL'), E'\\n' ORDER BY o.ID) FROM "
		     "Object o"
		     " WHERE Objectgroup_ID IN (2, 4, 8, 9, 12, 13, 14, 15, 16, 17, 20, 23)"),
		"1 1001 nomail@fromthisdomain.com\n"
		"3 2000 08:00-16:00\n"
		"14 3003 content-type:application/vnd\\\\.microsoft\\\\.portable-executable\n"
		"15 3003 content-type:application/x-msdownload\n"
		"16 3003 content-type:application/x-java\n"
		"17 3003 content-type:application/javascript\n"
		"18 3003 content-type:application/x-executable\n"
		"19 3003 content-type:message/partial\n"
		"20 3004 .*\\\\.(vbs|pif|lnk|shs|shb)\n"
		"21 3004 .*\\\\.\\\\{.+\\\\}\n"
		"22 3001 NULL\n"
		"25 3000 10\n"
		"26 4003 X-SPAM-LEVEL:__SPAM_INFO__\n"
		"27 4003 subject:SPAM: __SUBJECT__\n"
		"28 4007 0,0\n"
		"29 4007 1,0\n"
		"30 4000 NULL\n"
		"33 4002 __ADMIN__\n"
		"36 4007 0,1");
	assert_string_equal(
		text("SELECT string_agg(Name || '=' || encode(Value, 'escape'), ' '"
		     " ORDER BY Name) FROM Attribut WHERE Object_ID = 34 AND Name <> 'body'"),
		"attach=N subject=Notification: __SUBJECT__");
}

static void test_reset_keeps_the_greylist_group(void **state)
{
	(void)state;
	OK(db_script(
		db,
		"INSERT INTO Object (ObjectType, Objectgroup_ID, Value) VALUES (1007, 1, 'x@y');"
		"INSERT INTO Attribut VALUES (38, 'note', 'stays');"
		"INSERT INTO Rule (Name, Priority) VALUES ('mine', 50);"
		"INSERT INTO Rule_Attributes VALUES (14, 'from-and', '1');"
		"INSERT INTO Objectgroup_Attributes VALUES (8, 'and', '1');"
		"UPDATE Rule SET Active = 0",
		&e));
	OK(store_reset(db, a, &e));
	assert_int_equal(number("SELECT count(*) FROM Rule"), 13);
	assert_int_equal(number("SELECT min(ID) FROM Rule"), 15);
	assert_int_equal(number("SELECT count(*) FROM Rule WHERE Active = 1"), 7);
	assert_int_equal(number("SELECT count(*) FROM Objectgroup"), 24);
	assert_int_equal(number("SELECT count(*) FROM Object WHERE Objectgroup_ID = 1"), 1);
	assert_int_equal(number("SELECT count(*) FROM Attribut"), 1 + 2 * 3);
	assert_int_equal(number("SELECT count(*) FROM Rule_Attributes"), 0);
	assert_int_equal(number("SELECT count(*) FROM Objectgroup_Attributes"), 0);
	assert_int_equal(number("SELECT count(*) FROM RuleGroup l JOIN Rule r ON r.ID = l.Rule_ID"
				" JOIN Objectgroup g ON g.ID = l.Objectgroup_ID"),
			 31);
}

static void test_delete(void **state)
{
	(void)state;
	OK(db_ready(db, &e));
	assert_int_equal(store_delete(&at, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	db_disconnect(db);
	OK(store_delete(&at, &e));
	assert_int_equal(store_delete(&at, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
}

static void test_userprefs(void **state)
{
	struct str users[] = { STR("nobody@x"), STR("a@x"), STR("O'B{},\"@x"), STR("b@x") };
	struct userprefs lists[4];

	(void)state;
	OK(db_script(db,
		     "INSERT INTO UserPrefs VALUES ('a@x', 'WL', 'one@y,*@z', 1),"
		     " ('a@x', 'LANG', 'de', 1), ('O''B{},\"@x', 'BL', E'\\xff', 1),"
		     " ('b@x', 'WL', '', 1), ('b@x', 'BL', 'c', 1), ('z@x', 'WL', 'no', 1)",
		     &e));
	OK(userprefs_read(db, a, users, 4, lists, &e));
	assert_int_equal(lists[0].white.n + lists[0].black.n, 0);
	assert_true(str_eq(lists[1].white, STR("one@y,*@z")));
	assert_int_equal(lists[1].black.n, 0);
	assert_true(str_eq(lists[2].black, STR("\xff")));
	assert_true(str_eq(lists[3].black, STR("c")));
	OK(userprefs_read(db, a, users, 0, lists, &e));
	db_deadline(db, 0);
	assert_int_equal(userprefs_read(db, a, users, 4, lists, &e), -1);
	assert_int_equal(e.code, ERR_TEMP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_columns_are_as_specified),
		STORE_TEST(test_database_and_rights),
		STORE_TEST(test_init_again_changes_nothing),
		STORE_TEST(test_init_finishes_what_was_interrupted),
		STORE_TEST(test_factory_rules),
		STORE_TEST(test_factory_objects),
		STORE_TEST(test_reset_keeps_the_greylist_group),
		STORE_TEST(test_delete),
		STORE_TEST(test_userprefs),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return upgrade_tests() + userprefs_tests() + failed;
}
