#include "lib/re/re.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/enc.h"

/*
 * One pass over the pattern, item by item. PCRE2 checks the grammar as a whole afterwards; here
 * only those places are looked at where it and Perl part ways. What Perl merely warns about counts
 * as refused, since SpamAssassin drops a rule whose pattern warns.
 */

enum { GROUP_DEPTH_MAX = 250 };

/* What a quantifier at this point would apply to. */
enum item {
	ITEM_NONE,      /* start of the pattern, a group or an alternative */
	ITEM_ATOM,      /* something that can be repeated */
	ITEM_ANCHOR,    /* ^ $ \b \A …: PCRE2 takes no quantifier after it */
	ITEM_QUANTIFIED
};

struct reader {
	struct str in;
	size_t at;
	struct buf out;
	enum item last;
	size_t last_out; /* where in `out` the last item starts */
	bool extended;   /* (?x) holds here */
	bool outer_extended[GROUP_DEPTH_MAX];
	size_t depth;
};

static int peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->in.n ? (uint8_t)r->in.p[r->at + ahead] : -1;
}

static bool at_text(const struct reader *r, const char *text)
{
	return str_starts(str_from(r->in, r->at), str_of(text));
}

static int refuse(const struct reader *r, const char *why, struct err *e)
{
	return err_set(e, ERR_INVALID, "at offset %zu: %s", r->at, why);
}

static void copy(struct reader *r, size_t n)
{
	buf_add(&r->out, str_sub(r->in, r->at, n));
	r->at += n;
}

static void begin(struct reader *r, enum item item)
{
	r->last = item;
	r->last_out = r->out.n;
}

/* A quantifier in braces as Perl 5.34 and later reads it: {n} {n,} {n,m} {,m}, blanks inside. */
struct braces {
	struct str lo, hi;
	bool comma;
	size_t length;
};

static struct str digits(const struct reader *r, size_t *i)
{
	struct str s;
	size_t from;

	while (peek(r, *i) == ' ' || peek(r, *i) == '\t')
		++*i;
	from = *i;
	while (peek(r, *i) >= '0' && peek(r, *i) <= '9')
		++*i;
	s = str_sub(r->in, r->at + from, *i - from);
	while (peek(r, *i) == ' ' || peek(r, *i) == '\t')
		++*i;
	return s;
}

static bool braces_read(const struct reader *r, struct braces *b)
{
	size_t i = 1;

	*b = (struct braces){ 0 };
	b->lo = digits(r, &i);
	if (peek(r, i) == ',') {
		b->comma = true;
		i++;
		b->hi = digits(r, &i);
	}
	b->length = i + 1;
	return peek(r, i) == '}' && (b->lo.n || b->hi.n);
}

static bool leading_zero(struct str number)
{
	return number.n > 1 && number.p[0] == '0';
}

/* Greedy or not changes nothing about {n}: Perl warns. */
static int suffix(struct reader *r, bool exact, struct err *e)
{
	int c = peek(r, 0);

	if (c == '?' && exact)
		return refuse(r, "useless use of ? after {n}", e);
	if (c == '?' || c == '+')
		copy(r, 1);
	return 0;
}

static int anchor_quantify(struct reader *r, struct err *e)
{
	struct str anchor;

	if (peek(r, 0) != '?')
		return refuse(r, "anchor matches the empty string many times", e);
	anchor = str_copy(r->out.a, str_from(buf_str(&r->out), r->last_out));
	r->out.n = r->last_out;
	buf_addz(&r->out, "(?:");
	buf_add(&r->out, anchor);
	buf_addc(&r->out, ')');
	return 0;
}

static int quantifier(struct reader *r, const struct braces *b, struct err *e)
{
	bool exact = b && !b->comma;

	if (r->last == ITEM_NONE)
		return refuse(r, "quantifier follows nothing", e);
	if (r->last == ITEM_QUANTIFIED)
		return refuse(r, "nested quantifiers", e);
	if (r->last == ITEM_ANCHOR && anchor_quantify(r, e) < 0)
		return -1;
	if (!b) {
		copy(r, 1);
	} else {
		buf_addc(&r->out, '{');
		buf_add(&r->out, b->lo.n ? b->lo : STR("0"));
		if (b->comma)
			buf_addc(&r->out, ',');
		buf_add(&r->out, b->hi);
		buf_addc(&r->out, '}');
		r->at += b->length;
	}
	r->last = ITEM_QUANTIFIED;
	return suffix(r, exact, e);
}

