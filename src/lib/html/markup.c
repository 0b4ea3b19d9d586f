/* Tags, comments, declarations and marked sections: everything that begins with `<`. */
#include "base/vec.h"
#include "lib/html/entities.h"
#include "lib/html/html_int.h"

static const struct html_literal literals[] = {
	{ "script", true, false, true },    { "style", true, false, true },
	{ "xmp", true, true, false },       { "iframe", true, true, false },
	{ "plaintext", true, true, false }, { "title", false, false, false },
	{ "textarea", false, true, false },
};

static bool is_name_first(char c)
{
	return ascii_is_alpha(c) || c == '_' || c == ':';
}

static bool is_name_char(char c)
{
	return is_name_first(c) || ascii_is_digit(c) || c == '-' || c == '.';
}

static bool in_word(struct str s, size_t i)
{
	return i < s.n && !html_space(s.p[i]) && s.p[i] != '>';
}

/* The next `>` outside quotes that follow a blank or `=`, as one well-known client reads tags. */
static size_t skip_to_gt(struct str s, size_t i)
{
	char quote = '\0', before = ' ';

	for (; i < s.n; i++) {
		char c = s.p[i];

		if (!quote && c == '>')
			break;
		if (c == quote)
			quote = '\0';
		else if (!quote && (c == '"' || c == '\'') && (before == ' ' || before == '='))
			quote = c;
		before = c;
	}
	return i;
}

static size_t gt_after(struct str s, size_t i)
{
	ptrdiff_t gt = str_chr(str_from(s, i), '>');

	return gt < 0 ? s.n : i + (size_t)gt;
}

static enum html_try report_comment(struct html_parser *p, struct str s, size_t gt, size_t *end)
{
	if (gt >= s.n)
		return HTML_WAIT;
	*end = gt + 1;
	html_report(p, &(struct html_event){ .kind = HTML_COMMENT, .text = str_sub(s, 0, *end) });
	return HTML_TAKEN;
}

static bool has_attr(const struct html_attr *attrs, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(attrs[i].name, name))
			return true;
	return false;
}

struct attrs {
	VEC(struct html_attr) v;
	bool wide;
};

static void add_attr(struct html_parser *p, struct attrs *attrs, struct str name, struct str value)
{
	struct str lower = str_lower(p->a, name);

	if (attrs->v.n >= HTML_ATTRS_MAX || has_attr(attrs->v.p, attrs->v.n, lower))
		return;
	if (value.p != name.p)
		value = html_entities_decode(p->a, value, HTML_ENTITY_ATTRIBUTE, &attrs->wide);
	vec_add(p->a, &attrs->v, ((struct html_attr){ lower, value }));
}

/* Value after a `=` at `i`: quoted, or up to a blank; *i moves behind it. False at the end. */
static bool take_value(struct str s, size_t *i, struct str *value)
{
	size_t start = html_skip_space(s, *i + 1), end = start;
	char quote = html_at(s, start);

	if (start >= s.n)
		return false;
	if (quote == '"' || quote == '\'') {
		const char *q = memchr(s.p + start + 1, quote, s.n - start - 1);

		if (!q)
			return false;
		end = (size_t)(q - s.p);
		*value = str_sub(s, start + 1, end - start - 1);
		*i = end + 1;
		return true;
	}
	while (in_word(s, end))
		end++;
	*value = str_sub(s, start, end - start);
	*i = end;
	return end < s.n;
}

/* One attribute at *i, and the blanks after it. False at the end of the text. */
static bool take_attr(struct html_parser *p, struct str s, size_t *i, struct attrs *attrs)
{
	struct str name, value;
	size_t start = (*i)++;

	while (in_word(s, *i) && s.p[*i] != '=')
		(*i)++;
	if (*i >= s.n)
		return false;
	name = value = str_sub(s, start, *i - start);
	*i = html_skip_space(s, *i);
	if (*i >= s.n)
		return false;
	if (s.p[*i] == '=' && !take_value(s, i, &value))
		return false;
	add_attr(p, attrs, name, value);
	*i = html_skip_space(s, *i);
	return *i < s.n;
}

