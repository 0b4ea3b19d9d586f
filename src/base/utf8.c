#include "base/utf8.h"

/*
 * How long a character is by its first byte, and what its second byte may be: that is where
 * overlong forms, surrogates and too large values show (Unicode 15, table 3-7). 0: no first byte.
 */
static unsigned first_byte(unsigned char c, unsigned char *lo, unsigned char *hi)
{
	*lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* Number of bytes that belong together; *whole says whether they are a character. */
static unsigned measure(struct str s, bool *whole)
{
	unsigned char lo, hi;
	unsigned n = first_byte((unsigned char)s.p[0], &lo, &hi), i;

	*whole = false;
	if (!n)
		return 1;
	for (i = 1; i < n; i++) {
		unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;

		if (c < lo || c > hi)
			return i;
		lo = 0x80;
		hi = 0xbf;
	}
	*whole = true;
	return n;
}

/* Mail is mostly ASCII: eight bytes at a time. */
static size_t ascii_prefix(struct str s)
{
	size_t i = 0;
	uint64_t eight;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&eight, s.p + i, 8);
		if (eight & 0x8080808080808080u)
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

size_t utf8_valid_prefix(struct str s)
{
	size_t at = ascii_prefix(s);
	bool whole = true;

	while (at < s.n) {
		unsigned n = measure(str_from(s, at), &whole);

		if (!whole)
			break;
		at += n;
		at += ascii_prefix(str_from(s, at));
	}
	return at;
}

bool utf8_valid(struct str s)
{
	return utf8_valid_prefix(s) == s.n;
}

int32_t utf8_next(struct str *s)
{
	static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	bool whole;
	unsigned n = measure(*s, &whole), i;
	int32_t cp = (unsigned char)s->p[0] & mask[n];

	for (i = 1; i < n; i++)
		cp = cp << 6 | ((unsigned char)s->p[i] & 0x3f);
	*s = str_from(*s, n);
	return whole ? cp : -1;
}

size_t utf8_put(char to[UTF8_MAX], uint32_t cp)
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4, i;
	static const unsigned char mark[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (i = n - 1; i > 0; i--, cp >>= 6)
		to[i] = (char)(0x80 | (cp & 0x3f));
	to[0] = (char)(mark[n] | cp);
	return n;
}

struct str utf8_cut(struct str s, size_t max)
{
	size_t n = max;

	if (s.n <= max)
		return s;
	/* A character has at most three bytes behind its first; more of them belong to none. */
	while (n > 0 && max - n < UTF8_MAX - 1 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	if (((unsigned char)s.p[n] & 0xc0) == 0x80)
		n = max;
	return str_sub(s, 0, n);
}
