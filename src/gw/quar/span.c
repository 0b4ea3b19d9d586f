#include "gw/quar/span.h"

#include <time.h>

int64_t quar_midnight(int64_t now, int days)
{
	time_t at = (time_t)now;
	struct tm local;

	localtime_r(&at, &local);
	local.tm_hour = local.tm_min = local.tm_sec = 0;
	local.tm_mday += days;
	local.tm_isdst = -1;
	return mktime(&local);
}

static bool read_hours(struct str name, int64_t *hours)
{
	return str_ends(name, STR("h")) && ascii_is_digit(name.p[0]) &&
	       str_int(str_sub(name, 0, name.n - 1), 1, QUAR_SPAN_HOURS_MAX, hours);
}

int quar_span(struct str name, int64_t now, struct quar_span *out, struct err *e)
{
	int64_t hours;

	if (str_eq(name, STR("today")))
		*out = (struct quar_span){ quar_midnight(now, 0), quar_midnight(now, 1) };
	else if (str_eq(name, STR("yesterday")))
		*out = (struct quar_span){ quar_midnight(now, -1), quar_midnight(now, 0) };
	else if (str_eq(name, STR("week")))
		*out = (struct quar_span){ quar_midnight(now, -QUAR_SPAN_WEEK),
					   quar_midnight(now, 0) };
	else if (read_hours(name, &hours))
		*out = (struct quar_span){ now - hours * 3600, now };
	else
		return err_set(e, ERR_INVALID, "'%.*s' is no time span", STR_ARG(name));
	return 0;
}
