/* What an HTML text of ours says in plain text: for disclaimers, which are small and trusted. */
#include "base/enc.h"
#include "base/utf8.h"
#include "gw/rules/disclaimer.h"
#include "lib/html/latin1.h"

static const struct {
	const char *name;
	uint32_t cp;
} others[] = {
	{ "amp", '&' },	     { "lt", '<' },	  { "gt", '>' },       { "quot", '"' },
	{ "apos", '\'' },    { "euro", 0x20ac },  { "ndash", 0x2013 }, { "mdash", 0x2014 },
	{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201c }, { "rdquo", 0x201d },
	{ "bdquo", 0x201e }, { "bull", 0x2022 },  { "hellip", 0x2026 }, { "trade", 0x2122 },
};

static uint32_t numeric(struct str s)
{
	bool hex = s.n > 1 && (s.p[0] == 'x' || s.p[0] == 'X');
	uint32_t cp = 0;

	for (size_t i = hex; i < s.n; i++) {
		int digit = enc_hex_digit(s.p[i]);

		if (digit < 0 || digit >= (hex ? 16 : 10) || cp > 0x10ffff)
			return 0;
		cp = cp * (hex ? 16 : 10) + (uint32_t)digit;
	}
	return cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000) ? 0 : cp;
}

/* The character that &name; stands for; 0: none. */
static uint32_t entity(struct str name)
{
	if (str_starts(name, STR("#")))
		return numeric(str_from(name, 1));
	for (size_t i = 0; i < HTML_LATIN1_NAMES; i++)
		if (str_eq(name, str_of(html_latin1_names[i])))
			return HTML_LATIN1_FIRST + (uint32_t)i;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_eq(name, str_of(others[i].name)))
			return others[i].cp;
	return 0;
}

/* `rest` starts with '&': what it stands for; the number of bytes that takes. */
static size_t add_entity(struct buf *b, struct str rest)
{
	ptrdiff_t end = str_chr(str_sub(rest, 0, 12), ';');
	uint32_t cp = end > 1 ? entity(str_sub(rest, 1, (size_t)end - 1)) : 0;
	char text[UTF8_MAX];

	if (!cp) {
		buf_addc(b, '&');
		return 1;
	}
	buf_add(b, (struct str){ text, utf8_put(text, cp) });
	return (size_t)end + 1;
}

/* `rest` starts with '<': a line end for <br>, nothing for other tags. */
static size_t add_tag(struct buf *b, struct str rest)
{
	ptrdiff_t end = str_chr(rest, '>');

	if (end < 0) {
		buf_addc(b, '<');
		return 1;
	}
	if (str_istarts(rest, STR("<br")) && !ascii_is_alpha(rest.p[3]))
		buf_addc(b, '\n');
	return (size_t)end + 1;
}

struct str disclaimer_plain(struct arena *a, struct str html)
{
	struct str rest = html;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (rest.n) {
		size_t used = 1;

		if (*rest.p == '<')
			used = add_tag(&b, rest);
		else if (*rest.p == '&')
			used = add_entity(&b, rest);
		else if (*rest.p != '\n' && *rest.p != '\r')
			buf_addc(&b, *rest.p);
		rest = str_from(rest, used);
	}
	return buf_str(&b);
}
