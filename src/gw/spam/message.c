#define _GNU_SOURCE /* memmem */
#include "gw/spam/ctype.h"
#include "gw/spam/message_int.h"
#include "gw/spam/transfer.h"

enum { BAD_FIELDS_MAX = 3 }; /* lines of a header that are no field: the next one starts the body */

/* What is left of the text, and the line ending that counts for it. */
struct reader {
	struct str rest;
	bool crlf;
	struct buf header; /* with line endings promoted; p stays NULL if nothing had to be */
};

/* The next line with its LF. */
static struct str line_at(struct str rest)
{
	const char *lf = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;

	return lf ? str_sub(rest, 0, (size_t)(lf - rest.p) + 1) : rest;
}

static bool has_crlf(struct str s)
{
	return s.n && memmem(s.p, s.n, "\r\n", 2);
}

static struct str last_line(struct str s)
{
	struct str head = str_sub(s, 0, s.n ? s.n - 1 : 0);

	return str_from(s, (size_t)(str_rchr(head, '\n') + 1));
}

/* "From " and no colon next: the line that separates mails in a mailbox file. */
static bool is_mbox_separator(struct str line)
{
	size_t i = 4;

	if (!str_starts(line, STR("From")))
		return false;
	while (i < line.n && is_space(line.p[i]))
		i++;
	/* Blanks may be given back, so only a single one before the colon tells. */
	return i > 5 || (i == 5 && !(i < line.n && line.p[i] == ':'));
}

/* " 2-Jan-1999 12:34:56…": the same in an MBX file. */
static bool is_mbx_separator(struct str line)
{
	static const char shape[] = "##-aaa-#### ##:##:##";

	if (line.n < sizeof(shape) - 1)
		return false;
	for (size_t i = 0; shape[i]; i++) {
		char c = line.p[i];
		bool ok = shape[i] == '#'   ? ascii_is_digit(c)
			  : shape[i] == 'a' ? ascii_is_alpha(c)
			  : shape[i] == ' ' ? is_space(c)
					    : c == shape[i];

		if (!ok && !(i == 0 && (is_space(c) || c == '|')))
			return false;
	}
	return true;
}

/* Printable characters and a colon, perhaps blanks before it. */
static bool is_field(struct str line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != ':')
		i++;
	if (i == 0)
		return false;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i < line.n && line.p[i] == ':';
}

/* Text with every bare LF made CRLF; itself if there is none. */
static struct str promoted(struct arena *a, struct str s)
{
	size_t bare = 0, n = 0;
	char *out;

	for (size_t i = 0; i < s.n; i++)
		bare += s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r');
	if (!bare)
		return s;
	out = arena_alloc(a, s.n + bare);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			out[n++] = '\r';
		out[n++] = s.p[i];
	}
	return (struct str){ out, n };
}

void spam_field_add(struct spam_message *m, struct spam_node *node, struct str name, struct str raw)
{
	struct spam_field *f = vec_push(m->a, &node->fields);

	f->name = name;
	f->raw = raw;
}

/* One field with its continuation lines; without a colon it is dropped. */
static void add_field(struct spam_message *m, struct spam_node *node, struct str field, bool crlf,
		      struct spam_message_flags *flags)
{
	ptrdiff_t colon = str_chr(field, ':');
	struct str name, value;

	if (colon < 0)
		return;
	name = str_sub(field, 0, (size_t)colon);
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	value = str_from(field, (size_t)colon + 1);
	if (crlf)
		value = spam_lf(m->a, value);
	if (name.n > SPAM_HEADER_NAME_MAX || value.n > SPAM_HEADER_VALUE_MAX)
		flags->truncated_header = true;
	spam_field_add(m, node, str_sub(name, 0, SPAM_HEADER_NAME_MAX),
		       str_sub(value, 0, SPAM_HEADER_VALUE_MAX));
}

static bool ends_header(struct str line, bool crlf)
{
	return str_eq(line, STR("\n")) || (crlf && str_eq(line, STR("\r\n")));
}

/* Where the header of `text` ends, its blank line included; sets the flag if that is missing. */
static size_t header_end(struct str text, bool crlf, struct spam_message_flags *flags)
{
	size_t at = 0, bad = 0;

	while (at < text.n) {
		struct str line = line_at(str_from(text, at));

		if (*line.p != ' ' && *line.p != '\t') {
			if (ends_header(line, crlf))
				return at + line.n;
			if (str_starts(line, STR("--")))
				break;
			if (!is_field(line) && ++bad > BAD_FIELDS_MAX)
				break;
		}
		at += line.n;
	}
	flags->missing_head_body_separator = true;
	return at;
}

static void read_fields(struct spam_message *m, struct spam_node *node, struct str header,
			bool crlf, struct spam_message_flags *flags)
{
	size_t start = 0, at = 0;

	while (at < header.n) {
		struct str line = line_at(str_from(header, at));

		if (at > start && *line.p != ' ' && *line.p != '\t') {
			add_field(m, node, str_sub(header, start, at - start), crlf, flags);
			start = at;
		}
		at += line.n;
	}
	add_field(m, node, str_sub(header, start, at - start), crlf, flags);
}

static bool is_white(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (!is_space(line.p[i]))
			return false;
	return true;
}

