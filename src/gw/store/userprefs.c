#include "gw/store/userprefs.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"

static void put(const struct db_rows *rows, size_t row, const struct map *users)
{
	struct userprefs *out = map_get(users, db_str(rows, row, 0));

	if (str_eq(db_str(rows, row, 1), STR("WL")))
		out->white = db_str(rows, row, 2);
	else
		out->black = db_str(rows, row, 2);
}

int userprefs_read(struct db *db, struct arena *a, const struct str *pmail, size_t n,
		   struct userprefs *out, struct err *e)
{
	static const struct db_statement query = {
		"userprefs", "SELECT PMail, Name, Data FROM UserPrefs "
			     "WHERE PMail = ANY ($1::text[]) AND Name IN ('WL', 'BL')"
	};
	struct db_param list = db_text_array(a, pmail, n);
	const struct db_rows *rows;
	struct map users;

	if (db_run(db, a, &query, &list, 1, &rows, e) < 0)
		return -1;
	map_init(&users, a);
	for (size_t i = 0; i < n; i++) {
		out[i] = (struct userprefs){ STR_NONE, STR_NONE };
		map_set(&users, pmail[i], &out[i]);
	}
	for (size_t row = 0; row < db_rows_count(rows); row++)
		put(rows, row, &users);
	return 0;
}

/* Entries that the filter skips when it reads a list are none. */
static bool is_entry(struct str s)
{
	size_t at = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || c == '\\' || c == ',')
			return false;
		at += c == '@';
	}
	return s.n > 0 && s.n <= USERPREFS_ENTRY_MAX && at <= 1;
}

struct entries {
	VEC(struct str) v;
};

static void take_all_but(struct arena *a, struct str list, struct str but, struct entries *out)
{
	struct str rest = list;

	while (rest.n) {
		struct str entry = str_trim(str_cut(&rest, ','));

		if (is_entry(entry) && !str_ieq(entry, but))
			vec_add(a, &out->v, entry);
	}
}

static int compare(const void *x, const void *y)
{
	const struct str *p = x, *q = y;

	return str_cmp(*p, *q);
}

static int join(struct arena *a, const struct entries *list, struct str *out, struct err *e)
{
	struct buf text;

	if (list->v.n)
		qsort(list->v.p, list->v.n, sizeof(*list->v.p), compare);
	buf_init(&text, a, USERPREFS_LIST_MAX);
	for (size_t i = 0; i < list->v.n; i++) {
		if (i)
			buf_addc(&text, ',');
		buf_add(&text, list->v.p[i]);
	}
	return buf_done(&text, out, e);
}

/* The lists as they shall be. */
static int change(struct arena *a, struct userprefs *lists, enum userprefs_list list,
		  struct str entry, struct err *e)
{
	struct entries white = { 0 }, black = { 0 };

	take_all_but(a, lists->white, entry, &white);
	take_all_but(a, lists->black, entry, &black);
	vec_add(a, list == USERPREFS_WHITE ? &white.v : &black.v, entry);
	if (join(a, &white, &lists->white, e) < 0)
		return err_wrap(e, "whitelist");
	if (join(a, &black, &lists->black, e) < 0)
		return err_wrap(e, "blacklist");
	return 0;
}

static int write_rows(struct arena *a, struct db *db, struct str pmail,
		      const struct userprefs *lists, int64_t now, struct err *e)
{
	static const struct db_statement remove = {
		"userprefs_remove",
		"DELETE FROM UserPrefs WHERE PMail = $1 AND Name IN ('WL', 'BL')"
	};
	static const struct db_statement insert = {
		"userprefs_insert", "INSERT INTO UserPrefs (PMail, Name, Data, MTime) "
				    "VALUES ($1, 'WL', $2, $4), ($1, 'BL', $3, $4)"
	};
	const struct db_param values[] = { DB_TEXT(pmail), DB_TEXT(lists->white),
					   DB_TEXT(lists->black), DB_INT(now) };

	if (db_run(db, a, &remove, values, 1, NULL, e) < 0)
		return -1;
	return db_run(db, a, &insert, values, ARRAY_LEN(values), NULL, e);
}

/* A user without rows has none to lock, so writers wait for each other at the table. */
static int add_locked(struct arena *a, struct db *db, struct str pmail, enum userprefs_list list,
		      struct str entry, int64_t now, struct err *e)
{
	static const struct db_statement lock = {
		"userprefs_lock", "LOCK TABLE UserPrefs IN SHARE ROW EXCLUSIVE MODE"
	};
	struct userprefs lists;

	if (db_run(db, a, &lock, NULL, 0, NULL, e) < 0 ||
	    userprefs_read(db, a, &pmail, 1, &lists, e) < 0 ||
	    change(a, &lists, list, entry, e) < 0)
		return -1;
	return write_rows(a, db, pmail, &lists, now, e);
}

int userprefs_add(struct arena *a, struct db *db, struct str pmail, enum userprefs_list list,
		  struct str entry, int64_t now, struct err *e)
{
	if (!is_entry(entry))
		return err_set(e, ERR_INVALID, "'%.*s' cannot be on a list",
			       STR_ARG(str_sub(entry, 0, USERPREFS_ENTRY_MAX)));
	if (db_begin(db, e) < 0)
		return -1;
	if (add_locked(a, db, pmail, list, entry, now, e) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}
