#include "gw/spam/shape.h"

#include "base/enc.h"
#include "gw/spam/message_int.h"

enum { NARROW_MAX = 40, IP_TEXT_MAX = 46, GROUPS = 8 };

struct matcher {
	struct str s;
	struct shape_finds f;
	unsigned steps;
};

static bool step(struct matcher *m, const char *p, size_t at);

static char char_at(struct str s, size_t i)
{
	return i < s.n ? s.p[i] : '\0';
}

/* Length of a decimal octet without leading zeros, 0 if there is none. */
static size_t octet_at(struct str s, size_t at)
{
	unsigned value = 0;
	size_t n = 0;

	while (n < 3 && ascii_is_digit(char_at(s, at + n))) {
		if (n == 1 && value == 0)
			break;
		value = value * 10 + (unsigned)(s.p[at + n] - '0');
		n++;
	}
	return value > 255 ? n - 1 : n;
}

static size_t ipv4_at(struct str s, size_t at)
{
	size_t i = at;

	for (int octet = 0; octet < 4; octet++) {
		size_t n = octet_at(s, i);

		if (!n || (octet < 3 && char_at(s, i + n) != '.'))
			return 0;
		i += n + (octet < 3);
	}
	return i - at;
}

static bool is_hex(char c)
{
	return enc_hex_digit(c) >= 0;
}

/* Groups of hexadecimal digits, one `::` at most, perhaps an IPv4 address at the end. */
static size_t ipv6_at(struct str s, size_t at)
{
	size_t i = at, groups = 0;
	bool gap = false;

	for (;;) {
		size_t digits = 0, v4 = ipv4_at(s, i);

		if (v4 && groups && groups <= GROUPS - 2 && (gap || groups == GROUPS - 2))
			return is_hex(char_at(s, i + v4)) || char_at(s, i + v4) == ':'
				       ? 0
				       : i + v4 - at;
		while (digits < 5 && is_hex(char_at(s, i + digits)))
			digits++;
		if (digits > 4)
			return 0;
		groups += digits > 0;
		i += digits;
		if (char_at(s, i) != ':')
			break;
		if (char_at(s, i + 1) == ':') {
			if (gap)
				return 0;
			gap = true;
			i += 2;
			if (!is_hex(char_at(s, i)))
				break;
		} else if (digits == 0 || !is_hex(char_at(s, i + 1))) {
			return 0;
		} else {
			i++;
		}
	}
	if (is_hex(char_at(s, i)) || char_at(s, i) == ':')
		return 0;
	return (gap ? groups < GROUPS : groups == GROUPS) ? i - at : 0;
}

size_t shape_ip_at(struct str s, size_t at)
{
	char before = at ? s.p[at - 1] : '\0';
	size_t n = ipv4_at(s, at), prefix = 0;

	if (n && !is_word(before) && before != ':' && !is_word(char_at(s, at + n)))
		return n;
	if (str_istarts(str_from(s, at), STR("ipv6:")))
		prefix = 5;
	else if (is_hex(before) || before == ':')
		return 0;
	n = ipv6_at(s, at + prefix);
	return n ? prefix + n : 0;
}

struct str shape_find_ip(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		size_t n;

		if (!is_hex(s.p[i]) && s.p[i] != ':' && ascii_lower(s.p[i]) != 'i')
			continue;
		n = shape_ip_at(s, i);
		if (n)
			return str_sub(s, i, n);
	}
	return STR_NONE;
}

static size_t localhost_at(struct str s, size_t at)
{
	struct str rest = str_from(s, at), ip;
	size_t n = shape_ip_at(s, at);

	if (str_istarts(rest, STR("localhost.localdomain")))
		return sizeof("localhost.localdomain") - 1;
	if (str_istarts(rest, STR("localhost")))
		return sizeof("localhost") - 1;
	ip = str_sub(rest, 0, n);
	return str_ends(ip, STR("127.0.0.1")) || str_ends(ip, STR("::1")) ? n : 0;
}

static bool is_word_char(char c)
{
	return c && !is_space(c);
}

/* May the character stand in what the mark stands for? */
static bool belongs(char mark, char c)
{
	switch (mark) {
	case '.':
	case '*':
	case 'o':
		return c != '\n';
	case ')':
	case 'k':
	case '~':
	case 'O':
		return c != ')';
	case 'q':
		return c != '(' && c != ')' && c != ' ';
	case 'u':
		return is_word_char(c) && c != '@';
	case 'v':
		return c != '.';
	case '0':
		return ascii_is_digit(c);
	case 'z':
		return ascii_is_alpha(c) || ascii_is_digit(c) || strchr("%._~-", c);
	default:
		return is_word_char(c);
	}
}

