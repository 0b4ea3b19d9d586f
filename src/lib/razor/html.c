/*
 * Tags as Razor takes them out: with the texts of scripts and styles left in, the last byte gone,
 * and everything from a NUL on, since its code counts on that byte and on a terminator.
 */
#include "lib/html/latin1.h"
#include "lib/razor/razor_int.h"

/* A text is HTML if it has one of these. */
static const char *const tags[] = {
	"a",      "applet", "area",  "b",   "base",   "body", "br",    "button",
	"center", "col",    "div",   "em",  "embed",  "font", "form",  "frame",
	"head",   "hr",     "html",  "i",   "iframe", "img",  "input", "map",
	"meta",   "object", "param", "pre", "script", "span", "style", "sub",
	"sup",    "table",  "tbody", "td",  "th",     "tr",   "xml",   "xmp",
};

static struct str until_nul(struct str s)
{
	ptrdiff_t end = str_chr(s, '\0');

	return end < 0 ? s : str_sub(s, 0, (size_t)end);
}

/* The letters behind "<", after one of "/!" and blanks. */
static struct str tag_name(struct str s)
{
	size_t i = s.n && (s.p[0] == '/' || s.p[0] == '!'), n = 0;

	s = str_ltrim(str_from(s, i));
	while (n < s.n && ascii_is_alpha(s.p[n]))
		n++;
	return str_sub(s, 0, n);
}

static bool is_known_tag(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (str_ieq(name, str_of(tags[i])))
			return true;
	return false;
}

static bool is_html(struct str text)
{
	ptrdiff_t at;

	text = until_nul(text);
	while ((at = str_chr(text, '<')) >= 0) {
		struct str name;

		text = str_from(text, (size_t)at + 1);
		name = tag_name(text);
		if (name.n == 0)
			continue;
		at = str_chr(text, '>');
		if (at < 0 || is_known_tag(name))
			return at >= 0;
		text = str_from(text, (size_t)at + 1);
	}
	return false;
}

/* A reference at the start of `s`, its semicolon optional: its length, or 0. */
static size_t reference(struct str s, char *out)
{
	static const struct {
		struct str name;
		char c;
	} basic[] = {
		{ STR_INIT("lt"), '<' },
		{ STR_INIT("gt"), '>' },
		{ STR_INIT("amp"), '&' },
		{ STR_INIT("quot"), '"' },
	};
	struct str name = STR_NONE;

	for (size_t i = 0; i < ARRAY_LEN(basic); i++)
		if (str_starts(s, basic[i].name)) {
			name = basic[i].name;
			*out = basic[i].c;
		}
	for (size_t i = 0; i < HTML_LATIN1_NAMES; i++)
		if (str_starts(s, str_of(html_latin1_names[i]))) {
			name = str_of(html_latin1_names[i]);
			*out = i ? (char)(HTML_LATIN1_FIRST + i) : ' ';
		}
	if (name.n == 0)
		return 0;
	return name.n + str_starts(str_from(s, name.n), STR(";"));
}

struct strip {
	struct buf out;
	char last, quote; /* the byte before; what ends a quotation, or "-" in a comment */
	bool tag, declaration;
};

/* A byte that means nothing by itself. */
static void text_byte(struct strip *s, char c)
{
	if (!s->tag)
		buf_addc(&s->out, c);
}

/* A byte outside of quotations; `rest` is what follows. How many bytes of that it takes. */
static size_t open_byte(struct strip *s, char c, struct str rest)
{
	char named = c;
	size_t n = 0;

	switch (c) {
	case '<':
		/* Whatever follows belongs to it. */
		s->declaration |= str_starts(rest, STR("!"));
		s->tag = true;
		return 1;
	case '>':
		s->declaration &= !s->tag;
		s->tag = false;
		return 0;
	case '-':
		if (s->declaration && s->last == '-')
			s->quote = c;
		else
			text_byte(s, c);
		return 0;
	case '"':
	case '\'':
		if (s->tag)
			s->quote = c;
		else
			text_byte(s, c);
		return 0;
	case '&':
		/* Even in a tag. */
		n = reference(rest, &named);
		buf_addc(&s->out, named);
		return n;
	default:
		text_byte(s, c);
		return 0;
	}
}

/* A tag that the header opens takes from the body what belongs to it. */
struct str razor_without_tags(struct arena *a, struct str header, struct str body)
{
	struct str all = str_cat(a, str_cat(a, header, STR("\n")), body);
	struct strip s = { .last = '\0' };

	if (!is_html(all))
		return body;
	all = until_nul(str_sub(all, 0, all.n - 1));
	buf_init(&s.out, a, all.n + 1);
	for (size_t i = 0; i < all.n;) {
		char c = all.p[i++];

		if (!s.quote)
			i += open_byte(&s, c, str_from(all, i));
		else if (c == s.quote && (c != '-' || s.last == '-'))
			s.quote = '\0';
		s.last = c;
	}
	razor_halves(buf_str(&s.out), &header, &body);
	return body;
}
