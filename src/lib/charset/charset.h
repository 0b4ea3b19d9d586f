/*
 * charset - text of any charset a mail may name, as UTF-8.
 *
 * Names are those of the wild: aliases that glibc does not know are mapped, and charsets that
 * clients read as a larger one are read so too (ISO-8859-1 as windows-1252, GB2312 as GB18030 …),
 * because what the recipient will see is what rules must match. Conversion to UTF-8 never fails:
 * what cannot be converted becomes U+FFFD.
 *
 * Descriptors of iconv are kept open for the life of the process, CHARSET_CACHE of them, the one
 * used longest ago making room.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum {
	CHARSET_NAME_MAX = 64, /* a longer name is an unknown one */
	CHARSET_CACHE = 16,
};

bool charset_known(struct str name);

/*
 * `text` as UTF-8, cut between characters where it would exceed `max` bytes. An empty or unknown
 * name: the text itself if it is valid UTF-8, else windows-1252. May return `text` itself.
 */
struct str charset_to_utf8(struct arena *a, struct str name, struct str text, size_t max);

/* `text` with U+FFFD for each invalid sequence; `text` itself if there is none. */
struct str charset_scrub(struct arena *a, struct str text);

/*
 * `text` read as exactly the charset that iconv calls `name`, no larger one in its place. False if
 * iconv does not know it, or if `strict` and some of the text is not of that charset; without
 * `strict` such bytes become U+FFFD.
 */
bool charset_decode(struct arena *a, const char *name, struct str text, bool strict,
		    struct str *out);

/* The other way; ERR_INVALID for an unknown name or text that the charset has no room for. */
MUST_CHECK int charset_from_utf8(struct arena *a, struct str name, struct str text, size_t max,
				 struct str *out, struct err *e);
