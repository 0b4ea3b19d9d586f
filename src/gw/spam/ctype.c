#include "gw/spam/ctype.h"

#include "base/buf.h"
#include "gw/spam/message_int.h"

static struct str skip_space(struct str s)
{
	while (s.n && is_space(*s.p))
		s = str_from(s, 1);
	return s;
}

/*
 * Looks for the next `word` that starts a word, at or after *rest; *rest becomes what is after it.
 */
static bool next_word(struct str *rest, struct str whole, struct str word)
{
	for (;;) {
		ptrdiff_t at = str_ifind(*rest, word);
		const char *p;

		if (at < 0)
			return false;
		p = rest->p + at;
		*rest = str_from(*rest, (size_t)at + word.n);
		if (p == whole.p || !is_word(p[-1]))
			return true;
	}
}

/* As next_word() for either of two words; the one that comes first. */
static bool next_of(struct str *rest, struct str whole, struct str x, struct str y)
{
	struct str rx = *rest, ry = *rest;
	bool is_x = next_word(&rx, whole, x), is_y = next_word(&ry, whole, y);

	if (!is_x && !is_y)
		return false;
	*rest = !is_y || (is_x && rx.p - x.n < ry.p - y.n) ? rx : ry;
	return true;
}

/* `s` starts with "=" between blanks: what follows. */
static bool after_equals(struct str *s)
{
	struct str rest = skip_space(*s);

	if (!rest.n || *rest.p != '=')
		return false;
	*s = skip_space(str_from(rest, 1));
	return true;
}

/* A value up to `;` or the end, without one quote of any kind at either end. */
static struct str loose_value(struct str s, struct str *rest)
{
	size_t i = 0;

	if (s.n && (*s.p == '"' || *s.p == '\''))
		s = str_from(s, 1);
	while (i < s.n && s.p[i] != ';')
		i++;
	*rest = str_from(s, i + 1);
	if (i > 0 && (s.p[i - 1] == '"' || s.p[i - 1] == '\''))
		i--;
	return str_sub(s, 0, i);
}

static struct str find_boundary(struct arena *a, struct str value)
{
	struct str rest = value;

	while (next_word(&rest, value, STR("boundary"))) {
		struct str s = rest;
		size_t i = 0;

		if (!after_equals(&s) || !s.n)
			continue;
		if (*s.p == '"') {
			s = str_from(s, 1);
			while (i < s.n && s.p[i] != '"')
				i++;
		} else {
			while (i < s.n && !is_space(s.p[i]) && s.p[i] != '"' && s.p[i] != ';')
				i++;
			if (i < s.n && s.p[i] == '"')
				continue;
		}
		if (i > 0)
			return str_copy(a, str_sub(s, 0, i));
	}
	return STR_NONE;
}

static struct str find_charset(struct str value)
{
	struct str rest = value;

	while (next_word(&rest, value, STR("charset"))) {
		struct str s = rest;

		if (after_equals(&s))
			return loose_value(s, &rest);
	}
	return STR_NONE;
}

static struct str find_plain_name(struct str value)
{
	struct str rest = value;

	while (next_of(&rest, value, STR("filename"), STR("name"))) {
		struct str s = rest;

		if (after_equals(&s))
			return loose_value(s, &rest);
	}
	return STR_NONE;
}

/* RFC 2231 section 3: name*0=…; name*1=…, in any order. */
static struct str find_continued_name(struct arena *a, struct str value)
{
	struct str rest = value, section[SPAM_NAME_SECTIONS_MAX] = { 0 }, name = STR_NONE;
	size_t last = 0;

	while (next_of(&rest, value, STR("filename*"), STR("name*"))) {
		struct str s = rest;
		size_t digits = 0;
		int64_t i;

		while (digits < s.n && ascii_is_digit(s.p[digits]))
			digits++;
		if (!str_int(str_sub(s, 0, digits), 0, SPAM_NAME_SECTIONS_MAX - 1, &i))
			continue;
		s = str_from(s, digits);
		if (!after_equals(&s))
			continue;
		section[i] = loose_value(s, &rest);
		last = (size_t)i > last ? (size_t)i : last;
	}
	if (!section[0].p)
		return STR_NONE;
	for (size_t i = 0; i <= last; i++)
		name = str_cat(a, name, section[i]);
	return name;
}

static bool is_odd(char c)
{
	unsigned char u = (unsigned char)c;

	return u <= ' ' || u >= 0x7f || strchr("\"(),@[\\]", c) || (c >= ':' && c <= '?');
}

static bool is_other_text(struct str type)
{
	if (!str_starts(type, STR("text")) || (type.n > 4 && is_word(type.p[4])))
		return false;
	return !str_eq(type, STR("text/html")) && !str_eq(type, STR("text/calendar")) &&
	       !str_eq(type, STR("text/x-vcard"));
}

/* "something/something", lower case; empty if there is nothing like it. */
static struct str bare_type(struct arena *a, struct str value)
{
	struct str s = str_ltrim(value);
	size_t n = 0;

	s = str_cut(&s, ';');
	while (n < s.n && s.p[n] != '/')
		n++;
	if (n > 0 && n < s.n) {
		n++;
		while (n < s.n && s.p[n] != '/' && !is_space(s.p[n]))
			n++;
	} else if (n == 0) {
		n = s.n;
	}
	return str_lower(a, str_sub(s, 0, n));
}

static struct str without_odd(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!is_odd(s.p[i]))
			p[n++] = s.p[i];
	return (struct str){ p, n };
}

/* What Perl takes for false: header values of "" and "0" are as good as none. */
static bool is_nothing(struct str s)
{
	return s.n == 0 || str_eq(s, STR("0"));
}

void spam_ctype_parse(struct arena *a, struct str value, struct spam_ctype *out)
{
	/* Part headers come in any length. */
	value = str_sub(value, 0, SPAM_HEADER_VALUE_MAX);
	out->missing = is_nothing(value);
	if (out->missing)
		value = STR("text/plain; charset=us-ascii");
	out->boundary = find_boundary(a, value);
	out->charset = find_charset(value);
	out->name = find_plain_name(value);
	if (is_nothing(out->name)) {
		struct str name = find_continued_name(a, value);

		if (name.p)
			out->name = name;
	}
	out->type = bare_type(a, value);
	if (is_nothing(out->type))
		out->missing = true;
	if (is_nothing(out->type) || is_other_text(out->type))
		out->type = STR("text/plain");
	else
		out->type = without_odd(a, out->type);
}

struct str spam_disposition_name(struct str value)
{
	struct str rest = str_sub(value, 0, SPAM_HEADER_VALUE_MAX);
	ptrdiff_t at;

	while ((at = str_ifind(rest, STR("name="))) >= 0) {
		struct str s = skip_space(str_from(rest, (size_t)at + 5));
		size_t n = 0;

		if (s.n && *s.p == '"')
			s = str_from(s, 1);
		while (n < s.n && s.p[n] != '"' && s.p[n] != ';')
			n++;
		if (n > 0)
			return str_sub(s, 0, n);
		rest = str_from(rest, (size_t)at + 5);
	}
	return STR_NONE;
}
