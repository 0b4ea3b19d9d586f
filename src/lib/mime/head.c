#include "lib/mime/mime_int.h"

/* What a field name may consist of: printable ASCII but the colon (RFC 5322, 2.2). */
static bool is_name_char(char c)
{
	return c > 32 && c < 127 && c != ':';
}

/* Length of the empty line at `p`, or 0. */
static size_t empty_line(const char *p, const char *end)
{
	if (*p == '\n')
		return 1;
	return *p == '\r' && end - p > 1 && p[1] == '\n' ? 2 : 0;
}

static const char *line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl + 1 : end;
}

/* True if the line that begins with a blank at `p` consists of blanks. */
static bool is_blank_line(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p == end || empty_line(p, end);
}

/*
 * The end of the field that begins at `p`, with the lines that continue it. Some clients take a
 * blank one among them for the end of the header.
 */
static const char *field_end(const char *p, const char *end, bool blank_ends, bool *odd)
{
	for (p = line_end(p, end); p < end && (*p == ' ' || *p == '\t'); p = line_end(p, end)) {
		if (!is_blank_line(p, end))
			continue;
		*odd = true;
		if (blank_ends)
			break;
	}
	return p;
}

/* Bytes that end a line or the text for some clients. */
static bool has_odd_bytes(const char *p, const char *end)
{
	const char *cr = memchr(p, '\r', (size_t)(end - p));

	while (cr && end - cr > 1 && cr[1] == '\n')
		cr = memchr(cr + 1, '\r', (size_t)(end - cr - 1));
	return cr || memchr(p, '\0', (size_t)(end - p));
}

/* Where the name of the field at `p` ends; NULL if it is no field. */
static const char *name_end(const char *p, const char *end)
{
	const char *at = p, *colon;

	while (at < end && is_name_char(*at))
		at++;
	/* Blanks before the colon are obsolete but allowed (RFC 5322, 4.5). */
	for (colon = at; colon < end && (*colon == ' ' || *colon == '\t');)
		colon++;
	return at > p && colon < end && *colon == ':' ? at : NULL;
}

/*
 * Looks from a line that is no field for one that is: then clients step over what is between. An
 * empty line or the end mean that the body began without an empty line, and so does a boundary,
 * known already or not. The answer holds for all lines that were looked at, so each is looked at
 * once.
 */
static bool fields_follow(struct parser *ps, const char *p)
{
	if (p < ps->field_ahead)
		return true;
	for (; p < ps->end && !empty_line(p, ps->end); p = line_end(p, ps->end)) {
		if (*p == '-' && ps->end - p > 1 && p[1] == '-')
			return false;
		if (name_end(p, ps->end)) {
			ps->field_ahead = p;
			return true;
		}
	}
	return false;
}

static struct str value_of(const char *p, const char *end)
{
	while (p < end && *p != ':')
		p++;
	return str_trim((struct str){ p + 1, end > p ? (size_t)(end - p - 1) : 0 });
}

static bool add_field(struct parser *ps, const char *p, const char *name, const char *end)
{
	size_t n = (size_t)(end - p);
	struct mime_header *h;

	if (ps->mail->field_count >= ps->lim.fields) {
		mime_truncate(ps, "header fields");
		return false;
	}
	if (n > ps->lim.header_bytes - ps->header_bytes) {
		mime_truncate(ps, "header bytes");
		return false;
	}
	ps->mail->field_count++;
	ps->header_bytes += n;
	h = vec_push(ps->a, &ps->fields);
	/* The scratch vector is used again: what it gives is not zeroed. */
	*h = (struct mime_header){ .name = STR(""), .whole = { p, n } };
	if (name) {
		h->name = (struct str){ p, (size_t)(name - p) };
		h->value = value_of(name, end);
	} else {
		h->value = str_trim(h->whole);
	}
	return true;
}

static void keep_fields(struct parser *ps, struct mime *m)
{
	struct mime_header *copy = NEW_N(ps->a, struct mime_header, ps->fields.n);

	if (ps->fields.n)
		memcpy(copy, ps->fields.p, ps->fields.n * sizeof(*copy));
	m->headers = copy;
	m->header_count = (uint32_t)ps->fields.n;
}

/* The line that mailbox files put before each message. */
static void skip_envelope(struct parser *ps)
{
	struct str rest = { ps->p, (size_t)(ps->end - ps->p) };

	if (str_starts(rest, STR("From ")) || str_starts(rest, STR(">From ")))
		ps->p = line_end(ps->p, ps->end);
}

enum line { LINE_FIELD, LINE_EMPTY, LINE_BOUNDARY, LINE_NO_FIELD, LINE_FULL };

/* Takes the field or whatever else is at ps->p. */
static enum line take_line(struct parser *ps, struct mime *m)
{
	const char *p = ps->p, *name, *end;
	size_t empty = empty_line(p, ps->end);
	bool odd = false, ends = has_habit(ps, HABIT_ENDS);

	if (!empty && ends && is_blank_line(p, ps->end))
		empty = (size_t)(line_end(p, ps->end) - p);
	if (empty) {
		ps->p += empty;
		return LINE_EMPTY;
	}
	if (ps->top && *p == '-' && ps->end - p > 2 && p[1] == '-' && mime_boundary_at(ps, p, p))
		return LINE_BOUNDARY;
	name = name_end(p, ps->end);
	if (!name) {
		m->anomalies |= MIME_HEADER_GARBAGE;
		if (ends || (!has_habit(ps, HABIT_SKIPS) && !fields_follow(ps, p)))
			return LINE_NO_FIELD;
	}
	end = name ? field_end(p, ps->end, ends, &odd) : line_end(p, ps->end);
	if (!add_field(ps, p, name, end))
		return LINE_FULL;
	if (odd || has_odd_bytes(p, end))
		m->anomalies |= MIME_FIELD_ODD;
	ps->p = end;
	return LINE_FIELD;
}

bool mime_head_parse(struct parser *ps, struct mime *m)
{
	enum line line = LINE_FIELD;
	const char *from, *to;

	ps->fields.n = 0;
	if (!m->parent || !mime_is_multipart(m->parent))
		skip_envelope(ps);
	from = to = ps->p;
	while (line == LINE_FIELD && ps->p < ps->end) {
		line = take_line(ps, m);
		if (line == LINE_FIELD)
			to = ps->p;
	}
	m->head = (struct str){ from, (size_t)(to - from) };
	keep_fields(ps, m);
	m->head_open = line != LINE_EMPTY;
	if (line == LINE_BOUNDARY) {
		m->body = (struct str){ to, 0 };
		m->anomalies |= m->head.n ? MIME_HEADER_OPEN : 0;
		return false;
	}
	m->body = (struct str){ ps->p, 0 };
	if (line == LINE_FIELD)
		mime_boundary_find(ps);
	return line != LINE_FIELD;
}
