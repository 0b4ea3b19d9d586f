/*
 * quantifier - how often, as a pattern says behind an atom. Private to lib/re: what reads patterns
 * after perl.c has put them into PCRE2's own spelling reads quantifiers here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * A quantifier at *at: ?, *, +, {n}, {n,}, {n,m}, lazy or possessive. True, with *at past it and
 * the range (*hi INT64_MAX: no end); otherwise nothing has changed but the range, and braces that
 * are none of these are text.
 */
bool re_quantifier(struct str pattern, size_t *at, int64_t *lo, int64_t *hi);