/*
 * Leaves SPAM_BLANK_LINES_MAX of a longer run of blank lines. In a run at the very top the first
 * two lines stay and one more is counted; SpamAssassin's indices work out that way.
 */
static struct str cut_blank_runs(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t n = 0, at = 0, run_out = 0, first_n = 0, lines = 0, keep = SPAM_BLANK_LINES_MAX - 1;
	bool top = true;

	while (at < s.n) {
		struct str line = line_at(str_from(s, at));
		bool white = is_white(line);

		if (!white) {
			top = false;
			lines = 0;
		} else if (lines++ == 0) {
			run_out = n;
			first_n = 0;
			keep = top ? SPAM_BLANK_LINES_MAX + 1 : SPAM_BLANK_LINES_MAX;
		}
		memcpy(out + n, line.p, line.n);
		n += line.n;
		if (white && lines == (top ? 2u : 1u))
			first_n = n - run_out;
		if (white && lines > keep) {
			/* One line more than may stay: the oldest after those kept goes. */
			size_t from = run_out + first_n;
			struct str gone = line_at((struct str){ out + from, n - from });

			memmove(out + from, out + from + gone.n, n - from - gone.n);
			n -= gone.n;
		}
		at += line.n;
	}
	return (struct str){ out, n };
}

/* More than SPAM_BLANK_LINES_MAX line ends with nothing but white space between. */
static bool has_blank_run(struct str s)
{
	size_t run = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && ++run > SPAM_BLANK_LINES_MAX)
			return true;
		if (!is_space(s.p[i]))
			run = 0;
	}
	return false;
}

/*
 * A multipart body that starts with neither a blank line nor the boundary: what it starts with must
 * not be taken for a part's header.
 */
static struct str with_blank_line(struct arena *a, struct str lines, struct str boundary)
{
	struct str first = line_at(lines);

	if (first.n == lines.n || is_white(first))
		return lines;
	if (boundary.p && str_starts(first, STR("--")) && str_starts(str_from(first, 2), boundary))
		return lines;
	return str_cat(a, STR("\n"), lines);
}

void spam_message_split(struct spam_message *m, struct str text, struct spam_node *node,
			struct spam_message_flags *flags, struct spam_split *out)
{
	struct spam_ctype type;
	struct str first;
	size_t end;
	bool crlf;

	if (!text.n)
		text = STR("\n");
	first = line_at(text);
	if (is_mbox_separator(first) || is_mbx_separator(first))
		text = str_from(text, first.n);
	crlf = has_crlf(line_at(text)) || has_crlf(last_line(text));
	end = header_end(text, crlf, flags);
	out->header = str_sub(text, 0, end);
	out->body = str_from(text, end);
	out->full = text;
	if (crlf) {
		out->header = promoted(m->a, out->header);
		if (out->header.p != text.p)
			out->full = str_cat(m->a, out->header, out->body);
	}
	read_fields(m, node, out->header, crlf, flags);
	spam_ctype_parse(m->a, spam_field_text(m, node, "content-type"), &type);
	node->part.type = type.type;
	out->boundary = type.boundary;
	out->lines = crlf ? spam_lf(m->a, out->body) : out->body;
	if (has_blank_run(out->lines))
		out->lines = cut_blank_runs(m->a, out->lines);
	if (str_starts(type.type, STR("multipart/")))
		out->lines = with_blank_line(m->a, out->lines, out->boundary);
}

static bool is_old_verdict(struct str name)
{
	return str_istarts(name, STR("X-Spam-"));
}

/* What an earlier SpamAssassin said is not for this one. */
static void drop_old_verdicts(struct spam_node *node)
{
	size_t n = 0;

	for (size_t i = 0; i < node->fields.n; i++)
		if (!is_old_verdict(node->fields.p[i].name))
			node->fields.p[n++] = node->fields.p[i];
	node->fields.n = n;
}

void spam_view_options_init(struct spam_view_options *o, const struct uri_domains *domains)
{
	*o = (struct spam_view_options){
		.domains = domains,
		.body_part_max = SPAM_BODY_PART_MAX,
		.rawbody_part_max = SPAM_RAWBODY_PART_MAX,
		.dkim_uris = true,
	};
}

struct spam_message *spam_message_read(struct arena *a, const struct spam_mail *mail,
				       const struct spam_view_options *o)
{
	struct spam_message *m = NEW(a, struct spam_message);
	struct spam_split split;

	m->a = a;
	m->o = o;
	spam_message_split(m, mail->raw, &m->root, &m->flags, &split);
	m->header = split.header;
	m->body = split.body;
	m->full = split.full;
	m->body_size = split.body.n;
	if (mail->true_size > mail->raw.n)
		m->body_size += mail->true_size - mail->raw.n;
	spam_parts_read(m, &m->root, &split);
	drop_old_verdicts(&m->root);
	for (size_t i = 0; i < mail->added_count; i++)
		spam_field_add(m, &m->root, mail->added[i].name, mail->added[i].value);
	return m;
}

const struct spam_message_flags *spam_message_flags(const struct spam_message *m)
{
	return &m->flags;
}

size_t spam_body_size(const struct spam_message *m)
{
	return m->body_size;
}

struct str spam_full(const struct spam_message *m)
{
	return m->full;
}

struct str spam_pristine_body(const struct spam_message *m)
{
	return m->body;
}
