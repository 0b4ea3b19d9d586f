/* Which tokens go, and when. */
#include "gw/spam/bayes_store_int.h"

enum {
	DAY = 24 * 3600,
	PERIOD = 12 * 3600,     /* seconds between two expiries; also the shortest age */
	STALE = 30 * 24 * 3600, /* an expiry longer ago says nothing about the next */
	EXPONENTS = 10,         /* ages tried: PERIOD * 2^i */
	WORTH = 1000,           /* tokens; fewer are not worth it */
};

/* Beside the totals: when BAYES_EXPIRE_DAILY was last carried out. */
#define LAST_DAILY STR("last daily expiry")

struct ages {
	uint32_t newest, oldest;
	uint64_t older[EXPONENTS]; /* tokens older than PERIOD * 2^i before the newest */
	uint64_t guess, older_than_guess; /* an age, and the same of it */
};

static int walk(struct bayes_store *s, MDB_txn *txn, int table, size_t size,
		int (*row)(void *ctx, MDB_cursor *c, const void *value), void *ctx)
{
	MDB_val key, value;
	MDB_cursor *c;
	int code = mdb_cursor_open(txn, bayes_table(s, table), &c);

	if (code)
		return code;
	while (!(code = mdb_cursor_get(c, &key, &value, MDB_NEXT)))
		if (value.mv_size == size && (code = row(ctx, c, value.mv_data)))
			break;
	mdb_cursor_close(c);
	return code == MDB_NOTFOUND ? 0 : code;
}

static int span_row(void *ctx, MDB_cursor *c, const void *value)
{
	struct ages *ages = ctx;
	struct token_row row;

	(void)c;
	memcpy(&row, value, sizeof(row));
	if (row.when > ages->newest)
		ages->newest = row.when;
	if (row.when < ages->oldest)
		ages->oldest = row.when;
	return 0;
}

static int age_row(void *ctx, MDB_cursor *c, const void *value)
{
	struct ages *ages = ctx;
	struct token_row row;

	(void)c;
	memcpy(&row, value, sizeof(row));
	for (int i = 0; i < EXPONENTS; i++)
		ages->older[i] += ages->newest - row.when > (uint64_t)PERIOD << i;
	ages->older_than_guess += ages->newest - row.when > ages->guess;
	return 0;
}

struct removal {
	uint32_t before;
	uint64_t removed;
};

static int remove_row(void *ctx, MDB_cursor *c, const void *value)
{
	struct removal *r = ctx;
	uint32_t when;

	/* The time is the last number of both kinds of rows. */
	memcpy(&when, value, sizeof(when));
	if (when >= r->before)
		return 0;
	r->removed++;
	return mdb_cursor_del(c, 0);
}

static int remove_token(void *ctx, MDB_cursor *c, const void *value)
{
	return remove_row(ctx, c, (const char *)value + offsetof(struct token_row, when));
}

static int remove_seen(void *ctx, MDB_cursor *c, const void *value)
{
	return remove_row(ctx, c, (const char *)value + offsetof(struct seen_row, when));
}

/* The age that worked last time, changed in proportion; 0 if that cannot be trusted. */
static uint64_t estimated(const struct totals_row *t, uint64_t goal, int64_t now)
{
	uint64_t large = t->last_removed > goal ? t->last_removed : goal;
	uint64_t small = t->last_removed > goal ? goal : t->last_removed;
	uint64_t delta;

	if (now - t->last_expiry > STALE || t->last_removed < WORTH || large * 2 > small * 3)
		return 0;
	delta = (uint64_t)((double)t->last_delta * (double)t->last_removed / (double)goal);
	return delta < PERIOD ? 0 : delta;
}

/* The shortest age that does not remove more than `goal`; 0 if it would not be worth it. */
static uint64_t counted(const struct ages *ages, uint64_t goal)
{
	for (int i = 0; i < EXPONENTS; i++)
		if (ages->older[i] <= goal)
			return ages->older[i] < WORTH ? 0 : (uint64_t)PERIOD << i;
	return 0;
}

static uint64_t goal_of(uint64_t tokens, uint64_t size)
{
	uint64_t keep = size / 4 * 3 + size % 4 * 3 / 4;

	if (keep < BAYES_EXPIRE_MIN)
		keep = BAYES_EXPIRE_MIN;
	return tokens > keep ? tokens - keep : 0;
}

/* How old a token must be to go; 0: none goes. A guess is good if enough go, and enough stay. */
static uint64_t age_of(const struct ages *ages, uint64_t tokens, uint64_t goal)
{
	if (ages->guess && ages->older_than_guess >= WORTH &&
	    tokens - ages->older_than_guess >= BAYES_EXPIRE_MIN)
		return ages->guess;
	return counted(ages, goal);
}

