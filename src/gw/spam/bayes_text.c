/* The store as text. */
#include <inttypes.h>
#include <stdarg.h>

#include "base/enc.h"
#include "gw/spam/bayes_store_int.h"

enum { VERSION = 3, KEY_DIGITS = 10 };

struct writing {
	const struct sink *to;
	char room[64 << 10];
	size_t n;
};

static int flush(struct writing *w, struct err *e)
{
	size_t n = w->n;

	w->n = 0;
	return sink_write(w->to, (struct str){ w->room, n }, e);
}

static int put_line(struct writing *w, struct err *e, const char *fmt, ...) PRINTF(3, 4);
static int put_line(struct writing *w, struct err *e, const char *fmt, ...)
{
	va_list args;
	int n;

	if (sizeof(w->room) - w->n < BAYES_LINE_MAX && flush(w, e) < 0)
		return -1;
	va_start(args, fmt);
	n = vsnprintf(w->room + w->n, BAYES_LINE_MAX, fmt, args);
	va_end(args);
	ASSERT(n >= 0 && n < BAYES_LINE_MAX);
	w->n += (size_t)n;
	return 0;
}

static int put_token(struct writing *w, const MDB_val *key, const MDB_val *value, struct err *e)
{
	struct token_row row;
	uint64_t k;

	if (key->mv_size != sizeof(k) || value->mv_size != sizeof(row))
		return 0;
	memcpy(&k, key->mv_data, sizeof(k));
	memcpy(&row, value->mv_data, sizeof(row));
	return put_line(w, e, "t\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%010" PRIx64 "\n",
			row.spam, row.ham, row.when, k);
}

static int put_seen(struct writing *w, const MDB_val *key, const MDB_val *value, struct err *e)
{
	struct str id = { key->mv_data, key->mv_size };
	struct seen_row row;

	if (id.n > BAYES_SEEN_ID_MAX || value->mv_size != sizeof(row))
		return 0;
	memcpy(&row, value->mv_data, sizeof(row));
	return put_line(w, e, "s\t%c\t%.*s\n", row.as == BAYES_IS_SPAM ? 's' : 'h', STR_ARG(id));
}

static int put_table(struct bayes_store *s, MDB_txn *txn, int table, struct writing *w,
		     struct err *e)
{
	MDB_val key, value;
	MDB_cursor *c;
	int code = mdb_cursor_open(txn, bayes_table(s, table), &c), failed = 0;

	if (code)
		return learnt_err(e, code);
	while (!failed && !(code = mdb_cursor_get(c, &key, &value, MDB_NEXT)))
		failed = table == TABLE_TOKENS ? put_token(w, &key, &value, e)
					       : put_seen(w, &key, &value, e);
	mdb_cursor_close(c);
	if (failed)
		return -1;
	return code == MDB_NOTFOUND ? 0 : learnt_err(e, code);
}

static int put_totals(struct bayes_store *s, MDB_txn *txn, struct writing *w, struct err *e)
{
	struct totals_row row;
	int code = bayes_totals_get(s, txn, &row);

	if (code)
		return learnt_err(e, code);
	return put_line(w, e,
			"v\t%d\tdb_version # this must be the first line!!!\n"
			"v\t%" PRIu64 "\tnum_spam\nv\t%" PRIu64 "\tnum_nonspam\n",
			VERSION, row.spam, row.ham);
}

int bayes_store_export(struct bayes_store *s, const struct sink *to, struct err *e)
{
	struct writing w = { .to = to };
	MDB_txn *txn;
	int result;

	if (learnt_read(s->l, &txn, e) < 0)
		return -1;
	result = put_totals(s, txn, &w, e);
	if (result == 0)
		result = put_table(s, txn, TABLE_TOKENS, &w, e);
	if (result == 0)
		result = put_table(s, txn, TABLE_SEEN, &w, e);
	mdb_txn_abort(txn);
	return result == 0 ? flush(&w, e) : -1;
}

struct span {
	uint32_t oldest, newest;
};

/* What is to be printed of the tokens; NULL for `learnt`: nothing. */
struct dump {
	const struct bayes_totals *learnt;
	const struct re *only;
};

