/*
 * The rows of the store. Private to gw/spam.
 */
#pragma once

#include "gw/spam/bayes_store.h"

enum { TABLE_TOKENS, TABLE_SEEN, TABLE_TOTALS, BAYES_TABLES };

/* Value of a token; its key is the number as it is in memory. */
struct token_row {
	uint32_t spam, ham, when;
};

/* Value of a mail that was learnt. */
struct seen_row {
	uint32_t as, when; /* enum bayes_class */
};

/* The one row of totals, under the key "totals". */
struct totals_row {
	uint64_t spam, ham;
	int64_t last_expiry;
	uint64_t last_delta, last_removed; /* of that */
};

struct bayes_store {
	struct learnt *l;
	uint64_t touched[BAYES_TOUCHES_MAX];
	size_t n_touched;
	int64_t touched_at; /* the latest of them */
};

static inline MDB_dbi bayes_table(const struct bayes_store *s, int table)
{
	return s->l->tables[table];
}

static inline struct str bayes_key_str(const uint64_t *key)
{
	return (struct str){ (const char *)key, sizeof(*key) };
}

/* LMDB codes, here and below. A row that is not there is MDB_NOTFOUND, one of another size too. */
int bayes_row_get(MDB_txn *txn, MDB_dbi table, struct str key, void *row, size_t size);
int bayes_row_put(MDB_txn *txn, MDB_dbi table, struct str key, const void *row, size_t size);
int bayes_totals_get(struct bayes_store *s, MDB_txn *txn, struct totals_row *out);
int bayes_totals_put(struct bayes_store *s, MDB_txn *txn, const struct totals_row *row);
uint64_t bayes_rows(struct bayes_store *s, MDB_txn *txn, int table);
