#include "gw/quar/view.h"

#include "base/enc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "lib/html/safe.h"
#include "lib/mime/mime.h"

struct quar_view {
	struct mime *root;
};

/* For the images of a page. */
struct page {
	struct arena *a;
	const struct quar_view *v;
	unsigned images; /* asked for */
	size_t image_bytes;
};

int quar_view_open(struct arena *a, struct str raw, struct quar_view **out, struct err *e)
{
	struct quar_view *v = NEW(a, struct quar_view);

	if (mime_parse(a, raw, NULL, &v->root, e) < 0)
		return -1;
	*out = v;
	return 0;
}

struct str quar_view_header(struct arena *a, const struct quar_view *v)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (uint32_t i = 0; i < v->root->header_count; i++) {
		const struct mime_header *h = &v->root->headers[i];

		if (!h->name.n)
			continue;
		buf_add_visible(&b, h->name, QUAR_VIEW_FIELD_MAX);
		buf_addz(&b, ": ");
		buf_add_visible(&b, mime_header_text(a, h), QUAR_VIEW_FIELD_MAX);
		buf_addc(&b, '\n');
	}
	return buf_str(&b);
}

static bool is_attachment(const struct mime *m)
{
	return str_ifind(m->disposition, STR("attachment")) >= 0;
}

static bool is_html(const struct mime *m)
{
	return str_eq(m->type, STR("text/html"));
}

static const struct mime *text_of(const struct mime *m);

/* The HTML one, wherever it stands, else the first that is text. */
static const struct mime *best_alternative(const struct mime *m)
{
	const struct mime *best = NULL;

	for (const struct mime *c = m->child; c; c = c->next) {
		const struct mime *one = text_of(c);

		if (one && (!best || (is_html(one) && !is_html(best))))
			best = one;
	}
	return best;
}

/* What a reader sees first, or NULL. */
static const struct mime *text_of(const struct mime *m)
{
	const struct mime *one = NULL;

	if (m->parent && is_attachment(m))
		return NULL;
	if (!mime_is_multipart(m))
		return str_starts(m->type, STR("text/")) ? m : NULL;
	if (str_eq(m->type, STR("multipart/alternative")))
		return best_alternative(m);
	for (const struct mime *c = m->child; c && !one; c = c->next)
		one = text_of(c);
	return one;
}

static bool is_leaf(const struct mime *m)
{
	return !m->child;
}

static const struct mime *find_image(const struct quar_view *v, struct str id)
{
	for (const struct mime *m = v->root; m; m = mime_walk(v->root, m))
		if (is_leaf(m) && m->content_id.n && str_eq(m->content_id, id) &&
		    html_is_image_type(m->type))
			return m;
	return NULL;
}

static struct str image(void *ctx, struct str id)
{
	struct page *p = ctx;
	const struct mime *m;
	struct err too_large;
	struct str body;
	struct buf b;

	if (p->images == QUAR_VIEW_IMAGE_COUNT_MAX)
		return STR_NONE;
	p->images++;
	m = find_image(p->v, id);
	if (!m || mime_body(p->a, m, QUAR_VIEW_IMAGES_MAX - p->image_bytes, &body, &too_large) < 0)
		return STR_NONE;
	p->image_bytes += body.n;
	buf_init(&b, p->a, QUAR_VIEW_PAGE_MAX);
	buf_addf(&b, "data:%.*s;base64,", STR_ARG(m->type));
	enc_base64_add(&b, body, STR_NONE);
	return buf_str(&b);
}

static void add_head(struct buf *b, bool images_from_web)
{
	buf_addf(b,
		 "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		 "style-src 'unsafe-inline'; img-src data:%s; form-action 'none'; "
		 "base-uri 'none'\">\n"
		 "<meta name=\"referrer\" content=\"no-referrer\">\n</head><body>\n",
		 images_from_web ? " http: https:" : "");
}

