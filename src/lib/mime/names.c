/* All names that a part may have for some client. */
#include "base/buf.h"
#include "base/utf8.h"
#include "lib/charset/charset.h"
#include "lib/mime/mime_int.h"
#include "lib/mime/readings.h"

struct names {
	struct arena *a;
	struct str list[MIME_NAMES_MAX];
	size_t n;
	struct str extension; /* of the first name that has one */
	bool differ;
};

/* What Windows takes off the end of a name. */
static struct str without_tail(struct str s)
{
	while (s.n && strchr(". \t\r\n/\\", s.p[s.n - 1]) && s.p[s.n - 1])
		s.n--;
	return s;
}

static struct str without_path(struct str s)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == '/' || s.p[i - 1] == '\\')
			return str_from(s, i);
	return s;
}

static struct str extension(struct arena *a, struct str name)
{
	ptrdiff_t dot;

	name = without_path(without_tail(name));
	dot = str_rchr(name, '.');
	return dot < 0 ? STR("") : str_lower(a, str_from(name, (size_t)dot + 1));
}

static void note_extension(struct names *x, struct str name)
{
	struct str e = extension(x->a, name);

	if (!x->extension.n)
		x->extension = e;
	else if (e.n && !str_eq(e, x->extension))
		x->differ = true;
}

static bool add_one(struct names *x, struct str name)
{
	name = str_trim(name);
	for (size_t i = 0; i < x->n; i++)
		if (str_eq(x->list[i], name))
			return false;
	if (!name.n || x->n == MIME_NAMES_MAX)
		return false;
	x->list[x->n++] = name;
	return true;
}

