#include "lib/re/quantifier.h"

enum { COUNT_MAX = 65535 }; /* PCRE2's */

static int peek(struct str s, size_t at)
{
	return at < s.n ? (uint8_t)s.p[at] : -1;
}

static bool count(struct str s, int64_t *out)
{
	return s.n && ascii_is_digit(s.p[0]) && str_int(s, 0, COUNT_MAX, out);
}

static bool braces(struct str pattern, size_t *at, int64_t *lo, int64_t *hi)
{
	struct str rest = str_from(pattern, *at + 1), first, second = STR_NONE;
	ptrdiff_t end = str_chr(rest, '}');

	if (end < 0)
		return false;
	rest = str_sub(rest, 0, (size_t)end);
	first = str_cut(&rest, ',');
	if (rest.p)
		second = rest;
	if (!count(first, lo))
		return false;
	*hi = second.p ? INT64_MAX : *lo;
	if (second.n && !count(second, hi))
		return false;
	*at += (size_t)end + 2;
	return true;
}

bool re_quantifier(struct str pattern, size_t *at, int64_t *lo, int64_t *hi)
{
	int c = peek(pattern, *at);

	if (c == '{') {
		if (!braces(pattern, at, lo, hi))
			return false;
	} else if (c == '*' || c == '+' || c == '?') {
		*lo = c == '+';
		*hi = c == '?' ? 1 : INT64_MAX;
		++*at;
	} else {
		return false;
	}
	if (peek(pattern, *at) == '?' || peek(pattern, *at) == '+')
		++*at;
	return true;
}
