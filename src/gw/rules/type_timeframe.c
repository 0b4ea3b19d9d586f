#include "gw/rules/types.h"

struct timeframe {
	struct str text;
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

static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct timeframe *o = NEW(a, struct timeframe);
	struct str rest = src->value, from = str_cut(&rest, '-');

	o->text = src->value;
	if (!read_minutes(from, &o->from) || !read_minutes(rest, &o->to))
		return err_set(e, ERR_INVALID, "not a time frame HH:MM-HH:MM");
	*out = o;
	return 0;
}

static struct str describe(struct arena *a, const void *o)
{
	const struct timeframe *t = o;

	(void)a;
	return t->text;
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
	.decode = decode,
	.describe = describe,
	.when = matches,
};