static const struct html_literal *literal_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(literals); i++)
		if (str_eq(name, str_of(literals[i].name)))
			return &literals[i];
	return NULL;
}

static enum html_try try_start(struct html_parser *p, struct str s, size_t *end)
{
	struct html_event ev = { .kind = HTML_START };
	struct attrs attrs = { 0 };
	size_t i = 2;

	while (in_word(s, i))
		i++;
	ev.name = str_lower(p->a, str_sub(s, 1, i - 1));
	i = html_skip_space(s, i);
	if (i >= s.n)
		return HTML_WAIT;
	while (in_word(s, i))
		if (!take_attr(p, s, &i, &attrs))
			return HTML_WAIT;
	*end = i + 1;
	ev.attrs = attrs.v.p;
	ev.attr_count = attrs.v.n;
	ev.wide = attrs.wide;
	html_report(p, &ev);
	p->literal = literal_of(ev.name);
	if (p->literal)
		p->cdata = p->literal->cdata;
	return HTML_TAKEN;
}

static enum html_try try_end(struct html_parser *p, struct str s, size_t *end)
{
	size_t i = 2, gt;

	if (!in_word(s, i))
		return report_comment(p, s, skip_to_gt(s, i), end);
	while (in_word(s, i))
		i++;
	gt = skip_to_gt(s, i);
	if (gt >= s.n)
		return HTML_WAIT;
	*end = gt + 1;
	html_report(p, &(struct html_event){ .kind = HTML_END,
					     .name = str_lower(p->a, str_sub(s, 2, i - 2)) });
	return HTML_TAKEN;
}

/* After "<!--": ends at "-->", with blanks before the > allowed. */
static enum html_try try_comment(struct html_parser *p, struct str s, size_t *end)
{
	size_t i = 4;

	if (p->short_comments)
		return report_comment(p, s, gt_after(s, 4), end);
	for (; i < s.n; i++) {
		size_t gt;

		if (s.p[i] != '-' || html_at(s, i + 1) != '-')
			continue;
		gt = html_skip_space(s, i + 2);
		if (html_at(s, gt) == '>')
			return report_comment(p, s, gt, end);
	}
	return HTML_WAIT;
}

/* A comment inside a declaration, at its first dash: 0 if it is none, past the end if unfinished.
 */
static size_t skip_inner_comment(struct str s, size_t i)
{
	if (i + 1 >= s.n)
		return s.n;
	if (s.p[i + 1] != '-')
		return 0;
	for (i += 2; i + 1 < s.n; i++) {
		const char *dash = memchr(s.p + i, '-', s.n - i);

		if (!dash)
			return s.n;
		i = (size_t)(dash - s.p) + 1;
		if (html_at(s, i) == '-')
			return i + 1;
	}
	return s.n;
}

/* The words of a doctype up to its >; HTML_NOT_MARKUP, and where, if it goes wrong. */
static enum html_try skip_doctype(struct str s, size_t i, size_t *gt)
{
	for (;;) {
		size_t inner;

		i = html_skip_space(s, i);
		if (i >= s.n)
			return HTML_WAIT;
		if (s.p[i] == '>')
			break;
		if (s.p[i] == '"' || s.p[i] == '\'') {
			const char *q = memchr(s.p + i + 1, s.p[i], s.n - i - 1);

			i = q ? (size_t)(q - s.p) + 1 : s.n;
		} else if (s.p[i] == '-') {
			inner = skip_inner_comment(s, i);
			*gt = i + 1;
			if (inner == 0)
				return HTML_NOT_MARKUP;
			i = inner;
		} else {
			for (i++; in_word(s, i);)
				i++;
		}
		if (i >= s.n)
			return HTML_WAIT;
	}
	*gt = i;
	return HTML_TAKEN;
}

static enum html_try try_doctype(struct html_parser *p, struct str s, size_t *end)
{
	size_t i = 2, gt;
	struct str name;
	enum html_try result;

