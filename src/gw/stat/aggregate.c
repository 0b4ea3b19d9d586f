/*
 * Sums over hours and days (database.md §5). Four passes, each with its own place in CStatistic.
 *
 * A place is an id, and ids are handed out before their row is committed. So the end of the range
 * is read while nobody is writing: the lock on CStatistic is had when all statements that were
 * under way are done, and is given back at once.
 */
#include "gw/stat/stat.h"

enum { BATCH = 100000 };

/*
 * The mails that a pass adds up, as it sees them: $1 is the offset of local time, $2 now, $3 and $4
 * the range of ids. What pmgpolicy has kept out (level 5 greylisted, 4 refused for SPF) has no
 * processing time.
 */
#define MAILS(seconds)                                                                             \
	"(SELECT (Time + $1::int8) / " #seconds " * " #seconds " AS bucket, CID, RID, Sender, "    \
	"VirusInfo, Direction AS incoming, NOT Direction AS outgoing, Bytes / 1048576.0 AS mib, "  \
	"PTime / 1000.0 AS seconds, PTime = 0 AS outside, Spamlevel, "                             \
	"VirusInfo IS NOT NULL AS virus, VirusInfo IS NULL AND Spamlevel >= 3 AS spam, "           \
	"VirusInfo IS NULL AND Sender = '' AS bounce "                                             \
	"FROM CStatistic WHERE ID >= $3::int8 AND ID < $4::int8) AS m "

/* The domain of an address is what follows its first @; without one there is none. */
#define DOMAIN_OF(address) "lower(substr(" address ", strpos(" address ", '@') + 1))"
#define HAS_DOMAIN(address) "strpos(" address ", '@') > 0"

static const char daily[] =
	"INSERT INTO DailyStat AS d (Time, CountIn, CountOut, BytesIn, BytesOut, VirusIn, "
	"VirusOut, "
	"SpamIn, SpamOut, BouncesIn, BouncesOut, GreylistCount, SPFCount, PTimeSum, MTime) "
	"SELECT bucket, "
	"count(*) FILTER (WHERE incoming), "
	"count(*) FILTER (WHERE outgoing), "
	"coalesce(sum(mib) FILTER (WHERE incoming), 0), "
	"coalesce(sum(mib) FILTER (WHERE outgoing), 0), "
	"count(*) FILTER (WHERE incoming AND virus), "
	"count(*) FILTER (WHERE outgoing AND virus), "
	"count(*) FILTER (WHERE incoming AND spam AND NOT outside), "
	"count(*) FILTER (WHERE outgoing AND spam AND NOT outside), "
	"count(*) FILTER (WHERE incoming AND bounce), "
	"count(*) FILTER (WHERE outgoing AND bounce), "
	"count(*) FILTER (WHERE outside AND Spamlevel = 5 AND NOT virus), "
	"count(*) FILTER (WHERE outside AND Spamlevel = 4), "
	"sum(seconds), $2::int8 FROM " MAILS(
		3600) "GROUP BY bucket "
		      "ON CONFLICT (Time) DO UPDATE SET MTime = EXCLUDED.MTime, "
		      "CountIn = d.CountIn + EXCLUDED.CountIn, "
		      "CountOut = d.CountOut + EXCLUDED.CountOut, "
		      "BytesIn = d.BytesIn + EXCLUDED.BytesIn, "
		      "BytesOut = d.BytesOut + EXCLUDED.BytesOut, "
		      "VirusIn = d.VirusIn + EXCLUDED.VirusIn, "
		      "VirusOut = d.VirusOut + EXCLUDED.VirusOut, "
		      "SpamIn = d.SpamIn + EXCLUDED.SpamIn, "
		      "SpamOut = d.SpamOut + EXCLUDED.SpamOut, "
		      "BouncesIn = d.BouncesIn + EXCLUDED.BouncesIn, "
		      "BouncesOut = d.BouncesOut + EXCLUDED.BouncesOut, "
		      "GreylistCount = d.GreylistCount + EXCLUDED.GreylistCount, "
		      "SPFCount = d.SPFCount + EXCLUDED.SPFCount, "
		      "PTimeSum = d.PTimeSum + EXCLUDED.PTimeSum";

