#include "lib/uri/canon.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "lib/uri/escape.h"

/* The forms found so far, and the URIs still to be looked at. */
struct work {
	struct arena *a;
	const struct uri_domains *d;
	const struct uri_redirector *redirector;
	struct map seen;
	VEC(struct str) forms, todo;
};

/* A web address in pieces. */
struct web {
	struct str proto, auth, host, port, rest; /* auth with its @, rest from the port on */
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void add_form(struct work *w, struct str s)
{
	if (w->forms.n >= URI_FORMS_MAX || map_get(&w->seen, s))
		return;
	map_set(&w->seen, s, w);
	vec_add(w->a, &w->forms, s);
}

static void add_todo(struct work *w, struct str s)
{
	if (w->todo.n < URI_REDIRECTS_MAX)
		vec_add(w->a, &w->todo, s);
}

static void add_web(struct work *w, struct str proto, struct str host, struct str rest)
{
	add_form(w, str_cat(w->a, str_cat(w->a, proto, host), rest));
}

/* Without line ends, and without blanks at both ends. */
static struct str trimmed(struct arena *a, struct str s)
{
	char *out;
	size_t n = 0;

	if (str_chr(s, '\n') >= 0 || str_chr(s, '\r') >= 0) {
		out = arena_alloc(a, s.n);
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] != '\n' && (s.p[i] != '\r' || (n == 0)))
				out[n++] = s.p[i];
		s = (struct str){ out, n };
	}
	while (s.n && is_space(*s.p))
		s = str_from(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* "#here", "?x", "&x", "/x": nothing that names a host. */
static bool is_local(struct str s)
{
	if (s.n <= 1)
		return true;
	return strchr("#?&", *s.p) || (*s.p == '/' && s.p[1] != '/');
}

static bool is_mail(struct str s)
{
	ptrdiff_t at = str_chr(s, '@'), colon = str_chr(s, ':');

	return str_istarts(s, STR("mailto:")) || (at >= 0 && (colon < 0 || colon > at));
}

/* Up to the first of `stop` after the address's @, if it comes after something. */
static struct str mail_until(struct str s, const char *stop)
{
	ptrdiff_t at = str_chr(s, '@');
	size_t i = (size_t)at + 1;

	if (at < 1)
		return STR_NONE;
	while (i < s.n && !(s.p[i] && strchr(stop, s.p[i])))
		i++;
	return i > (size_t)at + 1 ? str_sub(s, 0, i) : STR_NONE;
}

static void add_mail(struct work *w, struct str s)
{
	if (s.n)
		add_form(w, str_cat(w->a, STR("mailto:"), s));
}

/* What stands between the brackets of `name <address>`, before any parameters. */
static struct str bracketed_mail(struct str s)
{
	size_t i = 0, close;
	struct str inside;
	ptrdiff_t at;

	while (i < s.n && s.p[i] != '<' && s.p[i] != '?' && s.p[i] != '&')
		i++;
	if (i >= s.n || s.p[i] != '<')
		return STR_NONE;
	inside = str_from(s, i + 1);
	for (close = 0; close < inside.n && inside.p[close] != '>';)
		close++;
	at = str_chr(inside, '@');
	if (close >= inside.n || at < 1 || (size_t)at + 1 >= close)
		return STR_NONE;
	return str_sub(inside, 0, close);
}

static void mail_forms(struct work *w, struct str s)
{
	struct str query = mail_until(s, "?"), amp = mail_until(s, "?&"), clean = s;

	if (query.n && query.n < s.n)
		add_form(w, query);
	if (amp.n && amp.n < s.n && s.p[amp.n] == '&')
		add_form(w, amp);
	if (str_find(s, STR("%20")) >= 0) {
		if (str_istarts(clean, STR("mailto:")))
			clean = str_from(clean, 7);
		while (str_starts(clean, STR("%20")))
			clean = str_from(clean, 3);
		add_mail(w, mail_until(clean, "?&%"));
	}
	add_mail(w, bracketed_mail(s));
}

/* "http:/x" and "http:x" are http://x */
static struct str two_slashes(struct arena *a, struct str s)
{
	size_t n = str_istarts(s, STR("http:")) ? 5 : str_istarts(s, STR("https:")) ? 6 : 0, i = n;

	if (!n)
		return s;
	while (i < n + 2 && i < s.n && s.p[i] == '/')
		i++;
	if (i == n + 2)
		return s;
	return str_cat(a, str_cat(a, str_sub(s, 0, n), STR("//")), str_from(s, i));
}

static bool has_scheme(struct str s)
{
	size_t i = 0;

	while (i < s.n &&
	       (ascii_is_alpha(s.p[i]) || ascii_is_digit(s.p[i]) || s.p[i] == '-' || s.p[i] == '_'))
		i++;
	return i > 0 && i < s.n && s.p[i] == ':';
}

static struct str with_scheme(struct arena *a, struct str s)
{
	if (has_scheme(s))
		return s;
	return str_cat(a, str_starts(s, STR("ftp.")) ? STR("ftp://") : STR("http://"), s);
}

static size_t web_scheme(struct str s)
{
	return str_istarts(s, STR("http://")) ? 7 : str_istarts(s, STR("https://")) ? 8 : 0;
}

/* "http://host?x" is http://host/?x */
static struct str with_root(struct arena *a, struct str s)
{
	size_t start = web_scheme(s), i = start;

	while (start && i < s.n && s.p[i] != '/' && s.p[i] != '?' && s.p[i] != '#')
		i++;
	if (i == start || i >= s.n || s.p[i] == '/')
		return s;
	return str_cat(a, str_cat(a, str_sub(s, 0, i), STR("/")), str_from(s, i));
}

static struct str slashes(struct arena *a, struct str s)
{
	char *p;

	if (str_chr(s, '\\') < 0)
		return s;
	p = (char *)str_copy(a, s).p;
	for (size_t i = 0; i < s.n; i++)
		if (p[i] == '\\')
			p[i] = '/';
	return (struct str){ p, s.n };
}

/* http(s)://[user@]host[:port]rest; false if it is not of that form. */
static bool split_web(struct str s, struct web *out)
{
	size_t n = web_scheme(s), i;
	struct str rest = str_from(s, n);

	*out = (struct web){ .proto = str_sub(s, 0, n) };
	if (!n || str_chr(s, '\n') >= 0)
		return false;
	for (i = 0; i < rest.n && !strchr("@/?#", rest.p[i] ? rest.p[i] : 'x');)
		i++;
	if (i < rest.n && rest.p[i] == '@') {
		out->auth = str_sub(rest, 0, i + 1);
		rest = str_from(rest, i + 1);
	}
	for (i = 0; i < rest.n && !strchr("/?#:", rest.p[i] ? rest.p[i] : 'x');)
		i++;
	out->host = str_sub(rest, 0, i);
	out->rest = str_from(rest, i);
	if (out->rest.n && *out->rest.p == ':') {
		for (i = 1; i < out->rest.n && ascii_is_digit(out->rest.p[i]);)
			i++;
		out->port = str_sub(out->rest, 1, i - 1);
	}
	return out->host.n > 0;
}

/* Where a redirector leads: one that is known, or any URI inside the path. */
static void follow(struct work *w, const struct web *u, struct str host)
{
	struct str whole = str_cat(w->a, str_cat(w->a, u->proto, host), u->rest), target;
	struct str rest = u->rest;
	ptrdiff_t at;

	if (w->redirector && w->redirector->target &&
	    w->redirector->target(w->redirector->ctx, whole, &target) &&
	    str_chr(target, '.') >= 0) {
		add_todo(w, target);
		return;
	}
	while ((at = str_ifind(rest, STR("http"))) >= 0) {
		struct str from = str_from(rest, (size_t)at);
		size_t n = str_istarts(from, STR("https:"))  ? 6
			   : str_istarts(from, STR("http:")) ? 5
							     : 0;
		size_t i = n;

		rest = str_from(from, 4);
		while (n && i < from.n && from.p[i] != '&' && from.p[i] != '#')
			i++;
		if (i == n)
			continue;
		target = str_sub(from, 0, i);
		if (str_chr(target, '.') >= 0)
			add_todo(w, target);
		return;
	}
}

static bool is_plain_port(struct str proto, struct str port)
{
	return str_eq(port, str_eq(proto, STR("http://")) ? STR("80") : STR("443"));
}

static struct str without_controls(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > ' ')
			out[n++] = s.p[i];
	return (struct str){ out, n };
}

