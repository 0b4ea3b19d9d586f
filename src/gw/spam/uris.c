/* The URIs of a mail, from its text, its HTML and its signatures (§3.7). */
#include "gw/spam/html_text.h"
#include "lib/uri/canon.h"
#include "lib/uri/find.h"

struct detail {
	struct spam_uri pub;
	VEC(struct str) cleaned, anchors;
	VEC(struct spam_uri_host) hosts;
};

struct collector {
	struct spam_message *m;
	struct uri_redirector redirector;
	struct map by_raw;
	VEC(struct detail *) list;
	struct map all_cleaned;
};

static bool has_text(const struct str *v, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i], s))
			return true;
	return false;
}

static struct detail *detail_of(struct collector *c, struct str raw)
{
	struct detail *d = map_get(&c->by_raw, raw);

	if (d || c->list.n >= SPAM_URIS_MAX)
		return d;
	d = NEW(c->m->a, struct detail);
	d->pub.raw = raw;
	map_set(&c->by_raw, raw, d);
	vec_add(c->m->a, &c->list, d);
	return d;
}

static void add_host(struct collector *c, struct detail *d, struct str host, struct str domain)
{
	for (size_t i = 0; i < d->hosts.n; i++)
		if (str_eq(d->hosts.p[i].host, host))
			return;
	vec_add(c->m->a, &d->hosts, ((struct spam_uri_host){ host, domain }));
}

static bool names_host(struct collector *c, const struct uri_forms *forms)
{
	struct str host, domain;

	for (size_t i = 0; i < forms->n; i++)
		if (uri_host(c->m->a, c->m->o->domains, forms->v[i], &host, &domain))
			return true;
	return false;
}

/* Adds one URI in all its forms; NULL if it must name a host and does not. */
static struct detail *add_uri(struct collector *c, struct str raw, unsigned types, bool must_name)
{
	struct arena *a = c->m->a;
	struct uri_forms forms = { &raw, 1 };
	struct detail *d;

	if (!(types & SPAM_URI_DKIM))
		forms = uri_canonical(a, c->m->o->domains, &c->redirector, raw);
	if (must_name && !names_host(c, &forms))
		return NULL;
	d = detail_of(c, raw);
	if (!d)
		return NULL;
	d->pub.types |= types;
	for (size_t i = 0; i < forms.n; i++) {
		struct str form = str_sub(forms.v[i], 0, SPAM_URI_MAX), host, domain;

		c->m->flags.uri_truncated |= forms.v[i].n > SPAM_URI_MAX;
		if (uri_host(a, c->m->o->domains, form, &host, &domain))
			add_host(c, d, host, domain);
		if (types & SPAM_URI_DKIM || has_text(d->cleaned.p, d->cleaned.n, form))
			continue;
		vec_add(a, &d->cleaned, form);
		map_set(&c->all_cleaned, form, d);
	}
	return d;
}

static bool is_trailer(char c)
{
	return c && strchr("-~!@#^&*()_+=:;'?,.", c);
}

/* A closing bracket that was not opened ends it; punctuation at the end is not part of it. */
static struct str trim_found(struct str s)
{
	ptrdiff_t close = str_chr(s, ')'), open = str_chr(s, '(');