static struct str *slot_of(struct matcher *m, char mark)
{
	switch (ascii_lower(mark)) {
	case 'h':
	case 'k':
	case 'q':
		return &m->f.helo;
	case 'r':
	case 't':
		return &m->f.rdns;
	case 'b':
		return &m->f.by;
	case 'd':
		return &m->f.ident;
	case 'o':
		return &m->f.options;
	case 'a':
		return &m->f.auth;
	case 'p':
		return &m->f.id;
	default:
		return NULL;
	}
}

static void keep(struct matcher *m, char mark, struct str found)
{
	struct str *slot = slot_of(m, mark);

	if (mark == '2')
		m->f.helo = m->f.rdns = found;
	else if (slot)
		*slot = found;
}

static bool has_inner_dot(struct str s)
{
	return s.n > 2 && str_chr(str_sub(s, 1, s.n - 2), '.') >= 0;
}

/* A stretch of characters, as long or as short as the rest of the shape allows. */
static bool try_stretch(struct matcher *m, const char *p, size_t at)
{
	char mark = *p;
	bool shortest = mark == '.' || mark == 'o' || mark == 'p';
	size_t min = strchr("HRBDNkq~z.*o", mark) ? 0 : 1, max = 0;

	while (at + max < m->s.n && belongs(mark, m->s.p[at + max]) &&
	       (mark != '~' || max < NARROW_MAX))
		max++;
	if (mark == 'z' && char_at(m->s, at) != '%')
		max = 0;
	for (size_t i = 0; min + i <= max; i++) {
		size_t n = shortest ? min + i : max - i;

		if (mark == 't' && !has_inner_dot(str_sub(m->s, at, n)))
			continue;
		if (step(m, p + 1, at + n)) {
			keep(m, mark, str_sub(m->s, at, n));
			return true;
		}
		if (m->steps > SHAPE_STEPS_MAX)
			break;
	}
	return false;
}

static bool try_ip(struct matcher *m, const char *p, size_t at)
{
	size_t n = shape_ip_at(m->s, at);

	if (!n || !step(m, p + 1, at + n))
		return false;
	if (*p == 'i')
		m->f.ip = str_sub(m->s, at, n);
	return true;
}

static bool is_edge(struct str s, size_t at)
{
	return (at > 0 && is_word(s.p[at - 1])) != is_word(char_at(s, at));
}

static bool try_mark(struct matcher *m, const char *p, size_t at)
{
	size_t n;

	switch (*p) {
	case 'i':
	case 'I':
		return try_ip(m, p, at);
	case 'l':
		n = localhost_at(m->s, at);
		return n && step(m, p + 1, at + n);
	case '[':
	case ']':
		return (char_at(m->s, at) == *p && step(m, p + 1, at + 1)) || step(m, p + 1, at);
	case 'A':
		return ascii_is_alpha(char_at(m->s, at)) && step(m, p + 1, at + 1);
	case 'w':
		return is_edge(m->s, at) && step(m, p + 1, at);
	case 'e':
		return at == m->s.n && step(m, p + 1, at);
	case '!':
		return !str_starts(str_from(m->s, at), STR(" id ")) && step(m, p + 1, at);
	default:
		return try_stretch(m, p, at);
	}
}

static bool try_group(struct matcher *m, const char *p, size_t at)
{
	for (;;) {
		if (step(m, p, at))
			return true;
		p = strpbrk(p, "|}");
		if (!p || *p == '}')
			return false;
		p++;
	}
}

/* The shape from `p` on against the text from `at` on. */
static bool step(struct matcher *m, const char *p, size_t at)
{
	while (*p) {
		if (++m->steps > SHAPE_STEPS_MAX)
			return false;
		if (*p == '%')
			return try_mark(m, p + 1, at);
		if (*p == '{')
			return try_group(m, p + 1, at);
		if (*p == '|')
			p = strchr(p, '}');
		if (*p == '}') {
			p++;
			continue;
		}
		if (char_at(m->s, at) != *p)
			return false;
		p++;
		at++;
	}
	return true;
}

bool shape_match(const char *shape, struct str s, struct shape_finds *f)
{
	struct matcher m = { .s = s };

	if (!step(&m, shape, 0))
		return false;
	*f = m.f;
	return true;
}

bool shape_search(const char *shape, struct str s, struct shape_finds *f)
{
	struct matcher m = { .s = s };
	struct str literal = { shape, strcspn(shape, "%{") };

	for (size_t at = 0; at < s.n && m.steps <= SHAPE_STEPS_MAX; at++) {
		if (literal.n) {
			ptrdiff_t next = str_find(str_from(s, at), literal);

			if (next < 0)
				return false;
			at += (size_t)next;
		}
		if (step(&m, shape, at)) {
			*f = m.f;
			return true;
		}
	}
	return false;
}
