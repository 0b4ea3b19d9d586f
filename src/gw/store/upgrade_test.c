/*
 * A database as release 5.2 left it (database.md §8) becomes the present one, data included.
 */
#include "gw/store/test_int.h"

static const char shape_of_5_2[] =
	"DROP TABLE Rule_Attributes, Objectgroup_Attributes, CGreylist;"
	"ALTER TABLE CMSReceivers DROP COLUMN Seen, DROP COLUMN SeenMTime;"
	"CREATE TABLE CGreylist (IPNet varchar(16) NOT NULL, Host int NOT NULL,"
	" Sender varchar(255) NOT NULL, Receiver varchar(255) NOT NULL, Instance varchar(255),"
	" RCTime int NOT NULL, ExTime int NOT NULL, Delay int NOT NULL DEFAULT 0,"
	" Blocked int NOT NULL, Passed int NOT NULL, CID int NOT NULL, MTime int NOT NULL,"
	" PRIMARY KEY (IPNet, Host, Sender, Receiver));"
	"CREATE INDEX CGreylist_Instance_Sender_Index ON CGreylist (Instance, Sender);"
	"CREATE INDEX CGreylist_ExTime_Index ON CGreylist (ExTime);"
	"CREATE INDEX CGreylist_MTime_Index ON CGreylist (MTime);"
	"INSERT INTO CGreylist VALUES ('192.0.2', 1, 's', 'r', 'i', 1, 10, 0, 1, 0, 0, 0),"
	" ('192.0.2', 2, 's', 'r', 'i', 1, 30, 0, 1, 0, 0, 0),"
	" ('192.0.2', 3, 's', 'r', 'i', 1, 30, 0, 1, 5, 0, 0),"
	" ('192.0.2', 1, 't', 'r', 'i', 1, 20, 0, 1, 0, 0, 0),"
	" ('100.100.100', 1, 's', 'r', NULL, 1, 10, 0, 1, 0, 0, 0);"
	"INSERT INTO CMSReceivers VALUES (0, 1, 'p', NULL, 7, 'N', 0), (0, 1, 'q', NULL, 8, 'D', "
	"0);"
	"UPDATE Object SET Value = 'content-type:application/x-ms-dos-executable' WHERE ID = 14;"
	"INSERT INTO Attribut VALUES (14, 'only_content', '1');"
	"UPDATE Object SET Value = 'content-type:application/x-java-vm' WHERE ID = 16;"
	"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM \"pmg-smtp-filter\", pmgpolicy;"
	"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES"
	" FROM \"pmg-smtp-filter\", pmgpolicy";

/* Still older pieces. */
static const char older_pieces[] =
	"ALTER TABLE CMSReceivers DROP COLUMN TicketID;"
	"DROP TABLE VirusInfo, ClusterInfo, UserPrefs;"
	"ALTER TABLE LocalStat DROP COLUMN PregreetCount;"
	"ALTER TABLE LocalStat ADD CONSTRAINT localstat_time_key UNIQUE (Time);"
	"DELETE FROM Object WHERE ObjectType = 4006";

static void make_old(const char *sql)
{
	if (db_script(db, sql, &e) < 0)
		fail_msg("%s", e.msg);
}

static void test_release_5_2(void **state)
{
	const char *fresh = schema_signature();

	(void)state;
	make_old(shape_of_5_2);
	assert_string_equal(init_says(), "created table rule_attributes\n"
					 "created table objectgroup_attributes\n"
					 "upgraded column CMSReceivers.Seen\n"
					 "upgraded column CMSReceivers.SeenMTime\n"
					 "upgraded content type application/java-vm\n"
					 "upgraded content type of Windows programs\n"
					 "upgraded width of CGreylist.IPNet\n"
					 "upgraded column CGreylist.Host\n"
					 "upgraded networks of CGreylist\n");
	assert_string_equal(schema_signature(), fresh);
	assert_string_equal(
		text("SELECT string_agg(IPNet || ' ' || Sender || ' ' || ExTime || ' ' ||"
		     " Passed, ', ' ORDER BY IPNet, Sender) FROM CGreylist"),
		"100.100.100.0/24 s 10 0, 192.0.2.0/24 s 30 5, 192.0.2.0/24 t 20 0");
	assert_string_equal(text("SELECT string_agg(PMail || TicketID || Status::text || "
				 "Seen::text || SeenMTime,"
				 " ',' ORDER BY PMail) FROM CMSReceivers"),
			    "p7NN0,q8DN0");
	assert_string_equal(init_says(), "");
}

static void test_content_types(void **state)
{
	(void)state;
	make_old(shape_of_5_2);
	init_says();
	assert_string_equal(
		text("SELECT string_agg(o.ID || ' ' || convert_from(o.Value, 'SQL_ASCII')"
		     " || coalesce(' ' || t.Name, ''), ', ' ORDER BY o.ID) FROM Object o"
		     " LEFT JOIN Attribut t ON t.Object_ID = o.ID"
		     " WHERE o.ID IN (14, 16) OR o.ID > 37"),
		"14 content-type:application/x-msdownload only_content, 16 "
		"content-type:application/java-vm, "
		"38 content-type:application/vnd.microsoft.portable-executable only_content");
	assert_int_equal(number("SELECT Objectgroup_ID FROM Object WHERE ID = 38"), 8);
}

static void test_rights_are_given_again(void **state)
{
	(void)state;
	make_old(shape_of_5_2);
	assert_int_equal(number("SELECT has_table_privilege('pmgpolicy', 'rule', 'INSERT')"), 0);
	init_says();
	assert_int_equal(number("SELECT has_table_privilege('pmgpolicy', 'rule', 'INSERT')"), 1);
}

static void test_still_older(void **state)
{
	const char *fresh = schema_signature();

	(void)state;
	make_old(shape_of_5_2);
	make_old(older_pieces);
	init_says();
	assert_string_equal(schema_signature(), fresh);
	assert_string_equal(text("SELECT string_agg(PMail || TicketID, ',' ORDER BY PMail)"
				 " FROM CMSReceivers"),
			    "p1,q2");
	assert_string_equal(text("SELECT g.Class || ' ' || g.Name FROM Object o JOIN Objectgroup g"
				 " ON g.ID = o.Objectgroup_ID WHERE ObjectType = 4006"),
			    "action Quarantine");
	assert_string_equal(init_says(), "");
}

static void test_failing_upgrade_changes_nothing(void **state)
{
	const char *old;

	(void)state;
	make_old(shape_of_5_2);
	make_old("CREATE VIEW hinders AS SELECT Host FROM CGreylist");
	old = schema_signature();
	assert_int_equal(store_init(a, &at, NULL, &e), -1);
	assert_string_equal(schema_signature(), old);
	assert_int_equal(number("SELECT count(*) FROM CGreylist"), 5);
}

int upgrade_tests(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_release_5_2),
		STORE_TEST(test_content_types),
		STORE_TEST(test_rights_are_given_again),
		STORE_TEST(test_still_older),
		STORE_TEST(test_failing_upgrade_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
