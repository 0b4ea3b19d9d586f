#include "gw/store/userprefs.h"

#include "base/map.h"

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
