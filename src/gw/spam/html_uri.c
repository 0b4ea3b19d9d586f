/* URIs in attributes, and the texts of links. */
#include "gw/spam/html_walk.h"
#include "gw/spam/text.h"
#include "lib/uri/resolve.h"

static const struct str bom = STR_INIT("\xef\xbb\xbf");

static struct spam_html_uri *uri_entry(struct html_walk *w, struct str uri)
{
	struct spam_html_uri *u = map_get(&w->uris, uri);

	if (u)
		return u;
	if (w->uri_list.n >= SPAM_URIS_MAX)
		return NULL;
	u = NEW(w->a, struct spam_html_uri);
	u->uri = uri;
	map_set(&w->uris, uri, u);
	vec_add(w->a, &w->uri_list, u);
	return u;
}

static size_t space_or_nbsp_at(struct str s, bool wide)
{
	size_t n = spam_space_at(s, wide);

	return n ? n : str_starts(s, STR("\xc2\xa0")) ? 2 : 0;
}

/* Start of the character that ends at `end`. */
static size_t char_before(struct str s, size_t end)
{
	do
		end--;
	while (end && (s.p[end] & 0xc0) == 0x80);
	return end;
}

/* Without white space at both ends, and not too long. */
static struct str canonical(struct html_walk *w, struct str uri)
{
	size_t n;

	while ((n = space_or_nbsp_at(uri, w->wide)) > 0)
		uri = str_from(uri, n);
	while (uri.n) {
		size_t at = char_before(uri, uri.n);

		if (space_or_nbsp_at(str_from(uri, at), w->wide) != uri.n - at)
			break;
		uri.n = at;
	}
	n = uri.n > SPAM_URI_MAX ? spam_chars_end(uri, SPAM_URI_MAX) : uri.n;
	if (n < uri.n)
		w->r->uri_truncated = true;
	return str_sub(uri, 0, n);
}

static bool needs_no_target(struct str uri)
{
	static const char *const schemes[] = { "data:", "mailto:", "file:", "cid:", "tel:" };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (str_istarts(uri, str_of(schemes[i])))
			return true;
	return false;
}

static void push_uri(struct html_walk *w, const struct html_tag *t, struct str uri)
{
	struct spam_html_uri *u;

	uri = canonical(w, uri);
	if (!uri.n)
		return;
	if (!needs_no_target(uri))
		uri = uri_resolve(w->a, w->base, uri);
	u = uri.n ? uri_entry(w, uri) : NULL;
	if (u)
		u->types |= t->uri_type;
}

/* `x/href`, as broken HTML glues tags and attributes together: the last such one counts. */
static const struct html_attr *glued_attr(const struct html_event *ev, const char *name)
{
	const struct html_attr *found = html_attr_find(ev, name);
	struct str tail = str_of(name);

	for (size_t i = 0; i < ev->attr_count; i++) {
		struct str rest = ev->attrs[i].name;
		ptrdiff_t slash;

		while ((slash = str_chr(rest, '/')) >= 0) {
			bool word = slash > 0 && is_word(rest.p[slash - 1]);

			rest = str_from(rest, (size_t)slash + 1);
			if (word && str_starts(rest, tail)) {
				found = &ev->attrs[i];
				break;
			}
		}
	}
	return found;
}

static struct str without_bom(struct arena *a, struct str s)
{
	struct buf out;
	ptrdiff_t at;

	if (str_find(s, bom) < 0)
		return s;
	buf_init(&out, a, s.n);
	while ((at = str_find(s, bom)) >= 0) {
		buf_add(&out, str_sub(s, 0, (size_t)at));
		s = str_from(s, (size_t)at + bom.n);
	}
	buf_add(&out, s);
	return buf_str(&out);
}

/*
 * The event with `href` as what was found for it, since the text of the link is filed under that
 * too.
 */
static struct str take_href(struct html_walk *w, struct html_event *ev, bool *found)
{
	const struct html_attr *href = glued_attr(ev, "href"), *own = html_attr_find(ev, "href");
	struct html_attr *attrs;
	struct str value;

	*found = href != NULL;
	if (!href)
		return STR_NONE;
	value = without_bom(w->a, href->value);
	attrs = NEW_N(w->a, struct html_attr, ev->attr_count + 1);
	memcpy(attrs, ev->attrs, ev->attr_count * sizeof(*attrs));
	if (own)
		attrs[own - ev->attrs].value = value;
	else
		attrs[ev->attr_count++] = (struct html_attr){ STR("href"), value };
	ev->attrs = attrs;
	return value;
}

