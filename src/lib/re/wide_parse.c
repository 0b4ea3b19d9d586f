#include "lib/re/wide_int.h"

#include "base/enc.h"
#include "lib/re/quantifier.h"
#include "lib/re/re.h"

struct parser {
	struct arena *a;
	struct str in;
	size_t at;
	unsigned flags; /* RE_ICASE and its like, as they hold here */
	int depth;
	bool failed;
};

static struct wide *alternatives(struct parser *p);

struct wide *wide_new(struct arena *a, enum wide_op op)
{
	struct wide *w = NEW(a, struct wide);

	w->op = op;
	return w;
}

void wide_add(struct wide *parent, struct wide *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

static struct wide *nothing(struct parser *p)
{
	return wide_new(p->a, WIDE_SEQUENCE);
}

static struct wide *fail(struct parser *p)
{
	p->failed = true;
	p->at = p->in.n;
	return nothing(p);
}

static int peek(const struct parser *p, size_t ahead)
{
	return p->at + ahead < p->in.n ? (uint8_t)p->in.p[p->at + ahead] : -1;
}

static bool skip_text(struct parser *p, const char *text)
{
	if (!str_starts(str_from(p->in, p->at), str_of(text)))
		return false;
	p->at += strlen(text);
	return true;
}

/* Past the next `c`; false if there is none. */
static bool skip_past(struct parser *p, char c)
{
	ptrdiff_t end = str_chr(str_from(p->in, p->at), c);

	if (end < 0)
		return false;
	p->at += (size_t)end + 1;
	return true;
}

static void add_range(struct wide_set *s, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to; c++)
		wide_set_add(s, c);
}

static void add_all(struct wide_set *s, const struct wide_set *more)
{
	for (size_t i = 0; i < ARRAY_LEN(s->bits); i++)
		s->bits[i] |= more->bits[i];
}

static void invert(struct wide_set *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->bits); i++)
		s->bits[i] = ~s->bits[i];
}

/* Each letter in its other case too, where case does not matter. */
static void fold(const struct parser *p, struct wide_set *s)
{
	struct wide_set more = { 0 };

	if (!(p->flags & RE_ICASE))
		return;
	for (unsigned c = 0; c < 256; c++) {
		unsigned lower = c | 0x20;
		bool ascii = lower >= 'a' && lower <= 'z';
		bool latin1 = lower >= 0xe0 && lower <= 0xfe && lower != 0xf7;

		if (wide_set_has(s, c) && (ascii || (latin1 && !(p->flags & RE_ASCII_CASE))))
			wide_set_add(&more, c ^ 0x20);
	}
	add_all(s, &more);
}

static struct wide *one_of(struct parser *p, const struct wide_set *s)
{
	struct wide *w = wide_new(p->a, WIDE_SET);

	w->set = *s;
	return w;
}

static struct wide *one_byte(struct parser *p, unsigned c)
{
	struct wide_set s = { 0 };

	wide_set_add(&s, c);
	fold(p, &s);
	return one_of(p, &s);
}

/* What a reference may stand for. */
static struct wide *anything(struct parser *p)
{
	struct wide *w = wide_new(p->a, WIDE_REPEAT);
	struct wide_set all = { 0 };

	invert(&all);
	w->hi = WIDE_UNBOUNDED;
	wide_add(w, one_of(p, &all));
	return w;
}

/* \d and its like, lower case; false if `c` names no set. */
static bool named_set(int c, struct wide_set *s)
{
	switch (c) {
	case 'd':
		add_range(s, '0', '9');
		return true;
	case 'w':
		add_range(s, '0', '9');
		add_range(s, 'a', 'z');
		add_range(s, 'A', 'Z');
		wide_set_add(s, '_');
		return true;
	case 's':
		add_range(s, '\t', '\r');
		wide_set_add(s, ' ');
		return true;
	case 'h':
		wide_set_add(s, '\t');
		wide_set_add(s, ' ');
		wide_set_add(s, 0xa0);
		return true;
	case 'v':
		add_range(s, '\n', '\r');
		wide_set_add(s, 0x85);
		return true;
	default:
		return false;
	}
}

