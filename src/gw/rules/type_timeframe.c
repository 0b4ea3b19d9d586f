#include "gw/rules/types.h"

struct timeframe {
	struct str start, end;
	int from, to; /* minutes of the local day, both included; from > to: over midnight */
};

static bool read_minutes(struct str s, int *out)
{
	struct str rest = s, hours = str_cut(&rest, ':');
	int64_t h, m;

	if (!str_int(hours, 0, 24, &h) || !str_int(rest, 0, 59, &m) || (h == 24 && m))
		return false;
	*out = (int)(h * 60 + m);
	return true;
}

static int check_time(struct str s, struct err *e)
{
	int minutes;

	return read_minutes(s, &minutes) ? 0 : err_set(e, ERR_INVALID, "not a time HH:MM");
}

static const struct format fmt_time = { .check = check_time, .pattern = "\\d?\\d:\\d?\\d" };

#define T struct timeframe
static const struct prop props[] = {
	P_STR(T, start, &fmt_time, NULL, "First minute, in local time."),
	P_STR(T, end, &fmt_time, NULL, "Last minute; before the first one: of the next day."), P_END
};
#undef T

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	struct timeframe *t = o;

	(void)e;
	t->end = src->value;
	t->start = str_cut(&t->end, '-');
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct timeframe *t = o;

	out->value = str_cat(a, str_cat(a, t->start, STR("-")), t->end);
}

static int compile(struct arena *a, void *o, struct err *e)
{
	struct timeframe *t = o;

	(void)a;
	if (!read_minutes(t->start, &t->from) || !read_minutes(t->end, &t->to))
		return err_set(e, ERR_INVALID, "not a time frame HH:MM-HH:MM");
	return 0;
}

static struct str describe(struct arena *a, const void *o)
{
	const struct timeframe *t = o;

	return str_cat(a, str_cat(a, t->start, STR("-")), t->end);
}

static bool matches(const void *o, const struct tm *local)
{
	const struct timeframe *t = o;
	int now = local->tm_hour * 60 + local->tm_min;

	if (t->from > t->to)
		return now >= t->from || now <= t->to;
	return now >= t->from && now <= t->to;
}

const struct rule_type type_timeframe = {
	.otype = 2000,
	.class = CLASS_WHEN,
	.name = "TimeFrame",
	.slug = "timeframe",
	.props = props,
	.size = sizeof(struct timeframe),
	.decode = decode,
	.encode = encode,
	.compile = compile,
	.describe = describe,
	.when = matches,
};
