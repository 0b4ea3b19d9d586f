/*
 * names - what is meant by the charset names that mails contain. Private to lib/charset.
 */
#pragma once

#include "lib/charset/charset.h"

enum charset_kind {
	CHARSET_UNKNOWN,
	CHARSET_ASCII,
	CHARSET_UTF8,
	CHARSET_WINDOWS_1252,
	CHARSET_ICONV,
};

enum charset_use {
	CHARSET_READ,  /* a name may stand for a larger charset */
	CHARSET_WRITE, /* it stands for itself */
};

/*
 * What kind it is, and in `clean` the name that iconv knows it by; lower case, terminated. Names
 * that iconv gives a meaning of its own ("", char, wchar_t, internal, anything with a slash) are
 * unknown.
 */
enum charset_kind charset_name(struct str name, enum charset_use use, char clean[CHARSET_NAME_MAX]);