static bool is_wanted(const struct dump *d, uint64_t key)
{
	char bytes[KEY_DIGITS / 2];

	if (!d->learnt || !d->only)
		return d->learnt;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(key >> 8 * (sizeof(bytes) - 1 - i));
	return re_match(d->only, (struct str){ bytes, sizeof(bytes) }) == RE_MATCH;
}

/* Each token as a line; from when they are. */
static int dump_tokens(struct bayes_store *s, MDB_txn *txn, const struct dump *d,
		       struct writing *w, struct span *span, struct err *e)
{
	const struct bayes_totals *learnt = d->learnt;
	struct token_row row;
	struct bayes_count count;
	MDB_val key, value;
	MDB_cursor *c;
	int code = mdb_cursor_open(txn, bayes_table(s, TABLE_TOKENS), &c), failed = 0;

	if (code)
		return learnt_err(e, code);
	while (!failed && !(code = mdb_cursor_get(c, &key, &value, MDB_NEXT))) {
		if (key.mv_size != sizeof(count.key) || value.mv_size != sizeof(row))
			continue;
		memcpy(&count.key, key.mv_data, sizeof(count.key));
		memcpy(&row, value.mv_data, sizeof(row));
		count.spam = row.spam;
		count.ham = row.ham;
		if (span->newest < row.when)
			span->newest = row.when;
		if (!span->oldest || span->oldest > row.when)
			span->oldest = row.when;
		if (is_wanted(d, count.key))
			failed = put_line(w, e, "%3.3f %10u %10u %10u  %010" PRIx64 "\n",
					  learnt->spam && learnt->ham
						  ? bayes_token_probability(&count, learnt)
						  : 0.5,
					  row.spam, row.ham, row.when, count.key);
	}
	mdb_cursor_close(c);
	if (failed)
		return -1;
	return code == MDB_NOTFOUND ? 0 : learnt_err(e, code);
}

static int dump_magic(struct bayes_store *s, MDB_txn *txn, const struct totals_row *t,
		      const struct span *span, struct writing *w, struct err *e)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "bayes db version", VERSION },
		{ "nspam", t->spam },
		{ "nham", t->ham },
		{ "ntokens", bayes_rows(s, txn, TABLE_TOKENS) },
		{ "oldest atime", span->oldest },
		{ "newest atime", span->newest },
		{ "last journal sync atime", 0 }, /* there is no journal */
		{ "last expiry atime", (uint64_t)t->last_expiry },
		{ "last expire atime delta", t->last_delta },
		{ "last expire reduction count", t->last_removed },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (put_line(w, e, "%3.3f %10u %10" PRIu64 " %10u  non-token data: %s\n", 0.0, 0,
			     rows[i].value, 0, rows[i].name) < 0)
			return -1;
	return 0;
}

int bayes_store_dump(struct bayes_store *s, unsigned what, const struct re *only,
		     const struct sink *to, struct err *e)
{
	struct dump nothing = { NULL, NULL };
	struct writing w = { .to = to };
	struct totals_row t;
	struct span span = { 0 };
	MDB_txn *txn;
	int result, code;

	if (learnt_read(s->l, &txn, e) < 0)
		return -1;
	code = bayes_totals_get(s, txn, &t);
	result = code ? learnt_err(e, code) : 0;
	if (result == 0 && what & BAYES_DUMP_MAGIC)
		result = dump_tokens(s, txn, &nothing, &w, &span, e) < 0
				 ? -1
				 : dump_magic(s, txn, &t, &span, &w, e);
	if (result == 0 && what & BAYES_DUMP_DATA) {
		const struct bayes_totals learnt = { t.spam, t.ham };

		result = dump_tokens(s, txn, &(struct dump){ &learnt, only }, &w, &span, e);
	}
	mdb_txn_abort(txn);
	return result == 0 ? flush(&w, e) : -1;
}

struct reading {
	struct bayes_store *s;
	MDB_txn *txn;
	struct totals_row totals;
	bool have_version, have_spam, have_ham;
	uint64_t tokens, seen;
	uint32_t newest;
};

