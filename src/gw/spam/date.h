/*
 * date - the time that a date in a header means, read as tolerantly as SpamAssassin does.
 *
 * A day, a month by name and a year next to each other, or `Jan 2 03:04:05 2024`; anywhere in the
 * text a time, a zone as +hhmm or one of the names that are known. What is missing is zero, what is
 * too large for a clock is the largest that fits, and days run on into the next month. Private to
 * gw/spam.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum { SPAM_DATE_MAX = 65536 /* bytes that are looked at */ };

/* Seconds since 1970; false if there is no day, month and year in it. */
bool spam_date_read(struct arena *a, struct str text, int64_t *out);