	if (close >= 0 && (open < 0 || open > close))
		s.n = (size_t)close;
	while (s.n && is_trailer(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool has_known_scheme(struct str s)
{
	return str_istarts(s, STR("http:")) || str_istarts(s, STR("https:")) ||
	       str_istarts(s, STR("ftp:")) || str_istarts(s, STR("mailto:"));
}

static bool is_www(struct str s)
{
	size_t i = 3;

	if (!str_istarts(s, STR("www")))
		return false;
	while (i < 5 && i < s.n && ascii_is_digit(s.p[i]))
		i++;
	return i < s.n && s.p[i] == '.';
}

/* "cid:", "mid:", or a scheme and nothing after it. */
static bool is_no_link(struct str s)
{
	size_t i = 0;

	if (str_istarts(s, STR("cid:")) || str_istarts(s, STR("mid:")))
		return true;
	while (i < s.n && is_word(s.p[i]))
		i++;
	if (i == 0 || i >= s.n || s.p[i] != ':')
		return false;
	s = str_from(s, i + 1);
	return !s.n || str_eq(s, STR("/")) || str_eq(s, STR("//"));
}

/* "skype:", "e-mail:" and the like, that stand before an address. */
static struct str without_label(struct str s)
{
	static const char *const labels[] = { "skype", "e-mail", "email", "-mail", "mail", "" };

	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		struct str rest = str_from(s, strlen(labels[i]));

		if (!str_istarts(s, str_of(labels[i])) || !rest.n || *rest.p != ':')
			continue;
		while (rest.n && *rest.p == ':')
			rest = str_from(rest, 1);
		return rest;
	}
	return s;
}

/* The scheme that a client would add, and the types that follow; false if it would not. */
static bool add_scheme(struct arena *a, struct str *uri, unsigned *types)
{
	ptrdiff_t at = str_chr(*uri, '@'), slash = str_chr(*uri, '/'), last = str_rchr(*uri, '@');

	*types |= SPAM_URI_SCHEMELESS;
	if (str_istarts(*uri, STR("ftp."))) {
		*uri = str_cat(a, STR("ftp://"), *uri);
	} else if (is_www(*uri) || (slash >= 0 && last > slash + 1)) {
		*uri = str_cat(a, STR("http://"), *uri);
	} else if (at >= 0) {
		ptrdiff_t dot = str_chr(str_from(*uri, (size_t)at + 2), '.');

		if (dot < 0 || str_find(*uri, STR("&nbsp;")) >= 0)
			return false;
		*uri = str_cat(a, STR("mailto:"), without_label(*uri));
	} else {
		if (str_chr(*uri, '.') < 0)
			return false;
		*uri = str_cat(a, STR("http://"), *uri);
		*types |= SPAM_URI_UNLINKED;
	}
	return true;
}

static bool has_space(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_space(s.p[i]))
			return true;
	return false;
}

/* A mail address must be at a domain that can be. */
static bool is_good_mail(struct collector *c, struct str *uri)
{
	struct str host;
	ptrdiff_t at;
	size_t n = 0;

	*uri = uri_unescape(c->m->a, *uri);
	at = str_chr(*uri, '@');
	if (at < 0)
		return false;
	host = str_from(*uri, (size_t)at + 1);
	while (n < host.n && !(host.p[n] && strchr("?&>", host.p[n])))
		n++;
	host.n = n;
	while (str_ends(host, STR("%20")))
		host.n -= 3;
	return !has_space(host) && uri_domains_has_tld(c->m->o->domains, host);
}

static void take_found(struct collector *c, const struct uri_found *found, struct map *seen)
{
	struct str uri = trim_found(found->text);
	unsigned types = SPAM_URI_PARSED;

	if (map_get(seen, uri))
		return;
	map_set(seen, uri, c);
	if (found->kind == URI_KIND_MAIL && str_chr(uri, '@') < 0)
		return;
	if (found->kind == URI_KIND_HOST && !uri_host_is_fqdn(found->host))
		return;
	if (is_no_link(uri))
		return;
	if (!has_known_scheme(uri) && !add_scheme(c->m->a, &uri, &types))
		return;
	if (str_istarts(uri, STR("mailto:")) && !is_good_mail(c, &uri))
		return;
	add_uri(c, uri, types, true);
}

static void take_text(struct collector *c)
{
	struct spam_texts lines = spam_body(c->m);
	struct map seen;

	map_init(&seen, c->m->a);
	for (size_t i = 0; i < lines.n && c->list.n < SPAM_URIS_MAX; i++) {
		struct uri_found found;
		size_t at = 0;

		while (uri_find(c->m->o->domains, lines.v[i], &at, &found))
			take_found(c, &found, &seen);
	}
}

static void take_html(struct collector *c)
{
	size_t n;
	const struct spam_html *const *html = spam_htmls(c->m, &n);

	for (size_t i = 0; i < n; i++) {
		c->m->flags.uri_truncated |= html[i]->uri_truncated;
		for (size_t k = 0; k < html[i]->uri_count; k++) {
			const struct spam_html_uri *u = html[i]->uris[k];
			/* A link that was resolved to something else is known by its text alone. */
			struct detail *d =
				add_uri(c, u->uri, u->types ? u->types : SPAM_URI_PARSED, false);

			for (size_t t = 0; d && t < u->anchors.n; t++) {
				struct str text = buf_str(u->anchors.p[t]);

				if (!has_text(d->anchors.p, d->anchors.n, text))
					vec_add(c->m->a, &d->anchors, text);
			}
		}
	}
}

/* d= of every signature */
static void take_signature(struct collector *c, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		struct str rest = str_ltrim(str_from(value, i + 1)), d;
		struct buf b;

		if (value.p[i] != 'd' || (i && is_word(value.p[i - 1])) || !rest.n ||
		    *rest.p != '=')
			continue;
		rest = str_from(rest, 1);
		d = str_cut(&rest, ';');
		buf_init(&b, c->m->a, SPAM_HEADER_VALUE_MAX);
		buf_addz(&b, "domainkeys:");
		for (size_t k = 0; k < d.n; k++)
			if (!is_space(d.p[k]))
				buf_addc(&b, d.p[k]);
		if (b.n > strlen("domainkeys:"))
			add_uri(c, buf_str(&b), SPAM_URI_DKIM, true);
		i = d.n ? (size_t)(d.p + d.n - value.p) - 1 : i;
	}
}

