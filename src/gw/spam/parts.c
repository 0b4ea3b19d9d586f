#include "gw/spam/ctype.h"
#include "gw/spam/message_int.h"
#include "gw/spam/text.h"
#include "gw/spam/transfer.h"

/* A part whose body waits to be taken apart; first in, first out, as siblings come before nephews.
 */
struct task {
	struct spam_node *node;
	struct str boundary, lines;
	int levels; /* that may still be opened below */
};

struct tasks {
	VEC(struct task) v;
	size_t next;
};

/* One multipart while its lines go by. */
struct splitter {
	struct spam_message *m;
	struct spam_node *node, *part;
	struct str boundary;
	size_t body_max;
	struct str field; /* header field being collected, a view; n = 0: none */
	struct buf body;  /* of the part, where lines had to be broken; else a view: */
	struct str view;
	bool broken, in_body, has_body, nested;
	unsigned count;
};

struct spam_field *spam_field_last(struct spam_node *node, struct str name)
{
	for (size_t i = node->fields.n; i > 0; i--)
		if (str_ieq(node->fields.p[i - 1].name, name))
			return &node->fields.p[i - 1];
	return NULL;
}

struct str spam_field_value(struct spam_message *m, struct spam_field *f)
{
	if (!f->is_decoded) {
		f->decoded = spam_header_decoded(m->a, f->name, f->raw);
		f->is_decoded = true;
	}
	return f->decoded;
}

struct str spam_field_text(struct spam_message *m, struct spam_node *node, const char *name)
{
	struct spam_field *f = spam_field_last(node, str_of(name));

	return f ? spam_field_value(m, f) : STR_NONE;
}

static struct spam_node *add_child(struct spam_message *m, struct spam_node *parent)
{
	struct spam_node *node = NEW(m->a, struct spam_node);

	if (parent->last)
		parent->last->next = node;
	else
		parent->child = node;
	parent->last = node;
	m->part_count++;
	return node;
}

static struct str line_at(struct str rest)
{
	const char *lf = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;

	return lf ? str_sub(rest, 0, (size_t)(lf - rest.p) + 1) : rest;
}

/* Is `line` `--boundary`, closing if `--` follows; blanks may stand at its end. */
static bool is_boundary(struct str line, struct str boundary, bool *closing)
{
	struct str rest;

	*closing = false;
	if (!boundary.p || line.n < 2 || line.p[0] != '-' || line.p[1] != '-')
		return false;
	rest = str_from(line, 2);
	if (!str_starts(rest, boundary))
		return false;
	rest = str_from(rest, boundary.n);
	if (str_starts(rest, STR("--")) && str_trim(str_from(rest, 2)).n == 0) {
		*closing = true;
		return true;
	}
	return str_trim(rest).n == 0;
}

static size_t name_length(struct str line)
{
	size_t i = 0;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f && line.p[i] != ':')
		i++;
	return i;
}

