#include "gw/spam/awl.h"

#include <inttypes.h>
#include <math.h>

#include "base/net.h"
#include "gw/spam/learnt.h"

enum { ROW_FIGURES_MAX = 100, COUNT_MAX = 1000000000 };

#define TOTAL_MAX 1e15 /* no mails can have reached it */
#define NO_IP "|ip=none"

struct pending {
	char key[AWL_KEY_MAX];
	size_t n;
	double score;
};

struct awl {
	struct learnt *l;
	struct pending pending[AWL_PENDING_MAX];
	size_t n_pending;
	int64_t since; /* when the first of them came */
};

static const struct learnt_table tables[] = { { "senders", 0 } };

static void awl_close(void *p)
{
	awl_flush(p, net_now());
}

int awl_open(struct arena *a, const char *path, bool create, struct awl **out, struct err *e)
{
	struct awl *w = NEW(a, struct awl);

	if (learnt_open(a, path, tables, ARRAY_LEN(tables), create, &w->l, e) < 0)
		return -1;
	arena_on_free(a, awl_close, w);
	*out = w;
	return 0;
}

static struct str pending_key(const struct pending *p)
{
	return (struct str){ p->key, p->n };
}

/* Perl keeps fifteen digits of a number that it writes as text: so totals, and means, are equal. */
static double perl_number(double n)
{
	char text[64];

	snprintf(text, sizeof(text), "%.15g", n);
	return strtod(text, NULL);
}

static void count_in(struct awl_entry *entry, double score)
{
	entry->total = perl_number(entry->total + score);
	entry->count++;
}

/* LMDB codes, here and below; an entry that is not there has count 0. */
static int entry_get(struct awl *w, MDB_txn *txn, struct str key, struct awl_entry *out)
{
	MDB_val k = learnt_val(key), v;
	int code = mdb_get(txn, w->l->tables[0], &k, &v);

	*out = (struct awl_entry){ 0 };
	if (code == MDB_NOTFOUND || (!code && v.mv_size != sizeof(*out)))
		return 0;
	if (!code)
		memcpy(out, v.mv_data, sizeof(*out));
	return code;
}

static int entry_put(struct awl *w, MDB_txn *txn, struct str key, const struct awl_entry *entry)
{
	MDB_val k = learnt_val(key), v = { sizeof(*entry), (void *)(uintptr_t)entry };

	return mdb_put(txn, w->l->tables[0], &k, &v, 0);
}

/* The key of the same address without an IP. */
static struct str key_without_ip(struct str key, char room[AWL_KEY_MAX + sizeof(NO_IP)])
{
	ptrdiff_t bar = str_rchr(key, '|');
	size_t n = bar < 0 ? key.n : (size_t)bar;

	memcpy(room, key.p, n);
	memcpy(room + n, NO_IP, sizeof(NO_IP) - 1);
	return (struct str){ room, n + sizeof(NO_IP) - 1 };
}

/* What counts for `key`: its own entry, else (*inherited) the one without an IP. */
static int entry_for(struct awl *w, MDB_txn *txn, struct str key, struct awl_entry *out,
		     bool *inherited)
{
	char room[AWL_KEY_MAX + sizeof(NO_IP)];
	int code = entry_get(w, txn, key, out);

	*inherited = false;
	if (code || out->count || str_ends(key, STR(NO_IP)))
		return code;
	code = entry_get(w, txn, key_without_ip(key, room), out);
	*inherited = out->count > 0;
	return code;
}

int awl_find(struct awl *w, struct str key, struct awl_entry *out, struct err *e)
{
	struct awl_entry entry;
	bool inherited;
	MDB_txn *txn;
	int code;

	if (key.n > AWL_KEY_MAX)
		return err_set(e, ERR_LIMIT, "an address of %zu octets", key.n);
	if (learnt_read(w->l, &txn, e) < 0)
		return -1;
	code = entry_for(w, txn, key, &entry, &inherited);
	mdb_txn_abort(txn);
	if (code)
		return learnt_err(e, code);
	for (size_t i = 0; i < w->n_pending; i++)
		if (str_eq(pending_key(&w->pending[i]), key))
			count_in(&entry, w->pending[i].score);
	*out = entry;
	return 0;
}

static uint64_t entries(struct awl *w, MDB_txn *txn)
{
	MDB_stat stat;

	return mdb_stat(txn, w->l->tables[0], &stat) ? 0 : stat.ms_entries;
}

static int write_pending(struct awl *w, MDB_txn *txn, const struct pending *p)
{
	char room[AWL_KEY_MAX + sizeof(NO_IP)];
	struct str key = pending_key(p);
	struct awl_entry entry;
	bool inherited;
	int code = entry_for(w, txn, key, &entry, &inherited);

	if (!code && inherited) {
		MDB_val old = learnt_val(key_without_ip(key, room));

		code = mdb_del(txn, w->l->tables[0], &old, NULL);
	}
	if (code || (entry.count == 0 && entries(w, txn) >= AWL_ENTRIES_MAX))
		return code;
	count_in(&entry, p->score);
	return entry_put(w, txn, key, &entry);
}

