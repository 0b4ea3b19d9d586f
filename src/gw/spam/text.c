#include "gw/spam/text.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "gw/spam/encoding.h"

static const uint16_t cp1252_high[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

static uint32_t from_cp1252(unsigned char c)
{
	return c >= 0x80 && c < 0xa0 ? cp1252_high[c - 0x80] : c;
}

/* False in the strict case for the five octets that Windows-1252 leaves open. */
static bool decode_cp1252(struct arena *a, struct str s, bool strict, struct str *out)
{
	char *p = arena_alloc(a, s.n * 3);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint32_t c = from_cp1252((unsigned char)s.p[i]);

		if (strict && c == UTF8_REPLACEMENT)
			return false;
		n += utf8_put(p + n, c);
	}
	*out = (struct str){ p, n };
	return true;
}

/* Perl refuses the code points that Unicode reserves for nobody, too. */
static bool is_nonchar(const unsigned char *p, size_t left)
{
	if (left >= 3 && p[0] == 0xef)
		return (p[1] == 0xb7 && p[2] >= 0x90 && p[2] <= 0xaf) ||
		       (p[1] == 0xbf && p[2] >= 0xbe);
	return left >= 4 && p[0] >= 0xf0 && (p[1] & 0x0f) == 0x0f && p[2] == 0xbf && p[3] >= 0xbe;
}

static bool is_strict_utf8(struct str s)
{
	if (!utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0xef &&
		    is_nonchar((const unsigned char *)s.p + i, s.n - i))
			return false;
	return true;
}

static struct str scrub_utf8(struct arena *a, struct str s)
{
	struct buf out;

	buf_init(&out, a, s.n * 3);
	while (s.n) {
		struct str before = s;
		int32_t c = utf8_next(&s);

		if (c < 0 || is_nonchar((const unsigned char *)before.p, before.n))
			buf_add(&out, STR("\xef\xbf\xbd"));
		else
			buf_add(&out, str_sub(before, 0, before.n - s.n));
	}
	return buf_str(&out);
}

static bool is_8bit(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] & 0x80)
			return true;
	return false;
}

/* ASCII letters that mean the same in Windows-1252, and its commonest punctuation. */
static bool looks_like_cp1252(struct str s)
{
	static const char punctuation[] =
		"\xa0\xa9\xad\x82\x84\x85\x91\x92\x93\x94\x95\x96\x97\x99";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80 || memchr(punctuation, c, sizeof(punctuation) - 1))
			continue;
		if (c < 0xc0 || c == 0xd7 || c == 0xdf || c == 0xf7 || c == 0xff)
			return false;
	}
	return true;
}

/* UTF-16 without a mark of its byte order: which half holds the zeros and the blanks? */
static const char *utf16_order(struct str s)
{
	uint64_t even = 0, odd = 0;
	size_t le = 0, be = 0;

	if (str_starts(s, STR("\xff\xfe")) || str_starts(s, STR("\xfe\xff")))
		return NULL;
	for (size_t i = 0; i < s.n; i += 2) {
		unsigned char x = (unsigned char)s.p[i];
		unsigned char y = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;

		even += (x >> 4) + (x & 15u);
		odd += (y >> 4) + (y & 15u);
		le += x == 0x20 && y == 0;
		be += x == 0 && y == 0x20;
	}
	le += even > odd * 4;
	be += odd * 4 > even;
	return le > be ? "UTF-16LE" : be > le ? "UTF-16BE" : NULL;
}

/* In a charset of 128 characters the other octets are none. */
static struct str decode_ascii(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n * 3);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += utf8_put(p + n, s.p[i] & 0x80 ? UTF8_REPLACEMENT : (uint32_t)s.p[i]);
	return (struct str){ p, n };
}

/* Encode cuts a strictly read ISO-2022-JP text at its first octet that such a text cannot have. */
static struct str cut_at_8bit(struct str s)
{
	size_t n = 0;

	while (n < s.n && !(s.p[n] & 0x80))
		n++;
	return str_sub(s, 0, n);
}

/* As `charset` says; false if it does not say anything that helps. */
static bool decode_declared(struct arena *a, struct str s, struct str charset, bool strict,
			    struct str *out)
{
	char name[SPAM_ENCODING_NAME_MAX];

	switch (spam_encoding_of(charset, name)) {
	case SPAM_ENCODING_CP1252:
		return decode_cp1252(a, s, strict, out);
	case SPAM_ENCODING_UTF8:
		if (strict)
			return false;
		*out = scrub_utf8(a, s);
		return true;
	case SPAM_ENCODING_UTF16: {
		const char *order = utf16_order(s);

		return order && charset_decode(a, order, s, true, out);
	}
	case SPAM_ENCODING_OTHER:
		if (strict && str_starts(str_of(name), STR("ISO-2022-JP")))
			s = cut_at_8bit(s);
		return charset_decode(a, name, s, strict, out);
	case SPAM_ENCODING_ASCII:
		if (strict)
			return false;
		*out = decode_ascii(a, s);
		return true;
	case SPAM_ENCODING_UNKNOWN:
		break;
	}
	return false;
}

bool spam_text_decode(struct arena *a, struct str octets, struct str charset,
		      enum spam_text_trust trust, struct str *out)
{
	bool insist = trust == SPAM_TEXT_INSIST, high = is_8bit(octets);

	*out = octets;
	if (!charset.p)
		charset = STR("us-ascii");
	if (!high && spam_encoding_has_ascii(charset))
		return false;
	if (high && !insist && is_strict_utf8(octets))
		return true;
	if (decode_declared(a, octets, charset, !insist, out))
		return true;
	if (!high)
		return false;
	if (looks_like_cp1252(octets) && decode_cp1252(a, octets, true, out))
		return true;
	return decode_cp1252(a, octets, false, out);
}

/* U+0085, U+00A0, U+1680, U+2000 to 200A, 2028, 2029, 202F, 205F, 3000 */
static size_t wide_space_at(const unsigned char *p, size_t n)
{
	if (n >= 2 && p[0] == 0xc2)
		return p[1] == 0x85 || p[1] == 0xa0 ? 2 : 0;
	if (n < 3)
		return 0;
	if (p[0] == 0xe1)
		return p[1] == 0x9a && p[2] == 0x80 ? 3 : 0;
	if (p[0] == 0xe3)
		return p[1] == 0x80 && p[2] == 0x80 ? 3 : 0;
	if (p[0] != 0xe2)
		return 0;
	if (p[1] == 0x81)
		return p[2] == 0x9f ? 3 : 0;
	if (p[1] != 0x80)
		return 0;
	return p[2] <= 0x8a || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf ? 3 : 0;
}

size_t spam_space_at(struct str s, bool wide)
{
	if (!s.n)
		return 0;
	if (*s.p == ' ' || (*s.p >= '\t' && *s.p <= '\r'))
		return 1;
	return wide && (*s.p & 0x80) ? wide_space_at((const unsigned char *)s.p, s.n) : 0;
}

size_t spam_chars(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

size_t spam_chars_end(struct str s, size_t n)
{
	size_t i = 0;

	for (; i < s.n; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}

size_t spam_narrow(char *p, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c == 0xc2 || c == 0xc3) && i + 1 < n)
			p[out++] = (char)((c & 3) << 6 | (p[++i] & 0x3f));
		else
			p[out++] = p[i];
	}
	return out;
}
