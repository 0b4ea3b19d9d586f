/*
 * lines - files of one entry a line, with comments.
 *
 * Two shapes. A table, as Postfix's postmap reads it, with the comment on the line before:
 *
 *	#head office
 *	example.com smtp:[192.0.2.1]:25
 *
 * and a list, with the comment behind ("#*" where there is none):
 *
 *	192.0.2.0/24 #head office
 *
 * Only the layout is judged here; what a key or value may be is checked by the two functions given.
 */
#pragma once

#include "lib/conf/section.h"

enum { CONF_ENTRIES_MAX = 50000 };

enum conf_shape { CONF_TABLE, CONF_LIST };

struct conf_entry {
	struct str key, value, comment; /* value is empty in a list */
	size_t line;
};

struct conf_entries {
	VEC(struct conf_entry) list;
	VEC(struct conf_problem) problems;
};

struct conf_lines {
	enum conf_shape shape;
	int (*check_key)(struct str key, struct err *e);
	int (*check_value)(struct str value, struct err *e); /* NULL for a list */
};

/*
 * Keys given twice (case does not matter) are problems; the first one counts. So are carriage
 * returns in a table, which Postfix would not skip.
 */
void conf_lines_parse(struct arena *a, const struct conf_lines *kind, struct str text,
		      struct conf_entries *out);

/* As it is written to disk, in the order given. */
struct str conf_lines_print(struct arena *a, const struct conf_lines *kind,
			    const struct conf_entry *entries, size_t n);
