/*
 * encoding - which charset a name means to Perl's Encode, whose answers the rules were made with.
 */
#pragma once

#include "base/str.h"
#include "lib/charset/charset.h"

enum { SPAM_ENCODING_NAME_MAX = CHARSET_NAME_MAX };

enum spam_encoding {
	SPAM_ENCODING_UNKNOWN,
	SPAM_ENCODING_ASCII,
	SPAM_ENCODING_UTF8,
	SPAM_ENCODING_UTF16, /* byte order to be found out */
	SPAM_ENCODING_CP1252,
	SPAM_ENCODING_OTHER, /* by the name that iconv has for it */
};

/* Fills `name`, terminated, for SPAM_ENCODING_OTHER. */
enum spam_encoding spam_encoding_of(struct str charset, char name[SPAM_ENCODING_NAME_MAX]);

/* Is `charset` a name (of those SpamAssassin lists) whose lower half is ASCII? */
bool spam_encoding_has_ascii(struct str charset);
