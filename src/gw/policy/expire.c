/* Expired entries of the greylist, and the statistics they become (policy.md §6). */
#include "base/vec.h"
#include "gw/policy/greylist.h"
#include "gw/stat/stat.h"

/*
 * Rows that a request is changing at this moment are left for the next time: so nobody here waits
 * for a worker, and no worker waits for somebody who waits for it.
 */
static const struct db_statement remove_expired = {
	"greylist_expire",
	"WITH gone AS (SELECT IPNet, Sender, Receiver FROM CGreylist WHERE ExTime < $1 "
	"ORDER BY ExTime, Instance, Sender LIMIT $2 FOR UPDATE SKIP LOCKED), "
	"removed AS (DELETE FROM CGreylist g USING gone WHERE g.IPNet = gone.IPNet "
	"AND g.Sender = gone.Sender AND g.Receiver = gone.Receiver "
	"RETURNING g.Instance, g.Sender, g.Receiver, g.RCTime, g.Blocked, g.Passed, g.CID) "
	"SELECT coalesce(Instance, ''), Sender, Receiver, RCTime, Blocked, Passed = 0 AND CID = $3 "
	"FROM removed ORDER BY 6, 1, 2, RCTime, Receiver",
};

struct mail {
	struct str instance, sender;
	int64_t time, blocked;
	VEC(struct str) rcpt;
};

enum { INSTANCE, SENDER, RECEIVER, RCTIME, BLOCKED, COUNTS };

static void add_row(struct arena *a, struct mail *m, const struct db_rows *r, size_t row)
{
	vec_add(a, &m->rcpt, db_str(r, row, RECEIVER));
	m->blocked += db_int(r, row, BLOCKED);
}

static bool same_mail(const struct mail *m, const struct db_rows *r, size_t row)
{
	return m && str_eq(m->instance, db_str(r, row, INSTANCE)) &&
	       str_eq(m->sender, db_str(r, row, SENDER));
}

/* Rows of one mail stand together. */
static struct stat_refused *group(struct arena *a, const struct db_rows *r, size_t *n)
{
	VEC(struct mail) mails = { 0 };
	struct mail *m = NULL;
	struct stat_refused *out;

	for (size_t row = 0; row < db_rows_count(r); row++) {
		if (!db_int(r, row, COUNTS))
			continue;
		if (!same_mail(m, r, row)) {
			m = vec_push(a, &mails);
			*m = (struct mail){ .instance = db_str(r, row, INSTANCE),
					    .sender = db_str(r, row, SENDER),
					    .time = db_int(r, row, RCTIME) };
		}
		add_row(a, m, r, row);
	}
	out = NEW_N(a, struct stat_refused, mails.n);
	for (size_t i = 0; i < mails.n; i++)
		out[i] = (struct stat_refused){
			.time = mails.p[i].time,
			.by_spf = mails.p[i].blocked >= GREYLIST_SPF_BLOCKED,
			.sender = mails.p[i].sender,
			.rcpt = mails.p[i].rcpt.p,
			.n_rcpt = mails.p[i].rcpt.n,
		};
	*n = mails.n;
	return out;
}

/* One transaction; *removed says how many rows went. */
static int round_of(struct arena *a, struct db *db, int64_t cid, int64_t now, size_t *removed,
		    size_t *found, struct err *e)
{
	const struct db_param values[] = { DB_INT(now), DB_INT(GREYLIST_ROUND_MAX), DB_INT(cid) };
	const struct stat_refused *mails;
	const struct db_rows *rows;

	if (db_run(db, a, &remove_expired, values, ARRAY_LEN(values), &rows, e) < 0)
		return -1;
	mails = group(a, rows, found);
	*removed = db_rows_count(rows);
	return *found ? stat_record_refused(a, db, mails, *found, e) : 0;
}

int greylist_expire(struct arena *a, struct db *db, int64_t cid, int64_t now, size_t *found,
		    struct err *e)
{
	size_t removed, mails, all = 0;

	do {
		struct arena_mark mark = arena_mark(a);

		if (db_begin(db, e) < 0)
			return -1;
		if (round_of(a, db, cid, now, &removed, &mails, e) < 0 || db_commit(db, e) < 0) {
			db_rollback(db);
			return -1;
		}
		all += mails;
		arena_rewind(a, mark);
	} while (removed == GREYLIST_ROUND_MAX);
	*found = all;
	return 0;
}
