#include "gw/spam/conf.h"

#include "base/buf.h"

/* The delimiter that ends a literal; 0 if there is none. `*start` is where the pattern begins. */
static char delimiter(struct str s, size_t *start)
{
	static const char open[] = "{(<[", close[] = "})>]";
	const char *at;

	*start = 1;
	if (s.n && s.p[0] == '/')
		return '/';
	if (str_starts(s, STR("qr")))
		*start = 3;
	else if (str_starts(s, STR("m")))
		*start = 2;
	else
		return 0;
	if (s.n < *start)
		return 0;
	at = strchr(open, s.p[*start - 1]);
	if (at && *at)
		return close[at - open];
	if (ascii_is_alpha(s.p[*start - 1]) || ascii_is_digit(s.p[*start - 1]))
		return 0;
	return memchr("_\\", s.p[*start - 1], 2) ? 0 : s.p[*start - 1];
}

/* Only a delimiter that does not pair off must be escaped inside. */
static bool has_unescaped(struct str s, char c)
{
	if (memchr("})]", c, 3))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == c)
			return true;
	}
	return false;
}

/* Takes the literal apart into pattern and modifiers. */
static int literal_split(struct str s, struct str *pattern, struct str *mods, struct err *e)
{
	size_t start, end = s.n;
	char c = delimiter(s, &start);

	if (!c)
		return err_set(e, ERR_INVALID, "no pattern between delimiters");
	while (end > start && s.p[end - 1] >= 'a' && s.p[end - 1] <= 'z' && s.p[end - 1] != 'e')
		end--;
	if (end <= start || s.p[end - 1] != c)
		return err_set(e, ERR_INVALID, "wrong end delimiter or modifiers");
	*pattern = str_sub(s, start, end - 1 - start);
	*mods = str_from(s, end);
	if (has_unescaped(*pattern, c))
		return err_set(e, ERR_INVALID, "delimiter '%c' inside the pattern", c);
	return 0;
}

int conf_pattern(struct spam_conf *c, struct str literal, struct str *text, struct re **re,
		 struct err *e)
{
	struct str pattern, mods = STR_NONE;

	if (literal_split(literal, &pattern, &mods, e) < 0)
		return -1;
	if (mods.n)
		pattern = str_fmt(c->tmp, "(?%.*s)%.*s", STR_ARG(mods), STR_ARG(pattern));
	if (re_compile_perl(c->keep, pattern, 0, re, e) < 0)
		return -1;
	*text = pattern;
	return 0;
}

int conf_pattern_bare(struct spam_conf *c, struct str text, struct re **re, struct err *e)
{
	size_t start;

	if (delimiter(text, &start))
		return conf_pattern(c, text, &text, re, e);
	return re_compile_perl(c->keep, text, 0, re, e);
}

/* Length of NAME or NAME(arg) in upper case at the start, 0 if there is none. */
static size_t tag_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && ((s.p[n] >= 'A' && s.p[n] <= 'Z') ||
			   (n && (ascii_is_digit(s.p[n]) || s.p[n] == '_'))))
		n++;
	if (n && n < s.n && s.p[n] == '(') {
		while (n < s.n && s.p[n] != ')' && s.p[n] != '}')
			n++;
		return n < s.n && s.p[n] == ')' ? n + 1 : 0;
	}
	return n;
}

bool conf_pattern_templates(struct arena *a, struct str literal, struct str *out)
{
	struct buf b;
	bool found = false;
	size_t n;

	buf_init(&b, a, 2ul * CONF_LINE_MAX);
	for (size_t i = 0; i < literal.n; i++) {
		struct str rest = str_from(literal, i);

		n = str_starts(rest, STR("%{")) ? tag_length(str_from(rest, 2)) : 0;
		if (n && n + 2 < rest.n && rest.p[n + 2] == '}' &&
		    (i == 0 || literal.p[i - 1] != '\\')) {
			buf_addz(&b, "%\\{");
			buf_add(&b, str_sub(rest, 2, n));
			buf_addz(&b, "\\}");
			i += n + 2;
			found = true;
		} else {
			buf_addc(&b, rest.p[0]);
		}
	}
	*out = buf_str(&b);
	return found && !b.failed;
}

int conf_pattern_loose(struct spam_conf *c, struct str text, struct re **re, struct err *e)
{
	struct str rest = text;
	ptrdiff_t at, end;
	struct buf b;

	buf_init(&b, c->tmp, 2ul * CONF_LINE_MAX);
	while ((at = str_find(rest, STR("%\\{"))) >= 0) {
		buf_add(&b, str_sub(rest, 0, (size_t)at));
		buf_addz(&b, "(?s:.*)");
		rest = str_from(rest, (size_t)at);
		end = str_find(rest, STR("\\}"));
		rest = end < 0 ? STR_NONE : str_from(rest, (size_t)end + 2);
	}
	buf_add(&b, rest);
	return re_compile_perl(c->keep, buf_str(&b), 0, re, e);
}

bool conf_pattern_captures(struct str literal)
{
	static const char *const heads[] = { "(?<", "(?'", "(?P<", "(?P'" };
	ptrdiff_t at;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		for (struct str s = literal; (at = str_find(s, str_of(heads[i]))) >= 0;) {
			s = str_from(s, (size_t)at + strlen(heads[i]));
			if (s.n && s.p[0] >= 'A' && s.p[0] <= 'Z')
				return true;
		}
	return false;
}
