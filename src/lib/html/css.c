#include "lib/html/css.h"

enum { PROPERTY_MAX = 40, VALUE_MAX = 300, SELECTOR_MAX = 1000 };

/* Nothing that moves a box over others, loads, runs or counts. */
static const char *const properties[] = {
	"background", "background-color", "border", "border-bottom", "border-bottom-color",
	"border-bottom-style", "border-bottom-width", "border-collapse", "border-color",
	"border-left", "border-left-color", "border-left-style", "border-left-width",
	"border-radius", "border-right", "border-right-color", "border-right-style",
	"border-right-width", "border-spacing", "border-style", "border-top", "border-top-color",
	"border-top-style", "border-top-width", "border-width", "clear", "color", "direction",
	"display", "float", "font", "font-family", "font-size", "font-style", "font-variant",
	"font-weight", "height", "letter-spacing", "line-height", "list-style-position",
	"list-style-type", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top",
	"max-height", "max-width", "min-height", "min-width", "overflow-wrap", "padding",
	"padding-bottom", "padding-left", "padding-right", "padding-top", "table-layout",
	"text-align", "text-decoration", "text-indent", "text-transform", "vertical-align",
	"white-space", "width", "word-break", "word-spacing", "word-wrap",
};

static bool is_one_of(struct str s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(s, str_of(list[i])))
			return true;
	return false;
}

static bool is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* What stands before the bracket. */
static struct str word_before(struct str s, size_t at)
{
	size_t from = at;

	while (from && (is_alnum(s.p[from - 1]) || s.p[from - 1] == '-'))
		from--;
	return str_sub(s, from, at - from);
}

/* After a minus: what would move a box over others. */
static bool is_length(char c)
{
	return ascii_is_digit(c) || c == '.';
}

static bool is_safe_value(struct str s)
{
	static const char *const functions[] = { "rgb", "rgba", "hsl", "hsla" };
	char quote = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '(' && !is_one_of(word_before(s, i), functions, ARRAY_LEN(functions)))
			return false;
		if (!is_alnum(c) && !strchr(" \t\r\n#%.,-+!()'\"_", c))
			return false;
		if (c == '\0' || (c == '-' && i + 1 < s.n && is_length(s.p[i + 1])))
			return false;
		if ((c == '\'' || c == '"') && (!quote || quote == c))
			quote = quote ? 0 : c;
	}
	return s.n && s.n <= VALUE_MAX && !quote;
}

/* The picture behind a text is not loaded; the colour beside it may be what makes it readable. */
static struct str without_picture(struct str s, char to[static VALUE_MAX])
{
	ptrdiff_t from = str_ifind(s, STR("url(")), end;
	struct str rest;

	if (from < 0)
		return s;
	end = str_chr(str_from(s, (size_t)from), ')');
	rest = end < 0 ? STR_NONE : str_from(s, (size_t)(from + end + 1));
	if (end < 0 || (size_t)from + rest.n > VALUE_MAX)
		return STR_NONE;
	memcpy(to, s.p, (size_t)from);
	if (rest.n)
		memcpy(to + from, rest.p, rest.n);
	return str_trim((struct str){ to, (size_t)from + rest.n });
}

static void add_declaration(struct buf *out, struct str declaration)
{
	struct str value = declaration, name = str_trim(str_cut(&value, ':'));
	char kept[VALUE_MAX];

	value = str_trim(value);
	if (str_ieq(name, STR("background")))
		value = without_picture(value, kept);
	if (name.n > PROPERTY_MAX || !is_one_of(name, properties, ARRAY_LEN(properties)) ||
	    !is_safe_value(value))
		return;
	buf_add(out, name);
	buf_addc(out, ':');
	buf_add(out, value);
	buf_addc(out, ';');
}

/* Comments are not understood: a declaration with one in it is left out, as all that is odd. */
void html_css_declarations(struct buf *out, struct str css)
{
	while (css.n)
		add_declaration(out, str_cut(&css, ';'));
}

/* Elements, classes, ids: no attribute selectors, no pseudo-elements that make content. */
static bool is_safe_selector(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && !strchr(" \t\r\n.#,>*_-", s.p[i]))
			return false;
	return s.n && s.n <= SELECTOR_MAX && !memchr(s.p, '\0', s.n);
}

static void add_rule(struct buf *out, struct str selector, struct str body)
{
	size_t start = out->n;

	selector = str_trim(selector);
	if (!is_safe_selector(selector))
		return;
	buf_add(out, selector);
	buf_addc(out, '{');
	if (!out->failed) {
		size_t before = out->n;

		html_css_declarations(out, body);
		if (out->n == before) {
			out->n = start;
			return;
		}
	}
	buf_addz(out, "}\n");
}

static void skip_comment(struct str *css)
{
	ptrdiff_t end = str_find(str_from(*css, 2), STR("*/"));

	*css = end < 0 ? STR_NONE : str_from(*css, (size_t)end + 4);
}

/* What is before the next brace of either kind, comments aside; *brace is 0 at the end. */
static struct str until_brace(struct str *css, char *brace)
{
	size_t n = 0;
	struct str text;

	while (n < css->n && css->p[n] != '{' && css->p[n] != '}' &&
	       !(css->p[n] == '/' && n + 1 < css->n && css->p[n + 1] == '*'))
		n++;
	text = str_sub(*css, 0, n);
	*brace = n < css->n ? css->p[n] : '\0';
	*css = str_from(*css, n);
	return text;
}

/* From behind a brace to the one that closes it. */
static void skip_block(struct str *css)
{
	for (int depth = 1; depth && css->n;) {
		char brace;

		until_brace(css, &brace);
		if (brace == '/') {
			skip_comment(css);
			continue;
		}
		depth += brace == '{' ? 1 : -1;
		*css = str_from(*css, 1);
	}
}

/* A statement without block, as @import, ends at its semicolon; old mailers begin a comment. */
static struct str after_statements(struct str s)
{
	ptrdiff_t end;

	end = str_rchr(s, ';');
	if (end >= 0)
		s = str_from(s, (size_t)end + 1);
	s = str_ltrim(s);
	return str_starts(s, STR("<!--")) ? str_from(s, 4) : s;
}

void html_css_sheet(struct buf *out, struct str css)
{
	while (css.n) {
		char brace;
		struct str selector = after_statements(until_brace(&css, &brace)), body;

		if (brace == '/') {
			skip_comment(&css);
			continue;
		}
		css = str_from(css, 1);
		if (brace != '{')
			continue;
		if (str_starts(selector, STR("@"))) {
			skip_block(&css);
			continue;
		}
		body = until_brace(&css, &brace);
		if (brace == '}')
			add_rule(out, selector, body);
		css = str_from(css, brace == '}' ? 1 : 0);
	}
}
