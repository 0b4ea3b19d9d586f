#include "gw/rules/literal.h"

#include "base/buf.h"

struct reader {
	struct arena *a;
	struct str text;
	size_t at;
	struct buf run;	 /* literal bytes that stand together */
	struct str best; /* of this alternative */
	struct literals *out;
	bool lost; /* something is not understood */
};

static char peek(const struct reader *r)
{
	return r->at < r->text.n ? r->text.p[r->at] : '\0';
}

static bool next_is(const struct reader *r, const char *what)
{
	return str_starts(str_from(r->text, r->at), str_of(what));
}

static void end_run(struct reader *r)
{
	if (r->run.n > r->best.n)
		r->best = str_copy(r->a, buf_str(&r->run));
	r->run.n = 0;
}

static void end_alternative(struct reader *r)
{
	end_run(r);
	if (r->best.n < LITERAL_MIN || r->out->n == LITERAL_ALTERNATIVES_MAX) {
		r->lost = true;
		return;
	}
	r->out->p[r->out->n++] = r->best;
	r->best = STR_NONE;
}

static void skip_class(struct reader *r)
{
	r->at++;
	if (peek(r) == '^')
		r->at++;
	if (peek(r) == ']')
		r->at++;
	while (r->at < r->text.n && peek(r) != ']') {
		if (next_is(r, "[:") || next_is(r, "[.") || next_is(r, "[="))
			r->lost = true; /* rare, and nested brackets */
		r->at += peek(r) == '\\' ? 2 : 1;
	}
	r->at++;
}

/* Whatever is in it may be optional, or one of several. */
static void skip_group(struct reader *r)
{
	int depth = 0;

	do {
		char c = peek(r);

		if (c == '[') {
			skip_class(r);
			continue;
		}
		depth += c == '(' ? 1 : c == ')' ? -1 : 0;
		r->at += c == '\\' ? 2 : 1;
	} while (depth && r->at < r->text.n && !r->lost);
	if (depth)
		r->lost = true;
}

/* A repetition "{2,3}"; anything else in braces is text. */
static size_t braces(const struct reader *r)
{
	struct str rest = str_from(r->text, r->at + 1), inside = str_cut(&rest, '}');

	if (peek(r) != '{' || !rest.p)
		return 0;
	for (size_t i = 0; i < inside.n; i++)
		if (!ascii_is_digit(inside.p[i]) && inside.p[i] != ',' && inside.p[i] != ' ')
			return 0;
	return inside.n + 2;
}

enum times { ONCE, AT_LEAST_ONCE, MAYBE_NOT };

static enum times read_times(struct reader *r)
{
	enum times times = MAYBE_NOT;
	size_t n = braces(r);
	char c = peek(r);

	if (n)
		r->at += n;
	else if (c == '?' || c == '*' || c == '+')
		r->at++;
	else
		return ONCE;
	if (!n && c == '+')
		times = AT_LEAST_ONCE;
	if (peek(r) == '?' || peek(r) == '+')
		r->at++;
	return times;
}

static void read_char(struct reader *r, char c)
{
	enum times times;

	r->at++;
	times = read_times(r);
	if (times != MAYBE_NOT)
		buf_addc(&r->run, ascii_lower(c));
	if (times != ONCE)
		end_run(r);
}

/* A character, or the name of some. */
static void read_escape(struct reader *r)
{
	char c;

	r->at++;
	c = peek(r);
	if (!ascii_is_alpha(c) && !ascii_is_digit(c) && r->at < r->text.n) {
		read_char(r, c);
		return;
	}
	if (!c || !strchr("dDsSwWbBAZz", c))
		r->lost = true;
	end_run(r);
	r->at++;
	read_times(r);
}

static void read_one(struct reader *r)
{
	char c = peek(r);

	if (next_is(r, "(?i)")) {
		r->at += 4;
	} else if (c == '\\') {
		read_escape(r);
	} else if (c == '|') {
		end_alternative(r);
		r->at++;
	} else if (c == '(' || c == '[' || c == '.') {
		end_run(r);
		if (c == '(')
			skip_group(r);
		else if (c == '[')
			skip_class(r);
		else
			r->at++;
		read_times(r);
	} else if (c == '^' || c == '$') {
		end_run(r);
		r->at++;
		read_times(r);
	} else if (c == ')' || c == '*' || c == '+' || c == '?' || (unsigned char)c < ' ' ||
		   (unsigned char)c > '~') {
		r->lost = true;
	} else {
		read_char(r, c);
	}
}

/* Groups that are more than groups, and quoting, change how all the rest is read. */
static bool is_plain(struct str pattern)
{
	struct str rest = pattern;
	ptrdiff_t at;

	if (str_find(pattern, STR("\\Q")) >= 0 || str_find(pattern, STR("(*")) >= 0)
		return false;
	while ((at = str_find(rest, STR("(?"))) >= 0) {
		rest = str_from(rest, (size_t)at + 2);
		if (!str_starts(rest, STR(":")) && !str_starts(rest, STR("i)")))
			return false;
	}
	return true;
}

bool literals_of(struct arena *a, struct str pattern, struct literals *out)
{
	struct reader r = { .a = a, .text = pattern, .out = out };

	*out = (struct literals){ NEW_N(a, struct str, LITERAL_ALTERNATIVES_MAX), 0 };
	buf_init(&r.run, a, SIZE_MAX);
	if (!is_plain(pattern))
		return false;
	while (r.at < pattern.n && !r.lost)
		read_one(&r);
	if (!r.lost)
		end_alternative(&r);
	return !r.lost;
}
