#include "lib/charset/names.h"

struct alias {
	const char *name, *means;
};

/* Names that glibc does not know, or not in this spelling. */
static const struct alias aliases[] = {
	{ "ascii", "us-ascii" },
	{ "ansi_x3.4-1968", "us-ascii" },
	{ "iso646-us", "us-ascii" },
	{ "us", "us-ascii" },
	{ "7bit", "us-ascii" },
	{ "utf8", "utf-8" },
	{ "utf8mb4", "utf-8" },
	{ "utf-8n", "utf-8" },
	{ "cp65001", "utf-8" },
	{ "unicode-1-1-utf-8", "utf-8" },
	{ "unicode-1-1-utf-7", "utf-7" },
	{ "x-unicode-2-0-utf-7", "utf-7" },
	{ "imap-mailbox-name", "utf-7-imap" },
	{ "utf16", "utf-16" },
	{ "utf16le", "utf-16le" },
	{ "utf16be", "utf-16be" },
	{ "unicode", "utf-16" },
	{ "utf32", "utf-32" },
	{ "latin1", "iso-8859-1" },
	{ "latin-1", "iso-8859-1" },
	{ "iso8859-1", "iso-8859-1" },
	{ "iso88591", "iso-8859-1" },
	{ "iso_8859-1", "iso-8859-1" },
	{ "8859-1", "iso-8859-1" },
	{ "cp1252", "windows-1252" },
	{ "ansi", "windows-1252" },
	{ "x-ansi", "windows-1252" },
	{ "x-cp1252", "windows-1252" },
	{ "x-user-defined", "windows-1252" },
	{ "iso-8859-8-i", "iso-8859-8" },
	{ "iso-8859-8-e", "iso-8859-8" },
	{ "logical", "iso-8859-8" },
	{ "visual", "iso-8859-8" },
	{ "windows-874", "cp874" },
	{ "dos-874", "cp874" },
	{ "windows-949", "cp949" },
	{ "ks_c_5601-1987", "cp949" },
	{ "ks_c_5601-1989", "cp949" },
	{ "ks_c_5601", "cp949" },
	{ "ksc5601", "cp949" },
	{ "ksc_5601", "cp949" },
	{ "korean", "cp949" },
	{ "gb_2312-80", "gb2312" },
	{ "gb2312-80", "gb2312" },
	{ "chinese", "gb2312" },
	{ "x-gbk", "gbk" },
	{ "x-x-big5", "big5" },
	{ "big5-eten", "big5" },
	{ "cn-big5", "big5" },
	{ "x-sjis", "shift_jis" },
	{ "x-ms-cp932", "shift_jis" },
	{ "ms932", "shift_jis" },
	{ "windows-31j", "shift_jis" },
	{ "x-euc-jp", "euc-jp" },
	{ "iso-2022-jp-ms", "iso-2022-jp-3" },
	{ "cp50220", "iso-2022-jp-3" },
	{ "cp50221", "iso-2022-jp-3" },
	{ "x-mac-cyrillic", "mac-cyrillic" },
	{ "x-mac-ukrainian", "mac-uk" },
	{ "x-mac-roman", "macintosh" },
	{ "mac", "macintosh" },
	{ "koi", "koi8-r" },
	{ "koi8", "koi8-r" },
	{ "cp1250", "windows-1250" },
	{ "cp1251", "windows-1251" },
	{ "win-1251", "windows-1251" },
};

/* What mail clients and browsers read instead: the larger set with the same common part. */
static const struct alias read_as[] = {
	{ "iso-8859-1", "windows-1252" },
	{ "iso-8859-9", "windows-1254" },
	{ "iso-8859-11", "cp874" },
	{ "tis-620", "cp874" },
	{ "gb2312", "gb18030" },
	{ "gbk", "gb18030" },
	{ "euc-cn", "gb18030" },
	{ "euc-kr", "cp949" },
	{ "shift_jis", "cp932" },
	{ "shift-jis", "cp932" },
	{ "sjis", "cp932" },
	{ "big5", "big5-hkscs" },
	{ "iso-2022-jp", "iso-2022-jp-3" },
	{ "iso-2022-jp-2", "iso-2022-jp-3" },
};

static const char *lookup(const struct alias *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].means;
	return name;
}

static bool allowed(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '-' || c == '_' || c == '.' ||
	       c == ':' || c == '+' || c == '(' || c == ')';
}

static bool clean_copy(struct str name, char clean[CHARSET_NAME_MAX])
{
	size_t i;

	name = str_trim(name);
	if (!name.n || name.n >= CHARSET_NAME_MAX)
		return false;
	for (i = 0; i < name.n; i++) {
		clean[i] = ascii_lower(name.p[i]);
		if (!allowed(clean[i]))
			return false;
	}
	clean[i] = '\0';
	return strcmp(clean, "char") != 0 && strcmp(clean, "wchar_t") != 0 &&
	       !strstr(clean, "internal");
}

enum charset_kind charset_name(struct str name, enum charset_use use, char clean[CHARSET_NAME_MAX])
{
	const char *means;

	if (!clean_copy(name, clean))
		return CHARSET_UNKNOWN;
	means = lookup(aliases, ARRAY_LEN(aliases), clean);
	if (use == CHARSET_READ)
		means = lookup(read_as, ARRAY_LEN(read_as), means);
	if (means != clean)
		snprintf(clean, CHARSET_NAME_MAX, "%s", means);
	if (strcmp(clean, "us-ascii") == 0)
		return CHARSET_ASCII;
	if (strcmp(clean, "utf-8") == 0)
		return CHARSET_UTF8;
	return strcmp(clean, "windows-1252") == 0 ? CHARSET_WINDOWS_1252 : CHARSET_ICONV;
}
