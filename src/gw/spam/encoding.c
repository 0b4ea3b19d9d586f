#include "gw/spam/encoding.h"

struct alias {
	const char *name, *iconv;
};

/* Names that do not follow from a rule below; lower case. */
static const struct alias aliases[] = {
	{ "arabic", "ISO-8859-6" },
	{ "big5", "BIG5" },
	{ "big-5", "BIG5" },
	{ "big5-eten", "BIG5" },
	{ "big5-et", "BIG5" },
	{ "big5-hkscs", "BIG5-HKSCS" },
	{ "big5-hk", "BIG5-HKSCS" },
	{ "big5hk", "BIG5-HKSCS" },
	{ "cyrillic", "ISO-8859-5" },
	{ "gbk", "CP936" },
	{ "gb18030", "CP936" },
	{ "gb-18030", "CP936" },
	{ "gb 18030", "CP936" },
	{ "greek", "ISO-8859-7" },
	{ "hebrew", "ISO-8859-8" },
	{ "hz", "HZ" },
	{ "iso-10646-1", "UCS-2BE" },
	{ "iso-2022-jp", "ISO-2022-JP" },
	{ "iso-2022-jp-1", "ISO-2022-JP-2" },
	{ "iso-2022-kr", "ISO-2022-KR" },
	{ "iso-ir-165", "ISO-IR-165" },
	{ "johab", "JOHAB" },
	{ "ks_c_5601-1987", "CP949" },
	{ "macintosh", "MACINTOSH" },
	{ "macroman", "MACINTOSH" },
	{ "sjis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "thai", "ISO-8859-11" },
	{ "ucs-2", "UCS-2BE" },
	{ "ucs2", "UCS-2BE" },
	{ "ucs-2be", "UCS-2BE" },
	{ "ucs-2le", "UCS-2LE" },
	{ "uhc", "CP949" },
	{ "x-uhc", "CP949" },
	{ "ujis", "EUC-JP" },
	{ "unicode-1-1-utf-7", "UTF-7" },
	{ "utf-32", "UTF-32" },
	{ "utf-32be", "UTF-32BE" },
	{ "utf-32le", "UTF-32LE" },
	{ "utf-7", "UTF-7" },
	{ "utf7", "UTF-7" },
	{ "viscii", "VISCII" },
	{ "windows-31j", "CP932" },
};

/* "latin1" … "latin10" */
static const unsigned char latin_to_iso[] = { 0, 1, 2, 3, 4, 9, 10, 13, 14, 15, 16 };

static bool set_name(char name[SPAM_ENCODING_NAME_MAX], const char *prefix, int64_t number)
{
	snprintf(name, SPAM_ENCODING_NAME_MAX, "%s%lld", prefix, (long long)number);
	return true;
}

/* Drops `word` from the front of *s. */
static bool take(struct str *s, struct str word)
{
	if (!str_starts(*s, word))
		return false;
	*s = str_from(*s, word.n);
	return true;
}

static void take_separator(struct str *s)
{
	if (s->n && strchr("-_ ", *s->p) && *s->p)
		*s = str_from(*s, 1);
}

/* iso-8859-5, iso8859_5, iso88595, latin2 */
static bool is_iso(struct str s, char name[SPAM_ENCODING_NAME_MAX])
{
	int64_t n;

	if (take(&s, STR("latin"))) {
		take_separator(&s);
		return str_int(s, 1, ARRAY_LEN(latin_to_iso) - 1, &n) &&
		       set_name(name, "ISO-8859-", latin_to_iso[n]);
	}
	if (!take(&s, STR("iso")))
		return false;
	take_separator(&s);
	if (!take(&s, STR("8859")))
		return false;
	take_separator(&s);
	return str_int(s, 1, 16, &n) && n != 12 && set_name(name, "ISO-8859-", n);
}

/* windows-1251, cp866, ibm850, ms932 */
static bool is_code_page(struct str s, char name[SPAM_ENCODING_NAME_MAX])
{
	int64_t n;

	if (!take(&s, STR("windows")) && !take(&s, STR("cp")) && !take(&s, STR("ibm")) &&
	    !take(&s, STR("ms")))
		return false;
	take_separator(&s);
	return s.n >= 2 && s.n <= 4 && str_int(s, 37, 1258, &n) && set_name(name, "CP", n);
}

/* Families whose names only begin or end alike. */
static const char *family(struct str s)
{
	if (str_starts(s, STR("koi8")) && str_ends(s, STR("r")))
		return "KOI8-R";
	if (str_starts(s, STR("koi8")) && str_ends(s, STR("u")))
		return "KOI8-U";
	if (str_starts(s, STR("euc")) && str_ends(s, STR("jp")))
		return "EUC-JP";
	if (str_starts(s, STR("euc")) && str_ends(s, STR("kr")))
		return "EUC-KR";
	if (str_starts(s, STR("gb2312")) || str_starts(s, STR("gb_2312")) ||
	    str_starts(s, STR("gb-2312")) || (str_starts(s, STR("euc")) && str_ends(s, STR("cn"))))
		return "EUC-CN";
	if (str_starts(s, STR("shift")) && str_ends(s, STR("jis")))
		return "CP932";
	if (str_starts(s, STR("tis620")) || str_starts(s, STR("tis-620")))
		return "ISO-8859-11";
	return NULL;
}

static const char *alias_of(struct str s)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (str_eq(s, str_of(aliases[i].name)))
			return aliases[i].iconv;
	return family(s);
}