/* Behind `\x`. */
static int hex_byte(struct parser *p)
{
	bool braces = peek(p, 0) == '{';
	int value = 0;

	p->at += braces;
	for (int n = 0; enc_hex_digit(peek(p, 0)) >= 0 && (braces || n < 2) && value <= 0xff; n++)
		value = value * 16 + enc_hex_digit(p->in.p[p->at++]);
	if (value > 0xff || (braces && peek(p, 0) != '}')) {
		fail(p);
		return 0;
	}
	p->at += braces;
	return value;
}

/* Behind `\0`: at most two more digits. */
static int octal_byte(struct parser *p)
{
	int value = 0;

	for (int n = 0; n < 2 && peek(p, 0) >= '0' && peek(p, 0) <= '7'; n++)
		value = value * 8 + (p->in.p[p->at++] - '0');
	return value;
}

/* A set or a byte behind a backslash that mean the same inside a class; false: something else. */
static bool escaped_set(struct parser *p, struct wide_set *s)
{
	static const char names[] = "tnrfea", values[] = "\t\n\r\f\033\a";
	int c = peek(p, 0);
	const char *simple = c > 0 ? strchr(names, c) : NULL;

	if (c < 0)
		return false;
	if (named_set(c, s)) {
		p->at++;
	} else if (c < 0x80 && named_set(c | 0x20, s)) {
		invert(s);
		p->at++;
	} else if (c == 'x') {
		p->at++;
		wide_set_add(s, (unsigned)hex_byte(p));
	} else if (c == '0') {
		p->at++;
		wide_set_add(s, (unsigned)octal_byte(p));
	} else if (simple) {
		p->at++;
		wide_set_add(s, (uint8_t)values[simple - names]);
	} else if (!ascii_is_alpha((char)c) && !ascii_is_digit((char)c)) {
		p->at++;
		wide_set_add(s, (unsigned)c);
	} else {
		return false;
	}
	return true;
}

static struct wide *reference(struct parser *p)
{
	int c = peek(p, 0);

	p->at++;
	if (c == 'k' || (c == 'g' && peek(p, 0) == '{')) {
		int close = peek(p, 0) == '<' ? '>' : peek(p, 0) == '{' ? '}' : peek(p, 0);

		p->at++;
		return skip_past(p, (char)close) ? anything(p) : fail(p);
	}
	if (c == 'g' && (peek(p, 0) == '<' || peek(p, 0) == '\''))
		return fail(p); /* a call */
	while (peek(p, 0) == '-' || ascii_is_digit((char)peek(p, 0)))
		p->at++;
	return anything(p);
}

static struct wide *escape(struct parser *p)
{
	struct wide_set s = { 0 };
	int c;

	p->at++;
	if (escaped_set(p, &s)) {
		fold(p, &s);
		return one_of(p, &s);
	}
	c = peek(p, 0);
	/* From \10 on it depends on how many groups there are. */
	if ((c >= '1' && c <= '9' && !ascii_is_digit((char)peek(p, 1))) || c == 'g' || c == 'k')
		return reference(p);
	p->at++;
	switch (c) {
	case 'b':
		return wide_new(p->a, WIDE_WORD_EDGE);
	case 'B':
		return wide_new(p->a, WIDE_NO_WORD_EDGE);
	case 'A':
		return wide_new(p->a, WIDE_LINE_START);
	case 'z':
	case 'Z':
		return wide_new(p->a, WIDE_LINE_END);
	default:
		return fail(p);
	}
}

/* [:name:] in a class, `^` for all others. */
static bool posix_set(struct parser *p, struct wide_set *s)
{
	static const struct {
		const char *name;
		const char *ranges; /* pairs */
	} sets[] = {
		{ "alpha:]", "azAZ" },        { "lower:]", "az" },   { "upper:]", "AZ" },
		{ "digit:]", "09" },          { "alnum:]", "azAZ09" }, { "word:]", "azAZ09__" },
		{ "space:]", "\t\r  " },      { "blank:]", "\t\t  " }, { "xdigit:]", "09afAF" },
		{ "punct:]", "!/:@[`{~" },    { "graph:]", "!~" },   { "print:]", " ~" },
		{ "cntrl:]", "\001\037\177\177" },
	};
	struct wide_set found = { 0 };
	bool negated;

	p->at += 2;
	negated = skip_text(p, "^");
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		if (!skip_text(p, sets[i].name))
			continue;
		for (const char *r = sets[i].ranges; *r; r += 2)
			add_range(&found, (uint8_t)r[0], (uint8_t)r[1]);
		if (str_eq(str_of(sets[i].name), STR("cntrl:]")))
			wide_set_add(&found, 0);
		if (negated)
			invert(&found);
		add_all(s, &found);
		return true;
	}
	return false;
}