/* "www.name" or "name" without any other dot, as one browser completes it. */
static void add_completed(struct work *w, const struct web *u, struct str host)
{
	struct str name = str_starts(host, STR("www.")) ? str_from(host, 4) : host;

	if (!str_eq(u->proto, STR("http://")) || u->auth.n || str_eq(host, STR("localhost")) ||
	    (u->port.n && !str_eq(u->port, STR("80"))) || !name.n || str_chr(name, '.') >= 0)
		return;
	if (uri_domains_has_tld(w->d, host))
		return;
	name = str_cat(w->a, str_cat(w->a, STR("www."), name), STR(".com"));
	add_web(w, u->proto, name, u->rest);
}

static void web_forms(struct work *w, struct str s)
{
	struct str lower, bare, ip;
	struct web u;
	ptrdiff_t at;
	size_t n;

	if (!split_web(s, &u))
		return;
	if (u.port.n && is_plain_port(u.proto, u.port))
		add_web(w, u.proto, u.host, str_from(u.rest, 1 + u.port.n));
	lower = str_lower(w->a, u.host);
	bare = without_controls(w->a, u.host);
	if (bare.n < u.host.n)
		add_web(w, u.proto, bare, u.rest);
	follow(w, &u, bare);
	at = str_chr(bare, '@');
	if (at > 0) {
		bare = str_from(bare, (size_t)at + 1);
		add_web(w, u.proto, bare, u.rest);
	}
	for (n = bare.n; n && !ascii_is_alpha(bare.p[n - 1]) && !ascii_is_digit(bare.p[n - 1]);)
		n--;
	if (n < bare.n) {
		bare.n = n;
		add_web(w, u.proto, bare, u.rest);
	}
	if (uri_host_as_ip(w->a, bare, &ip))
		add_web(w, u.proto, ip, u.rest);
	else
		add_completed(w, &u, lower);
}

static void forms_of(struct work *w, struct str uri)
{
	struct str s;

	if (is_local(uri))
		return;
	if (is_mail(uri)) {
		mail_forms(w, uri);
		return;
	}
	s = uri_unescape(w->a, two_slashes(w->a, slashes(w->a, uri)));
	s = with_root(w->a, with_scheme(w->a, s));
	s = uri_entities(w->a, s);
	add_form(w, s);
	web_forms(w, s);
}

struct uri_forms uri_canonical(struct arena *a, const struct uri_domains *d,
			       const struct uri_redirector *redirector, struct str uri)
{
	struct work w = { .a = a, .d = d, .redirector = redirector };

	map_init(&w.seen, a);
	add_todo(&w, uri);
	for (size_t i = 0; i < w.todo.n; i++) {
		struct str s = trimmed(a, w.todo.p[i]);

		add_form(&w, s);
		forms_of(&w, s);
	}
	return (struct uri_forms){ w.forms.p, w.forms.n };
}
