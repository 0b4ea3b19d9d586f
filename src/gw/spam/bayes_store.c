#include "gw/spam/bayes_store_int.h"

#include "base/net.h"

static const struct learnt_table tables[BAYES_TABLES] = {
	[TABLE_TOKENS] = { "tokens", MDB_INTEGERKEY },
	[TABLE_SEEN] = { "seen", 0 },
	[TABLE_TOTALS] = { "totals", 0 },
};

int bayes_store_open(struct arena *a, const char *path, bool create, struct bayes_store **out,
		     struct err *e)
{
	struct bayes_store *s = NEW(a, struct bayes_store);

	if (learnt_open(a, path, tables, BAYES_TABLES, create, &s->l, e) < 0)
		return -1;
	*out = s;
	return 0;
}

int bayes_row_get(MDB_txn *txn, MDB_dbi table, struct str key, void *row, size_t size)
{
	MDB_val k = learnt_val(key), v;
	int code = mdb_get(txn, table, &k, &v);

	if (code)
		return code;
	if (v.mv_size != size)
		return MDB_NOTFOUND;
	memcpy(row, v.mv_data, size);
	return 0;
}

int bayes_row_put(MDB_txn *txn, MDB_dbi table, struct str key, const void *row, size_t size)
{
	MDB_val k = learnt_val(key), v = { size, (void *)(uintptr_t)row };

	return mdb_put(txn, table, &k, &v, 0);
}

int bayes_totals_get(struct bayes_store *s, MDB_txn *txn, struct totals_row *out)
{
	int code =
		bayes_row_get(txn, bayes_table(s, TABLE_TOTALS), STR("totals"), out, sizeof(*out));

	if (code == MDB_NOTFOUND) {
		*out = (struct totals_row){ 0 };
		return 0;
	}
	return code;
}

int bayes_totals_put(struct bayes_store *s, MDB_txn *txn, const struct totals_row *row)
{
	return bayes_row_put(txn, bayes_table(s, TABLE_TOTALS), STR("totals"), row, sizeof(*row));
}

uint64_t bayes_rows(struct bayes_store *s, MDB_txn *txn, int table)
{
	MDB_stat stat;

	return mdb_stat(txn, bayes_table(s, table), &stat) ? 0 : stat.ms_entries;
}

int bayes_store_totals(struct bayes_store *s, struct bayes_totals *out, struct err *e)
{
	struct totals_row row;
	MDB_txn *txn;
	int code;

	if (learnt_read(s->l, &txn, e) < 0)
		return -1;
	code = bayes_totals_get(s, txn, &row);
	mdb_txn_abort(txn);
	if (code)
		return learnt_err(e, code);
	*out = (struct bayes_totals){ row.spam, row.ham };
	return 0;
}

static void touch(struct bayes_store *s, uint64_t key, const struct token_row *row, int64_t now)
{
	if (s->n_touched < BAYES_TOUCHES_MAX && row->when + BAYES_TOUCH_AGE < now)
		s->touched[s->n_touched++] = key;
}

static int find(struct bayes_store *s, MDB_cursor *c, struct bayes_keys keys, int64_t now,
		struct bayes_count *counts, size_t *n)
{
	struct token_row row;

	*n = 0;
	for (size_t i = 0; i < keys.n; i++) {
		MDB_val k = learnt_val(bayes_key_str(&keys.v[i])), v;
		int code;

		code = mdb_cursor_get(c, &k, &v, MDB_SET_KEY);
		if (code == MDB_NOTFOUND || (!code && v.mv_size != sizeof(row)))
			continue;
		if (code)
			return code;
		memcpy(&row, v.mv_data, sizeof(row));
		counts[(*n)++] = (struct bayes_count){ keys.v[i], row.spam, row.ham };
		touch(s, keys.v[i], &row, now);
	}
	return 0;
}

int bayes_store_find(struct bayes_store *s, struct bayes_keys keys, int64_t now,
		     struct bayes_count *counts, size_t *n, struct bayes_totals *learnt,
		     struct err *e)
{
	struct totals_row row;
	MDB_cursor *c;
	MDB_txn *txn;
	int code;

	if (learnt_read(s->l, &txn, e) < 0)
		return -1;
	code = bayes_totals_get(s, txn, &row);
	if (!code)
		code = mdb_cursor_open(txn, bayes_table(s, TABLE_TOKENS), &c);
	if (!code) {
		code = find(s, c, keys, now, counts, n);
		mdb_cursor_close(c);
	}
	mdb_txn_abort(txn);
	if (code)
		return learnt_err(e, code);
	*learnt = (struct bayes_totals){ row.spam, row.ham };
	s->touched_at = now;
	if (s->n_touched == BAYES_TOUCHES_MAX)
		bayes_store_flush(s);
	return 0;
}

static int write_touch(struct bayes_store *s, MDB_txn *txn, uint64_t key)
{
	struct str k = bayes_key_str(&key);
	struct token_row row;
	int code = bayes_row_get(txn, bayes_table(s, TABLE_TOKENS), k, &row, sizeof(row));

	if (code == MDB_NOTFOUND)
		return 0;
	if (code || row.when >= s->touched_at)
		return code;
	row.when = (uint32_t)s->touched_at;
	return bayes_row_put(txn, bayes_table(s, TABLE_TOKENS), k, &row, sizeof(row));
}

void bayes_store_flush(struct bayes_store *s)
{
	size_t n = s->n_touched;
	MDB_txn *txn;
	int code = 0;
	struct err e;

	s->n_touched = 0;
	if (n == 0 || learnt_write(s->l, net_now(), &txn, &e) < 0)
		return;
	for (size_t i = 0; i < n && !code; i++)
		code = write_touch(s, txn, s->touched[i]);
	if (code)
		learnt_end(s->l, txn);
	else if (learnt_commit(s->l, txn, &e) < 0)
		return;
}

void bayes_store_settle(struct bayes_store *s)
{
	if (s->n_touched >= BAYES_TOUCHES_MAX / 2)
		bayes_store_flush(s);
}
