/*
 * record - many named values at once.
 *
 * record_parse() stores what it is given into a record that already holds its defaults, and says
 * for each value that it refused why: an administrator who made three mistakes reads three lines.
 */
#pragma once

#include "base/vec.h"
#include "lib/schema/prop.h"

struct record_input {
	struct str name, value;
};

struct record_complaint {
	size_t input; /* which of the inputs */
	struct str reason;
};

struct record_complaints {
	VEC(struct record_complaint) list;
};

/*
 * Unknown names, names given twice (the first one counts) and bad values become complaints and
 * change nothing. `given` gets the rows that were set. Returns the number of complaints added.
 */
size_t record_parse(struct arena *a, const struct prop *table, void *record,
		    const struct record_input *in, size_t n, struct prop_set *given,
		    struct record_complaints *complaints);
