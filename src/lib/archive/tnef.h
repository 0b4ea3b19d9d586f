/*
 * tnef - the attachments of a winmail.dat (MS-OXTNEF): names, content, messages inside.
 *
 * Private to lib/archive.
 */
#pragma once

#include "base/str.h"

struct tnef_file {
	struct str title, name; /* the short name and the long one; either may be empty */
	struct str data;        /* a view into the TNEF; of an attached message, a TNEF again */
};

struct tnef {
	struct arena *a;
	struct str rest;
	bool cut;  /* it ends in the middle, or is none at all */
	bool open; /* an attachment has begun */
	struct tnef_file file;
};

void tnef_open(struct tnef *t, struct arena *a, struct str bytes);

/* The next attachment; false after the last. */
bool tnef_next(struct tnef *t, struct tnef_file *out);
