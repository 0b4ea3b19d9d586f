#include "lib/uri/escape.h"

#include "base/buf.h"
#include "base/enc.h"
#include "lib/uri/canon.h"

/* The octet that "%XX" at `i` stands for, -1 if there is none. */
static int escape_at(struct str s, size_t i)
{
	int hi = i + 2 < s.n && s.p[i] == '%' ? enc_hex_digit(s.p[i + 1]) : -1;
	int lo = hi >= 0 ? enc_hex_digit(s.p[i + 2]) : -1;

	return lo < 0 ? -1 : hi << 4 | lo;
}

static bool has_escape(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (escape_at(s, i) >= 0)
			return true;
	return false;
}

struct str uri_unescape(struct arena *a, struct str s)
{
	struct buf b;

	if (!has_escape(s))
		return s;
	buf_init(&b, a, 3 * s.n);
	for (size_t i = 0; i < s.n; i++) {
		int octet = escape_at(s, i);
		unsigned char c = (unsigned char)s.p[i];

		if (octet > 0x20 && octet < 0x7f) {
			buf_addc(&b, (char)octet);
			i += 2;
		} else if (octet >= 0) {
			buf_add(&b, str_sub(s, i, 3));
			i += 2;
		} else if (c <= ' ' || c >= 0x7f || strchr("\"%<>", c)) {
			buf_addf(&b, "%%%02x", c);
		} else {
			buf_addc(&b, s.p[i]);
		}
	}
	return buf_str(&b);
}

static bool is_dot(uint32_t c)
{
	return c == 0x2e || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

/* "&#…;" at the front of `s`: its length, 0 if it is not to be replaced; *c what it stands for. */
static size_t entity_at(struct str s, char *c)
{
	bool hex = s.n > 2 && ascii_lower(s.p[2]) == 'x';
	uint32_t value = 0, base = hex ? 16 : 10;
	size_t i = hex ? 3 : 2, start = i;
	int d;

	if (!str_starts(s, STR("&#")))
		return 0;
	for (; i < s.n && value < 0x110000; i++) {
		d = enc_hex_digit(s.p[i]);
		if (d < 0 || d >= (int)base)
			break;
		value = value * base + (unsigned)d;
	}
	if (i == start || i >= s.n || s.p[i] != ';')
		return 0;
	if (is_dot(value))
		*c = '.';
	else if (value > 0x20 && value < 0x7f)
		*c = (char)value;
	else
		return 0;
	return i + 1;
}

struct str uri_entities(struct arena *a, struct str s)
{
	struct buf b;

	if (str_find(s, STR("&#")) < 0)
		return s;
	buf_init(&b, a, s.n);
	while (s.n) {
		char c = *s.p;
		size_t n = entity_at(s, &c);

		buf_addc(&b, c);
		s = str_from(s, n ? n : 1);
	}
	return buf_str(&b);
}

/* All of `s` as a number: 0x… hexadecimal, 0… octal if `octal`, else decimal. The last 32 bits. */
static bool number(struct str s, bool octal, uint32_t *out)
{
	bool hex = str_istarts(s, STR("0x"));
	unsigned base = hex ? 16 : 10;

	if (hex)
		s = str_from(s, 2);
	if (!hex && octal && s.n > 1 && *s.p == '0') {
		base = 8;
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] > '7')
				base = 10;
	}
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		int d = enc_hex_digit(s.p[i]);

		if (d < 0 || (!hex && d > 9))
			return false;
		*out = *out * base + (unsigned)d;
	}
	return s.n > 0;
}

bool uri_host_as_ip(struct arena *a, struct str host, struct str *out)
{
	uint32_t part[4], whole;
	struct str rest = host;
	int n = 0;

	if (number(host, false, &whole)) {
		*out = str_fmt(a, "%u.%u.%u.%u", whole >> 24, whole >> 16 & 255, whole >> 8 & 255,
			       whole & 255);
		return true;
	}
	for (; n < 4 && rest.p; n++)
		if (!number(str_cut(&rest, '.'), true, &part[n]))
			return false;
	if (n < 4 || rest.p)
		return false;
	*out = str_fmt(a, "%u.%u.%u.%u", part[0], part[1], part[2], part[3]);
	return true;
}