/* One byte of a class, or a set, which is added and gives -1. */
static int class_byte(struct parser *p, struct wide_set *s)
{
	struct wide_set one = { 0 };
	unsigned c = 0;
	size_t n = 0;

	if (peek(p, 0) != '\\')
		return (uint8_t)p->in.p[p->at++];
	p->at++;
	if (skip_text(p, "b"))
		return '\b';
	if (!escaped_set(p, &one)) {
		fail(p);
		return -1;
	}
	for (unsigned i = 0; i < 256; i++)
		if (wide_set_has(&one, i)) {
			c = i;
			n++;
		}
	if (n == 1)
		return (int)c;
	add_all(s, &one);
	return -1;
}

static void class_item(struct parser *p, struct wide_set *s)
{
	int from, to;

	if (peek(p, 0) < 0) {
		fail(p);
		return;
	}
	if (peek(p, 0) == '[' && peek(p, 1) == ':' && p->at + 2 < p->in.n) {
		size_t start = p->at;

		if (posix_set(p, s))
			return;
		p->at = start;
	}
	from = class_byte(p, s);
	if (from < 0 || p->failed)
		return;
	if (peek(p, 0) != '-' || peek(p, 1) == ']' || peek(p, 1) < 0) {
		wide_set_add(s, (unsigned)from);
		return;
	}
	p->at++;
	to = class_byte(p, s);
	if (to >= from) {
		add_range(s, (unsigned)from, (unsigned)to);
		return;
	}
	/* `a-\d`: the hyphen is one */
	wide_set_add(s, (unsigned)from);
	wide_set_add(s, '-');
}

static struct wide *class(struct parser *p)
{
	struct wide_set s = { 0 };
	bool negated;
	size_t start;

	p->at++;
	negated = skip_text(p, "^");
	start = p->at;
	while (!p->failed && (peek(p, 0) != ']' || p->at == start))
		class_item(p, &s);
	p->at++;
	fold(p, &s);
	if (negated)
		invert(&s);
	return p->failed ? nothing(p) : one_of(p, &s);
}

static unsigned modifier(int c)
{
	switch (c) {
	case 'i':
		return RE_ICASE;
	case 'm':
		return RE_MULTILINE;
	case 's':
		return RE_DOTALL;
	case 'x':
		return RE_EXTENDED;
	default:
		return 0;
	}
}

/* After `(?`, up to `)` or `:`. */
static bool modifiers(struct parser *p)
{
	bool off = false;

	for (; peek(p, 0) != ')' && peek(p, 0) != ':'; p->at++) {
		int c = peek(p, 0);

		if (c == '^')
			p->flags &= ~(unsigned)(RE_ICASE | RE_MULTILINE | RE_DOTALL | RE_EXTENDED);
		else if (c == '-')
			off = true;
		else if (c != 'n' && modifier(c) == 0)
			return false;
		else if (off)
			p->flags &= ~modifier(c);
		else
			p->flags |= modifier(c);
	}
	return true;
}

static struct wide *group_content(struct parser *p, unsigned outer)
{
	struct wide *w = alternatives(p);

	if (peek(p, 0) != ')')
		return fail(p);
	p->at++;
	p->flags = outer;
	return w;
}

/* What a look-around asks for is read and left out. */
static struct wide *look_around(struct parser *p)
{
	group_content(p, p->flags);
	return nothing(p);
}

static struct wide *named_group(struct parser *p, char close)
{
	return skip_past(p, close) ? group_content(p, p->flags) : fail(p);
}