static int open_brace(struct reader *r, struct err *e)
{
	struct braces b;

	bool quantifies = braces_read(r, &b);

	if (r->last == ITEM_NONE || r->last == ITEM_ANCHOR ||
	    (r->last == ITEM_QUANTIFIED && !quantifies)) {
		begin(r, ITEM_ATOM);
		buf_addz(&r->out, "\\{");
		r->at++;
		return 0;
	}
	if (!quantifies)
		return refuse(r, "unescaped left brace", e);
	if (leading_zero(b.lo) || leading_zero(b.hi))
		return refuse(r, "number with leading zero in {}", e);
	return quantifier(r, &b, e);
}

/* Length of \x{…} and its like, from the backslash on; 2 if there are no braces. */
static size_t braced_escape(const struct reader *r)
{
	ptrdiff_t end;

	if (peek(r, 2) != '{')
		return 2;
	end = str_chr(str_from(r->in, r->at), '}');
	return end < 0 ? 2 : (size_t)end + 1;
}

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (enc_hex_digit(s.p[i]) < 0)
			return false;
	return s.n > 0;
}

/*
 * Length of `\x41` or `\x{41}`; 0 if Perl would warn. `*wide`: a character that no octet is, which
 * nothing in a subject can match.
 */
static size_t hex_length(const struct reader *r, bool *wide)
{
	size_t length = braced_escape(r);
	struct str hex = length > 2 ? str_trim(str_sub(r->in, r->at + 3, length - 4))
				    : str_sub(r->in, r->at + 2, 2);

	*wide = false;
	if (!is_hex(hex) || (length == 2 && hex.n < 2))
		return 0;
	while (hex.n > 2 && hex.p[0] == '0')
		hex = str_from(hex, 1);
	*wide = hex.n > 2;
	return length > 2 ? length : 4;
}

static int hex_escape(struct reader *r, struct err *e)
{
	bool wide;
	size_t length = hex_length(r, &wide);

	if (length == 0)
		return refuse(r, "not two hexadecimal digits after \\x", e);
	if (!wide) {
		copy(r, length);
		return 0;
	}
	buf_addz(&r->out, "(?!)");
	r->at += length;
	return 0;
}

static int escape(struct reader *r, struct err *e)
{
	int c = peek(r, 1);

	if (c < 0)
		return refuse(r, "trailing backslash", e);
	if (c == 'x')
		return hex_escape(r, e);
	if (c == 'c') {
		copy(r, 3);
		return 0;
	}
	if ((c == 'b' || c == 'B') && peek(r, 2) == '{')
		return refuse(r, "\\b{…} is not supported", e);
	if (strchr("EFIJLMOQTUYCijlmquy", c))
		return refuse(r, "unrecognized escape", e);
	copy(r, strchr("gkopPN", c) ? braced_escape(r) : 2);
	return 0;
}

static int outer_escape(struct reader *r, struct err *e)
{
	int c = peek(r, 1);

	begin(r, c > 0 && strchr("bBAzZG", c) ? ITEM_ANCHOR : ITEM_ATOM);
	return escape(r, e);
}

/* [[:alpha:]] and its like: the whole name is copied, so that its ] ends nothing. */
static bool posix_class(struct reader *r)
{
	ptrdiff_t end;

	if (peek(r, 1) != ':')
		return false;
	end = str_find(str_from(r->in, r->at + 2), STR(":]"));
	if (end < 0)
		return false;
	for (ptrdiff_t i = 0; i < end; i++) {
		char c = r->in.p[r->at + 2 + (size_t)i];

		if (!ascii_is_alpha(c) && c != '^')
			return false;
	}
	copy(r, (size_t)end + 4);
	return true;
}

