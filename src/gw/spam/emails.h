/*
 * emails - mail addresses in running text, as FreeMail and HashBL look for them: dot-atoms of at
 * most 64 octets before the @, two to five labels behind it, the last one a top level name. Private
 * to gw/spam.
 */
#pragma once

#include "base/str.h"

struct uri_domains;

enum { EMAIL_LOCAL_MAX = 64, EMAIL_LABEL_MAX = 61, EMAIL_LABELS_MAX = 5 };

struct email {
	size_t from, at, to; /* offsets: the first octet, the @, behind the last */
};

/* The first address that begins at or after `from`. */
bool email_find(const struct uri_domains *d, struct str text, size_t from, struct email *out);

/*
 * The same address may be read from a later start, behind a dot in its local part: moves
 * e->from there. False if there is none.
 */
bool email_shorten(struct str text, struct email *e);