static bool is_field(struct str line, bool blanks)
{
	size_t i = name_length(line);

	if (i == 0)
		return false;
	while (blanks && i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i < line.n && line.p[i] == ':';
}

/* Drops the preamble; without an opening boundary all stays, as the first part. */
static struct str after_preamble(struct spam_message *m, struct str lines, struct str boundary)
{
	struct str rest = lines;
	bool closing;

	while (rest.n) {
		struct str line = line_at(rest);

		rest = str_from(rest, line.n);
		if (!is_boundary(line, boundary, &closing) || closing)
			continue;
		if (rest.n && !is_field(line_at(rest), false))
			m->flags.missing_mime_headers = true;
		return rest;
	}
	return lines;
}

/* Stores the header field collected so far; is it a Content-Type? */
static bool flush_field(struct splitter *s)
{
	ptrdiff_t colon = str_chr(s->field, ':');
	struct str name = str_sub(s->field, 0, (size_t)colon);

	spam_field_add(s->m, s->part, name, str_ltrim(str_from(s->field, (size_t)colon + 1)));
	s->field = STR_NONE;
	return str_ieq(name, STR("content-type"));
}

/* The part's boundary is its parent's too: the next closing one is the part's. */
static void note_nested(struct splitter *s)
{
	struct spam_ctype type;

	spam_ctype_parse(s->m->a, spam_field_text(s->m, s->part, "content-type"), &type);
	if (type.boundary.p && str_eq(type.boundary, s->boundary))
		s->nested = true;
}

/* Takes a header line; false if the line belongs to the body. */
static bool take_header_line(struct splitter *s, struct str line)
{
	if (is_field(line, true)) {
		if (s->field.n)
			flush_field(s);
		s->field = line;
		return true;
	}
	if ((*line.p == ' ' || *line.p == '\t') && s->field.n) {
		s->field.n += line.n;
		return true;
	}
	if (s->field.n && flush_field(s) && s->boundary.p)
		note_nested(s);
	s->in_body = true;
	if (str_eq(line, STR("\n")) || str_eq(line, STR("\r\n")) || str_eq(line, STR("\r")))
		return true;
	s->m->flags.missing_mime_head_body_separator = true;
	return false;
}

static void take_body_line(struct splitter *s, struct str line)
{
	s->has_body = true;
	if (line.n > SPAM_PART_LINE_MAX && !s->broken) {
		buf_init(&s->body, s->m->a, s->body_max);
		buf_add(&s->body, s->view);
		s->broken = true;
	}
	if (!s->broken) {
		s->view = s->view.p ? (struct str){ s->view.p, s->view.n + line.n } : line;
		return;
	}
	while (line.n > SPAM_PART_LINE_MAX) {
		buf_add(&s->body, str_sub(line, 0, SPAM_PART_LINE_MAX));
		buf_addc(&s->body, '\n');
		line = str_from(line, SPAM_PART_LINE_MAX);
	}
	buf_add(&s->body, line);
}

static void start_part(struct splitter *s)
{
	s->part = NEW(s->m->a, struct spam_node);
	s->field = s->view = STR_NONE;
	s->broken = s->in_body = s->has_body = false;
}

/* The part is complete: gives it its type and its place in tree and queue. */
static void end_part(struct splitter *s, struct tasks *q, int levels, bool at_boundary)
{
	struct str lines = s->broken ? buf_str(&s->body) : s->view;
	struct spam_node *node = add_child(s->m, s->node);
	struct spam_ctype type;

	/* The line end before a boundary is part of the boundary. */
	if (at_boundary && lines.n && lines.p[lines.n - 1] == '\n')
		lines.n--;
	node->fields.p = s->part->fields.p;
	node->fields.n = s->part->fields.n;
	node->fields.cap = s->part->fields.cap;
	spam_ctype_parse(s->m->a, spam_field_text(s->m, node, "content-type"), &type);
	node->part.type = type.type;
	if (type.missing && str_eq(s->node->part.type, STR("multipart/digest")))
		node->part.type = STR("message/rfc822");
	vec_add(s->m->a, &q->v,
		((struct task){ node, type.boundary.n ? type.boundary : s->boundary, lines,
				levels }));
	s->count++;
	start_part(s);
}

static bool has_epilogue(struct str rest)
{
	for (size_t i = 0; i < rest.n; i++)
		if (!is_space(rest.p[i]) && rest.p[i] != '.')
			return true;
	return false;
}

static void split_multipart(struct spam_message *m, struct tasks *q, const struct task *t)
{
	/* Broken lines have one newline more for each SPAM_PART_LINE_MAX octets. */
	struct splitter s = {
		.m = m, .node = t->node, .boundary = t->boundary, .body_max = 2 * t->lines.n + 2
	};
	struct str rest = after_preamble(m, t->lines, t->boundary);

	start_part(&s);
	while (rest.n) {
		struct str line = line_at(rest);
		bool closing, found = is_boundary(line, t->boundary, &closing);

		rest = str_from(rest, line.n);
		if (found && s.nested) {
			found = false;
			s.nested = !closing;
		}
		if (!found && rest.n) {
			if (s.in_body || !take_header_line(&s, line))
				take_body_line(&s, line);
			continue;
		}
		if (!found)
			take_body_line(&s, line);
		end_part(&s, q, t->levels - 1, found);
		if (closing)
			break;
		if (rest.n && !is_field(line_at(rest), false))
			m->flags.missing_mime_headers = true;
		if (s.count == SPAM_PARTS_MAX || m->part_count >= SPAM_PARTS_ALL_MAX)
			return;
	}
	if (has_epilogue(rest))
		m->flags.mime_epilogue_exists = true;
}

/* A leaf: what its headers say about it. */
static void read_leaf(struct spam_message *m, const struct task *t)
{
	struct spam_part *part = &t->node->part;
	struct spam_ctype type;

	spam_ctype_parse(m->a, spam_field_text(m, t->node, "content-type"), &type);
	if (!type.missing) {
		part->type = type.type;
		if (str_starts(type.type, STR("multipart/")) && !t->boundary.p)
			part->type = STR("text/plain");
	}
	part->charset = type.charset;
	part->name = spam_disposition_name(spam_field_text(m, t->node, "content-disposition"));
	if (!part->name.p && type.name.n && !str_eq(type.name, STR("0")))
		part->name = type.name;
	part->leaf = true;
	t->node->raw = t->lines;
}

static bool is_message(const struct spam_part *part)
{
	return str_eq(part->type, STR("message/rfc822")) ||
	       str_eq(part->type, STR("message/global"));
}

/* A message inside: read like one, its parts are parts of ours. */
static void open_message(struct spam_message *m, struct tasks *q, const struct task *t)
{
	struct str text = spam_node_decoded(m, t->node);
	struct spam_message_flags ignored = { 0 };
	struct spam_split split;
	struct spam_node *inner;

	if (!text.n || m->part_count >= SPAM_PARTS_ALL_MAX)
		return;
	inner = add_child(m, t->node);
	spam_message_split(m, text, inner, &ignored, &split);
	t->node->part.leaf = false;
	vec_add(m->a, &q->v, ((struct task){ inner, split.boundary, split.lines, t->levels - 1 }));
}

/* .htm, .html, .shtm, .shtml */
static bool is_html_name(struct str name)
{
	if (str_iends(name, STR("l")))
		name.n--;
	if (!str_iends(name, STR("htm")))
		return false;
	name.n -= 3;
	return str_ends(name, STR(".")) || str_iends(name, STR(".s"));
}

static void list_parts(struct spam_message *m, struct spam_node *node)
{
	for (; node; node = node->next) {
		struct spam_part *part = &node->part;

		part->effective = is_html_name(part->name) ? STR("text/html") : part->type;
		part->encoding =
			str_lower(m->a, spam_field_text(m, node, "content-transfer-encoding"));
		if (part->type.n)
			vec_add(m->a, &m->parts, part);
		/* Not deeper than SPAM_LEVELS_MAX + 1: a message inside counts as a level. */
		list_parts(m, node->child);
	}
}

void spam_parts_read(struct spam_message *m, struct spam_node *node, const struct spam_split *s)
{
	struct tasks q = { 0 };

	vec_add(m->a, &q.v, ((struct task){ node, s->boundary, s->lines, SPAM_LEVELS_MAX }));
	while (q.next < q.v.n) {
		struct task t = q.v.p[q.next++];

		if (str_starts(t.node->part.type, STR("multipart/")) && t.boundary.p &&
		    t.levels > 0) {
			split_multipart(m, &q, &t);
			continue;
		}
		read_leaf(m, &t);
		if (is_message(&t.node->part) && t.levels > 0)
			open_message(m, &q, &t);
	}
	list_parts(m, node);
}

struct str spam_node_decoded(struct spam_message *m, struct spam_node *node)
{
	struct str coding;

	if (node->is_decoded)
		return node->decoded;
	coding = spam_field_text(m, node, "content-transfer-encoding");
	node->decoded = node->raw;
	if (str_ieq(coding, STR("quoted-printable"))) {
		node->decoded = spam_lf(m->a, spam_qp_decode(m->a, node->raw));
	} else if (str_ieq(coding, STR("base64"))) {
		struct str type = node->part.type;

		node->decoded = spam_base64_decode(m->a, node->raw);
		if (str_starts(type, STR("text/")) || str_starts(type, STR("message/")))
			node->decoded = spam_lf(m->a, node->decoded);
	}
	node->is_decoded = true;
	return node->decoded;
}

const struct spam_part *const *spam_parts(struct spam_message *m, size_t *n)
{
	*n = m->parts.n;
	return m->parts.p;
}
