/*
 * zip_read - the members of a small zip file in memory, as its directory names them.
 *
 * For office documents, which are zip files. Stored and deflated members can be read; zip64 and
 * files in several pieces cannot. Private to gw/spam.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum {
	ZIP_READ_MEMBERS_MAX = 10000,   /* further ones are left out */
	ZIP_READ_CONTENT_MAX = 4 << 20, /* a longer member is not read */
};

struct zip_member {
	struct str name;
	bool encrypted;
	unsigned method;
	size_t size;       /* of its content, as it says */
	struct str packed; /* STR_NONE if its place is wrong */
};

/* False if there is no directory, or one that is not in order. */
bool zip_read(struct arena *a, struct str file, struct zip_member **out, size_t *n);

/* False if it cannot be had; what comes out larger than it says counts as that. */
bool zip_content(struct arena *a, const struct zip_member *m, struct str *out);