static void take_signatures(struct collector *c)
{
	static const struct spam_header_query names[] = { { STR_INIT("DomainKey-Signature"), 0 },
							  { STR_INIT("DKIM-Signature"), 0 } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct spam_texts t = spam_header(c->m, &names[i]);

		for (size_t k = 0; k < t.n; k++)
			take_signature(c, t.v[k]);
	}
}

void spam_add_uri(struct spam_message *m, struct str uri)
{
	if (m->added_uris.n < SPAM_URIS_MAX)
		vec_add(m->a, &m->added_uris, uri);
	m->have_uris = false;
}

static void publish(struct collector *c)
{
	struct spam_message *m = c->m;
	struct spam_uri *uris = NEW_N(m->a, struct spam_uri, c->list.n + 1);
	struct str *all = NEW_N(m->a, struct str, c->all_cleaned.n + 1);

	for (size_t i = 0; i < c->list.n; i++) {
		struct detail *d = c->list.p[i];

		uris[i] = d->pub;
		uris[i].cleaned = (struct spam_texts){ d->cleaned.p, d->cleaned.n };
		uris[i].anchor_text = (struct spam_texts){ d->anchors.p, d->anchors.n };
		uris[i].hosts = d->hosts.p;
		uris[i].host_count = d->hosts.n;
	}
	for (size_t i = 0; i < c->all_cleaned.n; i++)
		all[i] = c->all_cleaned.entries[i].key;
	m->uri_details = uris;
	m->uri_count = c->list.n;
	m->uris = (struct spam_texts){ all, c->all_cleaned.n };
}

static void collect(struct spam_message *m)
{
	struct collector c = { .m = m, .redirector = { m->o->redirect, m->o->redirect_ctx } };

	if (m->have_uris)
		return;
	m->have_uris = true;
	map_init(&c.by_raw, m->a);
	map_init(&c.all_cleaned, m->a);
	take_text(&c);
	take_html(&c);
	if (m->o->dkim_uris)
		take_signatures(&c);
	for (size_t i = 0; i < m->added_uris.n; i++)
		add_uri(&c, m->added_uris.p[i], SPAM_URI_PARSED, false);
	publish(&c);
}

struct spam_texts spam_uris(struct spam_message *m)
{
	collect(m);
	return m->uris;
}

const struct spam_uri *spam_uri_details(struct spam_message *m, size_t *n)
{
	collect(m);
	*n = m->uri_count;
	return m->uri_details;
}
