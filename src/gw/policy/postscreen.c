#include "gw/policy/postscreen.h"

#include <time.h>

#include "base/vec.h"
#include "gw/stat/stat.h"
#include "lib/journal/journal.h"

#define PROGRAM "postfix/postscreen"

enum { HOUR = 3600 };

struct counts {
	struct arena *a;
	VEC(struct stat_early) hours; /* as they came: lines are in the order of time */
	size_t lines;
};

static bool is_pregreet(struct str message)
{
	struct str rest = message, number;

	if (!str_starts(rest, STR("PREGREET ")))
		return false;
	rest = str_from(rest, STR("PREGREET ").n);
	number = str_cut(&rest, ' ');
	for (size_t i = 0; i < number.n; i++)
		if (!ascii_is_digit(number.p[i]))
			return false;
	return number.n && str_starts(rest, STR("after "));
}

enum postscreen_event postscreen_event(struct str message)
{
	struct str reply = str_cut(&message, ';'); /* behind it are the client's words */

	if (is_pregreet(reply))
		return POSTSCREEN_PREGREET;
	if (str_starts(reply, STR("NOQUEUE: reject:")) &&
	    str_ends(reply, STR("550 5.7.1 Service unavailable")))
		return POSTSCREEN_RBL;
	return POSTSCREEN_OTHER;
}

/* The bucket of DailyStat's rows, too. */
static int64_t local_hour(int64_t at)
{
	time_t t = (time_t)at;
	struct tm local;
	int64_t shifted = at + (localtime_r(&t, &local) ? local.tm_gmtoff : 0);

	return shifted - shifted % HOUR;
}

static void count(struct counts *c, enum postscreen_event event, int64_t at)
{
	int64_t hour = local_hour(at);
	struct stat_early *last = c->hours.n ? &c->hours.p[c->hours.n - 1] : NULL;

	if (!last || last->hour != hour) {
		last = vec_push(c->a, &c->hours);
		*last = (struct stat_early){ .hour = hour };
	}
	last->rbl += event == POSTSCREEN_RBL;
	last->pregreet += event == POSTSCREEN_PREGREET;
}

static int read_lines(struct counts *c, struct journal *j, struct err *e)
{
	struct str message;
	int64_t at;
	int more = 1;

	while (c->lines < POSTSCREEN_ROUND_MAX && (more = journal_next(j, &message, &at, e)) > 0) {
		enum postscreen_event event = postscreen_event(message);

		c->lines++;
		if (event != POSTSCREEN_OTHER)
			count(c, event, at);
	}
	return more < 0 ? -1 : 0;
}

/* In a transaction. */
static int count_new(struct arena *a, struct db *db, int64_t cid, int64_t since, int64_t now,
		     struct err *e)
{
	struct counts c = { .a = a };
	struct str place;
	struct journal *j;

	if (stat_early_begin(a, db, &place, e) < 0 || journal_open(a, PROGRAM, &j, e) < 0 ||
	    journal_seek(j, place, since, e) < 0 || read_lines(&c, j, e) < 0)
		return -1;
	if (!c.lines)
		return 0;
	if (journal_cursor(j, a, &place, e) < 0)
		return -1;
	return stat_early_add(a, db, cid, now, c.hours.p, c.hours.n, place, e);
}

int postscreen_count(struct arena *a, struct db *db, int64_t cid, int64_t since, int64_t now,
		     struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	if (count_new(a, db, cid, since, now, e) < 0 || db_commit(db, e) < 0) {
		db_rollback(db);
		return -1;
	}
	return 0;
}
