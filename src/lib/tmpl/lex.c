#include "lib/tmpl/tmpl_int.h"

#include <stdarg.h>

#include "base/buf.h"

enum { TAG_MAX = 32 };

struct lexer {
	struct arena *a;
	struct str name, open, close; /* close and open are what TAGS says */
	struct tokens *out;
	size_t line;
	struct err *e;
};

int tmpl_error(struct err *e, struct str name, size_t line, const char *fmt, ...)
{
	char what[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_INVALID, "%.*s line %zu: %s", STR_ARG(str_sub(name, 0, 80)), line,
		       what);
}

static void add(struct lexer *l, enum token_type type, struct str s)
{
	vec_add(l->a, &l->out->list, ((struct token){ type, s, l->line }));
}

static void count_lines(struct lexer *l, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		l->line += s.p[i] == '\n';
}

static bool is_word_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

static size_t word_length(struct str s, size_t from)
{
	size_t n = from;

	while (n < s.n && is_word_char(s.p[n]))
		n++;
	return n - from;
}

/* 'it\'s' without its quotes */
static struct str unescape_single(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '\'' || s.p[i + 1] == '\\'))
			i++;
		buf_addc(&b, s.p[i]);
	}
	return buf_str(&b);
}

/* Bytes of the quoted string at the start of `s`, quotes included; 0 if it does not end. */
static size_t quoted_length(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == s.p[0])
			return i + 1;
	}
	return 0;
}

static size_t number_length(struct str s)
{
	size_t n = s.n && s.p[0] == '-', digits = n;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	if (n == digits)
		return 0;
	if (n + 1 < s.n && s.p[n] == '.' && ascii_is_digit(s.p[n + 1]))
		for (n++; n < s.n && ascii_is_digit(s.p[n]);)
			n++;
	return n;
}

/* a/b, a::b, /etc/x: words joined by slashes or colons */
static size_t filename_length(struct str s)
{
	size_t n = s.n && s.p[0] == '/', word = word_length(s, n);
	bool joined = n > 0;

	if (word == 0)
		return 0;
	n += word;
	while (n < s.n && (s.p[n] == '/' || s.p[n] == ':')) {
		n += s.p[n] == ':' && n + 1 < s.n && s.p[n + 1] == ':' ? 2 : 1;
		n += word_length(s, n);
		joined = true;
	}
	return joined ? n : 0;
}

static size_t operator_length(struct str s)
{
	static const char *const two[] = { "=>", "==", "!=", "<=", ">=", "&&", "||", "..", "${" };

	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		if (str_starts(s, str_of(two[i])))
			return 2;
	return strchr("(){}[]:;,/\\+-*=!<>|.$%?_", s.p[0]) && s.p[0] ? 1 : 0;
}

static int lex_string(struct lexer *l, struct str *s)
{
	size_t n = quoted_length(*s);
	struct str inside;

	if (n == 0)
		return tmpl_error(l->e, l->name, l->line, "a string does not end");
	inside = str_sub(*s, 1, n - 2);
	if (s->p[0] == '\'')
		add(l, TOK_LITERAL, unescape_single(l->a, inside));
	else
		add(l, TOK_QUOTED, inside);
	count_lines(l, inside);
	*s = str_from(*s, n);
	return 0;
}

static void skip_blanks_and_comments(struct lexer *l, struct str *s)
{
	while (s->n && (ascii_is_blank(s->p[0]) || s->p[0] == '#')) {
		size_t n = 1;

		if (s->p[0] == '#')
			while (n < s->n && s->p[n] != '\n')
				n++;
		count_lines(l, str_sub(*s, 0, n));
		*s = str_from(*s, n);
	}
}

static int lex_one(struct lexer *l, struct str *s)
{
	enum token_type type = TOK_NUMBER;
	size_t n;

	if (s->p[0] == '"' || s->p[0] == '\'')
		return lex_string(l, s);
	n = number_length(*s);
	if (n == 0) {
		type = TOK_FILENAME;
		n = filename_length(*s);
	}
	if (n == 0) {
		type = TOK_IDENT;
		n = word_length(*s, 0);
	}
	/* "_" alone joins strings. */
	if (n == 0 || (n == 1 && s->p[0] == '_')) {
		type = TOK_OP;
		n = operator_length(*s);
	}
	if (n == 0)
		return tmpl_error(l->e, l->name, l->line, "unexpected character '%c'",
				  s->p[0] > ' ' && s->p[0] < 0x7f ? s->p[0] : '?');
	add(l, type, str_sub(*s, 0, n));
	*s = str_from(*s, n);
	return 0;
}

