/* Engine 8: host names as Razor finds them, which is not how links are found elsewhere. */
#include "base/map.h"
#include "lib/razor/razor_int.h"

enum {
	LENGTH_STEP = 100,
	HOST_DIGITS = 12, /* hex digits of the signature, of the host's hash and of the length's */
	LENGTH_DIGITS = 4,
	CODE_DIGITS_MIN = 2, /* &#109; */
	CODE_DIGITS_MAX = 3,
};

#define HTTP "http://"

/* "&#109;" at the start of `s`: its length, or 0. Razor gives up on what is beyond Latin-1. */
static size_t code(struct str s, char *out)
{
	struct str digits;
	int64_t value;
	ptrdiff_t end;

	if (!str_starts(s, STR("&#")))
		return 0;
	digits = str_sub(s, 2, CODE_DIGITS_MAX + 1);
	end = str_chr(digits, ';');
	if (end < CODE_DIGITS_MIN || !ascii_is_digit(digits.p[0]) ||
	    !str_int(str_sub(digits, 0, (size_t)end), 0, 255, &value))
		return 0;
	*out = (char)value;
	return (size_t)end + 3;
}

static struct str without_codes(struct arena *a, struct str s)
{
	struct buf b;
	ptrdiff_t at;

	buf_init(&b, a, s.n + 1);
	while ((at = str_chr(s, '&')) >= 0) {
		char c = '&';
		size_t n = code(str_from(s, (size_t)at), &c);

		buf_add(&b, str_sub(s, 0, (size_t)at));
		buf_addc(&b, c);
		s = str_from(s, (size_t)at + (n ? n : 1));
	}
	buf_add(&b, s);
	return buf_str(&b);
}

/* How many bytes of `s` are none of `ends`. */
static size_t span(struct str s, struct str ends)
{
	size_t n = 0;

	while (n < s.n && str_chr(ends, s.p[n]) < 0)
		n++;
	return n;
}

struct found {
	struct arena *a;
	struct razor_hosts *out;
	struct map seen;
};

/* False if there are enough. */
static bool add(struct found *f, struct str host)
{
	if (f->out->v.n == RAZOR_SIGNATURES_MAX)
		return false;
	map_set(&f->seen, host, f);
	vec_add(f->a, &f->out->v, host);
	return true;
}

/* What starts with www. behind a blank, as it stands there. */
static void add_bare(struct found *f, struct str text)
{
	for (size_t i = 1; i + 3 < text.n; i++) {
		struct str rest = str_from(text, i);
		size_t n;

		if (!ascii_is_blank(text.p[i - 1]) || !str_istarts(rest, STR("www")) ||
		    rest.p[3] == '\n')
			continue;
		n = span(str_from(rest, 4), STR(" /><\"\r\n"));
		if (n == 0)
			continue;
		if (!add(f, str_sub(rest, 0, 4 + n)))
			return;
		/* The blank before the next one comes behind this one. */
		i += 4 + n;
	}
}

/* "http:/" and its like at the start of `s`: its length, or 0. */
static size_t scheme(struct str s)
{
	size_t n = 4;

	if (!str_istarts(s, STR("http")))
		return 0;
	n += str_istarts(str_from(s, n), STR("s"));
	if (!str_starts(str_from(s, n), STR(":/")))
		return 0;
	return n + 2 + str_starts(str_from(s, n + 2), STR("/"));
}

static struct str skip_blanks(struct str s)
{
	while (s.n && ascii_is_blank(s.p[0]))
		s = str_from(s, 1);
	return s;
}

/* `href = "http://` at the start of `s`; *rest is what follows. */
static bool link_start(struct str s, struct str *rest)
{
	size_t n;

	s = skip_blanks(str_from(s, 4));
	if (!str_starts(s, STR("=")))
		return false;
	s = skip_blanks(str_from(s, 1));
	s = str_from(s, str_starts(s, STR("\"")));
	n = scheme(s);
	*rest = str_from(s, n);
	return n > 0;
}

/*
 * From the first link on, or where there is none from the first URI on: with a new beginning, that
 * tells which of them it was. False if there is neither.
 */
