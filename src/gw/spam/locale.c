#include "gw/spam/locale.h"

enum { CHARSET_NAME_MAX = 64 };

/* Names in upper case, without anything but letters and digits. */
static const char everywhere[] = " USASCII ASCII ISO XUNKNOWN UNICODE11UTF7 ";
static const char *const everywhere_prefixes[] = {
	"ISO8859", "ISO10646", "UTF", "UCS", "CP125", "WINDOWS",
};

static const struct {
	const char *locale, *charsets;
} of_locale[] = {
	{ "ja", " EUCJP JISX0201 JISX0208 JISX0212 ISO2022JP SHIFTJIS SJIS " },
	{ "ko", " EUCKR KSC56011987 " },
	{ "ru", " KOI8R KOI8U ISOIR111 CP866 " },
	{ "th", " TIS620 " },
	{ "zh", " GB2312 GBK GB18030 BIG5 BIG5HKSCS EUCTW ISO2022CN " },
};

static struct str plain_name(struct arena *a, struct str charset)
{
	char *p = arena_alloc(a, CHARSET_NAME_MAX);
	size_t n = 0;

	for (size_t i = 0; i < charset.n && n < CHARSET_NAME_MAX; i++) {
		char c = ascii_lower(charset.p[i]);

		if (ascii_is_alpha(c))
			p[n++] = (char)(c & ~0x20);
		else if (ascii_is_digit(c))
			p[n++] = c;
	}
	return (struct str){ p, n };
}

static bool has_word(const char *words, struct arena *a, struct str word)
{
	return str_find(str_of(words), str_fmt(a, " %.*s ", STR_ARG(word))) >= 0;
}

static bool is_everywhere(struct arena *a, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(everywhere_prefixes); i++)
		if (str_starts(name, str_of(everywhere_prefixes[i])))
			return true;
	return has_word(everywhere, a, name);
}

bool spam_charset_expected(struct arena *a, struct str charset, struct str locales)
{
	struct str name, word;

	if (!locales.n)
		return true;
	name = plain_name(a, charset);
	if (is_everywhere(a, name))
		return true;
	while (str_word(&locales, &word))
		for (size_t i = 0; i < ARRAY_LEN(of_locale); i++)
			if (str_eq(str_sub(word, 0, 2), str_of(of_locale[i].locale)) &&
			    has_word(of_locale[i].charsets, a, name))
				return true;
	return false;
}