static void add_text(struct page *p, const struct mime *m, struct html_safe *safe, struct buf *b)
{
	struct str text = mime_body_text(p->a, m, QUAR_VIEW_TEXT_MAX);

	if (is_html(m)) {
		html_safe_add(p->a, text, safe, b);
	} else {
		buf_addz(b, "<pre style=\"white-space:pre-wrap\">");
		html_escape_add(b, text);
		buf_addz(b, "</pre>");
	}
	if (text.n + UTF8_MAX > QUAR_VIEW_TEXT_MAX)
		buf_addz(b, "\n<p>[cut here]</p>");
}

int quar_view_page(struct arena *a, const struct quar_view *v, const struct quar_view_how *how,
		   bool *external, struct str *out, struct err *e)
{
	const struct mime *m = text_of(v->root);
	struct page page = { .a = a, .v = v };
	struct html_safe safe = { (enum html_images)how->images, how->links, image, &page, false };
	struct buf b;

	buf_init(&b, a, QUAR_VIEW_PAGE_MAX);
	add_head(&b, safe.images == HTML_IMAGES_ALL);
	if (m)
		add_text(&page, m, &safe, &b);
	else
		buf_addz(&b, "<p>[no text]</p>");
	buf_addz(&b, "\n</body></html>\n");
	if (buf_done(&b, out, e) < 0)
		return err_wrap(e, "the text of the mail");
	*external = safe.external;
	return 0;
}

/* Without the directories that a sender would have us write to. */
static struct str part_name(struct arena *a, const struct mime *m, uint32_t id)
{
	struct str name = mime_filename(a, m);
	ptrdiff_t slash;
	struct buf b;

	while ((slash = str_rchr(name, '/')) >= 0 || (slash = str_rchr(name, '\\')) >= 0)
		name = str_from(name, (size_t)slash + 1);
	if (!name.n || str_eq(name, STR(".")) || str_eq(name, STR("..")))
		return str_fmt(a, "part-%u", id);
	buf_init(&b, a, SIZE_MAX);
	buf_add_visible(&b, name, QUAR_VIEW_NAME_MAX);
	return buf_str(&b);
}

static struct str part_type(const struct mime *m)
{
	for (size_t i = 0; i < m->type.n; i++)
		if (!ascii_is_alpha(m->type.p[i]) && !ascii_is_digit(m->type.p[i]) &&
		    !memchr("/.+-_", m->type.p[i], 5))
			return STR("application/octet-stream");
	return m->type;
}

static int count(void *ctx, struct str bytes, struct err *e)
{
	uint64_t *n = ctx;

	(void)e;
	*n += bytes.n;
	return 0;
}

static uint64_t decoded_size(const struct mime *m)
{
	uint64_t n = 0;
	struct sink to = { count, &n };
	struct err never;

	return mime_body_write(m, &to, &never) < 0 ? 0 : n;
}

void quar_view_parts(struct arena *a, const struct quar_view *v, struct quar_part **out, size_t *n)
{
	VEC(struct quar_part) parts = { 0 };

	for (const struct mime *m = v->root; m; m = mime_walk(v->root, m)) {
		struct quar_part *p;

		if (!is_leaf(m))
			continue;
		p = vec_push(a, &parts);
		p->id = (uint32_t)parts.n - 1;
		p->name = part_name(a, m, p->id);
		p->type = part_type(m);
		p->attachment = is_attachment(m);
		p->size = decoded_size(m);
	}
	*out = parts.p;
	*n = parts.n;
}

int quar_view_part_write(const struct quar_view *v, uint32_t id, const struct sink *to,
			 struct err *e)
{
	uint32_t at = 0;

	for (const struct mime *m = v->root; m; m = mime_walk(v->root, m))
		if (is_leaf(m) && at++ == id)
			return mime_body_write(m, to, e);
	return err_set(e, ERR_NOTFOUND, "the mail has no part %u", id);
}
