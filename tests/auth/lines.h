/*
 * lines - what suites.py and the test programs say to each other: a word, and fields in hex.
 */
#pragma once

#include "lib/dns/table.h"

enum { LINE_FIELDS = 16, LINE_MAX_BYTES = 1 << 22 };

struct line {
	struct str word;
	struct str field[LINE_FIELDS]; /* decoded; empty ones are */
	size_t n;
};

/* The next line of stdin; false at its end. Ends the program with a message if it is garbage. */
bool line_read(struct arena *a, struct line *out);

/* Prints fields as suites.py reads them. */
void line_print(struct arena *a, const struct str *field, size_t n);

/* "zone NAME TYPE VALUE" becomes a row of the table. */
void line_add_zone(struct dns_table *t, const struct line *line);
