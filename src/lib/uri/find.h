/*
 * find - what mail clients would make a link of in plain text, and a little more.
 *
 * Three kinds are found: a URI with a scheme of its own (or www. or ftp. in place of one),
 * something that looks like a mail address, and a host name with a known top level name, perhaps
 * with port and path. Text is octets; what ends a link are blanks, most brackets and quotes, ESC
 * and A0.
 */
#pragma once

#include "lib/uri/domains.h"

enum {
	URI_FOUND_MAX = 2048, /* a longer one is none */
	URI_MAIL_SIDE_MAX = 251,
};

enum uri_kind {
	URI_KIND_SCHEME,
	URI_KIND_MAIL,
	URI_KIND_HOST,
};

struct uri_found {
	struct str text;
	struct str host; /* URI_KIND_HOST only */
	enum uri_kind kind;
};

/* The next one at or after *at in `line`; *at moves behind it. False if there is none. */
bool uri_find(const struct uri_domains *d, struct str line, size_t *at, struct uri_found *out);
