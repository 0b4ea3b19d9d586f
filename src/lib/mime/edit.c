#include "base/buf.h"
#include "lib/mime/edit_int.h"

static bool is_field_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= 32 || name.p[i] >= 127 || name.p[i] == ':')
			return false;
	return name.n > 0;
}

/* Offset of the last line end among the blanks at `i`: a field has no lines of blanks. */
static size_t last_line_end(struct str s, size_t i)
{
	size_t last = i;

	for (; i < s.n && ascii_is_blank(s.p[i]); i++)
		last = s.p[i] == '\n' ? i : last;
	return last;
}

/* "Name: value" with the line ends of the message, in a form that is one field and stays one. */
static struct str field_text(const struct mime_edit *ed, struct str name, struct str value)
{
	struct str eol = ed->root->mail->eol;
	struct buf b;

	value = str_trim(value);
	buf_init(&b, ed->a, SIZE_MAX);
	buf_add(&b, name);
	buf_addz(&b, ":");
	if (value.n)
		buf_addz(&b, " ");
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n')
			continue;
		if (c != '\n') {
			buf_addc(&b, c == '\r' || c == '\0' ? ' ' : c);
			continue;
		}
		i = last_line_end(value, i);
		buf_add(&b, eol);
		if (value.p[i + 1] != ' ' && value.p[i + 1] != '\t')
			buf_addz(&b, "\t");
	}
	buf_add(&b, eol);
	return buf_str(&b);
}

static void field_fill(const struct mime_edit *ed, struct mime_splice *s, struct str name,
		       struct str value)
{
	s->name = name;
	s->value = value;
	s->with = field_text(ed, name, value);
}

static bool is_added(const struct mime_splice *s, const struct mime *part)
{
	return s->kind == SPLICE_ADDED && s->aid == part->aid;
}

/* A part that begins with its body has no empty line that would end the new header. */
static void separate(struct mime_edit *ed, const struct mime *part)
{
	uint32_t i = mime_splice_at(ed, part->head.p), end = mime_splice_at(ed, part->head.p + 1);

	if (part->head.n || !part->head_open)
		return;
	for (; i < end; i++)
		if (ed->splices[i].kind == SPLICE_SEPARATOR && ed->splices[i].aid == part->aid)
			return;
	mime_splice_add(ed, part, SPLICE_SEPARATOR, part->head.p, 0)->with = ed->root->mail->eol;
}

void mime_edit_prepend(struct mime_edit *ed, const struct mime *part, struct str name,
		       struct str value)
{
	if (!is_field_name(name) || mime_edit_is_gone(ed, part))
		return;
	separate(ed, part);
	field_fill(ed, mime_splice_add(ed, part, SPLICE_ADDED, part->head.p, 0), name, value);
}

/* The splice for a field of the message, made if there is none. */
static struct mime_splice *field_splice(struct mime_edit *ed, const struct mime *part,
					const struct mime_header *h)
{
	struct mime_splice *s = mime_splice_of_field(ed, h);

	return s ? s : mime_splice_add(ed, part, SPLICE_FIELD, h->whole.p, h->whole.n);
}

static void field_delete(struct mime_edit *ed, const struct mime *part, const struct mime_header *h)
{
	struct mime_splice *s = field_splice(ed, part, h);

	s->name = s->value = s->with = STR("");
}

struct name_match {
	bool (*match)(struct str name, const void *ctx);
	const void *ctx;
	const struct mime *part;
};

static bool drop_added(const struct mime_splice *s, const void *ctx)
{
	const struct name_match *nm = ctx;

	return is_added(s, nm->part) && nm->match(s->name, nm->ctx);
}

void mime_edit_delete_if(struct mime_edit *ed, const struct mime *part,
			 bool (*match)(struct str name, const void *ctx), const void *ctx)
{
	struct name_match nm = { match, ctx, part };

	if (mime_edit_is_gone(ed, part))
		return;
	mime_splice_drop(ed, part->head.p, part->head.p, drop_added, &nm);
	for (uint32_t i = 0; i < part->header_count; i++)
		if (part->headers[i].name.n && match(part->headers[i].name, ctx))
			field_delete(ed, part, &part->headers[i]);
}

static bool same_name(struct str name, const void *ctx)
{
	return str_ieq(name, *(const struct str *)ctx);
}

void mime_edit_delete(struct mime_edit *ed, const struct mime *part, struct str name)
{
	mime_edit_delete_if(ed, part, same_name, &name);
}

/* The first field of that name that this version has on top of the message's own. */
static struct mime_splice *find_added(const struct mime_edit *ed, const struct mime *part,
				      struct str name)
{
	uint32_t i = mime_splice_at(ed, part->head.p), end = mime_splice_at(ed, part->head.p + 1);

	for (; i < end; i++)
		if (is_added(&ed->splices[i], part) && str_ieq(ed->splices[i].name, name))
			return &ed->splices[i];
	return NULL;
}

static bool is_deleted(const struct mime_splice *s)
{
	return s && !s->name.n;
}

/* The first field of that name in the message that this version still has. */
static const struct mime_header *find_kept(const struct mime_edit *ed, const struct mime *part,
					   struct str name)
{
	const struct mime_header *h = mime_find(part, name);

	while (h && ed && is_deleted(mime_splice_of_field(ed, h)))
		h = mime_find_next(part, h, name);
	return h;
}

void mime_edit_set(struct mime_edit *ed, const struct mime *part, struct str name, struct str value)
{
	const struct mime_header *kept;
	bool added;

	if (!is_field_name(name) || mime_edit_is_gone(ed, part))
		return;
	added = find_added(ed, part, name);
	kept = added ? NULL : find_kept(ed, part, name);
	mime_edit_delete(ed, part, name);
	if (kept)
		field_fill(ed, field_splice(ed, part, kept), name, value);
	else
		mime_edit_prepend(ed, part, name, value);
}

bool mime_edit_find(const struct mime_edit *ed, const struct mime *part, struct str name,
		    struct str *value)
{
	const struct mime_splice *s = ed ? find_added(ed, part, name) : NULL;
	const struct mime_header *h;

	if (ed && mime_edit_is_gone(ed, part))
		return false;
	if (s) {
		*value = s->value;
		return true;
	}
	h = find_kept(ed, part, name);
	if (!h)
		return false;
	s = ed ? mime_splice_of_field(ed, h) : NULL;
	*value = s ? s->value : h->value;
	return true;
}
