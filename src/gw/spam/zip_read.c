#include "gw/spam/zip_read.h"

#include <zlib.h>

enum {
	END_SIZE = 22,
	COMMENT_MAX = 65535,
	ENTRY_SIZE = 46,
	LOCAL_SIZE = 30,
	STORED = 0,
	DEFLATED = 8,
	FLAG_ENCRYPTED = 1,
};

static unsigned u16(struct str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static size_t u32(struct str s, size_t at)
{
	return (size_t)u16(s, at) | (size_t)u16(s, at + 2) << 16;
}

/* The last end of a directory; -1 if there is none. */
static ptrdiff_t find_end(struct str file)
{
	size_t least = file.n > END_SIZE + COMMENT_MAX ? file.n - END_SIZE - COMMENT_MAX : 0;

	if (file.n < END_SIZE)
		return -1;
	for (size_t at = file.n - END_SIZE + 1; at-- > least;)
		if (str_starts(str_from(file, at), STR("PK\5\6")))
			return (ptrdiff_t)at;
	return -1;
}

/* What stands behind the header in front of the member. */
static struct str packed(struct str file, size_t at, size_t n)
{
	size_t start;

	if (at > file.n || file.n - at < LOCAL_SIZE ||
	    !str_starts(str_from(file, at), STR("PK\3\4")))
		return STR_NONE;
	start = at + LOCAL_SIZE + u16(file, at + 26) + u16(file, at + 28);
	return start <= file.n && n <= file.n - start ? str_sub(file, start, n) : STR_NONE;
}

/* One entry off the front of the directory. `shift`: octets in front of the zip file. */
static bool take_entry(struct str file, size_t shift, struct str *directory, struct zip_member *out)
{
	struct str d = *directory;
	size_t name, rest;

	if (d.n < ENTRY_SIZE || !str_starts(d, STR("PK\1\2")))
		return false;
	name = u16(d, 28);
	rest = (size_t)u16(d, 30) + u16(d, 32);
	if (d.n - ENTRY_SIZE < name + rest)
		return false;
	*out = (struct zip_member){
		.name = str_sub(d, ENTRY_SIZE, name),
		.encrypted = u16(d, 8) & FLAG_ENCRYPTED,
		.method = u16(d, 10),
		.size = u32(d, 24),
		.packed = packed(file, shift + u32(d, 42), u32(d, 20)),
	};
	*directory = str_from(d, ENTRY_SIZE + name + rest);
	return true;
}

bool zip_read(struct arena *a, struct str file, struct zip_member **out, size_t *n)
{
	ptrdiff_t end = find_end(file);
	size_t size, start, count;
	struct str directory;

	if (end < 0)
		return false;
	count = u16(file, (size_t)end + 10);
	size = u32(file, (size_t)end + 12);
	start = u32(file, (size_t)end + 16);
	if (size > (size_t)end || start > (size_t)end - size)
		return false;
	directory = str_sub(file, (size_t)end - size, size);
	count = count < ZIP_READ_MEMBERS_MAX ? count : ZIP_READ_MEMBERS_MAX;
	*out = NEW_N(a, struct zip_member, count);
	for (*n = 0; *n < count; ++*n)
		if (!take_entry(file, (size_t)end - size - start, &directory, &(*out)[*n]))
			return false;
	return true;
}

static bool inflate_all(struct str in, char *out, size_t n)
{
	z_stream z = { .next_in = (Bytef *)in.p,
		       .avail_in = (uInt)in.n,
		       .next_out = (Bytef *)out,
		       .avail_out = (uInt)n };
	int rc;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_out == 0;
}

bool zip_content(struct arena *a, const struct zip_member *m, struct str *out)
{
	char *p;

	if (m->encrypted || !m->packed.p || m->size > ZIP_READ_CONTENT_MAX)
		return false;
	if (m->method == STORED) {
		*out = m->packed;
		return m->packed.n == m->size;
	}
	if (m->method != DEFLATED)
		return false;
	p = arena_alloc(a, m->size + 1);
	*out = (struct str){ p, m->size };
	return inflate_all(m->packed, p, m->size);
}
