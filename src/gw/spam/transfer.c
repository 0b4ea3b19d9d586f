#define _GNU_SOURCE /* memmem */
#include "gw/spam/transfer.h"

#include "base/enc.h"
#include "gw/spam/message_int.h"

/* Length of a line ending at `i`, 0 if there is none. */
static size_t eol_at(struct str s, size_t i)
{
	if (i < s.n && s.p[i] == '\n')
		return 1;
	return i + 1 < s.n && s.p[i] == '\r' && s.p[i + 1] == '\n' ? 2 : 0;
}

static size_t skip_blanks(struct str s, size_t i)
{
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	return i;
}

/* Without blanks at line ends and without soft line breaks. */
static size_t join_lines(struct str s, char *out)
{
	size_t n = 0, i = 0;

	while (i < s.n) {
		size_t after = skip_blanks(s, s.p[i] == '=' ? i + 1 : i), eol = eol_at(s, after);

		if (s.p[i] == '=' && eol) {
			i = after + eol;
			continue;
		}
		if (after > i && eol && s.p[i] != '=') {
			i = after;
			continue;
		}
		if (s.p[i] == '=' || after == i)
			after = i + 1;
		memcpy(out + n, s.p + i, after - i);
		n += after - i;
		i = after;
	}
	return n;
}

struct str spam_qp_decode(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t end = join_lines(s, out), n = 0;

	for (size_t i = 0; i < end; i++) {
		int hi = out[i] == '=' && i + 2 < end ? enc_hex_digit(out[i + 1]) : -1;
		int lo = hi >= 0 ? enc_hex_digit(out[i + 2]) : -1;

		if (lo >= 0) {
			out[n++] = (char)(hi << 4 | lo);
			i += 2;
		} else {
			out[n++] = out[i];
		}
	}
	return (struct str){ out, n };
}

/* Value of a base64 digit, 64 for `=`, -1 for anything else. */
static int base64_digit(char c)
{
	return c == '=' ? 64 : enc_base64_digit(c);
}

struct str spam_base64_decode(struct arena *a, struct str s)
{
	unsigned char *digit = arena_alloc(a, s.n);
	size_t n = 0, out = 0, foreign = 0;
	unsigned inner;

	for (size_t i = 0; i < s.n; i++) {
		int d = base64_digit(s.p[i]);

		if (d >= 0)
			digit[n++] = (unsigned char)d;
		else if (!is_space(s.p[i]))
			foreign++;
	}
	/* Clean text takes padding in the middle for zero bits, anything else for ones. */
	inner = !foreign && n % 4 == 0 ? 0 : 63;
	while (n && digit[n - 1] == 64)
		n--;
	if (n % 4 == 1)
		n--;
	for (size_t i = 0; i < n; i++)
		if (digit[i] == 64)
			digit[i] = (unsigned char)inner;
	/* Three octets take the place of four digits: writing never overtakes reading. */
	for (size_t i = 0; i + 1 < n; i += 4) {
		unsigned d0 = digit[i], d1 = digit[i + 1];
		unsigned d2 = i + 2 < n ? digit[i + 2] : 0, d3 = i + 3 < n ? digit[i + 3] : 0;

		digit[out++] = (unsigned char)(d0 << 2 | d1 >> 4);
		if (i + 2 < n)
			digit[out++] = (unsigned char)(d1 << 4 | d2 >> 2);
		if (i + 3 < n)
			digit[out++] = (unsigned char)(d2 << 6 | d3);
	}
	return (struct str){ (char *)digit, out };
}

struct str spam_lf(struct arena *a, struct str s)
{
	size_t n = 0;
	char *out;

	if (!memmem(s.p ? s.p : "", s.n, "\r\n", 2))
		return s;
	out = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r' || i + 1 >= s.n || s.p[i + 1] != '\n')
			out[n++] = s.p[i];
	return (struct str){ out, n };
}
