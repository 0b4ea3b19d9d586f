/*
 * userprefs - the personal lists of users (table UserPrefs).
 */
#pragma once

#include "lib/db/db.h"

/* Entries between commas as stored; STR_NONE if there is no row. */
struct userprefs {
	struct str white, black;
};

/*
 * The lists of `n` users, in one query; out[i] belongs to pmail[i], which is in lower case. Fails
 * as db_run() does.
 */
MUST_CHECK int userprefs_read(struct db *db, struct arena *a, const struct str *pmail, size_t n,
			      struct userprefs *out, struct err *e);
