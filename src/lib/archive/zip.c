#include "lib/archive/zip.h"

/* Of the format's description: records, their fixed sizes, offsets of what we read in them. */
enum {
	END_BYTES = 22,
	CENTRAL_BYTES = 46,
	LOCAL_BYTES = 30,
	COMMENT_MAX = 65535,
	DESCRIPTOR_FLAG = 8, /* sizes stand behind the member, again */
	EXTRA_BYTES = 4,     /* what each extra field begins with: its id, its size */
	EXTRA_NAME = 0x7075, /* the id of another name, in UTF-8 */
};

static const struct str end_mark = STR_INIT("PK\005\006"), central_mark = STR_INIT("PK\001\002"),
			local_mark = STR_INIT("PK\003\004");

static size_t number(struct str s, size_t off, size_t bytes)
{
	size_t v = 0;

	for (size_t i = bytes; i > 0; i--)
		v = v << 8 | (unsigned char)s.p[off + i - 1];
	return v;
}

/* The last end record whose comment reaches to the end of the file. */
static bool find_end(struct str bytes, size_t *at)
{
	size_t lowest = bytes.n > END_BYTES + COMMENT_MAX ? bytes.n - END_BYTES - COMMENT_MAX : 0;

	if (bytes.n < END_BYTES)
		return false;
	for (size_t i = bytes.n - END_BYTES + 1; i-- > lowest;)
		if (str_starts(str_from(bytes, i), end_mark) &&
		    number(bytes, i + 20, 2) == bytes.n - i - END_BYTES) {
			*at = i;
			return true;
		}
	return false;
}

struct member {
	size_t flags, packed, at; /* at: offset of its local header */
	struct str name;
	bool renamed;
};

/* Another name stands among the extra fields, which some programs go by. */
static bool has_other_name(struct str extra)
{
	while (extra.n >= EXTRA_BYTES) {
		if (number(extra, 0, 2) == EXTRA_NAME)
			return true;
		extra = str_from(extra, EXTRA_BYTES + number(extra, 2, 2));
	}
	return false;
}

static bool next_central(struct str *rest, struct member *m)
{
	struct str r = *rest;
	size_t name, more;

	if (r.n < CENTRAL_BYTES || !str_starts(r, central_mark))
		return false;
	name = number(r, 28, 2);
	more = number(r, 30, 2) + number(r, 32, 2);
	if (r.n - CENTRAL_BYTES < name + more)
		return false;
	*m = (struct member){
		.flags = number(r, 8, 2),
		.packed = number(r, 20, 4),
		.at = number(r, 42, 4),
		.name = str_sub(r, CENTRAL_BYTES, name),
		.renamed = has_other_name(str_sub(r, CENTRAL_BYTES + name, number(r, 30, 2))),
	};
	*rest = str_from(r, CENTRAL_BYTES + name + more);
	return true;
}

/* Where a member with its data ends, as its own header and the directory agree on its one name. */
static bool local_end(struct str bytes, const struct member *m, size_t *end)
{
	struct str r = str_from(bytes, m->at);
	size_t name;

	if (r.n < LOCAL_BYTES || !str_starts(r, local_mark))
		return false;
	name = number(r, 26, 2);
	if (!str_eq(str_sub(r, LOCAL_BYTES, name), m->name) || m->renamed ||
	    has_other_name(str_sub(r, LOCAL_BYTES + name, number(r, 28, 2))))
		return false;
	*end = m->at + LOCAL_BYTES + name + number(r, 28, 2) + m->packed;
	return true;
}

/* Nothing between two members, but for the sizes behind one: with or without mark, 4 or 8 bytes. */
static bool follows(const struct member *before, size_t end, size_t at)
{
	size_t gap = at - end;

	if (at < end)
		return false;
	return gap == 0 || ((before->flags & DESCRIPTOR_FLAG) &&
			    (gap == 12 || gap == 16 || gap == 20 || gap == 24));
}

/* Where its size says, counted back from the end record. */
struct str zip_directory(struct str bytes)
{
	size_t end, size;

	if (!find_end(bytes, &end))
		return STR_NONE;
	size = number(bytes, end + 12, 4);
	return size > end ? STR_NONE : str_sub(bytes, end - size, size);
}

bool zip_next_name(struct str *directory, struct str *name)
{
	struct member m;

	if (!next_central(directory, &m))
		return false;
	*name = m.name;
	return true;
}

bool zip_is_plain(struct str bytes)
{
	struct str directory = zip_directory(bytes);
	struct member m, before = { 0 };
	size_t at, end = 0;

	if (!directory.p)
		return false;
	at = (size_t)(directory.p - bytes.p);
	if (at != number(bytes, at + directory.n + 16, 4))
		return false;
	while (directory.n) {
		if (!next_central(&directory, &m) || !follows(&before, end, m.at) ||
		    !local_end(bytes, &m, &end))
			return false;
		before = m;
	}
	return follows(&before, end, at);
}

size_t zip_next(struct str bytes, size_t at)
{
	struct str rest = str_from(bytes, at);
	ptrdiff_t end = str_find(rest, end_mark), next;

	if (end < 0)
		return bytes.n;
	rest = str_from(rest, (size_t)end + end_mark.n);
	next = str_find(rest, local_mark);
	return next < 0 ? bytes.n : bytes.n - rest.n + (size_t)next;
}
