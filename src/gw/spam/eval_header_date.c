/* Dates that do not fit the Received lines. */
#include "base/enc.h"
#include "gw/spam/date.h"
#include "gw/spam/eval_header.h"

enum { HOPS_MAX = 1000, HOUR = 3600 };

struct times {
	VEC(int64_t) v;
};

static void take_time(struct eval_run *r, struct str received, struct times *out)
{
	const struct header_conf *c = r->conf;
	struct re_caps caps;
	int64_t time;

	if (re_search(c->re[HEADER_RECEIVED_DATE], received, 0, &caps) == RE_MATCH &&
	    spam_date_read(r->a, re_group(&caps, received, 1), &time))
		vec_add(r->a, &out->v, time);
}

static bool has_text(struct str s)
{
	return str_trim(s).n > 0;
}

/*
 * The times of the Received lines, without what a fetchmail here wrote and the hop through this
 * machine that goes before it: those are `local`.
 */
static void received_times(struct eval_run *r, struct times *times, struct times *local)
{
	struct spam_header_query q = { STR("Received"), 0 };
	struct spam_texts all = spam_header(r->m, &q);
	struct str lines[HOPS_MAX];
	size_t n = 0, first = 0;

	for (size_t i = 0; i < all.n && n < HOPS_MAX; i++)
		if (has_text(all.v[i]))
			lines[n++] = all.v[i];
	if (n && header_is(r, HEADER_LOCAL_HOP, lines[0]))
		first = 1;
	if (first < n && header_is(r, HEADER_FETCHMAIL, lines[first]))
		first++;
	else
		first = 0;
	for (size_t i = 0; i < n; i++)
		take_time(r, lines[i], i < first ? local : times);
}

static bool header_date(struct eval_run *r, int64_t *out)
{
	static const struct str names[] = { STR_INIT("Resent-Date"), STR_INIT("Date") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct spam_header_query q = { names[i], 0 };
		struct spam_texts dates = spam_header(r->m, &q);

		for (size_t k = 0; k < dates.n; k++)
			if (spam_date_read(r->a, dates.v[k], out))
				return true;
	}
	return false;
}

static int64_t nearer(int64_t x, int64_t y)
{
	return llabs(y) < llabs(x) ? y : x;
}

/*
 * How far Date is from the Received line that fits best. The oldest line is left out if it has the
 * very same time: the sender's own machine wrote both.
 */
static int64_t shift_find(struct eval_run *r)
{
	struct times times = { 0 }, local = { 0 };
	int64_t date, best;

	if (!header_date(r, &date))
		return 0;
	received_times(r, &times, &local);
	if (times.v.n == 0)
		return 0;
	if (times.v.n > 1 && times.v.p[times.v.n - 1] == date)
		times.v.n--;
	best = date - times.v.p[0];
	for (size_t i = 1; i < times.v.n; i++)
		best = nearer(best, date - times.v.p[i]);
	return best;
}

static int64_t date_shift(struct eval_run *r)
{
	struct header_mail *mail = r->mail;

	if (!mail->have_date) {
		mail->have_date = true;
		mail->date_shift = shift_find(r);
	}
	return mail->date_shift;
}

/* MIN and MAX times `unit`, `undef` for no bound; MAX itself is out. */
static bool is_between(struct eval_run *r, const struct eval_args *args, double unit, double value)
{
	return (str_eq(eval_arg(args, 0), STR("undef")) ||
		value >= unit * eval_arg_number(r, args, 0, 0)) &&
	       (str_eq(eval_arg(args, 1), STR("undef")) ||
		value < unit * eval_arg_number(r, args, 1, 0));
}

/* check_for_shifted_date(MIN, MAX): hours, `undef` for no bound; MAX itself is out. */
unsigned header_shifted_date(struct eval_run *r, const struct eval_args *args)
{
	return is_between(r, args, HOUR, (double)date_shift(r));
}

static int latest_first(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return *a > *b ? -1 : *a < *b;
}

/* When the mail came: the middle one of the times that may be meant, 0 if there is none. */
static int64_t received_at(struct eval_run *r)
{
	struct times times = { 0 }, local = { 0 }, maybe = { 0 };
	int64_t date, fetched = INT64_MIN;
	bool has_date = header_date(r, &date);

	received_times(r, &times, &local);
	for (size_t i = 0; i < local.v.n; i++)
		if (local.v.p[i] <= r->env->now && local.v.p[i] > fetched)
			fetched = local.v.p[i];
	if (has_date)
		vec_add(r->a, &maybe.v, date);
	if (times.v.n)
		vec_add(r->a, &maybe.v, times.v.p[0]);
	if (fetched != INT64_MIN)
		vec_add(r->a, &maybe.v, fetched);
	if (has_date && times.v.n)
		vec_add(r->a, &maybe.v, date - date_shift(r));
	if (maybe.v.n == 0)
		return 0;
	qsort(maybe.v.p, maybe.v.n, sizeof(*maybe.v.p), latest_first);
	return maybe.v.p[(maybe.v.n - 1) / 2];
}

/* received_within_months(MIN, MAX): how long ago. */
unsigned header_within_months(struct eval_run *r, const struct eval_args *args)
{
	static const double month = 365.2425 / 12 * 24 * 60 * 60;

	return is_between(r, args, month, (double)(r->env->now - received_at(r)));
}

/* Outlook's Message-Id holds the time in units of its own, since a date of its own. */
static bool fits_outlook(int64_t token, int64_t time)
{
	int64_t want = (int64_t)((double)time * 0.0023283064365387 + 27111902.8329849);

	return llabs(token - want) < 250;
}

static int64_t hex(struct str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n = n * 16 + enc_hex_digit(s.p[i]);
	return n;
}

/*
 * check_outlook_message_id(): such an Id whose time fits neither Date nor the Received lines, which
 * are read as if they were one date all together.
 */
unsigned header_outlook_id(struct eval_run *r, const struct eval_args *args)
{
	static const char *const dates[] = { "Date", "Received" };
	const struct header_conf *c = r->conf;
	struct str id = eval_header(r, "MESSAGEID");
	struct re_caps caps;
	int64_t token, time;

	(void)args;
	if (re_search(c->re[HEADER_OUTLOOK_ID], id, 0, &caps) != RE_MATCH)
		return 0;
	token = hex(re_group(&caps, id, 1));
	for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
		if (!spam_date_read(r->a, eval_header(r, dates[i]), &time))
			time = 0;
		if (fits_outlook(token, time))
			return 0;
	}
	return 1;
}
