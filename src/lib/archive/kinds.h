/* Types of archives, and how each is opened. Private to lib/archive. */
#pragma once

#include "base/str.h"

struct archive; /* libarchive's */

enum archive_reader {
	READER_NONE,    /* nothing here can open it */
	READER_LIBRARY, /* libarchive */
	READER_TNEF,
	READER_MAIL,
};

struct archive_kind {
	struct str type;
	enum archive_reader reader;
	int (*prepare)(struct archive *h); /* libarchive: the formats that may be tried */
	bool whole;  /* has to be in memory: its index is at its end, or we look at it ourselves */
	bool single; /* one compressed file: its name is that of the archive without the suffix */
};

/* A zip file as programs see it that go by the headers in front of its members. */
extern const struct archive_kind archive_zip_by_headers;

bool archive_kind_is_zip(const struct archive_kind *k); /* k may be NULL */

/* NULL for what is no archive. ASCII case does not matter. */
const struct archive_kind *archive_kind_find(struct str type);

/* As archive_type(). */
const struct archive_kind *archive_kind_of(struct str start, struct str magic, struct str declared,
					   struct str glob);

/* "x.gz" gives "x", "x.tgz" gives "x.tar"; what has no suffix keeps its name. */
struct str archive_inner_name(struct arena *a, struct str name);
