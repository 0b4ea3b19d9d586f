#include "base/buf.h"
#include "lib/spf/record.h"

enum { PARTS_MAX = 256 };

static const char delimiters[] = ".-+,/_=";

/* What stands between the braces of "%{…}". */
struct macro {
	char letter;  /* lower case */
	bool escape;  /* it was upper case */
	int64_t keep; /* so many parts from the right; 0: all */
	bool reverse;
	struct str split; /* delimiters; empty: the dot */
};

static bool is_delimiter(char c)
{
	return c && strchr(delimiters, c);
}

static bool parse_macro(struct str text, bool exp, struct macro *m)
{
	size_t n = 1;

	if (text.n == 0)
		return false;
	*m = (struct macro){ .letter = ascii_lower(text.p[0]) };
	m->escape = m->letter != text.p[0];
	if (!m->letter || !strchr(exp ? "slodiphvcrt" : "slodiphv", m->letter))
		return false;
	while (n < text.n && ascii_is_digit(text.p[n]))
		n++;
	/* More parts than a name can have are all of them; none at all is an error. */
	if (n > 1 && !str_int(str_sub(text, 1, n - 1), 1, INT64_MAX, &m->keep))
		return false;
	if (n < text.n && ascii_lower(text.p[n]) == 'r') {
		m->reverse = true;
		n++;
	}
	m->split = str_from(text, n);
	for (size_t i = 0; i < m->split.n; i++) {
		if (!is_delimiter(m->split.p[i]))
			return false;
	}
	return true;
}

/*
 * Takes the next piece of a text: a macro (true in *is_macro), or a literal, which is one byte, or
 * a blank for "%_" and the like. False for what the grammar does not know.
 */
static bool next_piece(struct str *rest, bool exp, struct macro *m, bool *is_macro,
		       struct str *literal)
{
	char c = rest->p[0], what = rest->n > 1 ? rest->p[1] : '\0';
	ptrdiff_t end = str_chr(*rest, '}');
	struct str inside;

	*is_macro = c == '%' && what == '{';
	if (*is_macro) {
		if (end < 0)
			return false;
		inside = str_sub(*rest, 2, (size_t)end - 2);
		*rest = str_from(*rest, (size_t)end + 1);
		return parse_macro(inside, exp, m);
	}
	*literal = str_sub(*rest, 0, 1);
	*rest = str_from(*rest, c == '%' ? 2 : 1);
	if (c != '%')
		return (c > ' ' && c < 127) || (exp && c == ' ');
	*literal = what == '-' ? STR("%20") : what == '_' ? STR(" ") : *literal;
	return what == '%' || what == '_' || what == '-';
}

bool spf_macro_is_valid(struct str text, bool exp)
{
	struct str literal;
	struct macro m;
	bool is_macro;

	if (text.n == 0)
		return false;
	while (text.n) {
		if (!next_piece(&text, exp, &m, &is_macro, &literal))
			return false;
	}
	return true;
}

/* The address as %{i} wants it: octets or nibbles, each with dots between. */
static struct str dotted(struct arena *a, const struct cidr_addr *addr)
{
	struct buf b;

	if (addr->family == 4)
		return cidr_addr_text(a, addr);
	buf_init(&b, a, 64);
	for (size_t i = 0; i < 16; i++)
		buf_addf(&b, "%s%x.%x", i ? "." : "", addr->b[i] >> 4, addr->b[i] & 15);
	return buf_str(&b);
}

static enum spf_result value_of(struct arena *a, char letter, const struct spf_macros *m,
				struct str *out)
{
	switch (letter) {
	case 's':
		*out = m->sender;
		break;
	case 'l':
		*out = m->local;
		break;
	case 'o':
		*out = m->origin;
		break;
	case 'd':
		*out = m->domain;
		break;
	case 'h':
		*out = m->helo;
		break;
	case 'r':
		*out = m->receiver.n ? m->receiver : STR("unknown");
		break;
	case 'i':
		*out = dotted(a, &m->client);
		break;
	case 'c':
		*out = cidr_addr_text(a, &m->client);
		break;
	case 'v':
		*out = m->client.family == 4 ? STR("in-addr") : STR("ip6");
		break;
	case 't':
		*out = str_fmt(a, "%lld", (long long)m->now);
		break;
	case 'p':
		return m->host(m->ctx, out);
	}
	return SPF_NONE;
}

/* Splits at any of the delimiters; parts beyond the limit stay in the last one. */
static size_t split(struct str text, struct str at, struct str *parts)
{
	size_t n = 0, start = 0;

	for (size_t i = 0; i < text.n && n < PARTS_MAX - 1; i++) {
		if (str_chr(at, text.p[i]) < 0)
			continue;
		parts[n++] = str_sub(text, start, i - start);
		start = i + 1;
	}
	parts[n++] = str_from(text, start);
	return n;
}

static void add_escaped(struct buf *to, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr("-._~", c)))
			buf_addc(to, c);
		else
			buf_addf(to, "%%%02X", (unsigned char)c);
	}
}

static void add_part(struct buf *to, struct str part, bool escape)
{
	if (escape)
		add_escaped(to, part);
	else
		buf_add(to, part);
}

static void add_value(struct buf *to, struct str value, const struct macro *m)
{
	struct str parts[PARTS_MAX];
	size_t n = split(value, m->split.n ? m->split : STR("."), parts);
	size_t keep = m->keep && (uint64_t)m->keep < n ? (size_t)m->keep : n;

	for (size_t i = n - keep; i < n; i++) {
		/* Of the reversed list the rightmost ones count too. */
		add_part(to, parts[m->reverse ? n - 1 - i : i], m->escape);
		if (i + 1 < n)
			buf_addc(to, '.');
	}
}

enum spf_result spf_macro_expand(struct arena *a, struct str text, const struct spf_macros *m,
				 size_t max, struct str *out)
{
	struct str literal, value = STR_NONE;
	struct macro macro;
	bool is_macro, valid;
	struct buf b;

	buf_init(&b, a, max);
	while (text.n) {
		valid = next_piece(&text, true, &macro, &is_macro, &literal);
		ASSERT(valid);
		if (!is_macro) {
			buf_add(&b, literal);
			continue;
		}
		if (value_of(a, macro.letter, m, &value) == SPF_PENDING)
			return SPF_PENDING;
		if (macro.split.n || macro.keep || macro.reverse)
			add_value(&b, value, &macro);
		else
			add_part(&b, value, macro.escape);
	}
	*out = buf_str(&b);
	return b.failed ? SPF_PERMERROR : SPF_NONE;
}
