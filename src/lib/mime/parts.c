/* Edits of whole parts and of bodies. */
#include "base/buf.h"
#include "lib/mime/edit_int.h"

struct inside {
	uint32_t first, last;
};

static bool is_inside(const struct mime_splice *s, const void *ctx)
{
	const struct inside *in = ctx;

	return s->aid >= in->first && s->aid <= in->last;
}

/* Everything in the content of a wrapped root; its header stays. */
static bool is_wrapped_content(const struct mime_splice *s, const void *ctx)
{
	(void)ctx;
	return s->aid > 1 || s->kind == SPLICE_OPEN || s->kind == SPLICE_BODY ||
	       s->kind == SPLICE_CLOSE || s->kind == SPLICE_LAST;
}

static bool is_content_name(struct str name)
{
	return str_istarts(name, STR("content-"));
}

/* Moves the Content- fields, as this version has them, to the end of `to`. */
static void move_content_fields(struct mime_edit *ed, struct buf *to)
{
	const struct mime *root = ed->root;

	for (uint32_t i = 0; i < ed->n; i++)
		if (ed->splices[i].kind == SPLICE_ADDED && ed->splices[i].aid == root->aid &&
		    is_content_name(ed->splices[i].name))
			buf_add(to, ed->splices[i].with);
	for (uint32_t i = 0; i < root->header_count; i++) {
		const struct mime_header *h = &root->headers[i];
		const struct mime_splice *s = mime_splice_of_field(ed, h);

		if (!is_content_name(h->name))
			continue;
		buf_add(to, s ? s->with : h->whole);
		if (!s && !str_ends(h->whole, STR("\n")))
			buf_add(to, root->mail->eol);
	}
}

static bool match_content(struct str name, const void *ctx)
{
	(void)ctx;
	return is_content_name(name);
}

/* The line that begins the first part, and before it the end of the header if that is open. */
static void add_opening(const struct mime_edit *ed, struct buf *b)
{
	const struct mime *root = ed->root;

	if (root->head.n && !str_ends(root->head, STR("\n")))
		buf_add(b, root->mail->eol);
	if (root->head.n && root->head_open)
		buf_add(b, root->mail->eol);
	buf_addz(b, "--");
	buf_add(b, ed->boundary);
	buf_add(b, root->mail->eol);
}

static void add_closing(const struct mime_edit *ed, struct buf *b)
{
	buf_add(b, ed->root->mail->eol);
	buf_addz(b, "--");
	buf_add(b, ed->boundary);
	buf_addz(b, "--");
	buf_add(b, ed->root->mail->eol);
}

/* Content-Type takes the place of the old one; a root without one gets it on top. */
static void set_multipart(struct mime_edit *ed)
{
	const struct mime *root = ed->root;
	struct str value =
		str_fmt(ed->a, "multipart/mixed; boundary=\"%.*s\"", STR_ARG(ed->boundary));
	const struct mime_header *h = mime_find(root, STR("Content-Type"));
	struct mime_splice *s = h ? mime_splice_of_field(ed, h) : NULL;
	struct str unused;

	if (s) {
		s->name = STR("Content-Type");
		s->value = value;
		s->with = str_fmt(ed->a, "Content-Type: %.*s%.*s", STR_ARG(value),
				  STR_ARG(root->mail->eol));
	} else {
		mime_edit_prepend(ed, root, STR("Content-Type"), value);
	}
	if (!mime_edit_find(ed, root, STR("MIME-Version"), &unused))
		mime_edit_prepend(ed, root, STR("MIME-Version"), STR("1.0"));
}

void mime_edit_wrap(struct mime_edit *ed, struct str boundary)
{
	const struct mime *root = ed->root;
	const char *end = root->body.p + root->body.n;
	struct buf open, close;

	if (ed->boundary.n)
		return;
	ed->boundary = boundary;
	buf_init(&open, ed->a, SIZE_MAX);
	buf_init(&close, ed->a, SIZE_MAX);
	add_opening(ed, &open);
	move_content_fields(ed, &open);
	buf_add(&open, root->mail->eol);
	add_closing(ed, &close);
	mime_edit_delete_if(ed, root, match_content, NULL);
	set_multipart(ed);
	mime_splice_add(ed, root, SPLICE_OPEN, root->body.p, 0)->with = buf_str(&open);
	mime_splice_add(ed, root, SPLICE_CLOSE, end, 0)->with = buf_str(&close);
}

/* True if the first part that a wrapped root became was replaced. */
static bool is_replaced(const struct mime_edit *ed)
{
	for (uint32_t i = 0; i < ed->n; i++)
		if (ed->splices[i].kind == SPLICE_CONTENT)
			return true;
	return false;
}

static void replace_wrapped(struct mime_edit *ed, struct str part_bytes)
{
	const struct mime *root = ed->root;
	struct mime_splice *s;
	struct buf b;

	if (is_replaced(ed))
		return;
	buf_init(&b, ed->a, SIZE_MAX);
	add_opening(ed, &b);
	buf_add(&b, part_bytes);
	add_closing(ed, &b);
	mime_splice_drop(ed, root->body.p, root->body.p + root->body.n, is_wrapped_content, NULL);
	s = mime_splice_add(ed, root, SPLICE_CONTENT, root->body.p, root->body.n);
	s->with = buf_str(&b);
}