static int lex_inside(struct lexer *l, struct str s)
{
	for (;;) {
		skip_blanks_and_comments(l, &s);
		if (s.n == 0)
			return 0;
		if (l->out->list.n >= TMPL_TOKENS_MAX)
			return tmpl_error(l->e, l->name, l->line, "more than %d words",
					  TMPL_TOKENS_MAX);
		if (lex_one(l, &s) < 0)
			return -1;
	}
}

/* Blanks and one newline at the end of `s` go. */
static struct str chomp_end(struct str s)
{
	size_t n = s.n;

	while (n && ascii_is_blank(s.p[n - 1]) && s.p[n - 1] != '\n')
		n--;
	if (n == 0)
		return str_sub(s, 0, 0);
	if (s.p[n - 1] != '\n')
		return s;
	n--;
	if (n && s.p[n - 1] == '\r')
		n--;
	return str_sub(s, 0, n);
}

static struct str chomp_start(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_blank(s.p[n]) && s.p[n] != '\n')
		n++;
	return n < s.n && s.p[n] == '\n' ? str_from(s, n + 1) : s;
}

static void add_text(struct lexer *l, struct str text, char before, char after)
{
	struct str s = text;
	size_t line = l->line;

	if (before == '-')
		s = chomp_start(s);
	else if (before == '~' || before == '=')
		s = str_ltrim(s);
	if (before == '=' && s.n < text.n)
		add(l, TOK_TEXT, STR(" "));
	count_lines(l, str_sub(text, 0, text.n - s.n));
	text = s;
	if (after == '-')
		s = chomp_end(s);
	else if (after == '~' || after == '=')
		s = str_rtrim(s);
	if (s.n)
		add(l, TOK_TEXT, s);
	if (after == '=' && s.n < text.n)
		add(l, TOK_TEXT, STR(" "));
	l->line = line;
}

static bool is_chomp(char c)
{
	return c == '-' || c == '+' || c == '=' || c == '~';
}

/* [% TAGS <* *> %] */
static int set_tags(struct lexer *l, struct str rest)
{
	struct str open, close, more;

	if (!str_word(&rest, &open) || !str_word(&rest, &close) || str_word(&rest, &more) ||
	    open.n > TAG_MAX || close.n > TAG_MAX)
		return tmpl_error(l->e, l->name, l->line, "TAGS wants two tags");
	l->open = open;
	l->close = close;
	return 0;
}

static int lex_directive(struct lexer *l, struct str inside)
{
	struct str rest = inside, word;

	if (inside.n && inside.p[0] == '#') {
		count_lines(l, inside);
		return 0;
	}
	if (str_word(&rest, &word) && str_ieq(word, STR("TAGS")))
		return set_tags(l, rest);
	if (lex_inside(l, inside) < 0)
		return -1;
	add(l, TOK_OP, STR(";"));
	return 0;
}

/* Takes the chomp marks off the inside of a directive. */
static struct str take_marks(struct str inside, char *first, char *last)
{
	*first = *last = '\0';
	if (inside.n && is_chomp(inside.p[0])) {
		*first = inside.p[0];
		inside = str_from(inside, 1);
	}
	if (inside.n && is_chomp(inside.p[inside.n - 1])) {
		*last = inside.p[inside.n - 1];
		inside.n--;
	}
	return inside;
}

int tmpl_lex(struct arena *a, struct str name, struct str text, struct tokens *out, struct err *e)
{
	struct lexer l = { a, name, STR("[%"), STR("%]"), out, 1, e };
	char before = '\0', first, last;

	for (;;) {
		ptrdiff_t from = str_find(text, l.open), to;
		struct str inside, rest;

		if (from < 0)
			break;
		rest = str_from(text, (size_t)from + l.open.n);
		to = str_find(rest, l.close);
		if (to < 0)
			break; /* as Template Toolkit: without its end it is text */
		if (l.out->list.n >= TMPL_TOKENS_MAX)
			return tmpl_error(e, name, l.line, "more than %d words", TMPL_TOKENS_MAX);
		inside = take_marks(str_sub(rest, 0, (size_t)to), &first, &last);
		rest = str_from(rest, (size_t)to + l.close.n);
		add_text(&l, str_sub(text, 0, (size_t)from), before, first);
		count_lines(&l, str_sub(text, 0, (size_t)from));
		if (lex_directive(&l, inside) < 0)
			return -1;
		text = rest;
		before = last;
	}
	add_text(&l, text, before, '\0');
	add(&l, TOK_END, STR("end of the template"));
	return 0;
}

int tmpl_lex_inside(struct arena *a, struct str name, size_t line, struct str text,
		    struct tokens *out, struct err *e)
{
	struct lexer l = { a, name, STR_NONE, STR_NONE, out, line, e };

	if (lex_inside(&l, text) < 0)
		return -1;
	add(&l, TOK_END, STR("end of the string"));
	return 0;
}
