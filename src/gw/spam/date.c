#include "gw/spam/date.h"

#include "base/clean.h"

enum { DAY = 86400, HOUR = 3600, MINUTE = 60 };

struct words {
	struct str *v;
	size_t n;
};

/* Blanks and commas part them. */
static void words_split(struct arena *a, struct str text, struct words *w)
{
	size_t i = 0, start;

	text = str_sub(text, 0, SPAM_DATE_MAX);
	w->v = NEW_N(a, struct str, text.n / 2 + 1);
	for (w->n = 0; i < text.n;) {
		while (i < text.n && (ascii_is_blank(text.p[i]) || text.p[i] == ','))
			i++;
		start = i;
		while (i < text.n && !ascii_is_blank(text.p[i]) && text.p[i] != ',')
			i++;
		if (i > start)
			w->v[w->n++] = str_sub(text, start, i - start);
	}
}

static void words_remove(struct words *w, size_t at, size_t n)
{
	w->n -= n;
	for (size_t i = at; i < w->n; i++)
		w->v[i] = w->v[i + n];
}

static bool is_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

static int64_t number(struct str digits)
{
	int64_t n = -1;

	return str_int(digits, 0, 1000000, &n) ? n : -1;
}

/* 1 to 12, or 0. */
static int month(struct str s)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; s.n == 3 && i < 12; i++)
		if (str_ieq(s, (struct str){ names + 3 * i, 3 }))
			return i + 1;
	return 0;
}

struct date {
	int64_t day, year;
	int month;
};

/* h:m:s, whatever they are. */
static bool is_clock(struct str s)
{
	struct str part;
	int parts = 0;

	for (; s.p; parts++) {
		part = str_cut(&s, ':');
		if (!is_digits(part))
			return false;
	}
	return parts == 3;
}

static bool day_month_year(struct words *w, size_t digits_min, size_t digits_max, struct date *d)
{
	for (size_t i = 0; i + 2 < w->n; i++) {
		if (!is_digits(w->v[i]) || !month(w->v[i + 1]) || !is_digits(w->v[i + 2]) ||
		    w->v[i + 2].n < digits_min || w->v[i + 2].n > digits_max)
			continue;
		*d = (struct date){ number(w->v[i]), number(w->v[i + 2]), month(w->v[i + 1]) };
		words_remove(w, i, 3);
		return true;
	}
	return false;
}

/* Its time goes with it: SpamAssassin forgets it. */
static bool month_day_time_year(struct words *w, struct date *d)
{
	for (size_t i = 0; i + 3 < w->n; i++) {
		if (!month(w->v[i]) || !is_digits(w->v[i + 1]) || !is_clock(w->v[i + 2]) ||
		    !is_digits(w->v[i + 3]) || w->v[i + 3].n != 4)
			continue;
		*d = (struct date){ number(w->v[i + 1]), number(w->v[i + 3]), month(w->v[i]) };
		words_remove(w, i, 4);
		return true;
	}
	return false;
}

/* Years as RFC 2822 4.3 reads old ones. */
static bool short_year(struct words *w, struct date *d)
{
	if (!day_month_year(w, 2, 3, d))
		return false;
	d->year += d->year < 50 ? 2000 : 1900;
	return true;
}

static int64_t at_most(int64_t n, int64_t max)
{
	return n > max ? max : n;
}

/* h:mm or h:mm:ss, the first there is; seconds of the day. */
static int64_t take_clock(struct words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct str s = w->v[i], h = str_cut(&s, ':'), m = str_cut(&s, ':');

		if (!is_digits(h) || h.n > 2 || !is_digits(m) || m.n != 2 ||
		    (s.p && (!is_digits(s) || s.n != 2)))
			continue;
		words_remove(w, i, 1);
		return at_most(number(h), 23) * HOUR + at_most(number(m), 59) * MINUTE +
		       (s.p ? at_most(number(s), 59) : 0);
	}
	return 0;
}

