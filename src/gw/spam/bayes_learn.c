/* Adding mails to the store, and taking them out. */
#include "gw/spam/bayes_store_int.h"

struct learning {
	struct bayes_store *s;
	MDB_txn *txn;
	struct bayes_keys keys;
	uint32_t when;
	uint64_t room; /* tokens that may be added */
};

static void count_add(uint32_t *count, int by)
{
	if (by > 0 && *count < BAYES_COUNT_MAX)
		++*count;
	else if (by < 0 && *count > 0)
		--*count;
}

/* One mail more (or less) that has this token. */
static int change_token(struct learning *l, uint64_t key, enum bayes_class as, int by)
{
	MDB_dbi table = bayes_table(l->s, TABLE_TOKENS);
	struct str k = bayes_key_str(&key);
	MDB_val gone = learnt_val(k);
	struct token_row row;
	int code = bayes_row_get(l->txn, table, k, &row, sizeof(row));

	if (code == MDB_NOTFOUND) {
		if (by < 0 || l->room == 0)
			return 0;
		l->room--;
		row = (struct token_row){ 0 };
	} else if (code) {
		return code;
	}
	count_add(as == BAYES_IS_SPAM ? &row.spam : &row.ham, by);
	if (row.spam + row.ham == 0)
		return mdb_del(l->txn, table, &gone, NULL);
	if (row.when < l->when)
		row.when = l->when;
	return bayes_row_put(l->txn, table, k, &row, sizeof(row));
}

static int change(struct learning *l, enum bayes_class as, int by)
{
	struct totals_row totals;
	uint64_t *mails;
	int code = bayes_totals_get(l->s, l->txn, &totals);

	mails = as == BAYES_IS_SPAM ? &totals.spam : &totals.ham;
	if (by > 0)
		++*mails;
	else if (*mails > 0)
		--*mails;
	for (size_t i = 0; i < l->keys.n && !code; i++)
		code = change_token(l, l->keys.v[i], as, by);
	return code ? code : bayes_totals_put(l->s, l->txn, &totals);
}

static int learn(struct learning *l, struct str id, enum bayes_class as, bool *changed)
{
	MDB_dbi table = bayes_table(l->s, TABLE_SEEN);
	struct seen_row row, now = { as, l->when };
	MDB_val key = learnt_val(id);
	int code = bayes_row_get(l->txn, table, id, &row, sizeof(row));

	if (code == MDB_NOTFOUND)
		row.as = BAYES_IS_UNKNOWN;
	else if (code)
		return code;
	*changed = row.as != (uint32_t)as;
	if (!*changed)
		return 0;
	code = row.as == BAYES_IS_UNKNOWN ? 0 : change(l, row.as, -1);
	if (code)
		return code;
	if (as == BAYES_IS_UNKNOWN)
		return mdb_del(l->txn, table, &key, NULL);
	code = change(l, as, 1);
	return code ? code : bayes_row_put(l->txn, table, id, &now, sizeof(now));
}

int bayes_store_seen(struct bayes_store *s, struct str id, enum bayes_class *out, struct err *e)
{
	struct seen_row row = { .as = BAYES_IS_UNKNOWN };
	MDB_txn *txn;
	int code;

	if (id.n == 0 || id.n > BAYES_SEEN_ID_MAX)
		return err_set(e, ERR_INVALID, "a mail's name of %zu octets", id.n);
	if (learnt_read(s->l, &txn, e) < 0)
		return -1;
	code = bayes_row_get(txn, bayes_table(s, TABLE_SEEN), id, &row, sizeof(row));
	mdb_txn_abort(txn);
	if (code && code != MDB_NOTFOUND)
		return learnt_err(e, code);
	*out = row.as <= BAYES_IS_UNKNOWN ? row.as : BAYES_IS_UNKNOWN;
	return 0;
}

int bayes_store_learn(struct bayes_store *s, struct str id, struct bayes_keys keys,
		      enum bayes_class as, int64_t when, int64_t deadline, bool *changed,
		      struct err *e)
{
	struct learning l = { .s = s, .keys = keys };
	uint64_t tokens;
	bool done;
	int code;

	if (id.n == 0 || id.n > BAYES_SEEN_ID_MAX)
		return err_set(e, ERR_INVALID, "a mail's name of %zu octets", id.n);
	l.when = when < 0 ? 0 : when > UINT32_MAX ? UINT32_MAX : (uint32_t)when;
	if (learnt_write(s->l, deadline, &l.txn, e) < 0)
		return -1;
	tokens = bayes_rows(s, l.txn, TABLE_TOKENS);
	l.room = tokens < BAYES_TOKENS_MAX ? BAYES_TOKENS_MAX - tokens : 0;
	code = learn(&l, id, as, &done);
	if (code || !done) {
		learnt_end(s->l, l.txn);
		if (code)
			return learnt_err(e, code);
	} else if (learnt_commit(s->l, l.txn, e) < 0) {
		return -1;
	}
	*changed = done;
	return 0;
}
