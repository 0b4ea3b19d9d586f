/*
 * restrictions - what may stand in Postfix's smtpd_*_restrictions (postconf(5)); private to
 * gw/apply.
 *
 * Postfix itself looks at a name only when a client comes, and then turns mail away until somebody
 * reads the log.
 */
#pragma once

#include "base/str.h"

/* What follows the name. */
enum restriction_argument { ARGUMENT_NONE, ARGUMENT_TABLE, ARGUMENT_OTHER };

struct restriction {
	const char *name;
	enum restriction_argument argument;
};

/* NULL if there is none of this name, in any case of letters. */
const struct restriction *restriction_find(struct str name);

/* Whether this parameter of main.cf is a list of restrictions. */
bool restriction_is_list(struct str parameter);
