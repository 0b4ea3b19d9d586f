#include "gw/policy/greylist.h"

#include "base/vec.h"

/* The same numbers as in the header; a test compares. */
#define DELAY "180"
#define RETRY "172800"
#define KNOWN "3110400"

/* The states of policy.md §5 for a row that exists; the request's time is in the row proposed. */
#define NOW "EXCLUDED.MTime"
#define EARLY NOW " - g.RCTime < " DELAY
#define IN_TIME NOW " - g.RCTime >= " DELAY " AND " NOW " < g.ExTime"

/* What becomes of a column when the try is early, in time, or when the row has expired. */
#define BECOMES(column, early, in_time, expired)                                                   \
	column " = CASE WHEN " EARLY " THEN " early " WHEN " IN_TIME " THEN " in_time              \
	       " ELSE " expired " END, "

#define EXTIME_IN_TIME "CASE WHEN g.Sender = '' THEN " NOW " ELSE " NOW " + " KNOWN " END"
#define DELAY_IN_TIME "CASE WHEN g.Passed = 0 THEN " NOW " - g.RCTime ELSE g.Delay END"

#define INSTANCE BECOMES("Instance", "g.Instance", "g.Instance", "EXCLUDED.Instance")
#define RCTIME BECOMES("RCTime", "g.RCTime", "g.RCTime", NOW)
#define EXTIME BECOMES("ExTime", "g.ExTime", EXTIME_IN_TIME, "EXCLUDED.ExTime")
#define DELAYED BECOMES("Delay", "g.Delay", DELAY_IN_TIME, "g.Delay")
#define BLOCKED BECOMES("Blocked", "g.Blocked + EXCLUDED.Blocked", "g.Blocked", "EXCLUDED.Blocked")
#define PASSED BECOMES("Passed", "g.Passed", "g.Passed + EXCLUDED.Blocked", "0")

/*
 * The keys come sorted, so that two workers lock the rows that both ask for in the same order. The
 * select asks for set_config(), which holds for this transaction.
 */
static const struct db_statement ask = {
	"greylist_ask",
	"WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS mode) "
	"INSERT INTO CGreylist AS g (IPNet, Sender, Receiver, Instance, RCTime, ExTime, Delay, "
	"Blocked, Passed, CID, MTime) "
	"SELECT k.net, k.sender, k.receiver, k.instance, k.now, k.now + " RETRY ", 0, k.n, 0, $7, "
	"k.now FROM quick, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[], "
	"$6::int8[]) AS k(net, sender, receiver, instance, now, n) WHERE mode = 'off' "
	"ON CONFLICT (IPNet, Sender, Receiver) DO UPDATE SET " INSTANCE RCTIME EXTIME DELAYED
		BLOCKED PASSED "MTime = " NOW " "
	"RETURNING IPNet, Sender, Receiver, RCTime, xmax = 0 OR Blocked > 1",
};

static const struct db_statement note_spf = {
	"greylist_note_spf",
	"INSERT INTO CGreylist (IPNet, Sender, Receiver, Instance, RCTime, ExTime, Delay, Blocked, "
	"Passed, CID, MTime) SELECT k.net, k.sender, k.receiver, k.instance, k.now, k.now + $6, 0, "
	"$7, 0, $8, k.now FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[]) "
	"AS k(net, sender, receiver, instance, now) ON CONFLICT DO NOTHING",
};

static int compare(const struct greylist_question *x, const struct greylist_question *y)
{
	int order = str_cmp(x->network, y->network);

	order = order ? order : str_cmp(x->sender, y->sender);
	return order ? order : str_cmp(x->receiver, y->receiver);
}

static int compare_pointers(const void *x, const void *y)
{
	return compare(*(const struct greylist_question *const *)x,
		       *(const struct greylist_question *const *)y);
}

/* The columns of a batch: each triple once, with the number of requests for it. */
struct batch {
	struct greylist_question **q; /* n_q, sorted */
	struct str *network, *sender, *receiver, *instance;
	int64_t *now, *count;
	size_t n_q, n;
};