/* Characters that are not to be seen: controls, joiners, marks of direction. */
static bool is_invisible(uint32_t c)
{
	return c < ' ' || c == 0x7f || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

static struct str visible(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (s.n) {
		struct str rest = s;
		int32_t c = utf8_next(&rest);

		if (c < 0 || !is_invisible((uint32_t)c))
			buf_add(&b, (struct str){ s.p, s.n - rest.n });
		s = rest;
	}
	return buf_str(&b);
}

/* As it is cut and cleaned on the way to a disk. The uncut name comes first. */
static void add_forms(struct names *x, struct str name)
{
	struct str blanked = name, rest = name, form;

	if (name.n && memchr(name.p, '\0', name.n)) {
		const char *z = str_z(x->a, name); /* blanks for NULs */

		blanked.p = z;
	}
	if (!add_one(x, blanked))
		return;
	form = str_cut(&rest, '\0');
	add_one(x, form);
	add_one(x, without_tail(form));
	add_one(x, without_path(without_tail(form)));
	rest = form;
	add_one(x, str_cut(&rest, ';'));
	rest = without_path(form);
	add_one(x, without_tail(str_cut(&rest, ':')));
	form = visible(x->a, name);
	add_one(x, form);
	add_one(x, without_path(without_tail(form)));
}

static void add(struct names *x, struct str name)
{
	size_t before = x->n;

	add_forms(x, name);
	note_extension(x, str_trim(name)); /* though it was there already, unjudged */
	for (size_t i = before; i < x->n; i++)
		note_extension(x, x->list[i]);
}

static struct str percent_decoded(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	mime_percent_add(&b, s);
	return charset_to_utf8(a, STR(""), buf_str(&b), b.n * 4);
}

/* A value of a name without asterisk. Unquoted, it may be but one word to a client. */
static void add_plain(struct names *x, const struct mime_param *p)
{
	struct str value = p->value, rest = value, word;

	add(x, mime_text_decode(x->a, value));
	if (!p->quoted && str_word(&rest, &word))
		add(x, mime_text_decode(x->a, word));
	rest = value;
	if (str_find(value, STR("=?")) >= 0)
		add_forms(x, charset_to_utf8(x->a, STR(""), mime_unfold(x->a, value), value.n * 4));
	if (str_chr(value, '%') < 0)
		return;
	if (mime_param_charset(&rest).n)
		add(x, mime_param_extended(x->a, value));
	add(x, percent_decoded(x->a, value));
}

/* One `name*3*=…`. */
struct piece {
	unsigned number;
	bool encoded;
	struct str value;
};

struct pieces {
	struct piece p[MIME_PARAMS_MAX];
	size_t n;
};

static bool read_piece(struct str name, struct str key, struct piece *out)
{
	struct str number;
	int64_t n;

	if (name.n < key.n + 2 || name.p[key.n] != '*' || !str_istarts(name, key))
		return false;
	number = str_from(name, key.n + 1);
	out->encoded = number.p[number.n - 1] == '*';
	if (out->encoded)
		number.n--;
	if (!str_int(number, 0, 1000000, &n))
		return false;
	out->number = (unsigned)n;
	return true;
}

static void find_pieces(struct mime_params params, struct str key, struct pieces *out)
{
	out->n = 0;
	for (uint32_t i = 0; i < params.n && out->n < MIME_PARAMS_MAX; i++) {
		struct piece *p = &out->p[out->n];

		p->value = params.p[i].value;
		out->n += read_piece(params.p[i].name, key, p);
	}
}

/* Ways to put pieces together. */
enum {
	JOIN_DECODE_ALL = 1u << 0,
	JOIN_CHARSETS = 1u << 1,
	JOIN_UNJUDGED = 1u << 2, /* nobody does so on purpose: to be matched, no more */
};

static void add_joined(struct names *x, const struct pieces *ps, unsigned how)
{
	struct str charset = STR(""), text;
	struct buf b;

	buf_init(&b, x->a, SIZE_MAX);
	for (size_t i = 0; i < ps->n; i++) {
		struct str value = ps->p[i].value;
		bool encoded = ps->p[i].encoded || how & JOIN_DECODE_ALL;

		if (encoded && (i == 0 || how & JOIN_CHARSETS)) {
			struct str own = mime_param_charset(&value);

			charset = charset.n ? charset : own;
		}
		if (encoded)
			mime_percent_add(&b, value);
		else
			buf_add(&b, value);
	}
	text = buf_str(&b);
	text = charset.n ? charset_to_utf8(x->a, charset, text, text.n * 4)
			 : mime_text_decode(x->a, text);
	if (how & JOIN_UNJUDGED)
		add_forms(x, text);
	else
		add(x, text);
}

static void sort_pieces(struct pieces *ps)
{
	for (size_t i = 1; i < ps->n; i++) {
		struct piece p = ps->p[i];
		size_t k = i;

		for (; k > 0 && ps->p[k - 1].number > p.number; k--)
			ps->p[k] = ps->p[k - 1];
		ps->p[k] = p;
	}
}

/* Of pieces with the same number one stays: the last, or the first. */
static void keep_once(const struct pieces *ps, bool last, struct pieces *out)
{
	out->n = 0;
	for (size_t i = 0; i < ps->n; i++) {
		bool again = out->n && out->p[out->n - 1].number == ps->p[i].number;

		if (again && last)
			out->p[out->n - 1] = ps->p[i];
		else if (!again)
			out->p[out->n++] = ps->p[i];
	}
}

static void add_pieces(struct names *x, struct mime_params params, struct str key)
{
	struct pieces ps, once;

	find_pieces(params, key, &ps);
	if (!ps.n)
		return;
	add_joined(x, &ps, JOIN_UNJUDGED);
	sort_pieces(&ps);
	for (int last = 0; last <= 1; last++) {
		keep_once(&ps, last, &once);
		for (unsigned how = 0; how <= (JOIN_DECODE_ALL | JOIN_CHARSETS); how++)
			add_joined(x, &once, how);
	}
}

static void add_params(struct names *x, struct mime_params params, struct str key)
{
	struct str starred = str_cat(x->a, key, STR("*"));

	if (!params.n)
		return;
	add(x, mime_param_text(x->a, params, key));
	for (uint32_t i = 0; i < params.n; i++) {
		if (str_ieq(params.p[i].name, key))
			add_plain(x, &params.p[i]);
		else if (str_ieq(params.p[i].name, starred))
			add(x, mime_param_extended(x->a, params.p[i].value));
	}
	add_pieces(x, params, key);
}

/* A field that some clients name a part without a name after. */
static void add_field(struct names *x, const struct mime *m, struct str field)
{
	const struct mime_header *h = mime_find(m, field);
	struct str text, e;

	if (!h)
		return;
	text = mime_header_text(x->a, h);
	e = extension(x->a, text);
	for (size_t i = 0; i < e.n; i++)
		if (!ascii_is_alpha(e.p[i]) && !ascii_is_digit(e.p[i]))
			return;
	if (e.n)
		add_forms(x, text);
}

struct mime_names mime_names(struct arena *a, const struct mime *m)
{
	struct names x = { .a = a, .extension = STR("") };
	struct str *copy;

	add_params(&x, m->disposition_params, STR("filename"));
	add_params(&x, m->type_params, STR("name"));
	add_params(&x, m->disposition_params, STR("name"));
	add_params(&x, m->type_params, STR("filename"));
	if (!x.n && m->header_count) {
		add_field(&x, m, STR("Content-Description"));
		add_field(&x, m, STR("Content-Location"));
	}
	copy = NEW_N(a, struct str, x.n);
	if (x.n)
		memcpy(copy, x.list, x.n * sizeof(*copy));
	return (struct mime_names){ copy, x.n, x.extension, x.differ };
}
