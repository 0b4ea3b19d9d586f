#include "lib/razor/razor_int.h"

/* The first field of each part, as its length counts; and what is put above where a limit cut. */
#define AGENT "X-Razor2-Agent: Razor-Agents v2.84\n"
#define CUT_BODY "X-Razor2-Origlen-Body: "
#define CUT_HEADER "X-Razor2-Origlen-Header: "
#define MULTIPART "Content-Type: multipart"
#define BOUNDARY "boundary="

enum { SHORT_TEXT = 128 };

struct walk {
	struct arena *a;
	struct razor_parts *out;
	size_t number;
};

void razor_halves(struct str text, struct str *header, struct str *body)
{
	*header = text;
	*body = STR_NONE;
	for (size_t i = 0; i < text.n; i++) {
		size_t next = i + 1;

		if (text.p[i] != '\n')
			continue;
		while (next < text.n && text.p[next] == '\r')
			next++;
		if (next < text.n && text.p[next] == '\n') {
			*header = str_sub(text, 0, i);
			*body = str_from(text, next + 1);
			return;
		}
	}
}

/* To Razor a lone zero is nothing. */
static bool is_nothing(struct str body)
{
	return body.n == 0 || str_eq(body, STR("0"));
}

static bool is_blank(struct str s)
{
	return str_trim(s).n == 0;
}

struct str razor_unfolded(struct arena *a, struct str header)
{
	struct buf b;
	size_t i = 0;

	buf_init(&b, a, header.n + 1);
	while (i < header.n) {
		char c = header.p[i++];

		if (c == '\n' && i < header.n && ascii_is_blank(header.p[i]))
			while (i < header.n && ascii_is_blank(header.p[i]))
				i++;
		else
			buf_addc(&b, c);
	}
	return buf_str(&b);
}

/* The fields that tell about the content. */
static struct str content_fields(struct arena *a, struct str header)
{
	struct str rest = razor_unfolded(a, header);
	struct buf b;

	buf_init(&b, a, rest.n + 2);
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		if (!str_istarts(line, STR("Content-")) && !str_istarts(line, STR("X-Razor2")))
			continue;
		buf_add(&b, line);
		buf_addc(&b, '\n');
	}
	return buf_str(&b);
}

/* `text` starts with the value: in quotes, or up to a blank. */
static struct str boundary_value(struct str text)
{
	size_t n = 0;

	if (str_starts(text, STR("\""))) {
		ptrdiff_t end = str_chr(str_from(text, 1), '"');

		if (end > 0)
			return str_sub(text, 0, (size_t)end + 2);
	}
	while (n < text.n && !ascii_is_blank(text.p[n]))
		n++;
	return str_sub(text, 0, n);
}

/* The last one in the line where `fields` starts that has a value. */
static struct str boundary_in_line(struct str fields)
{
	ptrdiff_t end = str_chr(fields, '\n');
	size_t n = end < 0 ? fields.n : (size_t)end;

	/* Something has to stand in front of it. */
	for (size_t i = n; i-- > 1;) {
		struct str found;

		if (!str_istarts(str_sub(fields, i, n - i), STR(BOUNDARY)))
			continue;
		found = boundary_value(str_from(fields, i + strlen(BOUNDARY)));
		if (found.n)
			return found;
	}
	return STR_NONE;
}

/* False if the part is no multipart. */
static bool boundary_of(struct str fields, struct str *out)
{
	ptrdiff_t at;

	*out = STR_NONE;
	while (out->n == 0 && (at = str_ifind(fields, STR(MULTIPART))) >= 0) {
		fields = str_from(fields, (size_t)at + strlen(MULTIPART));
		*out = boundary_in_line(fields);
		str_cut(&fields, '\n');
	}
	if (out->n == 0)
		return false;
	if (out->n > 1 && str_starts(*out, STR("\"")) && str_ends(*out, STR("\"")) &&
	    str_chr(*out, '\n') < 0)
		*out = str_sub(*out, 1, out->n - 2);
	return true;
}

/* Without the carriage returns in front of line ends. */
static struct str plain_ends(struct arena *a, struct str s)
{
	struct buf b;
	size_t i = 0;

	if (str_chr(s, '\r') < 0)
		return s;
	buf_init(&b, a, s.n + 1);
	while (i < s.n) {
		size_t run = i;

		while (i < s.n && s.p[i] == '\r')
			i++;
		if (i == s.n || s.p[i] != '\n')
			buf_add(&b, str_sub(s, run, i - run));
		if (i < s.n)
			buf_addc(&b, s.p[i++]);
	}
	return buf_str(&b);
}

static struct str header_cut(struct arena *a, struct str header)
{
	ptrdiff_t end;