static void add_row(struct batch *b, const struct greylist_question *q)
{
	b->network[b->n] = q->network;
	b->sender[b->n] = q->sender;
	b->receiver[b->n] = q->receiver;
	b->instance[b->n] = q->instance;
	b->now[b->n] = q->now;
	b->count[b->n++] = 1;
}

static void make_batch(struct arena *a, struct greylist_question *q, size_t n, struct batch *b)
{
	*b = (struct batch){
		.q = NEW_N(a, struct greylist_question *, n),
		.network = NEW_N(a, struct str, n),
		.sender = NEW_N(a, struct str, n),
		.receiver = NEW_N(a, struct str, n),
		.instance = NEW_N(a, struct str, n),
		.now = NEW_N(a, int64_t, n),
		.count = NEW_N(a, int64_t, n),
		.n_q = n,
	};
	for (size_t i = 0; i < n; i++)
		b->q[i] = &q[i];
	qsort(b->q, n, sizeof(*b->q), compare_pointers);
	for (size_t i = 0; i < n; i++) {
		if (i && compare(b->q[i - 1], b->q[i]) == 0)
			b->count[b->n - 1]++;
		else
			add_row(b, b->q[i]);
	}
}

/* The rows come back in the order of the keys; one for each, or there is something odd about the
 * table. */
static int read_answers(struct batch *b, const struct db_rows *rows, struct err *e)
{
	size_t row = 0;

	if (db_rows_count(rows) != b->n)
		return err_set(e, ERR_SYS, "greylist: %zu rows for %zu questions",
			       db_rows_count(rows), b->n);
	for (size_t i = 0; i < b->n_q; i++) {
		struct greylist_question *q = b->q[i];

		if (i && compare(b->q[i - 1], q) != 0)
			row++;
		if (!str_eq(db_str(rows, row, 0), q->network) ||
		    !str_eq(db_str(rows, row, 1), q->sender) ||
		    !str_eq(db_str(rows, row, 2), q->receiver))
			return err_set(e, ERR_SYS, "greylist: a row that was not asked for");
		q->answer = b->now[row] - db_int(rows, row, 3) < GREYLIST_DELAY ? GREYLIST_DEFER
										: GREYLIST_ACCEPT;
		q->is_news = q->answer == GREYLIST_DEFER && db_int(rows, row, 4);
	}
	return 0;
}

int greylist_ask(struct arena *a, struct db *db, int64_t cid, struct greylist_question *q, size_t n,
		 struct err *e)
{
	const struct db_rows *rows;
	struct batch b;

	make_batch(a, q, n, &b);

	const struct db_param values[] = {
		db_text_array(a, b.network, b.n),
		db_text_array(a, b.sender, b.n),
		db_text_array(a, b.receiver, b.n),
		db_text_array(a, b.instance, b.n),
		db_int_array(a, b.now, b.n),
		db_int_array(a, b.count, b.n),
		DB_INT(cid),
	};

	if (db_run(db, a, &ask, values, ARRAY_LEN(values), &rows, e) < 0)
		return err_wrap(e, "greylist");
	return read_answers(&b, rows, e);
}

int greylist_note_spf(struct arena *a, struct db *db, int64_t cid,
		      const struct greylist_question *q, size_t n, struct err *e)
{
	struct greylist_question *copy = NEW_N(a, struct greylist_question, n);
	struct batch b;

	memcpy(copy, q, n * sizeof(*q));
	make_batch(a, copy, n, &b);

	const struct db_param values[] = {
		db_text_array(a, b.network, b.n),  db_text_array(a, b.sender, b.n),
		db_text_array(a, b.receiver, b.n), db_text_array(a, b.instance, b.n),
		db_int_array(a, b.now, b.n),       DB_INT(GREYLIST_SPF_TIME),
		DB_INT(GREYLIST_SPF_BLOCKED),      DB_INT(cid),
	};

	if (db_run(db, a, &note_spf, values, ARRAY_LEN(values), NULL, e) < 0)
		return err_wrap(e, "note what SPF rejected");
	return 0;
}
