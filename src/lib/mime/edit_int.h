/*
 * edit_int - the splices of an edit, for edit.c (header fields), parts.c (parts, bodies) and
 * write.c.
 *
 * They are sorted by offset, those at one offset by rank, and never overlap. Ranks follow the
 * structure: what belongs to an outer part comes before what belongs to a part inside it.
 */
#pragma once

#include "lib/mime/edit.h"

enum splice_kind {
	SPLICE_PART,      /* another part instead of this one */
	SPLICE_ADDED,     /* a field on top of the header; the newest first */
	SPLICE_SEPARATOR, /* the empty line that a part without header lacks */
	SPLICE_FIELD,     /* a field in place of another, or of nothing */
	SPLICE_OPEN,      /* what mime_edit_wrap() puts before the body */
	SPLICE_CONTENT,   /* another first part instead of a wrapped root's content */
	SPLICE_BODY,      /* other bytes in the body */
	SPLICE_CLOSE,     /* what mime_edit_wrap() puts behind it */
	SPLICE_LAST,      /* a part behind the last one, and behind all changes of that */
	SPLICE_KINDS,
};

struct mime_splice {
	size_t off, len;
	struct str with;
	struct str name, value; /* of SPLICE_ADDED and SPLICE_FIELD; no name: deleted */
	uint64_t rank;
	uint32_t aid, last_aid; /* the part; of SPLICE_PART also the last one inside it */
	enum splice_kind kind;
};

/*
 * Adds a splice at its place: after others of its rank, or before them if it is SPLICE_ADDED.
 * Pointers to splices are valid until the next one is added.
 */
struct mime_splice *mime_splice_add(struct mime_edit *ed, const struct mime *part,
				    enum splice_kind kind, const char *at, size_t len);

/* Index of the first splice at or behind that place of the message. */
uint32_t mime_splice_at(const struct mime_edit *ed, const char *at);

/* Forgets those from `from` to `to`, both included, that `drop` says yes to. */
void mime_splice_drop(struct mime_edit *ed, const char *from, const char *to,
		      bool (*drop)(const struct mime_splice *s, const void *ctx), const void *ctx);

/* True if the part, or one around it, was replaced; the header of the root is always there. */
bool mime_edit_is_gone(const struct mime_edit *ed, const struct mime *part);

/* The last part inside this one, or itself: numbers in between are inside as well. */
uint32_t mime_last_inside(const struct mime *part);

/* The splice that stands for this field of the message; or NULL. */
struct mime_splice *mime_splice_of_field(const struct mime_edit *ed, const struct mime_header *h);