static bool number(struct str s, int64_t max, uint32_t *out)
{
	int64_t n;

	if (!str_int(s, 0, max, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* `v N name` */
static bool take_total(struct reading *r, struct str rest)
{
	struct str value = str_cut(&rest, '\t');
	uint32_t n;

	if (!number(value, BAYES_COUNT_MAX, &n))
		return false;
	if (str_starts(rest, STR("db_version"))) {
		r->have_version = n == 2 || n == VERSION;
	} else if (str_eq(rest, STR("num_spam"))) {
		r->totals.spam = n;
		r->have_spam = true;
	} else if (str_eq(rest, STR("num_nonspam"))) {
		r->totals.ham = n;
		r->have_ham = true;
	} else {
		return false;
	}
	return true;
}

static bool take_key(struct str hex, uint64_t *out)
{
	uint64_t key = 0;

	if (hex.n != KEY_DIGITS)
		return false;
	for (size_t i = 0; i < hex.n; i++) {
		int digit = enc_hex_digit(hex.p[i]);

		if (digit < 0)
			return false;
		key = key << 4 | (unsigned)digit;
	}
	*out = key;
	return true;
}

/* `t spam ham time key`. 0, an LMDB code, or -1 if the line is wrong. */
static int take_token(struct reading *r, struct str rest)
{
	struct token_row row;
	uint64_t key;

	if (!number(str_cut(&rest, '\t'), BAYES_COUNT_MAX, &row.spam) ||
	    !number(str_cut(&rest, '\t'), BAYES_COUNT_MAX, &row.ham) ||
	    !number(str_cut(&rest, '\t'), UINT32_MAX, &row.when) || !take_key(rest, &key) ||
	    row.spam + row.ham == 0)
		return -1;
	if (r->tokens == BAYES_TOKENS_MAX)
		return -1;
	r->tokens++;
	if (row.when > r->newest)
		r->newest = row.when;
	return bayes_row_put(r->txn, bayes_table(r->s, TABLE_TOKENS), bayes_key_str(&key), &row,
			     sizeof(row));
}

/* `s h id`. The text has no time of it: that of the newest token will do. */
static int take_seen(struct reading *r, struct str rest)
{
	struct str as = str_cut(&rest, '\t');
	struct seen_row row = { str_eq(as, STR("s")) ? BAYES_IS_SPAM : BAYES_IS_HAM, r->newest };

	if ((!str_eq(as, STR("s")) && !str_eq(as, STR("h"))) || rest.n == 0 ||
	    rest.n > BAYES_SEEN_ID_MAX || r->seen == BAYES_SEEN_MAX)
		return -1;
	r->seen++;
	return bayes_row_put(r->txn, bayes_table(r->s, TABLE_SEEN), rest, &row, sizeof(row));
}

static int take_line(struct reading *r, struct str line)
{
	struct str rest = line, kind = str_cut(&rest, '\t');

	if (kind.n != 1 || line.n > BAYES_LINE_MAX)
		return -1;
	switch (kind.p[0]) {
	case 'v':
		return take_total(r, rest) ? 0 : -1;
	case 't':
		return r->have_version ? take_token(r, rest) : -1;
	case 's':
		return r->have_version ? take_seen(r, rest) : -1;
	default:
		return -1;
	}
}

static int take_text(struct reading *r, struct str text, size_t *skipped)
{
	struct str line;
	int code = 0;

	for (int i = 0; i < BAYES_TABLES && !code; i++)
		code = mdb_drop(r->txn, bayes_table(r->s, i), 0);
	while (!code && str_line(&text, &line)) {
		code = take_line(r, line);
		if (code == -1) {
			++*skipped;
			code = 0;
		}
	}
	return code ? code : bayes_totals_put(r->s, r->txn, &r->totals);
}

int bayes_store_import(struct bayes_store *s, struct str text, int64_t deadline, size_t *skipped,
		       struct err *e)
{
	struct reading r = { .s = s };
	size_t wrong = 0;
	int code;

	if (learnt_write(s->l, deadline, &r.txn, e) < 0)
		return -1;
	code = take_text(&r, text, &wrong);
	if (code || !r.have_version || !r.have_spam || !r.have_ham) {
		learnt_end(s->l, r.txn);
		return code ? learnt_err(e, code)
			    : err_set(e, ERR_INVALID, "this is no text of sa-learn --backup");
	}
	if (learnt_commit(s->l, r.txn, e) < 0)
		return -1;
	*skipped = wrong;
	return 0;
}
