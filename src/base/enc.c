#include "base/enc.h"

static const char base64_chars[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { B64_SKIP = 64, B64_PAD = 65 };

/* Value of each byte, or one of the above. */
#define B64_ROW(c, v) [c] = (v) + 1
static const unsigned char base64_values[256] = {
	B64_ROW('A', 0),       B64_ROW('B', 1),  B64_ROW('C', 2),  B64_ROW('D', 3),
	B64_ROW('E', 4),       B64_ROW('F', 5),  B64_ROW('G', 6),  B64_ROW('H', 7),
	B64_ROW('I', 8),       B64_ROW('J', 9),  B64_ROW('K', 10), B64_ROW('L', 11),
	B64_ROW('M', 12),      B64_ROW('N', 13), B64_ROW('O', 14), B64_ROW('P', 15),
	B64_ROW('Q', 16),      B64_ROW('R', 17), B64_ROW('S', 18), B64_ROW('T', 19),
	B64_ROW('U', 20),      B64_ROW('V', 21), B64_ROW('W', 22), B64_ROW('X', 23),
	B64_ROW('Y', 24),      B64_ROW('Z', 25), B64_ROW('a', 26), B64_ROW('b', 27),
	B64_ROW('c', 28),      B64_ROW('d', 29), B64_ROW('e', 30), B64_ROW('f', 31),
	B64_ROW('g', 32),      B64_ROW('h', 33), B64_ROW('i', 34), B64_ROW('j', 35),
	B64_ROW('k', 36),      B64_ROW('l', 37), B64_ROW('m', 38), B64_ROW('n', 39),
	B64_ROW('o', 40),      B64_ROW('p', 41), B64_ROW('q', 42), B64_ROW('r', 43),
	B64_ROW('s', 44),      B64_ROW('t', 45), B64_ROW('u', 46), B64_ROW('v', 47),
	B64_ROW('w', 48),      B64_ROW('x', 49), B64_ROW('y', 50), B64_ROW('z', 51),
	B64_ROW('0', 52),      B64_ROW('1', 53), B64_ROW('2', 54), B64_ROW('3', 55),
	B64_ROW('4', 56),      B64_ROW('5', 57), B64_ROW('6', 58), B64_ROW('7', 59),
	B64_ROW('8', 60),      B64_ROW('9', 61), B64_ROW('+', 62), B64_ROW('/', 63),
	B64_ROW('=', B64_PAD),
};

static unsigned base64_value(char c)
{
	unsigned char v = base64_values[(unsigned char)c];

	return v ? v - 1u : B64_SKIP;
}

int enc_base64_digit(char c)
{
	unsigned v = base64_value(c);

	return v < B64_SKIP ? (int)v : -1;
}

/* The next group of up to four characters; returns how many there were, their bits in *bits. */
static unsigned base64_group(struct str *in, uint32_t *bits)
{
	unsigned n = 0;
	size_t i = 0;

	*bits = 0;
	while (n < 4 && i < in->n) {
		unsigned v = base64_value(in->p[i++]);

		if (v < B64_SKIP) {
			*bits = *bits << 6 | v;
			n++;
		} else if (v == B64_PAD && n) {
			break;
		}
	}
	*in = str_from(*in, i);
	*bits <<= 6 * (4 - n);
	return n;
}

/* Four characters of the alphabet in a row, which is nearly all there is in a body. */
static size_t base64_run(struct str *in, char *out, size_t room)
{
	const unsigned char *p = (const unsigned char *)in->p;
	size_t groups = in->n / 4 < room / 3 ? in->n / 4 : room / 3, i;

	for (i = 0; i < groups; i++, p += 4, out += 3) {
		unsigned v0 = base64_values[p[0]] - 1u, v1 = base64_values[p[1]] - 1u;
		unsigned v2 = base64_values[p[2]] - 1u, v3 = base64_values[p[3]] - 1u;
		uint32_t bits = v0 << 18 | v1 << 12 | v2 << 6 | v3;

		if ((v0 | v1 | v2 | v3) >= B64_SKIP)
			break;
		out[0] = (char)(bits >> 16);
		out[1] = (char)(bits >> 8);
		out[2] = (char)bits;
	}
	*in = str_from(*in, i * 4);
	return i * 3;
}

size_t enc_base64_read(struct str *in, char *out, size_t room)
{
	size_t n = 0;

	while (in->n && room - n >= 3) {
		uint32_t bits;
		unsigned got;

		n += base64_run(in, out + n, room - n);
		if (room - n < 3)
			break;
		got = base64_group(in, &bits);

		out[n] = (char)(bits >> 16);
		out[n + 1] = (char)(bits >> 8);
		out[n + 2] = (char)bits;
		n += got ? got - 1 : 0;
	}
	return n;
}

/*
 * Takes the rest of a soft line break: blanks and a line end. The end of the text is one as well,
 * because the last line end of a part belongs to the boundary.
 */
static bool soft_break(struct str *in)
{
	size_t i = 0;

	while (i < in->n && (in->p[i] == ' ' || in->p[i] == '\t'))
		i++;
	if (i < in->n && in->p[i] == '\r')
		i++;
	if (i < in->n && in->p[i] != '\n')
		return false;
	*in = str_from(*in, i + 1);
	return true;
}

/* Takes what begins with `=`; returns the number of bytes it stands for, 0 or 1. */
static size_t qp_escape(struct str *in, char *out)
{
	int hi = in->n > 2 ? enc_hex_digit(in->p[1]) : -1;
	int lo = in->n > 2 ? enc_hex_digit(in->p[2]) : -1;

	if (hi >= 0 && lo >= 0) {
		*out = (char)(hi << 4 | lo);
		*in = str_from(*in, 3);
		return 1;
	}
	*out = '=';
	*in = str_from(*in, 1);
	return !soft_break(in);
}

size_t enc_qp_read(struct str *in, char *out, size_t room)
{
	size_t n = 0;

	while (in->n && n < room) {
		size_t plain = in->n < room - n ? in->n : room - n;
		const char *stop = memchr(in->p, '=', plain);

		if (stop)
			plain = (size_t)(stop - in->p);
		memcpy(out + n, in->p, plain);
		n += plain;
		*in = str_from(*in, plain);
		if (stop && n < room)
			n += qp_escape(in, out + n);
	}
	return n;
}

/* Neither encoding makes text longer, so room for the input is room enough. */
static int decode_all(struct arena *a, struct str in, size_t max, bool base64, struct str *out,
		      struct err *e)
{
	size_t room = (base64 ? in.n / 4 * 3 + 3 : in.n) + ENC_READ_MIN;
	char *p;
	size_t n;

	if (room > max && max <= SIZE_MAX - ENC_READ_MIN - 3)
		room = max + ENC_READ_MIN + 3;
	p = arena_alloc(a, room);
	n = base64 ? enc_base64_read(&in, p, room) : enc_qp_read(&in, p, room);
	if (n > max)
		return err_set(e, ERR_LIMIT, "more than %zu decoded bytes", max);
	*out = (struct str){ p, n };
	return 0;
}

int enc_base64_decode(struct arena *a, struct str in, size_t max, struct str *out, struct err *e)
{
	return decode_all(a, in, max, true, out, e);
}

int enc_qp_decode(struct arena *a, struct str in, size_t max, struct str *out, struct err *e)
{
	return decode_all(a, in, max, false, out, e);
}

static void base64_put(char *to, const unsigned char *p, size_t n)
{
	uint32_t bits = (uint32_t)p[0] << 16;

	if (n > 1)
		bits |= (uint32_t)p[1] << 8;
	if (n > 2)
		bits |= p[2];
	to[0] = base64_chars[bits >> 18];
	to[1] = base64_chars[bits >> 12 & 63];
	to[2] = n > 1 ? base64_chars[bits >> 6 & 63] : '=';
	to[3] = n > 2 ? base64_chars[bits & 63] : '=';
}

void enc_base64_add(struct buf *to, struct str in, struct str eol)
{
	enum { LINE_BYTES = ENC_LINE / 4 * 3 };
	size_t line = eol.n ? LINE_BYTES : in.n, i, j;

	for (i = 0; i < in.n; i += line) {
		struct str part = str_sub(in, i, line);
		char *out = buf_room(to, (part.n + 2) / 3 * 4);

		if (!out)
			return;
		for (j = 0; j < part.n; j += 3)
			base64_put(out + j / 3 * 4, (const unsigned char *)part.p + j, part.n - j);
		to->n += (part.n + 2) / 3 * 4;
		buf_add(to, eol);
	}
}

/* How far into its line the encoder is, and the text it works on. */
struct qp_line {
	struct buf *to;
	struct str eol;
	size_t col;
};

static void qp_put(struct qp_line *line, struct str s)
{
	if (line->col + s.n > ENC_LINE - 1) {
		buf_addc(line->to, '=');
		buf_add(line->to, line->eol);
		line->col = 0;
	}
	buf_add(line->to, s);
	line->col += s.n;
}

static bool qp_is_plain(const struct qp_line *line, struct str rest)
{
	unsigned char c = (unsigned char)rest.p[0];
	bool last = rest.n == 1 || rest.p[1] == '\n' || str_starts(str_from(rest, 1), STR("\r\n"));

	if (c == ' ' || c == '\t')
		return !last;
	if (c == '.')
		return line->col > 0 && line->col < ENC_LINE - 1;
	/* "From " only matters where a line begins, and lines may begin anywhere here. */
	if (c == 'F' && str_starts(rest, STR("From ")))
		return false;
	return c > 32 && c < 127 && c != '=';
}

void enc_qp_add(struct buf *to, struct str in, struct str eol)
{
	static const char hex[] = "0123456789ABCDEF";
	struct qp_line line = { to, eol, 0 };

	while (in.n && !to->failed) {
		unsigned char c = (unsigned char)in.p[0];
		char code[3] = { '=', hex[c >> 4], hex[c & 15] };
		size_t end = c == '\n' ? 1 : str_starts(in, STR("\r\n")) ? 2 : 0;

		if (end) {
			buf_add(to, eol);
			line.col = 0;
		} else if (qp_is_plain(&line, in)) {
			qp_put(&line, str_sub(in, 0, 1));
		} else {
			qp_put(&line, (struct str){ code, sizeof(code) });
		}
		in = str_from(in, end ? end : 1);
	}
	if (line.col) {
		buf_addc(to, '=');
		buf_add(to, eol);
	}
}

void enc_hex_add(struct buf *to, struct str in)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < in.n && !to->failed; i++) {
		buf_addc(to, digits[(unsigned char)in.p[i] >> 4]);
		buf_addc(to, digits[(unsigned char)in.p[i] & 15]);
	}
}

