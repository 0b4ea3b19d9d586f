/*
 * Personal black- and whitelists (filter.md §5.5). Private to gw/rules.
 */
#pragma once

#include "gw/rules/what.h"

enum { LISTS_SENDERS_MAX = 100 }; /* addresses of a mail that are compared */

/* Asks for the lists of all recipients; *out tells for each (by envelope index) LISTED_ bits. */
MUST_CHECK int lists_read(struct arena *a, const struct rules_mail *m, const uint8_t **out,
			  struct err *e);

/* Does the text of one list name one of these addresses? */
bool lists_match(struct str list, const struct str *senders, size_t n);
