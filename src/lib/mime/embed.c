/* Files in texts, as they were sent before there was MIME. */
#include "base/buf.h"
#include "base/enc.h"
#include "lib/mime/mime_int.h"

/* Characters of one yEnc escape, and what both bytes are moved by. */
enum { YENC_SHIFT = 42, YENC_ESCAPE_SHIFT = 64 };

enum coding { UU, BASE64, YENC };

/* "begin 644 name", "begin-base64 644 name"; the name, or STR_NONE. */
static struct str begin_name(struct str line, bool *base64)
{
	struct str rest = line, word, mode;

	if (!str_word(&rest, &word) || !str_word(&rest, &mode))
		return STR_NONE;
	*base64 = str_ieq(word, STR("begin-base64"));
	if ((!*base64 && !str_eq(word, STR("begin"))) || mode.n < 3 || mode.n > 6)
		return STR_NONE;
	for (size_t i = 0; i < mode.n; i++)
		if (mode.p[i] < '0' || mode.p[i] > '7')
			return STR_NONE;
	rest = str_trim(rest);
	return rest.n ? rest : STR_NONE;
}

static unsigned uu_value(char c)
{
	return ((unsigned)(unsigned char)c - ' ') & 63;
}

/*
 * One line: its length, then four characters for three bytes; blanks at its end may be lost. False
 * if it is none.
 */
static bool uu_line(struct buf *to, struct str line)
{
	size_t n, i;

	line = str_rtrim(line);
	if (!line.n || line.p[0] < ' ' || line.p[0] > '`')
		return false;
	n = uu_value(line.p[0]);
	/* A line of text begins like one; but then it has not the length that it says. */
	if (line.n > 1 + (n + 2) / 3 * 4 + 2)
		return false;
	for (i = 0; i < n; i++) {
		size_t at = 1 + i / 3 * 4 + i % 3;
		unsigned hi = at < line.n ? uu_value(line.p[at]) : 0;
		unsigned lo = at + 1 < line.n ? uu_value(line.p[at + 1]) : 0;
		unsigned shift = 2 * (unsigned)(i % 3) + 2;

		buf_addc(to, (char)(hi << shift | lo >> (6 - shift)));
	}
	return true;
}

static struct str uu_decode(struct arena *a, struct str *rest)
{
	struct str line, after;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (after = *rest; str_line(&after, &line); *rest = after)
		if (str_ieq(str_trim(line), STR("end")) || !uu_line(&b, line))
			break;
	return buf_str(&b);
}

/* "====" ends it, and so does anything with a blank in it. */
static bool is_base64_line(struct str line)
{
	return !str_starts(line, STR("====")) && str_chr(str_rtrim(line), ' ') < 0;
}

static struct str base64_decode(struct arena *a, struct str *rest)
{
	const char *from = rest->p;
	size_t n = 0;
	struct str line, after, out = STR("");
	struct err e;

	for (after = *rest; str_line(&after, &line) && is_base64_line(line); *rest = after)
		n = (size_t)(line.p + line.n - from);
	if (enc_base64_decode(a, (struct str){ from, n }, n, &out, &e) < 0)
		return STR("");
	return out;
}

static struct str yenc_decode(struct arena *a, struct str *rest)
{
	struct str line;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (str_line(rest, &line)) {
		if (str_starts(line, STR("=yend")))
			break;
		if (str_starts(line, STR("=ypart")))
			continue;
		for (size_t i = 0; i < line.n; i++) {
			unsigned c = (unsigned char)line.p[i];

			if (c == '=' && i + 1 < line.n)
				c = (unsigned char)line.p[++i] - YENC_ESCAPE_SHIFT;
			buf_addc(&b, (char)(c - YENC_SHIFT));
		}
	}
	return buf_str(&b);
}

/* What follows "name=" is the name, blanks and all; it is the last thing in the line. */
static struct str yenc_name(struct str line)
{
	ptrdiff_t at = str_find(line, STR("name="));

	return at < 0 ? STR_NONE : str_trim(str_from(line, (size_t)at + 5));
}

static struct str uu_start(struct str line, enum coding *coding)
{
	bool base64 = false;
	struct str name;

	if (!str_starts(line, STR("begin")))
		return STR_NONE;
	name = begin_name(line, &base64);
	*coding = base64 ? BASE64 : UU;
	return name;
}

static struct str yenc_start(struct str line, enum coding *coding)
{
	*coding = YENC;
	return str_starts(line, STR("=ybegin ")) ? yenc_name(line) : STR_NONE;
}

static struct str decode(struct arena *a, enum coding coding, struct str *rest)
{
	switch (coding) {
	case UU:
		return uu_decode(a, rest);
	case BASE64:
		return base64_decode(a, rest);
	case YENC:
		break;
	}
	return yenc_decode(a, rest);
}

/* Each file that begins with such a line. Nothing behind the line is no file. */
static bool find_files(
	struct arena *a, struct str rest, struct str (*start)(struct str line, enum coding *coding),
	enum mime_embedded_next (*found)(void *ctx, struct str name, struct str content), void *ctx)
{
	struct str line, name, content;
	enum coding coding;

	while (str_line(&rest, &line)) {
		struct arena_mark mark = arena_mark(a);
		enum mime_embedded_next next = EMBEDDED_FORGET;

		name = start(line, &coding);
		if (!name.p)
			continue;
		content = decode(a, coding, &rest);
		if (content.n)
			next = found(ctx, name, content);
		if (next == EMBEDDED_FORGET)
			arena_rewind(a, mark);
		if (next == EMBEDDED_STOP)
			return false;
	}
	return true;
}

void mime_embedded(struct arena *a, struct str text,
		   enum mime_embedded_next (*found)(void *ctx, struct str name, struct str content),
		   void *ctx)
{
	if (str_find(text, STR("begin")) < 0)
		return;
	if (find_files(a, text, uu_start, found, ctx) && str_find(text, STR("=ybegin ")) >= 0)
		find_files(a, text, yenc_start, found, ctx);
}