static bool is_absolute(struct str uri)
{
	return str_istarts(uri, STR("http:")) || str_istarts(uri, STR("https:")) ||
	       str_istarts(uri, STR("ftp:"));
}

/* "http://host/dir/name.html" without its last segment if that looks like a file's name. */
static struct str without_file_name(struct str uri)
{
	size_t host = (size_t)str_chr(uri, ':') + 1, end, dot, name;

	for (int i = 0; i < 2 && host < uri.n && uri.p[host] == '/'; i++)
		host++;
	end = host;
	while (end < uri.n && uri.p[end] != '/')
		end++;
	dot = (size_t)(str_rchr(uri, '.') + 1);
	if (end == host || dot <= end + 2 || uri.n - dot < 2 || uri.n - dot > 4 ||
	    str_chr(str_from(uri, dot), '/') >= 0)
		return uri;
	for (name = dot - 1; name > end + 1; name--)
		if (uri.p[name - 1] == '/' || uri.p[name - 1] == '.')
			break;
	return name < dot - 1 ? str_sub(uri, 0, name) : uri;
}

static void take_base(struct html_walk *w, const struct html_tag *t, const struct html_event *ev)
{
	const struct html_attr *href = html_attr_find(ev, "href");
	struct str uri;

	if (!href || !href->value.n || str_eq(href->value, STR("0")))
		return;
	uri = canonical(w, href->value);
	push_uri(w, t, uri);
	if (!is_absolute(uri))
		return;
	uri = without_file_name(uri);
	w->base = str_ends(uri, STR("/")) ? uri : str_cat(w->a, uri, STR("/"));
}

/* After the last "url=" that starts a word, of a page that moves itself elsewhere. */
static bool refresh_target(struct str content, struct str *target)
{
	struct str rest = content;
	bool found = false;
	ptrdiff_t at;

	while ((at = str_ifind(rest, STR("url"))) >= 0) {
		const char *p = rest.p + at;
		struct str after = str_ltrim(str_from(rest, (size_t)at + 3));

		if ((p == content.p || !is_word(p[-1])) && after.n && *after.p == '=') {
			*target = str_ltrim(str_from(after, 1));
			found = true;
		}
		rest = str_from(rest, (size_t)at + 3);
	}
	if (found) {
		ptrdiff_t semicolon = str_chr(*target, ';');

		if (semicolon >= 0)
			*target = str_rtrim(str_sub(*target, 0, (size_t)semicolon));
	}
	return found;
}

static void take_refresh(struct html_walk *w, const struct html_tag *t, const struct html_event *ev)
{
	const struct html_attr *kind = html_attr_find(ev, "http-equiv");
	const struct html_attr *content = html_attr_find(ev, "content");
	struct str target;

	if (kind && content && str_ifind(kind->value, STR("refresh")) >= 0 &&
	    refresh_target(content->value, &target))
		push_uri(w, t, target);
}

static void push_attr(struct html_walk *w, const struct html_tag *t, const struct html_attr *attr)
{
	if (attr)
		push_uri(w, t, attr->value);
}

void html_uri_take(struct html_walk *w, const struct html_tag *t, struct html_event *ev)
{
	bool found;

	switch (t->uri_type) {
	case SPAM_URI_BODY:
	case SPAM_URI_TABLE:
	case SPAM_URI_TR:
	case SPAM_URI_TD:
		push_attr(w, t, html_attr_find(ev, "background"));
		break;
	case SPAM_URI_A:
	case SPAM_URI_AREA:
	case SPAM_URI_LINK: {
		struct str href = take_href(w, ev, &found);

		if (found)
			push_uri(w, t, href);
		push_attr(w, t, html_attr_find(ev, "data-saferedirecturl"));
		break;
	}
	case SPAM_URI_FORM:
		push_attr(w, t, html_attr_find(ev, "action"));
		break;
	case SPAM_URI_BASE:
		take_base(w, t, ev);
		break;
	case SPAM_URI_META:
		take_refresh(w, t, ev);
		break;
	default:
		push_attr(w, t, glued_attr(ev, "src"));
	}
}

void html_anchor_open(struct html_walk *w, const struct html_event *ev)
{
	const struct html_attr *href = html_attr_find(ev, "href");
	struct spam_html_uri *u = uri_entry(w, href ? canonical(w, href->value) : STR(""));

	w->anchor = html_text_start(w);
	vec_add(w->a, &w->r->anchors, &w->anchor->buf);
	if (u)
		vec_add(w->a, &u->anchors, &w->anchor->buf);
}
