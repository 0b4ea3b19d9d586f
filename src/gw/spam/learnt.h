/*
 * learnt - the file in which learning lives: a few tables of short keys and values, in LMDB.
 *
 * All workers read it at the same time without waiting for anybody; one at a time writes, and what
 * it wrote is there as a whole or not at all, also after a crash. Nobody waits for the right to
 * write longer than its deadline.
 *
 * A file is opened by the process that uses it, after the fork that made it. It is looked through
 * by a child first: what is damaged so badly that reading it would end a worker is not used.
 */
#pragma once

#include <lmdb.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	LEARNT_TABLES_MAX = 4,
	LEARNT_SIZE_MAX = 1 << 30, /* octets of a file; more cannot be learnt then */
	LEARNT_READERS_MAX = 512,  /* processes that have the file open */
	LEARNT_CHECK_SECONDS = 20, /* for the look through */
};

struct learnt_table {
	const char *name;
	unsigned flags; /* LMDB's, MDB_INTEGERKEY for keys that are a uint64_t */
};

struct learnt {
	MDB_env *env;
	MDB_dbi tables[LEARNT_TABLES_MAX];
	size_t n_tables;
	int lock; /* of whoever writes */
};

/*
 * Opens `path`, which has these tables, and closes it with the arena; `create` makes it if it
 * is not there, else that is ERR_NOTFOUND. ERR_INVALID: it is no such file, or damaged.
 */
MUST_CHECK int learnt_open(struct arena *a, const char *path, const struct learnt_table *tables,
			   size_t n, bool create, struct learnt **out, struct err *e);

/*
 * Removes `path` and what lies beside it. Who has it open goes on with a file that is in no
 * directory any more. It is no error if there is none.
 */
MUST_CHECK int learnt_remove(struct arena *a, const char *path, struct err *e);

/* A view of the file as it is now; end it by learnt_end(). */
MUST_CHECK int learnt_read(struct learnt *l, MDB_txn **out, struct err *e);

/* The right to write, until learnt_commit() or learnt_end(). ERR_TEMP: not before `deadline`. */
MUST_CHECK int learnt_write(struct learnt *l, int64_t deadline, MDB_txn **out, struct err *e);
MUST_CHECK int learnt_commit(struct learnt *l, MDB_txn *txn, struct err *e);
void learnt_end(struct learnt *l, MDB_txn *txn);

/*
 * A store as a process uses it: opened when it is first needed, after the fork, and looked for
 * again as long as it is not there. One that is damaged is reported once, at err ("NAME is off"),
 * and not used; the process then does without. It is closed with the arena of the worker.
 */
struct learnt_kind {
	const char *name;
	int (*open)(struct arena *a, const char *path, bool create, void **out, struct err *e);
};

struct learnt_worker;
struct learnt_worker *learnt_worker_new(struct arena *a, const struct learnt_kind *kind);
/* The file is `path` with LEARNT_SUFFIX behind it. NULL: there is none. */
void *learnt_worker_store(struct learnt_worker *w, struct str path, bool create);

#define LEARNT_SUFFIX ".mdb"

/* The error of an LMDB call: ERR_LIMIT if the file is full, ERR_INVALID if it is damaged. */
int learnt_err(struct err *e, int code);

static inline MDB_val learnt_val(struct str s)
{
	return (MDB_val){ .mv_size = s.n, .mv_data = (void *)(uintptr_t)s.p };
}