	while (i < s.n && is_name_char(s.p[i]))
		i++;
	if (i >= s.n)
		return HTML_WAIT;
	name = str_sub(s, 2, i - 2);
	if (!str_ieq(name, STR("doctype")) && !str_ieq(name, STR("entity")))
		return HTML_NOT_MARKUP;
	result = skip_doctype(s, i, &gt);
	if (result == HTML_NOT_MARKUP)
		return report_comment(p, s, gt_after(s, gt), end);
	if (result == HTML_WAIT)
		return HTML_WAIT;
	*end = gt + 1;
	html_report(p,
		    &(struct html_event){ .kind = HTML_DECLARATION, .text = str_sub(s, 0, *end) });
	return HTML_TAKEN;
}

static int section_kind(struct str word)
{
	if (str_ieq(word, STR("include")))
		return SECTION_INCLUDE;
	if (str_ieq(word, STR("rcdata")))
		return SECTION_RCDATA;
	if (str_ieq(word, STR("cdata")))
		return SECTION_CDATA;
	return str_ieq(word, STR("ignore")) ? SECTION_IGNORE : SECTION_NONE;
}

static void open_section(struct html_parser *p, int kind)
{
	if (!p->sections)
		p->sections = arena_alloc(p->a, HTML_SECTIONS_MAX);
	p->sections[p->section_count++] = (unsigned char)kind;
	p->section = kind > p->section ? kind : p->section;
	p->cdata = p->section == SECTION_CDATA;
}

/* "<![ CDATA [": of several words the strictest counts. */
static enum html_try try_section(struct html_parser *p, struct str s, size_t *end)
{
	int kind = SECTION_NONE;
	bool any = false;
	size_t i = 3;

	for (;;) {
		i = html_skip_space(s, i);
		while (is_name_first(html_at(s, i))) {
			size_t start = i;
			int k;

			while (is_name_char(html_at(s, i)))
				i++;
			k = section_kind(str_sub(s, start, i - start));
			kind = k > kind ? k : kind;
			any = true;
			i = html_skip_space(s, i);
			if (i >= s.n)
				return HTML_WAIT;
		}
		if (html_at(s, i) != '-')
			break;
		i = skip_inner_comment(s, i);
		if (i == 0)
			return HTML_NOT_MARKUP;
		if (i >= s.n)
			return HTML_WAIT;
	}
	if (html_at(s, i) != '[' || p->section_count >= HTML_SECTIONS_MAX)
		return HTML_NOT_MARKUP;
	open_section(p, any ? kind : SECTION_INCLUDE);
	html_pending_end(p);
	*end = i + 1;
	return HTML_TAKEN;
}

static enum html_try try_declaration(struct html_parser *p, struct str s, size_t *end)
{
	enum html_try result = HTML_NOT_MARKUP;

	if (html_at(s, 2) == '-') {
		if (s.n == 3)
			return HTML_WAIT;
		if (s.p[3] == '-')
			return try_comment(p, s, end);
	} else if (html_at(s, 2) == '[') {
		result = try_section(p, s, end);
	} else if (ascii_is_alpha(html_at(s, 2))) {
		result = try_doctype(p, s, end);
	}
	if (result != HTML_NOT_MARKUP)
		return result;
	return report_comment(p, s, gt_after(s, 2), end);
}

bool html_may_be_markup(struct str s)
{
	char c = html_at(s, 1);

	return *s.p == '<' && (s.n == 1 || is_name_first(c) || c == '/' || c == '!' || c == '?');
}

enum html_try html_markup(struct html_parser *p, struct str s, size_t *end)
{
	size_t gt;

	switch (html_at(s, 1)) {
	case '/':
		return try_end(p, s, end);
	case '!':
		return try_declaration(p, s, end);
	case '?':
		gt = gt_after(s, 2);
		if (gt >= s.n)
			return HTML_WAIT;
		*end = gt + 1;
		html_pending_end(p);
		return HTML_TAKEN;
	default:
		return is_name_first(s.p[1]) ? try_start(p, s, end) : HTML_NOT_MARKUP;
	}
}
