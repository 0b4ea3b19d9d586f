#include "gw/spam/html_walk.h"

enum {
	E = TAG_ELEMENT,
	T = TAG_TRICK,
	Y = TAG_STYLE,
	S = TAG_SPACE,
	B = TAG_BREAK,
	P = TAG_PARAGRAPH,
};

/* In byte order. */
static const struct html_tag tags[] = {
	{ "a", E | Y, SPAM_URI_A },
	{ "abbr", E, 0 },
	{ "acronym", E, 0 },
	{ "address", E, 0 },
	{ "applet", E, 0 },
	{ "area", E, SPAM_URI_AREA },
	{ "b", E, 0 },
	{ "base", E, SPAM_URI_BASE },
	{ "basefont", E | Y, 0 },
	{ "bdo", E, 0 },
	{ "bgsound", T, SPAM_URI_BGSOUND },
	{ "big", E | Y, 0 },
	{ "blockquote", E | P, 0 },
	{ "body", E | Y, SPAM_URI_BODY },
	{ "br", E | B, 0 },
	{ "button", E, 0 },
	{ "caption", E, 0 },
	{ "center", E, 0 },
	{ "cite", E, 0 },
	{ "code", E, 0 },
	{ "col", E, 0 },
	{ "colgroup", E, 0 },
	{ "dd", E | S, 0 },
	{ "del", E, 0 },
	{ "dfn", E, 0 },
	{ "dir", E, 0 },
	{ "div", E | Y | B, 0 },
	{ "dl", E, 0 },
	{ "dt", E | S, 0 },
	{ "em", E, 0 },
	{ "embed", T | S, SPAM_URI_EMBED },
	{ "fieldset", E, 0 },
	{ "font", E | Y, 0 },
	{ "form", E, SPAM_URI_FORM },
	{ "frame", E, SPAM_URI_FRAME },
	{ "frameset", E, 0 },
	{ "h1", E | S, 0 },
	{ "h2", E | S, 0 },
	{ "h3", E | S, 0 },
	{ "h4", E | S, 0 },
	{ "h5", E | S, 0 },
	{ "h6", E | S, 0 },
	{ "head", E, 0 },
	{ "hr", E | P, 0 },
	{ "html", E, 0 },
	{ "i", E, 0 },
	{ "iframe", E, SPAM_URI_IFRAME },
	{ "img", E, SPAM_URI_IMG },
	{ "input", E, 0 },
	{ "ins", E, 0 },
	{ "isindex", E, 0 },
	{ "kbd", E, 0 },
	{ "label", E, 0 },
	{ "legend", E, 0 },
	{ "li", E | S, 0 },
	{ "link", E, SPAM_URI_LINK },
	{ "listing", T | P, 0 },
	{ "map", E, 0 },
	{ "menu", E, 0 },
	{ "meta", E, SPAM_URI_META },
	{ "nobr", E, 0 },
	{ "noframes", E, 0 },
	{ "noscript", E, 0 },
	{ "object", E, 0 },
	{ "ol", E, 0 },
	{ "optgroup", E, 0 },
	{ "option", E, 0 },
	{ "p", E | Y | P, 0 },
	{ "param", E, 0 },
	{ "plaintext", T | P, 0 },
	{ "pre", E | P, 0 },
	{ "q", E, 0 },
	{ "s", E, 0 },
	{ "samp", E, 0 },
	{ "script", E, SPAM_URI_SCRIPT },
	{ "select", E, 0 },
	{ "small", E | Y, 0 },
	{ "span", E | Y, 0 },
	{ "strike", E, 0 },
	{ "strong", E, 0 },
	{ "style", E, 0 },
	{ "sub", E, 0 },
	{ "sup", E, 0 },
	{ "table", E | Y, SPAM_URI_TABLE },
	{ "tbody", E, 0 },
	{ "td", E | Y | S, SPAM_URI_TD },
	{ "textarea", E, 0 },
	{ "tfoot", E, 0 },
	{ "th", E | Y | S, 0 },
	{ "thead", E, 0 },
	{ "title", E | P, 0 },
	{ "tr", E | Y, SPAM_URI_TR },
	{ "tt", E, 0 },
	{ "u", E, 0 },
	{ "ul", E, 0 },
	{ "var", E, 0 },
	{ "x-sigsep", E, 0 },
	{ "x-tab", E, 0 },
	{ "xmp", T | P, 0 },
};

_Static_assert(ARRAY_LEN(tags) <= HTML_TAGS_MAX, "one counter each");

const struct html_tag *html_tag_find(struct str name)
{
	size_t lo = 0, hi = ARRAY_LEN(tags);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = str_cmp(str_of(tags[mid].name), name);

		if (order == 0)
			return &tags[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

size_t html_tag_index(const struct html_tag *t)
{
	return (size_t)(t - tags);
}

bool html_tag_is(const struct html_tag *t, const char *name)
{
	return t && strcmp(t->name, name) == 0;
}

/* o:p, st1:City/ */
bool html_is_namespaced(struct str name)
{
	size_t i;

	if (str_starts(name, STR("o:")))
		i = 2;
	else if (str_starts(name, STR("st")) && name.n > 4 && ascii_is_digit(name.p[2]) &&
		 name.p[3] == ':')
		i = 4;
	else
		return false;
	if (i < name.n && name.p[name.n - 1] == '/')
		name.n--;
	if (i == name.n)
		return false;
	for (; i < name.n; i++)
		if (!is_word(name.p[i]) && name.p[i] != '-')
			return false;
	return true;
}
