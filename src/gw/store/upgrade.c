/*
 * From older schemas to the present one: database.md §8, in its order. Each step looks first, so a
 * database that is up to date is only read.
 */
#include "gw/store/store_int.h"

static int missing_tables(const struct store_job *job, struct err *e)
{
	for (const struct store_table *t = store_tables + STORE_BASIC_TABLES; t->name; t++) {
		bool there;

		if (store_has(job->db, job->a, t->name, NULL, &there, e) < 0)
			return -1;
		if (there)
			continue;
		if (db_script(job->db, t->sql, e) < 0)
			return err_wrap(e, "create table %s", t->name);
		store_say(job, "created table %s", t->name);
	}
	return 0;
}

/* True if the query, which takes no parameters, has a row. */
static int finds(const struct store_job *job, const char *query, bool *out, struct err *e)
{
	struct db_statement s = { NULL, query };
	const struct db_rows *rows;

	if (db_run(job->db, job->a, &s, NULL, 0, &rows, e) < 0)
		return -1;
	*out = db_rows_count(rows) > 0;
	return 0;
}

static int quarantine_action(const struct store_job *job, struct err *e)
{
	bool there;

	if (finds(job, "SELECT 1 FROM Object WHERE ObjectType = 4006", &there, e) < 0)
		return -1;
	if (there)
		return 0;
	store_say(job, "added action Quarantine");
	return store_factory_quarantine(job->db, job->a, e);
}

struct change {
	const char *what;
	const char *table, *column; /* the column that must be there … */
	bool present;               /* … or must not, for the change to be due */
	const char *query;          /* used instead of a column: due if it has rows */
	const char *sql;
};

#define UNIQUE_ON_TIME_ALONE                                                                       \
	"SELECT 1 FROM pg_constraint c WHERE c.conrelid = 'localstat'::regclass"                   \
	" AND c.conname = 'localstat_time_key' AND c.contype = 'u'"

/* An object that may stand for another one keeps its attributes. */
static const char portable_executable[] =
	"CREATE TEMP TABLE old_exe ON COMMIT DROP AS SELECT ID, ObjectType, Objectgroup_ID,"
	" nextval('object_id_seq')::int AS copy FROM Object"
	" WHERE ObjectType IN (3003, 3005) AND Value = "
	"'content-type:application/x-ms-dos-executable'::bytea;"
	"INSERT INTO Object (ID, ObjectType, Objectgroup_ID, Value) SELECT copy, ObjectType,"
	" Objectgroup_ID, 'content-type:application/vnd.microsoft.portable-executable'::bytea FROM "
	"old_exe;"
	"INSERT INTO Attribut (Object_ID, Name, Value) SELECT o.copy, t.Name, t.Value"
	" FROM old_exe o JOIN Attribut t ON t.Object_ID = o.ID;"
	"UPDATE Object SET Value = 'content-type:application/x-msdownload'::bytea"
	" WHERE ID IN (SELECT ID FROM old_exe)";

/* The last octet goes, so entries of one network become one: the one that lives longest stays. */
static const char drop_host[] =
	"DELETE FROM CGreylist old USING CGreylist kept WHERE old.IPNet = kept.IPNet"
	" AND old.Sender = kept.Sender AND old.Receiver = kept.Receiver"
	" AND (old.ExTime, old.ctid) < (kept.ExTime, kept.ctid);"
	"ALTER TABLE CGreylist DROP CONSTRAINT IF EXISTS cgreylist_pkey;"
	"ALTER TABLE CGreylist DROP COLUMN Host;"
	"ALTER TABLE CGreylist ADD PRIMARY KEY (IPNet, Sender, Receiver)";

static const struct change changes[] = {
	{ "column LocalStat.PregreetCount", "localstat", "pregreetcount", false, NULL,
	  "ALTER TABLE LocalStat ADD COLUMN PregreetCount int NOT NULL DEFAULT 0" },
	{ "key of LocalStat", NULL, NULL, false, UNIQUE_ON_TIME_ALONE,
	  "ALTER TABLE LocalStat DROP CONSTRAINT localstat_time_key" },
	{ "column CMSReceivers.Seen", "cmsreceivers", "seen", false, NULL,
	  "ALTER TABLE CMSReceivers ADD COLUMN Seen \"char\" NOT NULL DEFAULT 'N'" },
	{ "column CMSReceivers.SeenMTime", "cmsreceivers", "seenmtime", false, NULL,
	  "ALTER TABLE CMSReceivers ADD COLUMN SeenMTime int NOT NULL DEFAULT 0" },
	{ "column CMSReceivers.TicketID", "cmsreceivers", "ticketid", false, NULL,
	  "CREATE TEMP SEQUENCE ticket;"
	  "ALTER TABLE CMSReceivers ADD COLUMN TicketID int NOT NULL DEFAULT nextval('ticket');"
	  "ALTER TABLE CMSReceivers ALTER COLUMN TicketID DROP DEFAULT;"
	  "DROP SEQUENCE ticket" },
	{ "content type application/java-vm", NULL, NULL, false,
	  "SELECT 1 FROM Object WHERE ObjectType = 3003"
	  " AND Value = 'content-type:application/x-java-vm'::bytea",
	  "UPDATE Object SET Value = 'content-type:application/java-vm'::bytea WHERE ObjectType = "
	  "3003"
	  " AND Value = 'content-type:application/x-java-vm'::bytea" },
	{ "content type of Windows programs", NULL, NULL, false,
	  "SELECT 1 FROM Object WHERE ObjectType IN (3003, 3005)"
	  " AND Value = 'content-type:application/x-ms-dos-executable'::bytea",
	  portable_executable },
	{ "width of CGreylist.IPNet", NULL, NULL, false,
	  "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public'"
	  " AND table_name = 'cgreylist' AND column_name = 'ipnet'"
	  " AND character_maximum_length < 49",
	  "ALTER TABLE CGreylist ALTER COLUMN IPNet TYPE varchar(49)" },
	{ "column CGreylist.Host", "cgreylist", "host", true, NULL, drop_host },
	{ "networks of CGreylist", NULL, NULL, false,
	  "SELECT 1 FROM CGreylist WHERE IPNet NOT LIKE '%/%' LIMIT 1",
	  "DELETE FROM CGreylist old USING CGreylist kept WHERE kept.IPNet = old.IPNet || '.0/24'"
	  " AND kept.Sender = old.Sender AND kept.Receiver = old.Receiver;"
	  "UPDATE CGreylist SET IPNet = IPNet || '.0/24' WHERE IPNet NOT LIKE '%/%'" },
};

static int is_due(const struct store_job *job, const struct change *c, bool *out, struct err *e)
{
	bool there;

	if (c->query)
		return finds(job, c->query, out, e);
	if (store_has(job->db, job->a, c->table, c->column, &there, e) < 0)
		return -1;
	*out = there == c->present;
	return 0;
}

static int apply(const struct store_job *job, const struct change *c, struct err *e)
{
	bool due;

	if (is_due(job, c, &due, e) < 0 || (due && db_script(job->db, c->sql, e) < 0))
		return err_wrap(e, "upgrade: %s", c->what);
	if (due)
		store_say(job, "upgraded %s", c->what);
	return 0;
}

int store_upgrade(const struct store_job *job, struct err *e)
{
	if (missing_tables(job, e) < 0 || quarantine_action(job, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		if (apply(job, &changes[i], e) < 0)
			return -1;
	return 0;
}