void awl_flush(struct awl *w, int64_t deadline)
{
	MDB_txn *txn;
	struct err e;
	int code = 0;

	if (w->n_pending == 0 || learnt_write(w->l, deadline, &txn, &e) < 0)
		return;
	for (size_t i = 0; i < w->n_pending && !code; i++)
		code = write_pending(w, txn, &w->pending[i]);
	w->n_pending = 0;
	if (code)
		learnt_end(w->l, txn);
	else if (learnt_commit(w->l, txn, &e) < 0)
		return; /* these scores are lost, as announced */
}

void awl_add(struct awl *w, struct str key, double score, int64_t now)
{
	struct pending *p;

	if (w->n_pending && (w->n_pending == AWL_PENDING_MAX || now - w->since >= AWL_PENDING_AGE))
		awl_flush(w, net_now());
	if (key.n == 0 || key.n > AWL_KEY_MAX || w->n_pending == AWL_PENDING_MAX)
		return;
	if (w->n_pending == 0)
		w->since = now;
	p = &w->pending[w->n_pending++];
	memcpy(p->key, key.p, key.n);
	p->n = key.n;
	p->score = score;
}

double awl_pull(const struct awl_entry *entry, double score, double factor)
{
	if (entry->count == 0)
		return 0;
	return (entry->total / (double)entry->count - score) * factor;
}

static int put_line(const struct sink *to, const MDB_val *key, const MDB_val *value, struct err *e)
{
	char line[ROW_FIGURES_MAX + AWL_KEY_MAX + 1], sum[ROW_FIGURES_MAX / 2];
	struct awl_entry entry;
	size_t n;

	if (value->mv_size != sizeof(entry) || key->mv_size > AWL_KEY_MAX)
		return 0;
	memcpy(&entry, value->mv_data, sizeof(entry));
	if (!(fabs(entry.total) <= TOTAL_MAX))
		return 0;
	snprintf(sum, sizeof(sum), "(%.3f/%" PRIu64 ")", entry.total, entry.count);
	n = (size_t)snprintf(line, ROW_FIGURES_MAX, "%8.1f %15s  --  ",
			     entry.total / (double)(entry.count ? entry.count : 1), sum);
	memcpy(line + n, key->mv_data, key->mv_size);
	n += key->mv_size;
	line[n++] = '\n';
	return sink_write(to, (struct str){ line, n }, e);
}

int awl_export(struct awl *w, const struct sink *to, struct err *e)
{
	MDB_val key, value;
	MDB_cursor *c;
	MDB_txn *txn;
	int code, failed = 0;

	if (learnt_read(w->l, &txn, e) < 0)
		return -1;
	code = mdb_cursor_open(txn, w->l->tables[0], &c);
	if (!code) {
		while (!failed && !(code = mdb_cursor_get(c, &key, &value, MDB_NEXT)))
			failed = put_line(to, &key, &value, e);
		mdb_cursor_close(c);
	}
	mdb_txn_abort(txn);
	if (failed)
		return -1;
	return code && code != MDB_NOTFOUND ? learnt_err(e, code) : 0;
}

static bool key_ok(struct str key)
{
	for (size_t i = 0; i < key.n; i++)
		if ((unsigned char)key.p[i] < ' ' || key.p[i] == 0x7f)
			return false;
	return key.n > 0 && key.n <= AWL_KEY_MAX;
}

/* `AVG (TOTAL/COUNT)  --  KEY` */
static bool take_line(struct str line, struct awl_entry *entry, struct str *key)
{
	ptrdiff_t open = str_chr(line, '('), slash = str_chr(line, '/'), close = str_chr(line, ')');
	char number[64], *end;
	int64_t count;

	if (open < 0 || slash < open || close < slash ||
	    slash - open >= (ptrdiff_t)sizeof(number) ||
	    !str_starts(str_from(line, (size_t)close), STR(")  --  ")))
		return false;
	memcpy(number, line.p + open + 1, (size_t)(slash - open - 1));
	number[slash - open - 1] = '\0';
	entry->total = strtod(number, &end);
	if (end == number || *end || !(fabs(entry->total) <= TOTAL_MAX) ||
	    !str_int(str_sub(line, (size_t)slash + 1, (size_t)(close - slash - 1)), 1, COUNT_MAX,
		     &count))
		return false;
	entry->count = (uint64_t)count;
	*key = str_from(line, (size_t)close + sizeof(")  --  ") - 1);
	return key_ok(*key);
}

int awl_import(struct awl *w, struct str text, int64_t deadline, size_t *skipped, struct err *e)
{
	struct awl_entry entry;
	struct str line, key;
	size_t wrong = 0;
	MDB_txn *txn;
	int code = 0;

	if (learnt_write(w->l, deadline, &txn, e) < 0)
		return -1;
	while (!code && str_line(&text, &line)) {
		if (take_line(line, &entry, &key) && entries(w, txn) < AWL_ENTRIES_MAX)
			code = entry_put(w, txn, key, &entry);
		else
			wrong++;
	}
	if (code) {
		learnt_end(w->l, txn);
		return learnt_err(e, code);
	}
	if (learnt_commit(w->l, txn, e) < 0)
		return -1;
	*skipped = wrong;
	return 0;
}
