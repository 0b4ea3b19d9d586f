/*
 * readings - what other clients see in a message.
 *
 * mime_parse() shows one reading. Whoever wants to bring a file past a filter writes a message that
 * some client reads in another way: the second of two Content-Types, a boundary that only a sloppy
 * comparison finds, base64 behind garbage, a uuencoded file in a text. mime_read_again() looks for
 * what those clients would show. Each way of reading is a *habit* of the one parser (mime_int.h),
 * each habit is tried if something in the message gives it a chance to matter (a table in again.c),
 * and parts that come out as they were in the tree are dropped. What remains is a list of leaves
 * beside the tree, each with the part of the tree that holds its bytes, so that rules can mark it
 * and actions can remove it: a message without those bytes does not show it in any reading.
 *
 * A mail is ambiguous if clients see different contents, different types, or names that end
 * differently. Names that differ otherwise ("bär.txt" and "baer.txt") are all there to be matched,
 * but every other mail with an attachment from abroad has such.
 *
 * Time and memory are linear: at most MIME_READ_AGAIN_MAX parses that look at MIME_WORK_MAX lines
 * in all, and MIME_AGAIN_PASSES_MAX times the size of the message to look for what is hidden in
 * leaves.
 */
#pragma once

#include "lib/mime/mime.h"

enum {
	MIME_READ_AGAIN_MAX = 24, /* parses with other habits */
	MIME_READINGS_MAX = 1000, /* leaves beside the tree; further ones are counted as cut */
	/* Times the message's size is decoded or searched, with MIME_AGAIN_BYTES bytes enough. */
	MIME_AGAIN_PASSES_MAX = 12,
	MIME_AGAIN_PASSES_MIN = 2,
	MIME_AGAIN_BYTES = 96 << 20,
	MIME_NAMES_MAX = 40, /* names of one part; further ones are not read */
};

struct mime_reading {
	/*
	 * A leaf as that client has it: type, names and body are valid, parent and next may be
	 * NULL. Its body is no view of the message if it was decoded on the way to it.
	 */
	const struct mime *part;
	/*
	 * The bytes of the message that it was read from, header and all; without them no client
	 * shows it. Of what was decoded on the way: those of what it was decoded from.
	 */
	struct str place;
	uint32_t aid;    /* the innermost part of the tree that holds all of `place` */
	const char *how; /* "the last of several fields" */
};

struct mime_readings {
	struct mime_reading *p; /* by aid, those of one part as they were found */
	size_t n;
	uint32_t anomalies; /* MIME_NAMES_DIFFER and the two behind it; add them to the mail's */
	bool cut;           /* a limit was reached, be it in mime_parse(): there may be more */
};

/*
 * Looks for readings of the message that `root` is the tree of; `lim` as it was given to
 * mime_parse(). Everything lives in `a`.
 */
void mime_read_again(struct arena *a, const struct mime *root, const struct mime_limits *lim,
		     struct mime_readings *out);

/* Those of one part: `*n` of them. */
const struct mime_reading *mime_readings_of(const struct mime_readings *r, uint32_t aid, size_t *n);

struct mime_names {
	const struct str *p; /* mime_filename() first, if there is one */
	size_t n;
	struct str extension; /* of the first that has one, lower case; or empty */
	bool differ;          /* there are others */
};

/*
 * Every name that a client could give the part: from `filename` and `name` of either field, each
 * time it is given, with RFC 2231 and RFC 2047 understood, half understood or not at all; as far as
 * a NUL, without path, without blanks and dots at the end, without invisible characters; if it has
 * none at all, Content-Description or Content-Location if those look like one.
 */
struct mime_names mime_names(struct arena *a, const struct mime *m);