/* A mail counts once for each domain among its recipients. */
static const char domains_in[] =
	"INSERT INTO DomainStat AS d (Time, Domain, CountIn, CountOut, BytesIn, BytesOut, VirusIn, "
	"VirusOut, SpamIn, SpamOut, BouncesIn, BouncesOut, PTimeSum, MTime) "
	"SELECT bucket, r.Domain, count(*), 0, sum(mib), 0, count(*) FILTER (WHERE virus), 0, "
	"count(*) FILTER (WHERE spam), 0, count(*) FILTER (WHERE bounce), 0, sum(seconds), "
	"$2::int8 "
	"FROM " MAILS(
		86400) "JOIN LATERAL ("
		       "SELECT DISTINCT " DOMAIN_OF(
			       "Receiver") " AS Domain FROM CReceivers "
					   "WHERE CStatistic_CID = m.CID AND CStatistic_RID = "
					   "m.RID AND " HAS_DOMAIN(
						   "Receiver") ") AS r ON true WHERE incoming "
							       "GROUP BY bucket, r.Domain "
							       "ON CONFLICT (Time, Domain) DO "
							       "UPDATE SET MTime = EXCLUDED.MTime, "
							       "CountIn = d.CountIn + "
							       "EXCLUDED.CountIn, "
							       "BytesIn = d.BytesIn + "
							       "EXCLUDED.BytesIn, "
							       "VirusIn = d.VirusIn + "
							       "EXCLUDED.VirusIn, "
							       "SpamIn = d.SpamIn + "
							       "EXCLUDED.SpamIn, "
							       "BouncesIn = d.BouncesIn + "
							       "EXCLUDED.BouncesIn, "
							       "PTimeSum = d.PTimeSum + "
							       "EXCLUDED.PTimeSum";

static const char domains_out[] =
	"INSERT INTO DomainStat AS d (Time, Domain, CountIn, CountOut, BytesIn, BytesOut, VirusIn, "
	"VirusOut, SpamIn, SpamOut, BouncesIn, BouncesOut, PTimeSum, MTime) "
	"SELECT bucket, " DOMAIN_OF(
		"Sender") " AS sent_from, 0, count(*), 0, sum(mib), 0, "
			  "count(*) FILTER (WHERE virus), 0, count(*) FILTER (WHERE spam), 0, "
			  "count(*) FILTER (WHERE bounce), sum(seconds), $2::int8 "
			  "FROM " MAILS(86400) "WHERE outgoing AND " HAS_DOMAIN(
				  "Sender") " GROUP BY bucket, sent_from "
					    "ON CONFLICT (Time, Domain) DO UPDATE SET MTime = "
					    "EXCLUDED.MTime, "
					    "CountOut = d.CountOut + EXCLUDED.CountOut, "
					    "BytesOut = d.BytesOut + EXCLUDED.BytesOut, "
					    "VirusOut = d.VirusOut + EXCLUDED.VirusOut, "
					    "SpamOut = d.SpamOut + EXCLUDED.SpamOut, "
					    "BouncesOut = d.BouncesOut + EXCLUDED.BouncesOut, "
					    "PTimeSum = d.PTimeSum + EXCLUDED.PTimeSum";

static const char viruses[] =
	"INSERT INTO VirusInfo AS d (Time, Name, Count, MTime) "
	"SELECT bucket, VirusInfo, count(*), $2::int8 "
	"FROM " MAILS(86400) "WHERE virus GROUP BY bucket, VirusInfo "
			     "ON CONFLICT (Time, Name) DO UPDATE SET MTime = EXCLUDED.MTime, "
			     "Count = d.Count + EXCLUDED.Count";

static const struct pass {
	const char *cursor; /* name in StatInfo */
	struct db_statement sum;
} passes[] = {
	{ "dailystat_index", { "stat_daily", daily } },
	{ "domainstat_in_index", { "stat_domains_in", domains_in } },
	{ "domainstat_out_index", { "stat_domains_out", domains_out } },
	{ "virusinfo_index", { "stat_viruses", viruses } },
};

struct job {
	struct arena *a;
	struct db *db;
	int64_t now, utc_offset, end; /* first id that is not looked at */
};

static int ask_number(const struct job *j, const struct db_statement *s, const char *name,
		      int64_t *out, struct err *e)
{
	struct db_param value = DB_TEXT(str_of(name));
	const struct db_rows *rows;

	if (db_run(j->db, j->a, s, &value, name ? 1 : 0, &rows, e) < 0)
		return -1;
	*out = db_rows_count(rows) ? db_int(rows, 0, 0) : 0;
	return 0;
}