/*
 * In a class: `\x{…}` above FF, alone, from there on (`\x{400}-\x{4ff}`) or up to there, which in
 * octets is up to FF. -1: not that.
 */
static int class_wide(struct reader *r)
{
	bool wide = false;
	size_t length = at_text(r, "\\x") ? hex_length(r, &wide) : 0;

	if (length == 0 || !wide)
		return -1;
	r->at += length;
	if (str_ends(buf_str(&r->out), STR("-")) && r->out.n > r->last_out + 2) {
		buf_addz(&r->out, "\\xff");
	} else if (peek(r, 0) == '-' && at_text(r, "-\\x{")) {
		r->at++;
		length = hex_length(r, &wide);
		r->at += length ? length : 1;
	}
	return 0;
}

static int class_item(struct reader *r, struct err *e)
{
	if (peek(r, 0) < 0)
		return refuse(r, "unmatched [", e);
	if (class_wide(r) == 0)
		return 0;
	if (peek(r, 0) == '\\')
		return escape(r, e);
	if (peek(r, 0) != '[' || !posix_class(r))
		copy(r, 1);
	return 0;
}

/* Nothing but wide characters in it: matches no octet, or any. */
static void class_empty(struct reader *r, bool negated)
{
	r->out.n = r->last_out;
	buf_addz(&r->out, negated ? "(?s:.)" : "(?!)");
}

static int class(struct reader *r, struct err *e)
{
	size_t start = r->at, content;
	bool negated;

	begin(r, ITEM_ATOM);
	if (peek(r, 1) == ':' && posix_class(r)) {
		r->at = start;
		return refuse(r, "POSIX class outside a class", e);
	}
	copy(r, 1);
	negated = peek(r, 0) == '^';
	if (negated)
		copy(r, 1);
	content = r->out.n;
	if (peek(r, 0) == ']')
		copy(r, 1);
	while (peek(r, 0) != ']')
		if (class_item(r, e) < 0)
			return -1;
	if (r->out.n == content) {
		class_empty(r, negated);
		r->at++;
		return 0;
	}
	copy(r, 1);
	return 0;
}

static int verb(struct reader *r, struct err *e)
{
	static const char *const known[] = { "ACCEPT", "FAIL", "F", "COMMIT", "PRUNE", "SKIP",
					     "THEN" };
	ptrdiff_t end = str_chr(str_from(r->in, r->at), ')');
	struct str name;

	if (end < 0)
		return refuse(r, "unterminated verb", e);
	name = str_sub(r->in, r->at + 2, (size_t)end - 2);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(name, str_of(known[i]))) {
			begin(r, ITEM_ANCHOR);
			copy(r, (size_t)end + 1);
			return 0;
		}
	return refuse(r, "unknown verb", e);
}

/*
 * Modifiers after `(?`, up to `)` or `:`. Character sets (a) and p change nothing here, the ASCII
 * meaning is PCRE2's own.
 */
static int modifiers(struct reader *r, struct err *e)
{
	bool off = false;
	int c;

	for (; (c = peek(r, 0)) != ')' && c != ':'; r->at++) {
		if (c == '^') {
			r->extended = false;
			buf_addc(&r->out, '^');
		} else if (c == '-') {
			off = true;
			buf_addc(&r->out, '-');
		} else if (c > 0 && strchr("imsxn", c)) {
			r->extended = c == 'x' ? !off : r->extended;
			buf_addc(&r->out, (char)c);
		} else if (c != 'a' && c != 'p') {
			return refuse(r, "unknown or useless modifier", e);
		}
	}
	return 0;
}

/* Length of what stands between `(` and the content of a group that sets no modifiers. */
static size_t group_head(const struct reader *r)
{
	static const char *const heads[] = { "?:", "?=", "?!", "?|", "?>", "?<=", "?<!" };
	ptrdiff_t end;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		if (str_starts(str_from(r->in, r->at + 1), str_of(heads[i])))
			return strlen(heads[i]);
	if (at_text(r, "(?<") || at_text(r, "(?P<"))
		end = str_chr(str_from(r->in, r->at), '>');
	else if (at_text(r, "(?'"))
		end = str_chr(str_from(r->in, r->at + 3), '\'') + 3;
	else
		return 0;
	return end < 3 ? 0 : (size_t)end;
}