/* From behind `(?` on. */
static struct wide *special_group(struct parser *p)
{
	static const char *const looks[] = { "=", "!", "<=", "<!" };
	unsigned outer = p->flags;

	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		if (skip_text(p, looks[i]))
			return look_around(p);
	if (skip_text(p, "#"))
		return skip_past(p, ')') ? nothing(p) : fail(p);
	if (skip_text(p, "|") || skip_text(p, ">"))
		return group_content(p, outer);
	if (skip_text(p, "P=") || skip_text(p, "P>"))
		return fail(p);
	if (skip_text(p, "P<") || skip_text(p, "<"))
		return named_group(p, '>');
	if (skip_text(p, "'"))
		return named_group(p, '\'');
	if (!modifiers(p))
		return fail(p);
	if (p->in.p[p->at++] == ':')
		return group_content(p, outer);
	return nothing(p); /* they hold from here on */
}

static struct wide *group(struct parser *p)
{
	struct wide *w;

	if (++p->depth > WIDE_DEPTH_MAX)
		return fail(p);
	p->at++;
	if (peek(p, 0) == '*')
		return fail(p);
	w = skip_text(p, "?") ? special_group(p) : group_content(p, p->flags);
	p->depth--;
	return w;
}

static struct wide *dot(struct parser *p)
{
	struct wide_set s = { 0 };

	p->at++;
	if (!(p->flags & RE_DOTALL))
		wide_set_add(&s, '\n');
	invert(&s);
	return one_of(p, &s);
}

static struct wide *atom(struct parser *p)
{
	switch (peek(p, 0)) {
	case '\\':
		return escape(p);
	case '[':
		return class(p);
	case '(':
		return group(p);
	case '.':
		return dot(p);
	case '^':
		p->at++;
		return wide_new(p->a, WIDE_LINE_START);
	case '$':
		p->at++;
		return wide_new(p->a, WIDE_LINE_END);
	default:
		return one_byte(p, (uint8_t)p->in.p[p->at++]);
	}
}

static bool quantifier(struct parser *p, int *lo, int *hi)
{
	int64_t from, to;

	if (!re_quantifier(p->in, &p->at, &from, &to))
		return false;
	*lo = (int)from;
	*hi = to == INT64_MAX ? WIDE_UNBOUNDED : (int)to;
	return true;
}

static bool skip_extended(struct parser *p)
{
	int c = peek(p, 0);

	if (!(p->flags & RE_EXTENDED) || c < 0)
		return false;
	if (c == '#') {
		if (!skip_past(p, '\n'))
			p->at = p->in.n;
		return true;
	}
	if (!ascii_is_blank((char)c))
		return false;
	p->at++;
	return true;
}

static bool repeatable(const struct wide *w)
{
	return w->op != WIDE_SEQUENCE || w->first;
}

static struct wide *sequence(struct parser *p)
{
	struct wide *w = nothing(p);

	while (!p->failed && peek(p, 0) >= 0 && peek(p, 0) != '|' && peek(p, 0) != ')') {
		struct wide *item, *repeat;
		int lo, hi;

		if (skip_extended(p))
			continue;
		item = atom(p);
		while (skip_extended(p))
			;
		if (!p->failed && quantifier(p, &lo, &hi)) {
			repeat = wide_new(p->a, WIDE_REPEAT);
			repeat->lo = lo;
			repeat->hi = hi;
			wide_add(repeat, item);
			item = repeatable(item) ? repeat : item;
		}
		wide_add(w, item);
	}
	return w;
}

static struct wide *alternatives(struct parser *p)
{
	struct wide *first = sequence(p), *either;

	if (peek(p, 0) != '|')
		return first;
	either = wide_new(p->a, WIDE_EITHER);
	wide_add(either, first);
	while (!p->failed && skip_text(p, "|"))
		wide_add(either, sequence(p));
	return either;
}

struct wide *wide_parse(struct arena *a, struct str pattern, unsigned flags)
{
	struct parser p = { .a = a, .in = pattern, .flags = flags };
	struct wide *w = alternatives(&p);

	return p.failed || p.at < p.in.n ? NULL : w;
}
