#include "lib/uri/resolve.h"

#include "base/buf.h"

/* Components without their delimiters; p == NULL: not there. The path is always there. */
struct parts {
	struct str scheme, authority, path, query, fragment;
};

static size_t span_until(struct str s, const char *stop)
{
	size_t i = 0;

	while (i < s.n && (!s.p[i] || !strchr(stop, s.p[i])))
		i++;
	return i;
}

static struct str take_until(struct str *s, const char *stop)
{
	struct str head = str_sub(*s, 0, span_until(*s, stop));

	*s = str_from(*s, head.n);
	if (!head.p)
		head = STR("");
	return head;
}

static struct parts split(struct str s)
{
	struct parts u = { 0 };
	size_t scheme = span_until(s, ":/?#");

	if (scheme > 0 && scheme < s.n && s.p[scheme] == ':') {
		u.scheme = str_sub(s, 0, scheme);
		s = str_from(s, scheme + 1);
	}
	if (str_starts(s, STR("//"))) {
		s = str_from(s, 2);
		u.authority = take_until(&s, "/?#");
	}
	u.path = take_until(&s, "?#");
	if (s.n && *s.p == '?') {
		s = str_from(s, 1);
		u.query = take_until(&s, "#");
	}
	if (s.n)
		u.fragment = str_from(s, 1).p ? str_from(s, 1) : STR("");
	return u;
}

/* Does `s` start with `dots` and then end or go on with a slash? */
static bool at_segment(struct str s, struct str dots)
{
	return str_starts(s, dots) && (s.n == dots.n || s.p[dots.n] == '/');
}

/* The path without its `.` and `..` segments. */
static struct str without_dots(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (str_starts(s, STR("./")))
		s = str_from(s, 1);
	else if (str_starts(s, STR("../")))
		s = str_from(s, 2);
	while (s.n) {
		size_t segment;

		if (at_segment(s, STR("/.")) || at_segment(s, STR("/.."))) {
			bool up = s.n > 2 && s.p[2] == '.';

			while (up && n && out[n - 1] != '/')
				n--;
			if (up && n)
				n--;
			s = str_from(s, up ? 3 : 2);
			if (!s.n)
				s = STR("/");
			continue;
		}
		segment = 1 + span_until(str_from(s, 1), "/");
		memcpy(out + n, s.p, segment);
		n += segment;
		s = str_from(s, segment);
	}
	return (struct str){ out, n };
}

static struct str merged(struct arena *a, const struct parts *base, struct str path)
{
	if (base->authority.p && !base->path.n)
		return str_cat(a, STR("/"), path);
	return str_cat(a, str_sub(base->path, 0, (size_t)(str_rchr(base->path, '/') + 1)), path);
}

static struct str target_path(struct arena *a, const struct parts *base, struct str path)
{
	return without_dots(a, *path.p == '/' ? path : merged(a, base, path));
}

static bool is_host_like(struct str authority, struct str word)
{
	size_t i = word.n;

	if (!str_istarts(authority, word))
		return false;
	while (i < authority.n && ascii_is_digit(authority.p[i]))
		i++;
	return i < authority.n && authority.p[i] == '.';
}

static struct str joined(struct arena *a, const struct parts *t)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	if (t->scheme.n) {
		buf_add(&b, t->scheme);
		buf_addc(&b, ':');
	} else if (is_host_like(t->authority, STR("www"))) {
		buf_addz(&b, "http:");
	} else if (is_host_like(t->authority, STR("ftp"))) {
		buf_addz(&b, "ftp:");
	}
	if (t->authority.p) {
		buf_addz(&b, "//");
		buf_add(&b, t->authority);
	}
	buf_add(&b, t->path);
	if (t->query.p) {
		buf_addc(&b, '?');
		buf_add(&b, t->query);
	}
	if (t->fragment.p) {
		buf_addc(&b, '#');
		buf_add(&b, t->fragment);
	}
	return buf_str(&b);
}

struct str uri_resolve(struct arena *a, struct str base, struct str ref)
{
	struct parts r = split(ref), b = split(base);

	if (r.scheme.p && b.scheme.p && str_eq(r.scheme, b.scheme))
		r.scheme = STR_NONE;
	if (r.scheme.p || r.authority.p) {
		r.path = without_dots(a, r.path);
		if (!r.scheme.p)
			r.scheme = b.scheme;
		return joined(a, &r);
	}
	if (r.path.n) {
		r.path = target_path(a, &b, r.path);
	} else {
		r.path = b.path;
		if (!r.query.p)
			r.query = b.query;
	}
	r.authority = b.authority;
	r.scheme = b.scheme;
	return joined(a, &r);
}