static const struct {
	const char *name;
	int hhmm;
} zones[] = {
	{ "UT", 0 },      { "UTC", 0 },     { "GMT", 0 },     { "WET", 0 },     { "EST", -500 },
	{ "EDT", -400 },  { "CST", -600 },  { "CDT", -500 },  { "MST", -700 },  { "MDT", -600 },
	{ "PST", -800 },  { "PDT", -700 },  { "AST", -400 },  { "ADT", -300 },  { "NST", -330 },
	{ "NDT", -230 },  { "HST", -1000 }, { "AKST", -900 }, { "AKDT", -800 }, { "HAST", -1000 },
	{ "HADT", -900 }, { "BRT", -300 },  { "BRST", -200 }, { "BST", 100 },   { "IST", 100 },
	{ "WEST", 100 },  { "CET", 100 },   { "CEST", 200 },  { "MET", 100 },   { "MEST", 200 },
	{ "MEZ", 100 },   { "MESZ", 200 },  { "EET", 200 },   { "EEST", 300 },  { "MSK", 300 },
	{ "MSD", 400 },   { "IDT", 300 },   { "AWST", 800 },  { "SGT", 800 },   { "HKT", 800 },
	{ "PHT", 800 },   { "JST", 900 },   { "KST", 900 },   { "ACST", 930 },  { "ACDT", 1030 },
	{ "AEST", 1000 }, { "AEDT", 1100 }, { "NZST", 1200 }, { "NZDT", 1300 },
};

static int64_t zone_seconds(int hhmm)
{
	return (hhmm / 100) * HOUR + (hhmm % 100) * MINUTE;
}

static bool numeric_zone(const struct words *w, int64_t *seconds)
{
	for (size_t i = 0; i < w->n; i++) {
		struct str s = w->v[i];
		int64_t n;

		if (s.n != 5 || !memchr("+-", s.p[0], 2) || !is_digits(str_from(s, 1)))
			continue;
		n = number(str_from(s, 1));
		*seconds = zone_seconds((int)(s.p[0] == '-' ? -n : n));
		return true;
	}
	return false;
}

static bool is_word_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

/* The first run of two to four capitals that stands alone. */
static bool capitals(struct str s, struct str *out)
{
	size_t i = 0, start;
	bool all;

	while (i < s.n) {
		all = true;
		while (i < s.n && !is_word_char(s.p[i]))
			i++;
		for (start = i; i < s.n && is_word_char(s.p[i]); i++)
			all = all && s.p[i] >= 'A' && s.p[i] <= 'Z';
		*out = str_sub(s, start, i - start);
		if (all && out->n >= 2 && out->n <= 4)
			return true;
	}
	return false;
}

/* Only the first name that may be one counts. */
static int64_t named_zone(const struct words *w)
{
	struct str name;

	for (size_t i = 0; i < w->n; i++) {
		if (!capitals(w->v[i], &name))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(zones); k++)
			if (str_eq(name, str_of(zones[k].name)))
				return zone_seconds(zones[k].hhmm);
		return 0;
	}
	return 0;
}

/* Days since 1970 of the first of a month (Gregorian). */
static int64_t month_start(int64_t year, int mon)
{
	int64_t y = mon <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400, of_year = (153 * (mon + (mon > 2 ? -3 : 9)) + 2) / 5;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool spam_date_read(struct arena *a, struct str text, int64_t *out)
{
	struct words w;
	struct date d;
	int64_t clock, zone;

	words_split(a, text, &w);
	if (!day_month_year(&w, 4, 4, &d) && !month_day_time_year(&w, &d) && !short_year(&w, &d))
		return false;
	clock = take_clock(&w);
	if (!numeric_zone(&w, &zone))
		zone = named_zone(&w);
	if (d.day < 1)
		return false;
	*out = (month_start(d.year, d.month) + d.day - 1) * DAY + clock - zone;
	return true;
}
