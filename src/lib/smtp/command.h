/*
 * command - the parts of an SMTP command line: verb, path, ESMTP parameters (RFC 5321 §4.1).
 *
 * Lenient where Postfix is (blanks after the colon, any case) and exact where it matters: an
 * address is what stands between the angle brackets, quoted local parts included, and nothing else
 * follows but parameters.
 */
#pragma once

#include "base/str.h"

/*
 * Parses the argument of MAIL ("from") or RCPT ("to"): `key:<address> parameters`. The results are
 * views into `argument`. False if the line has another shape.
 */
bool smtp_path(struct str argument, struct str key, struct str *address, struct str *params);

/* Takes the next `KEY` or `KEY=value` off `params`; false at the end. */
bool smtp_param(struct str *params, struct str *key, struct str *value);