struct str enc_hex(struct arena *a, struct str in)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	enc_hex_add(&b, in);
	return buf_str(&b);
}

int enc_hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct str enc_base32(struct arena *a, struct str in)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	char *p = arena_alloc(a, in.n / 5 * 8 + 8);
	unsigned have = 0, bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		bits = bits << 8 | (unsigned char)in.p[i];
		for (have += 8; have >= 5; have -= 5)
			p[n++] = digits[bits >> (have - 5) & 31];
	}
	if (have)
		p[n++] = digits[bits << (5 - have) & 31];
	return (struct str){ p, n };
}

int enc_hex_decode(struct arena *a, struct str in, struct str *out, struct err *e)
{
	char *p = arena_alloc(a, in.n / 2);
	size_t i;

	if (in.n % 2)
		return err_set(e, ERR_INVALID, "odd number of hex digits");
	for (i = 0; i < in.n; i += 2) {
		int hi = enc_hex_digit(in.p[i]), lo = enc_hex_digit(in.p[i + 1]);

		if (hi < 0 || lo < 0)
			return err_set(e, ERR_INVALID, "not a hex digit at %zu", i);
		p[i / 2] = (char)(hi << 4 | lo);
	}
	*out = (struct str){ p, in.n / 2 };
	return 0;
}

void enc_json_add(struct buf *to, struct str in)
{
	buf_addc(to, '"');
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];

		if (c == '"' || c == '\\')
			buf_addf(to, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			buf_addf(to, "\\u%04x", c);
		else
			buf_addc(to, (char)c);
	}
	buf_addc(to, '"');
}
