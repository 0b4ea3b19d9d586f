/*
 * span - the time that a report or a list is about (config.md §9).
 *
 * Days are those of the local clock, so that one of them may have 23 or 25 hours.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* What quar_span() knows, for the help of an option. */
#define QUAR_SPANS "<today|yesterday|week|1h...24h>"

enum { QUAR_SPAN_HOURS_MAX = 24, QUAR_SPAN_WEEK = 7 };

struct quar_span {
	int64_t start, end; /* seconds since 1970; the end is not part of it */
};

/* The midnight that began today (0), that began yesterday (-1), that will end today (1) … */
int64_t quar_midnight(int64_t now, int days);

/*
 * "today", "yesterday", "week" (the seven days before today) or "1h" … "24h" (the hours before
 * `now`); ERR_INVALID for anything else.
 */
MUST_CHECK int quar_span(struct str name, int64_t now, struct quar_span *out, struct err *e);