	if (header.n <= RAZOR_HEADER_MAX)
		return header;
	header = str_cat(a, str_fmt(a, CUT_HEADER "%zu\n", header.n), header);
	header = str_sub(header, 0, RAZOR_HEADER_MAX);
	end = str_rchr(header, '\n');
	return str_sub(header, 0, (size_t)end + 1);
}

/* "Content-Type:": where the first colon ends, 0 if it is no such field. */
static size_t content_field(struct str s)
{
	if (!str_starts(s, STR("Content")))
		return 0;
	for (size_t i = 0; i < s.n && !ascii_is_blank(s.p[i]); i++)
		if (s.p[i] == ':')
			return i + 1;
	return 0;
}

/* The fields of an empty part that have been taken for its text. */
static bool is_header_only(struct str text)
{
	size_t from = content_field(text);

	if (text.n >= SHORT_TEXT || from == 0)
		return false;
	for (size_t i = from; i < text.n; i++) {
		struct str rest = str_from(text, i + 1);

		if (text.p[i] != '\n')
			continue;
		if (str_starts(rest, STR("\r")))
			rest = str_from(rest, 1);
		if (is_blank(rest) || content_field(rest))
			return true;
	}
	return false;
}

static void leaf(struct walk *w, struct str fields, struct str body)
{
	struct razor_part part = { .number = w->number };
	struct str header = str_cat(w->a, STR(AGENT), fields);

	if (is_nothing(body) || w->number == RAZOR_PARTS_MAX)
		return;
	w->number++;
	body = plain_ends(w->a, body);
	header = plain_ends(w->a, header);
	if (body.n > RAZOR_BODY_MAX) {
		header = str_cat(w->a, str_fmt(w->a, CUT_BODY "%zu\n", body.n), header);
		body = str_sub(body, 0, RAZOR_BODY_MAX);
	}
	header = header_cut(w->a, header);
	body = razor_decoded(w->a, header, body);
	part.text = razor_without_end(body);
	if (is_blank(part.text) || is_header_only(part.text))
		return;
	part.plain = razor_without_end(razor_without_tags(w->a, header, body));
	vec_add(w->a, &w->out->v, part);
}

static void walk_part(struct walk *w, struct str part, int level);

/* Where the next line `mark`, with the line end before it, is from `from` on; *end is behind it. */
static bool next_mark(struct str body, struct str mark, size_t from, size_t *start, size_t *end)
{
	ptrdiff_t at;

	while ((at = str_find(str_from(body, from), mark)) >= 0) {
		*start = from + (size_t)at;
		*end = *start + mark.n;
		while (*end < body.n && body.p[*end] == '\r')
			(*end)++;
		if (*end < body.n && body.p[*end] == '\n') {
			(*end)++;
			return true;
		}
		from = *start + 1;
	}
	return false;
}

/* The parts between the lines with the boundary; without any the body is the only one. */
static void walk_multipart(struct walk *w, struct str body, struct str boundary, int level)
{
	struct str mark = str_cat(w->a, STR("\n--"), boundary);
	ptrdiff_t closing = str_find(body, str_cat(w->a, mark, STR("--")));
	struct str first = str_from(mark, 1);
	size_t start = 0, end = 0, from = 0;

	if (closing >= 0)
		body = str_sub(body, 0, (size_t)closing);
	if (str_find(body, first) < 0) {
		walk_part(w, body, level);
		return;
	}
	/* The first one may stand at the very beginning. */
	if (str_starts(body, first)) {
		from = first.n;
		while (from < body.n && body.p[from] == '\r')
			from++;
		from = from < body.n && body.p[from] == '\n' ? from + 1 : 0;
	}
	if (from == 0 && next_mark(body, mark, 0, &start, &end))
		from = end;
	if (from == 0)
		return;
	while (next_mark(body, mark, from, &start, &end)) {
		walk_part(w, str_sub(body, from, start - from), level);
		from = end;
	}
	walk_part(w, str_from(body, from), level);
}

static void walk_part(struct walk *w, struct str part, int level)
{
	struct str header, body, fields, boundary;
	bool nested = level > 0;

	if (nested && is_blank(part))
		return;
	razor_halves(part, &header, &body);
	if (is_nothing(body) || (nested && !str_istarts(header, STR("Content-Type:")))) {
		leaf(w, STR(""), str_starts(part, STR("\n")) ? str_from(part, 1) : part);
		return;
	}
	fields = content_fields(w->a, header);
	if (level < RAZOR_LEVELS_MAX && boundary_of(fields, &boundary))
		walk_multipart(w, body, boundary, level + 1);
	else
		leaf(w, fields, body);
}

struct razor_parts razor_parts(struct arena *a, struct str mail)
{
	struct razor_parts parts = { 0 };
	struct walk w = { .a = a, .out = &parts };

	walk_part(&w, mail, 0);
	return parts;
}
