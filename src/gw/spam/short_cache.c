#include "gw/spam/short_cache.h"

#include <openssl/sha.h>

#include "gw/spam/learnt.h"

enum { ANSWERS, TIMES };
enum { DIGEST = SHA256_DIGEST_LENGTH, GOING_MAX = 16 /* old ones, for each new one */ };

/* By the digest of a link: when it was answered, and what; the location is behind this. */
struct entry {
	int64_t when;
	int64_t status;
};

/* The same links in the order of their time, oldest first; there are no values. */
struct moment {
	unsigned char when[8]; /* most significant octet first */
	unsigned char link[DIGEST];
};

struct short_cache {
	struct learnt *l;
};

static const struct learnt_table tables[] = {
	[ANSWERS] = { "answers", 0 }, [TIMES] = { "times", 0 }
};

int short_cache_open(struct arena *a, const char *path, bool create, struct short_cache **out,
		     struct err *e)
{
	struct short_cache *c = NEW(a, struct short_cache);

	if (learnt_open(a, path, tables, ARRAY_LEN(tables), create, &c->l, e) < 0)
		return -1;
	*out = c;
	return 0;
}

static void digest(struct str url, unsigned char out[DIGEST])
{
	SHA256((const unsigned char *)url.p, url.n, out);
}

static struct moment moment_of(int64_t when, const unsigned char link[DIGEST])
{
	struct moment m;

	for (int i = 0; i < 8; i++)
		m.when[i] = (unsigned char)((uint64_t)when >> (56 - 8 * i));
	memcpy(m.link, link, DIGEST);
	return m;
}

static int64_t moment_when(const struct moment *m)
{
	uint64_t when = 0;

	for (int i = 0; i < 8; i++)
		when = when << 8 | m->when[i];
	return (int64_t)when;
}

/* LMDB codes, here and below. `*location` is in the file. */
static int get(struct short_cache *c, MDB_txn *txn, const unsigned char link[DIGEST],
	       struct entry *out, struct str *location)
{
	MDB_val k = { DIGEST, (void *)(uintptr_t)link }, v;
	int code = mdb_get(txn, c->l->tables[ANSWERS], &k, &v);

	if (code)
		return code;
	if (v.mv_size < sizeof(*out) || v.mv_size > sizeof(*out) + SHORT_CACHE_LOCATION_MAX)
		return MDB_NOTFOUND;
	memcpy(out, v.mv_data, sizeof(*out));
	*location = str_from((struct str){ v.mv_data, v.mv_size }, sizeof(*out));
	return 0;
}

int short_cache_find(struct short_cache *c, struct arena *a, struct str url, int64_t now,
		     int64_t ttl, struct short_answer *out, struct err *e)
{
	unsigned char link[DIGEST];
	struct str location;
	struct entry entry;
	MDB_txn *txn;
	int code;

	*out = (struct short_answer){ .url = url };
	digest(url, link);
	if (learnt_read(c->l, &txn, e) < 0)
		return -1;
	code = get(c, txn, link, &entry, &location);
	/* Whoever has set the clock back asks again. */
	if (!code && entry.when <= now && now - entry.when <= ttl) {
		out->status = (int)entry.status;
		out->location = str_copy(a, location);
	}
	mdb_txn_abort(txn);
	return code && code != MDB_NOTFOUND ? learnt_err(e, code) : 0;
}

static int drop_moment(struct short_cache *c, MDB_txn *txn, const struct moment *m)
{
	MDB_val k = { sizeof(*m), (void *)(uintptr_t)m };
	int code = mdb_del(txn, c->l->tables[TIMES], &k, NULL);

	return code == MDB_NOTFOUND ? 0 : code;
}

static int put(struct short_cache *c, MDB_txn *txn, const struct short_answer *v, int64_t now)
{
	char room[sizeof(struct entry) + SHORT_CACHE_LOCATION_MAX];
	struct entry entry = { now, v->status }, old;
	unsigned char link[DIGEST];
	struct moment moment;
	struct str location;
	MDB_val k, value;
	int code;

	digest(v->url, link);
	code = get(c, txn, link, &old, &location);
	if (!code) {
		moment = moment_of(old.when, link);
		code = drop_moment(c, txn, &moment);
	}
	if (code && code != MDB_NOTFOUND)
		return code;
	memcpy(room, &entry, sizeof(entry));
	if (v->location.n)
		memcpy(room + sizeof(entry), v->location.p, v->location.n);
	k = (MDB_val){ DIGEST, link };
	value = (MDB_val){ sizeof(entry) + v->location.n, room };
	code = mdb_put(txn, c->l->tables[ANSWERS], &k, &value, 0);
	if (code)
		return code;
	moment = moment_of(now, link);
	k = (MDB_val){ sizeof(moment), &moment };
	value = (MDB_val){ 0, room };
	return mdb_put(txn, c->l->tables[TIMES], &k, &value, 0);
}

static size_t count(struct short_cache *c, MDB_txn *txn)
{
	MDB_stat stat;

	return mdb_stat(txn, c->l->tables[TIMES], &stat) ? 0 : stat.ms_entries;
}

/* The oldest one if its time is over or there are too many; MDB_NOTFOUND if it may stay. */
static int drop_oldest(struct short_cache *c, MDB_txn *txn, int64_t now, int64_t ttl)
{
	MDB_val k, v;
	MDB_cursor *cursor;
	struct moment m;
	int code = mdb_cursor_open(txn, c->l->tables[TIMES], &cursor);

	if (code)
		return code;
	code = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
	if (!code && k.mv_size != sizeof(m))
		code = MDB_CORRUPTED;
	if (!code)
		memcpy(&m, k.mv_data, sizeof(m));
	mdb_cursor_close(cursor);
	if (code)
		return code;
	if (now - moment_when(&m) <= ttl && count(c, txn) <= SHORT_CACHE_ENTRIES_MAX)
		return MDB_NOTFOUND;
	code = drop_moment(c, txn, &m);
	if (code)
		return code;
	k = (MDB_val){ DIGEST, m.link };
	code = mdb_del(txn, c->l->tables[ANSWERS], &k, NULL);
	return code == MDB_NOTFOUND ? 0 : code;
}

int short_cache_add(struct short_cache *c, const struct short_answer *v, size_t n, int64_t now,
		    int64_t ttl, int64_t deadline, struct err *e)
{
	MDB_txn *txn;
	int code = 0;

	if (learnt_write(c->l, deadline, &txn, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !code; i++)
		if (v[i].location.n <= SHORT_CACHE_LOCATION_MAX)
			code = put(c, txn, &v[i], now);
	for (size_t i = 0; i < n * GOING_MAX && !code; i++)
		code = drop_oldest(c, txn, now, ttl);
	if (!code || code == MDB_NOTFOUND)
		return learnt_commit(c->l, txn, e);
	learnt_end(c->l, txn);
	return learnt_err(e, code);
}

size_t short_cache_count(struct short_cache *c)
{
	struct err e;
	MDB_txn *txn;
	size_t n;

	if (learnt_read(c->l, &txn, &e) < 0)
		return 0;
	n = count(c, txn);
	mdb_txn_abort(txn);
	return n;
}
