#include "base/buf.h"
#include "lib/tmpl/tmpl_int.h"

/* A filter makes at most this many bytes of one. */
enum { FILTER_GROWTH = 6 };

static void html(struct buf *to, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '&')
			buf_addz(to, "&amp;");
		else if (c == '<')
			buf_addz(to, "&lt;");
		else if (c == '>')
			buf_addz(to, "&gt;");
		else if (c == '"')
			buf_addz(to, "&quot;");
		else
			buf_addc(to, c);
	}
}

static void escape(struct buf *to, struct str in, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (ascii_is_alpha((char)c) || ascii_is_digit((char)c) || (c && strchr(keep, c))) {
			buf_addc(to, (char)c);
		} else {
			buf_addc(to, '%');
			buf_addc(to, hex[c >> 4]);
			buf_addc(to, hex[c & 15]);
		}
	}
}

static void uri(struct buf *to, struct str in)
{
	escape(to, in, "-_.!~*'()");
}

static void url(struct buf *to, struct str in)
{
	escape(to, in, "-_.!~*'();/?:@&=+$,");
}

static void upper(struct buf *to, struct str in)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addc(to, in.p[i] >= 'a' && in.p[i] <= 'z' ? (char)(in.p[i] - 32) : in.p[i]);
}

static void lower(struct buf *to, struct str in)
{
	for (size_t i = 0; i < in.n; i++)
		buf_addc(to, ascii_lower(in.p[i]));
}

static void trim(struct buf *to, struct str in)
{
	buf_add(to, str_trim(in));
}

static void collapse(struct buf *to, struct str in)
{
	struct str word;

	while (str_word(&in, &word)) {
		if (to->n)
			buf_addc(to, ' ');
		buf_add(to, word);
	}
}

static const struct {
	const char *name;
	void (*fn)(struct buf *to, struct str in);
} filters[] = {
	{ "html", html },   { "url", url },   { "uri", uri },		{ "upper", upper },
	{ "lower", lower }, { "trim", trim }, { "collapse", collapse },
};

bool tmpl_filter_exists(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (str_eq(name, str_of(filters[i].name)))
			return true;
	return false;
}

int tmpl_filter(struct run *r, size_t line, struct str name, struct str in, struct str *out)
{
	struct buf b;

	if (tmpl_spend(r, line, in.n * FILTER_GROWTH) < 0)
		return -1;
	buf_init(&b, r->a, in.n * FILTER_GROWTH + 1);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (!str_eq(name, str_of(filters[i].name)))
			continue;
		filters[i].fn(&b, in);
		*out = buf_str(&b);
		return 0;
	}
	return err_set(r->e, ERR_BUG, "filter '%.*s' vanished", STR_ARG(name));
}