static bool is_one_of(struct str s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, str_of(names[i])))
			return true;
	return false;
}

enum spam_encoding spam_encoding_of(struct str charset, char name[SPAM_ENCODING_NAME_MAX])
{
	static const char *const cp1252[] = { "iso-8859-1", "iso8859-1", "windows-1252", "cp1252" };
	static const char *const utf8[] = { "utf-8", "utf8" };
	static const char *const ascii[] = { "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us" };
	char lower[SPAM_ENCODING_NAME_MAX];
	struct str s = { lower, charset.n };
	const char *alias;

	if (!charset.n || charset.n >= sizeof(lower))
		return SPAM_ENCODING_UNKNOWN;
	for (size_t i = 0; i < charset.n; i++)
		lower[i] = ascii_lower(charset.p[i]);
	if (is_one_of(s, cp1252, ARRAY_LEN(cp1252)))
		return SPAM_ENCODING_CP1252;
	if (is_one_of(s, utf8, ARRAY_LEN(utf8)))
		return SPAM_ENCODING_UTF8;
	if (is_one_of(s, ascii, ARRAY_LEN(ascii)))
		return SPAM_ENCODING_ASCII;
	if (str_starts(s, STR("utf-16")) || str_starts(s, STR("utf16")) ||
	    str_starts(s, STR("utf 16")))
		return SPAM_ENCODING_UTF16;
	if (is_iso(s, name) || is_code_page(s, name))
		return SPAM_ENCODING_OTHER;
	alias = alias_of(s);
	if (!alias)
		return SPAM_ENCODING_UNKNOWN;
	snprintf(name, SPAM_ENCODING_NAME_MAX, "%s", alias);
	return SPAM_ENCODING_OTHER;
}

static bool is_digits(struct str s, size_t lo, size_t hi)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.n >= lo && s.n <= hi;
}

static bool is_letters(struct str s, size_t lo, size_t hi)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]))
			return false;
	return s.n >= lo && s.n <= hi;
}

/* "8859", "8859-15" and nothing else after "iso", "iso-" or "iso ". */
static bool is_plain_iso(struct str s)
{
	if (!take(&s, STR("iso")))
		return false;
	if (s.n && (*s.p == '-' || *s.p == ' '))
		s = str_from(s, 1);
	if (!take(&s, STR("8859")))
		return false;
	return !s.n || (take(&s, STR("-")) && is_digits(s, 1, 2));
}

static bool is_gb18030(struct str s)
{
	if (!take(&s, STR("gb")))
		return false;
	if (s.n && (*s.p == '-' || *s.p == ' '))
		s = str_from(s, 1);
	return take(&s, STR("18030")) && (!s.n || (take(&s, STR("-20")) && is_digits(s, 2, 2)));
}

bool spam_encoding_has_ascii(struct str charset)
{
	static const char *const names[] = { "ascii",
					     "us-ascii",
					     "ansi_x3.4-1986",
					     "ansi_x3.4-1968",
					     "ansi x3.4-1986",
					     "ansi x3.4-1968",
					     "ansix3.4-1986",
					     "ansix3.4-1968",
					     "iso646-us",
					     "utf8",
					     "utf-8",
					     "big5",
					     "gbk" };
	char lower[SPAM_ENCODING_NAME_MAX];
	struct str s = { lower, charset.n };

	if (charset.n >= sizeof(lower))
		return false;
	for (size_t i = 0; i < charset.n; i++)
		lower[i] = ascii_lower(charset.p[i]);
	if (is_one_of(s, names, ARRAY_LEN(names)) || is_plain_iso(s) || is_gb18030(s))
		return true;
	if (take(&s, STR("windows-")))
		return is_digits(s, 4, 4);
	return (take(&s, STR("koi8-")) || take(&s, STR("euc-"))) && is_letters(s, 1, 2);
}