void mime_edit_replace(struct mime_edit *ed, const struct mime *part, struct str part_bytes)
{
	struct inside inside = { part->aid, mime_last_inside(part) };
	struct mime_splice *s;

	if (mime_edit_is_gone(ed, part))
		return;
	if (part == ed->root) {
		if (ed->boundary.n)
			replace_wrapped(ed, part_bytes);
		return;
	}
	mime_splice_drop(ed, part->raw.p, part->raw.p + part->raw.n, is_inside, &inside);
	s = mime_splice_add(ed, part, SPLICE_PART, part->raw.p, part->raw.n);
	s->last_aid = inside.last;
	s->with = part->glued ? str_cat(ed->a, part_bytes, part->mail->eol) : part_bytes;
}

struct range {
	size_t from, to;
	uint32_t aid;
};

/* Earlier bytes in the body that the new ones replace. */
static bool is_covered(const struct mime_splice *s, const void *ctx)
{
	const struct range *r = ctx;

	return s->kind == SPLICE_BODY && s->aid == r->aid && s->off < r->to &&
	       s->off + s->len > r->from;
}

static bool has_no_body(const struct mime_edit *ed, const struct mime *part)
{
	return part->child || mime_edit_is_gone(ed, part) ||
	       (part == ed->root && is_replaced(ed));
}

void mime_edit_body(struct mime_edit *ed, const struct mime *part, size_t from, size_t to,
		    struct str bytes)
{
	size_t base = (size_t)(part->body.p - part->mail->raw.p);
	struct range range = { base + from, base + to, part->aid };

	ASSERT(from <= to && to <= part->body.n);
	if (has_no_body(ed, part))
		return;
	mime_splice_drop(ed, part->body.p, part->body.p + to, is_covered, &range);
	mime_splice_add(ed, part, SPLICE_BODY, part->body.p + from, to - from)->with = bytes;
}

static bool is_body_of(const struct mime_splice *s, const void *ctx)
{
	const struct mime *part = ctx;

	return s->kind == SPLICE_BODY && s->aid == part->aid;
}

void mime_edit_whole_body(struct mime_edit *ed, const struct mime *part, struct str bytes)
{
	if (has_no_body(ed, part))
		return;
	mime_splice_drop(ed, part->body.p, part->body.p + part->body.n, is_body_of, part);
	mime_edit_body(ed, part, 0, part->body.n, bytes);
}

struct str mime_edit_find_body(const struct mime_edit *ed, const struct mime *part)
{
	size_t base = (size_t)(part->body.p - part->mail->raw.p), at = 0;
	uint32_t i = mime_splice_at(ed, part->body.p);
	struct buf b;

	buf_init(&b, ed->a, SIZE_MAX);
	for (; i < ed->n && ed->splices[i].off <= base + part->body.n; i++) {
		const struct mime_splice *s = &ed->splices[i];

		if (!is_body_of(s, part))
			continue;
		buf_add(&b, str_sub(part->body, at, s->off - base - at));
		buf_add(&b, s->with);
		at = s->off - base + s->len;
	}
	if (!at && !b.n)
		return part->body;
	buf_add(&b, str_from(part->body, at));
	return buf_str(&b);
}

static void trim(struct mime_edit *ed, const struct mime *part, struct str edge)
{
	size_t off = (size_t)(edge.p - part->mail->raw.p);
	struct range range = { off, off + edge.n, part->aid };

	if (!edge.n)
		return;
	mime_splice_drop(ed, edge.p, edge.p + edge.n, is_covered, &range);
	mime_splice_add(ed, part, SPLICE_BODY, edge.p, edge.n)->with = STR("");
}

/* The line that begins the parts of a multipart, without its line end. */
static struct str delimiter(const struct mime *part)
{
	const char *from = part->preamble.n ? part->preamble.p + part->preamble.n : part->body.p;
	struct str rest = str_from(part->body, (size_t)(from - part->body.p)), line;

	while (str_line(&rest, &line))
		if (str_starts(line, STR("--")))
			return str_rtrim(line);
	return STR_NONE;
}

void mime_edit_append(struct mime_edit *ed, const struct mime *part, struct str part_bytes)
{
	struct str eol = part->mail->eol, line = delimiter(part);
	const struct mime *last = part->child;
	struct buf b;

	if (!mime_is_multipart(part) || !last || !line.n || mime_edit_is_gone(ed, part) ||
	    (part == ed->root && is_replaced(ed)))
		return;
	while (last->next)
		last = last->next;
	buf_init(&b, ed->a, SIZE_MAX);
	buf_add(&b, eol);
	buf_add(&b, line);
	buf_add(&b, eol);
	buf_add(&b, part_bytes);
	if (last->glued)
		buf_add(&b, eol);
	mime_splice_add(ed, part, SPLICE_LAST, last->raw.p + last->raw.n, 0)->with = buf_str(&b);
}

void mime_edit_trim(struct mime_edit *ed, const struct mime *part)
{
	if (!part->child || mime_edit_is_gone(ed, part) || (part == ed->root && is_replaced(ed)))
		return;
	trim(ed, part, part->preamble);
	trim(ed, part, part->epilogue);
}
