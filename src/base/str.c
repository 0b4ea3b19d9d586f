#define _GNU_SOURCE /* memmem, memrchr */
#include "base/str.h"

#include <stdarg.h>

#include "base/err.h"

bool str_ieq(struct str a, struct str b)
{
	/* Names that differ mostly do so at the end: "X-…". */
	return a.n == b.n &&
	       (a.n == 0 || ascii_lower(a.p[a.n - 1]) == ascii_lower(b.p[b.n - 1])) &&
	       str_icmp(a, b) == 0;
}

static int by_length(struct str a, struct str b)
{
	return a.n < b.n ? -1 : a.n > b.n;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : by_length(a, b);
}

int str_icmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		int d = (unsigned char)ascii_lower(a.p[i]) - (unsigned char)ascii_lower(b.p[i]);

		if (d)
			return d;
	}
	return by_length(a, b);
}

bool str_istarts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_ieq(str_sub(s, 0, prefix.n), prefix);
}

bool str_iends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_ieq(str_from(s, s.n - suffix.n), suffix);
}

ptrdiff_t str_rchr(struct str s, char c)
{
	const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

ptrdiff_t str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	at = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return at ? at - s.p : -1;
}

ptrdiff_t str_ifind(struct str s, struct str needle)
{
	char first = needle.n ? ascii_lower(needle.p[0]) : 0;

	for (size_t i = 0; i + needle.n <= s.n; i++)
		if ((!needle.n || ascii_lower(s.p[i]) == first) &&
		    str_istarts(str_from(s, i), needle))
			return (ptrdiff_t)i;
	return -1;
}

struct str str_ltrim(struct str s)
{
	while (s.n && ascii_is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

struct str str_rtrim(struct str s)
{
	while (s.n && ascii_is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_trim(struct str s)
{
	return str_ltrim(str_rtrim(s));
}

struct str str_cut(struct str *rest, char c)
{
	struct str whole = *rest;
	ptrdiff_t at = str_chr(whole, c);

	if (at < 0) {
		*rest = STR_NONE;
		return whole;
	}
	*rest = str_from(whole, (size_t)at + 1);
	return str_sub(whole, 0, (size_t)at);
}

bool str_word(struct str *rest, struct str *word)
{
	struct str s = str_ltrim(*rest);
	size_t n = 0;

	while (n < s.n && !ascii_is_blank(s.p[n]))
		n++;
	*word = str_sub(s, 0, n);
	*rest = str_from(s, n);
	return n > 0;
}

bool str_line(struct str *rest, struct str *line)
{
	if (rest->n == 0)
		return false;
	*line = str_cut(rest, '\n');
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

bool str_int(struct str s, int64_t lo, int64_t hi, int64_t *out)
{
	bool negative = s.n && s.p[0] == '-';
	int64_t v = 0;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_from(s, 1);
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (!ascii_is_digit(s.p[i]) || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return false;
	}
	if (v < lo || v > hi)
		return false;
	*out = v;
	return true;
}

struct str str_copy(struct arena *a, struct str s)
{
	return str_cat(a, s, STR_NONE);
}

struct str str_cat(struct arena *a, struct str x, struct str y)
{
	char *p = arena_alloc(a, x.n + y.n);

	if (x.n)
		memcpy(p, x.p, x.n);
	if (y.n)
		memcpy(p + x.n, y.p, y.n);
	return (struct str){ p, x.n + y.n };
}

struct str str_lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (struct str){ p, s.n };
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ p, (size_t)n };
}

char *str_z(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] ? s.p[i] : ' ';
	return p;
}