/* Half of the mails remembered go once there are too many, the oldest ones. */
static int forget_mails(struct bayes_store *s, MDB_txn *txn, int64_t now, uint64_t *forgotten)
{
	struct removal r = { 0 };
	uint32_t age = 1u << 31;
	uint64_t n = bayes_rows(s, txn, TABLE_SEEN);
	int code = 0;

	while (n - r.removed > BAYES_SEEN_MAX && age > 0 && !code) {
		r.before = now > age ? (uint32_t)(now - age) : 0;
		code = walk(s, txn, TABLE_SEEN, sizeof(struct seen_row), remove_seen, &r);
		age /= 2;
	}
	*forgotten = r.removed;
	return code;
}

struct plan {
	struct totals_row totals;
	struct ages ages;
	uint64_t delta; /* 0: nothing is to be done */
};

static bool is_due(struct bayes_store *s, MDB_txn *txn, const struct totals_row *t, uint64_t size,
		   enum bayes_expire_when when, int64_t now)
{
	int64_t last = 0;

	switch (when) {
	case BAYES_EXPIRE_IF_LARGE:
		return bayes_rows(s, txn, TABLE_TOKENS) > size && now - t->last_expiry >= PERIOD;
	case BAYES_EXPIRE_DAILY:
		return bayes_row_get(txn, bayes_table(s, TABLE_TOTALS), LAST_DAILY, &last,
				     sizeof(last)) != 0 ||
		       now - last >= DAY;
	default:
		return true;
	}
}

static int make_plan(struct bayes_store *s, MDB_txn *txn, uint64_t size, int64_t now,
		     struct plan *p)
{
	uint64_t tokens = bayes_rows(s, txn, TABLE_TOKENS), goal = goal_of(tokens, size);
	int code;

	p->ages = (struct ages){ .oldest = UINT32_MAX };
	p->delta = 0;
	if (goal < WORTH)
		return 0;
	code = walk(s, txn, TABLE_TOKENS, sizeof(struct token_row), span_row, &p->ages);
	if (code || p->ages.newest - p->ages.oldest < PERIOD)
		return code;
	p->ages.guess = estimated(&p->totals, goal, now);
	code = walk(s, txn, TABLE_TOKENS, sizeof(struct token_row), age_row, &p->ages);
	p->delta = age_of(&p->ages, tokens, goal);
	return code;
}

static int remove_old(struct bayes_store *s, MDB_txn *txn, struct plan *p, int64_t now,
		      struct bayes_expiry *out)
{
	struct removal r = { 0 };
	int code;

	if (p->delta < p->ages.newest)
		r.before = p->ages.newest - (uint32_t)p->delta;
	code = walk(s, txn, TABLE_TOKENS, sizeof(struct token_row), remove_token, &r);
	if (code)
		return code;
	p->totals.last_expiry = now;
	p->totals.last_delta = p->delta;
	p->totals.last_removed = r.removed;
	out->removed = r.removed;
	out->done = true;
	return bayes_totals_put(s, txn, &p->totals);
}

static int expire(struct bayes_store *s, MDB_txn *txn, uint64_t size, enum bayes_expire_when when,
		  int64_t now, struct bayes_expiry *out)
{
	struct plan plan;
	int code = bayes_totals_get(s, txn, &plan.totals);

	out->tokens = bayes_rows(s, txn, TABLE_TOKENS);
	if (code || !is_due(s, txn, &plan.totals, size, when, now))
		return code;
	code = forget_mails(s, txn, now, &out->forgotten);
	if (!code)
		code = make_plan(s, txn, size, now, &plan);
	if (!code && plan.delta)
		code = remove_old(s, txn, &plan, now, out);
	if (!code && when == BAYES_EXPIRE_DAILY)
		code = bayes_row_put(txn, bayes_table(s, TABLE_TOTALS), LAST_DAILY, &now,
				     sizeof(now));
	return code;
}

int bayes_store_expire(struct bayes_store *s, uint64_t size, enum bayes_expire_when when,
		       int64_t now, int64_t deadline, struct bayes_expiry *out, struct err *e)
{
	struct bayes_expiry found = { 0 };
	MDB_txn *txn;
	int code;

	if (learnt_write(s->l, deadline, &txn, e) < 0)
		return -1;
	code = expire(s, txn, size, when, now, &found);
	if (code) {
		learnt_end(s->l, txn);
		return learnt_err(e, code);
	}
	*out = found;
	return learnt_commit(s->l, txn, e);
}
