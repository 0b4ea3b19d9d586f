#include "base/enc.h"
#include "lib/razor/razor_int.h"

/*
 * Razor decodes it as uuencoded lines of LINE letters, where "=" is a letter like others. One
 * letter too many in the last line is then the length of another line, which has nothing in it.
 */
enum { EQUALS_SIGN = 29, LINE = 60, LETTERS = 64 };

static bool has_line(struct str text, struct str start)
{
	while (text.n)
		if (str_istarts(str_cut(&text, '\n'), start))
			return true;
	return false;
}

/* What is below the first empty line, up to the padding. */
static struct str base64_text(struct str s)
{
	ptrdiff_t end;

	for (size_t i = 0; i < s.n; i++) {
		struct str rest = str_from(s, i + 1);

		if (s.p[i] != '\n' ||
		    (!str_starts(rest, STR("\n")) && !str_starts(rest, STR("\r\n"))))
			continue;
		rest = str_from(rest, rest.p[0] == '\r' ? 2 : 1);
		end = str_chr(rest, '=');
		return end < 0 ? rest : str_sub(rest, 0, (size_t)end);
	}
	return s;
}

/* 0..63, -1 for what is skipped. */
static int base64_value(char c)
{
	return c == '=' ? EQUALS_SIGN : enc_base64_digit(c);
}

static struct str base64_decoded(struct arena *a, struct str s)
{
	uint32_t bits = 0;
	size_t n = 0;
	struct buf b;

	while (s.n && (s.p[s.n - 1] == '=' || base64_value(s.p[s.n - 1]) < 0))
		s.n--;
	buf_init(&b, a, s.n + LETTERS);
	for (size_t i = 0; i < s.n; i++) {
		int value = base64_value(s.p[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		if (n++ % 4 > 0)
			buf_addc(&b, (char)(bits >> (6 - 2 * ((n - 1) % 4))));
	}
	for (uint32_t zeros = bits % LETTERS; n % 4 == 1 && n % LINE != 1 && zeros > 0; zeros--)
		buf_addc(&b, '\0');
	return buf_str(&b);
}

static struct str without_soft_ends(struct arena *a, struct str s)
{
	struct buf b;
	ptrdiff_t at;

	buf_init(&b, a, s.n + 1);
	while ((at = str_chr(s, '=')) >= 0) {
		struct str rest = str_from(s, (size_t)at + 1);
		size_t end = str_starts(rest, STR("\r\n")) ? 2 : str_starts(rest, STR("\n"));

		buf_add(&b, str_sub(s, 0, (size_t)at + !end));
		s = str_from(rest, end);
	}
	buf_add(&b, s);
	return buf_str(&b);
}

/* Base64 wherever the field that announces it stands, even in the text. */
struct str razor_decoded(struct arena *a, struct str header, struct str body)
{
	static const struct str base64 = STR_INIT("Content-Transfer-Encoding: base64");
	static const struct str qp = STR_INIT("Content-Transfer-Encoding: quoted-printable");

	if (has_line(header, base64) || has_line(body, base64)) {
		struct str all = str_cat(a, str_cat(a, header, STR("\n")), body);
		ptrdiff_t at = str_ifind(all, base64);

		body = base64_decoded(a, base64_text(str_from(all, (size_t)at + base64.n)));
	}
	return has_line(header, qp) ? razor_unescaped(a, without_soft_ends(a, body), '=') : body;
}

struct str razor_without_end(struct str body)
{
	if (!str_eq(body, STR("0")))
		while (body.n && body.p[body.n - 1] == '\n')
			body.n--;
	return body;
}
