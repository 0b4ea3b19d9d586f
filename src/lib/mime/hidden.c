/* What leaves hide: contents that decode in several ways, and files in texts. */
#include "base/buf.h"
#include "lib/mime/again_int.h"

/* False if so much has been looked at that there must be an end. */
static bool may_look(struct again *x, size_t n)
{
	if (n > x->bytes || x->found.n >= MIME_READINGS_MAX) {
		x->out->cut = true;
		return false;
	}
	x->bytes -= n;
	return true;
}

/* The leaf with another body. */
static struct mime *variant(struct again *x, const struct mime *m, struct str body,
			    enum mime_encoding encoding)
{
	struct mime *copy = NEW(x->a, struct mime);

	*copy = *m;
	copy->child = copy->next = NULL;
	copy->body = body;
	copy->encoding = encoding;
	return copy;
}

static void try_encoding(struct again *x, const struct mime *m, enum mime_encoding encoding)
{
	if (m->encoding != encoding && may_look(x, m->body.n))
		again_add(x, variant(x, m, m->body, encoding), x->place, "another encoding");
}

enum { B64_DATA, B64_BLANK, B64_PAD, B64_OTHER };

static int base64_class(char c)
{
	if (ascii_is_alpha(c) || ascii_is_digit(c) || c == '+' || c == '/')
		return B64_DATA;
	if (ascii_is_blank(c))
		return B64_BLANK;
	return c == '=' ? B64_PAD : B64_OTHER;
}

/* Whether decoders can disagree: data after padding, bytes that have no place in it. */
struct base64_look {
	bool padded, garbage;
	size_t stop; /* where the first such thing is */
};

static struct base64_look base64_look(struct str s)
{
	struct base64_look look = { .stop = s.n };
	bool pad = false;

	for (size_t i = 0; i < s.n; i++) {
		int class = base64_class(s.p[i]);

		if (class == B64_OTHER)
			look.garbage = true;
		else if (class == B64_DATA && pad)
			look.padded = true;
		pad |= class == B64_PAD;
		if (look.stop == s.n && (look.garbage || look.padded))
			look.stop = i;
	}
	return look;
}

static void without_padding(struct buf *to, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '=')
			buf_addc(to, s.p[i]);
}

static void without_bad_lines(struct buf *to, struct str s)
{
	struct str line;

	while (str_line(&s, &line))
		if (!base64_look(line).garbage)
			buf_add(to, line);
}

static void try_base64(struct again *x, const struct mime *m,
		       void (*filter)(struct buf *to, struct str s), const char *what)
{
	struct buf b;

	if (!may_look(x, m->body.n))
		return;
	buf_init(&b, x->a, SIZE_MAX);
	filter(&b, m->body);
	again_add(x, variant(x, m, buf_str(&b), MIME_BASE64), x->place, what);
}

/* All that decoders make of broken base64. */
static void look_at_base64(struct again *x, const struct mime *m)
{
	struct base64_look look;

	if (!may_look(x, m->body.n))
		return;
	look = base64_look(m->body);
	if (look.padded || look.garbage)
		again_add(x, variant(x, m, str_sub(m->body, 0, look.stop), MIME_BASE64),
			  x->place, "base64 as far as it is sound");
	if (look.padded)
		try_base64(x, m, without_padding, "base64 without padding");
	if (!look.garbage)
		return;
	try_base64(x, m, without_bad_lines, "the sound lines of base64");
	try_encoding(x, m, MIME_IDENTITY);
}

static enum mime_embedded_next embedded_found(void *ctx, struct str name, struct str content)
{
	struct again *x = ctx;
	struct mime_param *param = NEW(x->a, struct mime_param);
	struct mime *m = NEW(x->a, struct mime);

	*param = (struct mime_param){ STR("filename"), name, true };
	*m = (struct mime){ .mail = x->root->mail,
			    .depth = x->from->depth + 1,
			    .raw = content,
			    .head = STR(""),
			    .body = content,
			    .type = STR("application/octet-stream"),
			    .header_type = STR(""),
			    .disposition = STR("attachment"),
			    .disposition_params = { param, 1 } };
	if (!again_add(x, m, x->place, "a file in a text"))
		return x->found.n < MIME_READINGS_MAX ? EMBEDDED_FORGET : EMBEDDED_STOP;
	x->out->anomalies |= MIME_TEXT_ENCODED;
	return EMBEDDED_KEEP;
}

static void look_for_files(struct again *x, struct str text)
{
	if (text.n && may_look(x, text.n))
		mime_embedded(x->a, text, embedded_found, x);
}

/* Only multiparts have edges, and only those of the tree are looked into. */
static void look_at_edge(struct again *x, struct str edge)
{
	x->place = edge;
	look_for_files(x, edge);
}

static bool is_text(const struct mime *m)
{
	return str_starts(m->type, STR("text/")) || str_starts(m->type, STR("message/")) ||
	       str_starts(m->type, STR("multipart/")) ||
	       str_eq(m->type, STR("application/x-unparseable-multipart"));
}

static void look_into_leaf(struct again *x, const struct mime *m)
{
	const uint32_t unsure = MIME_DUP_ENCODING | MIME_ENCODING_UNKNOWN;
	struct arena_mark mark = arena_mark(x->a);
	size_t before = x->found.n;
	struct str text = m->body;
	struct err e;

	if (m->anomalies & unsure) {
		try_encoding(x, m, MIME_BASE64);
		try_encoding(x, m, MIME_QP);
		try_encoding(x, m, MIME_IDENTITY);
	}
	if (m->encoding == MIME_BASE64)
		look_at_base64(x, m);
	if (is_text(m) || m->anomalies & unsure) {
		if (m->encoding != MIME_IDENTITY &&
		    (!may_look(x, text.n) || mime_body(x->a, m, text.n, &text, &e) < 0))
			text.n = 0;
		look_for_files(x, text);
	}
	if (x->found.n == before)
		arena_rewind(x->a, mark);
}

void again_look_into(struct again *x, const struct mime *m, struct str place)
{
	x->from = m;
	x->place = place;
	if (!m->child)
		look_into_leaf(x, m);
	look_at_edge(x, m->preamble);
	look_at_edge(x, m->epilogue);
}
