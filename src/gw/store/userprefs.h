/*
 * userprefs - the personal lists of users (table UserPrefs, database.md §6).
 *
 * A user is named by his primary address in lower case. A list is one text: its entries, sorted,
 * with commas between them. An entry is an address or a part of one, in which `*` and `?` are
 * wildcards; case does not matter.
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

enum userprefs_list { USERPREFS_WHITE, USERPREFS_BLACK };

enum {
	USERPREFS_ENTRY_MAX = 512,   /* bytes of an entry */
	USERPREFS_LIST_MAX = 200000, /* bytes of a list */
};

/*
 * Puts an entry on one of the user's lists and takes it off the other, whichever case it is written
 * in there; both rows are written anew with MTime `now`, without what is no entry. ERR_INVALID for
 * an entry that is empty, too long, has several @, or a blank, backslash, comma or control
 * character in it; ERR_LIMIT if the list would become too long. One transaction of its own.
 */
MUST_CHECK int userprefs_add(struct arena *a, struct db *db, struct str pmail,
			     enum userprefs_list list, struct str entry, int64_t now,
			     struct err *e);
