#include "gw/stat/stat.h"

/* In StatInfo, which is this node's own: nobody but us reads it. */
#define PLACE STR("postscreen_place")

int stat_early_begin(struct arena *a, struct db *db, struct str *place, struct err *e)
{
	static const struct db_statement get = { "stat_early_place",
						 "SELECT SValue FROM StatInfo WHERE Name = $1" };
	const struct db_param name = DB_TEXT(PLACE);
	const struct db_rows *rows;

	if (db_script(db, "LOCK TABLE StatInfo IN EXCLUSIVE MODE", e) < 0 ||
	    db_run(db, a, &get, &name, 1, &rows, e) < 0)
		return -1;
	*place = db_rows_count(rows) ? db_str(rows, 0, 0) : STR_NONE;
	return 0;
}

static int add_hours(struct arena *a, struct db *db, int64_t cid, int64_t now,
		     const struct stat_early *hours, size_t n, struct err *e)
{
	static const struct db_statement add = {
		"stat_early_add",
		"INSERT INTO LocalStat AS l (Time, RBLCount, PregreetCount, CID, MTime) "
		"SELECT h.time, sum(h.rbl), sum(h.pregreet), $4, $5 "
		"FROM unnest($1::int8[], $2::int8[], $3::int8[]) AS h(time, rbl, pregreet) "
		"GROUP BY h.time "
		"ON CONFLICT (Time, CID) DO UPDATE SET RBLCount = l.RBLCount + EXCLUDED.RBLCount, "
		"PregreetCount = l.PregreetCount + EXCLUDED.PregreetCount, MTime = EXCLUDED.MTime",
	};
	int64_t *time = NEW_N(a, int64_t, n), *rbl = NEW_N(a, int64_t, n);
	int64_t *pregreet = NEW_N(a, int64_t, n);

	for (size_t i = 0; i < n; i++) {
		time[i] = hours[i].hour;
		rbl[i] = hours[i].rbl;
		pregreet[i] = hours[i].pregreet;
	}

	const struct db_param values[] = {
		db_int_array(a, time, n),
		db_int_array(a, rbl, n),
		db_int_array(a, pregreet, n),
		DB_INT(cid),
		DB_INT(now),
	};

	return db_run(db, a, &add, values, ARRAY_LEN(values), NULL, e);
}

int stat_early_add(struct arena *a, struct db *db, int64_t cid, int64_t now,
		   const struct stat_early *hours, size_t n, struct str place, struct err *e)
{
	static const struct db_statement keep = {
		"stat_early_keep", "INSERT INTO StatInfo (Name, SValue) VALUES ($1, $2) "
				   "ON CONFLICT (Name) DO UPDATE SET SValue = EXCLUDED.SValue"
	};
	const struct db_param values[] = { DB_TEXT(PLACE), DB_TEXT(place) };

	if (n && add_hours(a, db, cid, now, hours, n, e) < 0)
		return -1;
	return db_run(db, a, &keep, values, ARRAY_LEN(values), NULL, e);
}
