/*
 * ctype - Content-Type and Content-Disposition as loosely as SpamAssassin reads them (§3.1).
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum { SPAM_NAME_SECTIONS_MAX = 100 }; /* of a name continued as in RFC 2231; later ones are lost */

struct spam_ctype {
	struct str type;     /* lower case; text/plain if missing */
	struct str boundary; /* STR_NONE if there is none, here and below */
	struct str charset;
	struct str name;
	bool missing;
};

/* `value` is the decoded header, STR_NONE if there is none. */
void spam_ctype_parse(struct arena *a, struct str value, struct spam_ctype *out);

/* The name in a Content-Disposition header, or STR_NONE. */
struct str spam_disposition_name(struct str value);