static bool first_uri(struct arena *a, struct str text, struct str *out)
{
	struct str s = text, rest;
	ptrdiff_t at;

	while ((at = str_ifind(s, STR("href"))) >= 0) {
		s = str_from(s, (size_t)at);
		if (link_start(s, &rest)) {
			*out = str_cat(a, STR("a href = " HTTP), rest);
			return true;
		}
		s = str_from(s, 4);
	}
	s = text;
	while ((at = str_ifind(s, STR("http"))) >= 0) {
		s = str_from(s, (size_t)at);
		if (scheme(s)) {
			*out = str_cat(a, STR(HTTP), str_from(s, scheme(s)));
			return true;
		}
		s = str_from(s, 4);
	}
	return false;
}

/* Without the first run of bytes that are no blanks and end with "=" behind at least one other. */
static struct str without_assignment(struct arena *a, struct str s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t start, last = 0;

		while (i < s.n && ascii_is_blank(s.p[i]))
			i++;
		for (start = i; i < s.n && !ascii_is_blank(s.p[i]); i++)
			if (s.p[i] == '=' && i > start)
				last = i;
		if (last)
			return str_cat(a, str_sub(s, 0, start), str_from(s, last + 1));
	}
	return s;
}

/* The host of the URI at the start of `text`; it may be empty. */
static struct str first_host(struct arena *a, struct str text)
{
	bool link = str_starts(text, STR("a href"));
	struct buf b;
	struct str s;
	ptrdiff_t at;

	if (link && str_starts(skip_blanks(str_from(text, 6)), STR("=")))
		text = skip_blanks(str_from(skip_blanks(str_from(text, 6)), 1));
	if (str_istarts(text, STR(HTTP)))
		text = str_from(text, strlen(HTTP));
	s = str_sub(text, 0, span(text, link ? STR(">\"/?<") : STR(">\"/?<\n\r")));
	at = str_chr(s, '@');
	s = without_assignment(a, str_from(s, (size_t)(at + 1)));
	buf_init(&b, a, s.n + 1);
	for (size_t i = 0; i < s.n && !ascii_is_blank(s.p[i]); i++)
		if (s.p[i] != '=')
			buf_addc(&b, ascii_lower(s.p[i]));
	s = buf_str(&b);
	s = str_cut(&s, ':');
	return str_ends(s, STR(".")) ? str_sub(s, 0, s.n - 1) : s;
}

static bool is_address(struct str host)
{
	for (size_t i = 0; i < host.n; i++)
		if (!ascii_is_digit(host.p[i]) && host.p[i] != '.')
			return false;
	return true;
}

/* False if there are enough. */
static bool add_domain(struct found *f, struct str host)
{
	struct str domain = is_address(host) ? host : razor_domain(host);

	return domain.n < 2 || str_chr(domain, '.') < 0 || map_get(&f->seen, domain) ||
	       add(f, domain);
}

/* Razor looks for further URIs in the last line only. */
static struct str last_line(struct str text)
{
	if (str_ends(text, STR("\n")))
		text.n--;
	return str_from(text, (size_t)(str_rchr(text, '\n') + 1));
}

/* *text becomes what follows the next scheme in it. */
static bool next_uri(struct str *text)
{
	ptrdiff_t at = str_find(*text, STR(HTTP));

	*text = str_from(*text, (size_t)at + strlen(HTTP));
	return at >= 0;
}

struct razor_hosts razor_hosts(struct arena *a, struct str text)
{
	struct razor_hosts hosts = { 0 };
	struct found f = { .a = a, .out = &hosts };
	struct str host;

	map_init(&f.seen, a);
	text = without_codes(a, razor_unescaped(a, text, '%'));
	add_bare(&f, text);
	if (!first_uri(a, text, &text)) {
		hosts.v.n = 0;
		return hosts;
	}
	host = first_host(a, text);
	text = last_line(text);
	while (host.n && !str_eq(host, STR("0")) && add_domain(&f, host) && next_uri(&text))
		host = first_host(a, text);
	return hosts;
}

struct str razor_host_signature(struct arena *a, struct str host, size_t length)
{
	unsigned char hash[RAZOR_HASH], other[RAZOR_HASH];

	razor_hash(host, STR_NONE, hash);
	razor_hash(str_fmt(a, "%zu", length - length % LENGTH_STEP), STR_NONE, other);
	memcpy(hash + HOST_DIGITS / 2, other, LENGTH_DIGITS / 2);
	return razor_encode(a, hash, HOST_DIGITS + LENGTH_DIGITS);
}