static int group_push(struct reader *r, bool extended, struct err *e)
{
	if (r->depth == GROUP_DEPTH_MAX)
		return refuse(r, "groups nested too deep", e);
	r->outer_extended[r->depth++] = extended;
	begin(r, ITEM_NONE);
	return 0;
}

/* Comments, calls and references: one item up to the closing parenthesis. */
static int whole_item(struct reader *r, enum item item, struct err *e)
{
	ptrdiff_t end = str_chr(str_from(r->in, r->at), ')');

	if (end < 0)
		return refuse(r, "unterminated group", e);
	if (item != ITEM_NONE)
		begin(r, item);
	copy(r, (size_t)end + 1);
	return 0;
}

static int modifier_group(struct reader *r, struct err *e)
{
	bool before = r->extended;

	copy(r, 2);
	if (modifiers(r, e) < 0)
		return -1;
	copy(r, 1);
	if (r->in.p[r->at - 1] == ':')
		return group_push(r, before, e);
	r->last = ITEM_NONE;
	return 0;
}

static int open_group(struct reader *r, struct err *e)
{
	size_t head = group_head(r);
	int c = peek(r, 2);

	if (peek(r, 1) == '*')
		return verb(r, e);
	if (peek(r, 1) != '?' || head) {
		copy(r, 1 + head);
		return group_push(r, r->extended, e);
	}
	if (c == '#')
		return whole_item(r, ITEM_NONE, e);
	if (c == '(') {
		copy(r, 2);
		if (whole_item(r, ITEM_NONE, e) < 0)
			return -1;
		return group_push(r, r->extended, e);
	}
	if (c == 'R' || c == '&' || c == '+' || (c >= '0' && c <= '9') || at_text(r, "(?P>") ||
	    at_text(r, "(?P=") || (c == '-' && peek(r, 3) >= '0' && peek(r, 3) <= '9'))
		return whole_item(r, ITEM_ATOM, e);
	return modifier_group(r, e);
}

static int close_group(struct reader *r, struct err *e)
{
	if (r->depth == 0)
		return refuse(r, "unmatched )", e);
	r->extended = r->outer_extended[--r->depth];
	copy(r, 1);
	r->last = ITEM_ATOM;
	return 0;
}

static bool skip_extended(struct reader *r)
{
	int c = peek(r, 0);

	if (!r->extended)
		return false;
	if (c == '#') {
		ptrdiff_t end = str_chr(str_from(r->in, r->at), '\n');

		copy(r, end < 0 ? r->in.n - r->at : (size_t)end + 1);
		return true;
	}
	if (c < 0 || !ascii_is_blank((char)c))
		return false;
	copy(r, 1);
	return true;
}

static int item(struct reader *r, struct err *e)
{
	int c = peek(r, 0);

	switch (c) {
	case '\\':
		return outer_escape(r, e);
	case '[':
		return class(r, e);
	case '(':
		return open_group(r, e);
	case ')':
		return close_group(r, e);
	case '{':
		return open_brace(r, e);
	case '*':
	case '+':
	case '?':
		return quantifier(r, NULL, e);
	}
	begin(r, c == '|' ? ITEM_NONE : c == '^' || c == '$' ? ITEM_ANCHOR : ITEM_ATOM);
	copy(r, 1);
	return 0;
}

int re_from_perl(struct arena *a, struct str pattern, unsigned flags, struct str *out,
		 struct err *e)
{
	struct reader r = { .in = pattern, .extended = flags & RE_EXTENDED };

	if (pattern.n > RE_PATTERN_MAX)
		return err_set(e, ERR_LIMIT, "pattern of %zu bytes", pattern.n);
	buf_init(&r.out, a, 3ul * RE_PATTERN_MAX);
	while (r.at < r.in.n)
		if (!skip_extended(&r) && item(&r, e) < 0)
			return -1;
	if (r.depth)
		return refuse(&r, "unmatched (", e);
	return buf_done(&r.out, out, e);
}