static int find_end(struct job *j, struct err *e)
{
	/* While this waits for a writer, all other writers wait behind it: mails, that is. */
	static const char lock[] = "SET LOCAL lock_timeout = '1s';"
				   "LOCK TABLE CStatistic IN SHARE MODE";
	static const struct db_statement next = {
		"stat_end", "SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END "
			    "FROM cstatistic_id_seq"
	};

	if (db_begin(j->db, e) < 0)
		return -1;
	if (db_script(j->db, lock, e) < 0 ||
	    ask_number(j, &next, NULL, &j->end, e) < 0) {
		db_rollback(j->db);
		return -1;
	}
	return db_commit(j->db, e);
}

static int add_range(const struct job *j, const struct pass *p, int64_t from, int64_t to,
		     struct err *e)
{
	static const struct db_statement move = {
		"stat_move", "INSERT INTO StatInfo (Name, IValue) VALUES ($1, $2) "
			     "ON CONFLICT (Name) DO UPDATE SET IValue = EXCLUDED.IValue"
	};
	struct db_param sum[] = { DB_INT(j->utc_offset), DB_INT(j->now), DB_INT(from), DB_INT(to) };
	struct db_param place[] = { DB_TEXT(str_of(p->cursor)), DB_INT(to) };

	if (db_run(j->db, j->a, &p->sum, sum, ARRAY_LEN(sum), NULL, e) < 0)
		return -1;
	return db_run(j->db, j->a, &move, place, ARRAY_LEN(place), NULL, e);
}

/* The next mails of a pass: how many, at most BATCH, and the id behind the last of them. */
static int find_batch(const struct job *j, int64_t from, int64_t *to, int64_t *n, struct err *e)
{
	static const struct db_statement next = {
		"stat_batch", "SELECT max(ID), count(*) FROM (SELECT ID FROM CStatistic WHERE "
			      "ID >= $1::int8 AND ID < $2::int8 ORDER BY ID LIMIT $3) AS next"
	};
	struct db_param values[] = { DB_INT(from), DB_INT(j->end), DB_INT(BATCH) };
	const struct db_rows *rows;

	if (db_run(j->db, j->a, &next, values, ARRAY_LEN(values), &rows, e) < 0)
		return -1;
	*to = db_int(rows, 0, 0) + 1;
	*n = db_int(rows, 0, 1);
	return 0;
}

/* The lock keeps out everybody else who adds up. */
static int next_batch(const struct job *j, const struct pass *p, int64_t *n, struct err *e)
{
	static const struct db_statement place = { "stat_place",
						   "SELECT IValue FROM StatInfo WHERE Name = $1" };
	int64_t from, to;

	if (db_script(j->db, "LOCK TABLE StatInfo IN EXCLUSIVE MODE", e) < 0 ||
	    ask_number(j, &place, p->cursor, &from, e) < 0 || find_batch(j, from, &to, n, e) < 0)
		return -1;
	return *n ? add_range(j, p, from, to, e) : 0;
}

static int run_pass(const struct job *j, const struct pass *p, int64_t *mails, struct err *e)
{
	int64_t n;

	do {
		if (db_begin(j->db, e) < 0)
			return -1;
		if (next_batch(j, p, &n, e) < 0 || db_commit(j->db, e) < 0) {
			db_rollback(j->db);
			return -1;
		}
		*mails += n;
	} while (n);
	return 0;
}

int stat_aggregate(struct arena *a, struct db *db, int64_t now, int64_t utc_offset, int64_t *mails,
		   struct err *e)
{
	struct job j = { a, db, now, utc_offset, 0 };
	int64_t looked_at = 0;

	if (find_end(&j, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(passes); i++) {
		looked_at = 0;
		if (run_pass(&j, &passes[i], &looked_at, e) < 0)
			return err_wrap(e, "%s", passes[i].cursor);
	}
	*mails = looked_at;
	return 0;
}

int stat_clear(struct arena *a, struct db *db, struct err *e)
{
	(void)a;
	return db_script(db,
			 "LOCK TABLE StatInfo IN EXCLUSIVE MODE;"
			 "DELETE FROM StatInfo; DELETE FROM DailyStat; DELETE FROM LocalStat;"
			 "DELETE FROM DomainStat; DELETE FROM VirusInfo;"
			 "DELETE FROM ClusterInfo WHERE lower(Name) IN ('lastmt_dailystat',"
			 " 'lastmt_localstat', 'lastmt_domainstat', 'lastmt_virusinfo')",
			 e);
}
