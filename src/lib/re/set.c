#include "lib/re/set.h"

#include <hs.h>

#include "lib/re/wide.h"

enum {
	FLAGS = HS_FLAG_SINGLEMATCH | HS_FLAG_MULTILINE | HS_FLAG_PREFILTER,
	COMPILE_MEMORY = 1 << 30,
};

struct re_set {
	size_t n;
	const uint64_t *always; /* patterns that are not in the database */
	hs_database_t *db;      /* NULL: none is */
};

/* Of all sets in this process; it grows with each that is loaded. */
static hs_scratch_t *scratch;

/* What is being compiled: patterns in Hyperscan's syntax with their number. */
struct expressions {
	const char **text;
	unsigned *flags, *ids;
	bool *edges;
	unsigned n;
};

void re_set_platform(struct buf *b)
{
	hs_platform_info_t platform = { 0 };

	if (hs_populate_platform(&platform) != HS_SUCCESS)
		platform = (hs_platform_info_t){ 0 };
	buf_addf(b, "%s %u %llx %d", hs_version(), platform.tune, platform.cpu_features,
		 RE_WIDE_BYTES_MAX);
}

/* Hyperscan's error messages and serialised databases go where the caller wants the result. */
static struct arena *results;

static void *result_alloc(size_t n)
{
	return arena_alloc(results, n);
}

static void result_free(void *p)
{
	(void)p;
}

static int fail(hs_error_t error, const char *what, struct err *e)
{
	return err_set(e, error == HS_ARCH_ERROR ? ERR_SYS : ERR_INVALID, "Hyperscan: %s (%d)",
		       what, error);
}

/*
 * Compiles what it can: a pattern that is refused is tried without its edges, then left out, and
 * the rest is compiled again. Refusals come early, so that costs little.
 */
static int compile_most(struct arena *a, const struct re *const *patterns,
			struct expressions *x, hs_database_t **db, struct err *e)
{
	hs_compile_error_t *error;
	struct str text;

	while (x->n) {
		hs_error_t rc = hs_compile_multi(x->text, x->flags, x->ids, x->n, HS_MODE_BLOCK,
						 NULL, db, &error);
		unsigned bad;

		if (rc == HS_SUCCESS)
			return 0;
		if (error->expression < 0)
			return fail(rc, error->message, e);
		bad = (unsigned)error->expression;
		if (x->edges[bad] && re_widen(a, re_pattern(patterns[x->ids[bad]]),
					      re_flags(patterns[x->ids[bad]]), false, &text)) {
			x->text[bad] = str_z(a, text);
			x->edges[bad] = false;
			continue;
		}
		x->n--;
		x->text[bad] = x->text[x->n];
		x->ids[bad] = x->ids[x->n];
		x->edges[bad] = x->edges[x->n];
	}
	*db = NULL;
	return 0;
}

static void expressions_init(struct arena *a, const struct re *const *patterns, size_t n,
			     struct expressions *x)
{
	struct str text;

	x->text = NEW_N(a, const char *, n);
	x->flags = NEW_N(a, unsigned, n);
	x->ids = NEW_N(a, unsigned, n);
	x->edges = NEW_N(a, bool, n);
	x->n = 0;
	for (size_t i = 0; i < n; i++) {
		x->flags[i] = FLAGS;
		if (!re_widen(a, re_pattern(patterns[i]), re_flags(patterns[i]), true, &text))
			continue;
		x->text[x->n] = str_z(a, text);
		x->ids[x->n] = (unsigned)i;
		x->edges[x->n++] = true;
	}
}

/* How many patterns, those always possible as bits, Hyperscan's bytes. */
static int serialise(struct arena *a, const struct expressions *x, size_t n, hs_database_t *db,
		     struct str *out, struct err *e)
{
	size_t words = re_set_words(n), head = (1 + words) * sizeof(uint64_t), size = 0;
	uint64_t *always;
	char *bytes = NULL, *all;
	hs_error_t rc = HS_SUCCESS;

	results = a;
	if (db)
		rc = hs_serialize_database(db, &bytes, &size);
	if (rc != HS_SUCCESS)
		return fail(rc, "serialise", e);
	all = arena_alloc(a, head + size);
	always = (uint64_t *)(void *)all;
	always[0] = n;
	for (size_t i = 0; i < n; i++)
		always[1 + (i >> 6)] |= (uint64_t)1 << (i & 63);
	for (size_t i = 0; i < x->n; i++)
		always[1 + (x->ids[i] >> 6)] &= ~((uint64_t)1 << (x->ids[i] & 63));
	if (size)
		memcpy(all + head, bytes, size);
	*out = (struct str){ all, head + size };
	return 0;
}

int re_set_compile(struct arena *a, const struct re *const *patterns, size_t n, struct str *out,
		   struct err *e)
{
	CLEAN_ARENA struct arena *tmp = arena_open("set of patterns", COMPILE_MEMORY);
	struct expressions x;
	hs_database_t *db = NULL;
	int ret;

	if (n > RE_SET_PATTERNS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d patterns", RE_SET_PATTERNS_MAX);
	results = tmp;
	hs_set_misc_allocator(result_alloc, result_free);
	expressions_init(tmp, patterns, n, &x);
	ret = compile_most(tmp, patterns, &x, &db, e);
	if (ret == 0)
		ret = serialise(a, &x, n, db, out, e);
	hs_free_database(db);
	return ret;
}

static void database_free(void *db)
{
	hs_free_database(db);
}

static int load_database(struct arena *a, struct str bytes, struct re_set *set, struct err *e)
{
	hs_error_t rc;

	if (bytes.n == 0)
		return 0;
	rc = hs_deserialize_database(bytes.p, bytes.n, &set->db);
	if (rc != HS_SUCCESS)
		return fail(rc, "not a database of this version and processor", e);
	arena_on_free(a, database_free, set->db);
	rc = hs_alloc_scratch(set->db, &scratch);
	return rc == HS_SUCCESS ? 0 : fail(rc, "scratch memory", e);
}

int re_set_load(struct arena *a, struct str bytes, size_t n, struct re_set **out, struct err *e)
{
	size_t words = re_set_words(n), head = (1 + words) * sizeof(uint64_t);
	struct re_set *set = NEW(a, struct re_set);
	uint64_t made_for, *always;

	if (bytes.n < head)
		return err_set(e, ERR_INVALID, "a set of patterns is cut off");
	memcpy(&made_for, bytes.p, sizeof(made_for));
	if (made_for != n)
		return err_set(e, ERR_INVALID, "the set is for %llu patterns, not %zu",
			       (unsigned long long)made_for, n);
	always = NEW_N(a, uint64_t, words);
	memcpy(always, bytes.p + sizeof(made_for), words * sizeof(*always));
	set->n = n;
	set->always = always;
	if (load_database(a, str_from(bytes, head), set, e) < 0)
		return -1;
	*out = set;
	return 0;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	uint64_t *maybe = ctx;

	(void)from;
	(void)to;
	(void)flags;
	maybe[id >> 6] |= (uint64_t)1 << (id & 63);
	return 0;
}

/* The texts, each followed by a line end: what anchors in wide patterns go by. */
static struct str join(struct arena *a, const struct str *texts, size_t n, size_t bytes)
{
	char *p = arena_alloc(a, bytes + n), *at = p;

	for (size_t i = 0; i < n; i++) {
		if (texts[i].n)
			memcpy(at, texts[i].p, texts[i].n);
		at += texts[i].n;
		*at++ = '\n';
	}
	return (struct str){ p, bytes + n };
}

static bool scan(const struct re_set *set, struct str text, uint64_t *maybe)
{
	return hs_scan(set->db, text.p ? text.p : "", (unsigned)text.n, 0, scratch, on_match,
		       maybe) == HS_SUCCESS;
}

void re_set_scan(const struct re_set *set, struct arena *a, const struct str *texts, size_t n,
		 uint64_t *maybe)
{
	size_t bytes = 0, words = re_set_words(set->n);
	struct arena_mark mark;
	bool ok = true;

	if (n == 0) {
		memset(maybe, 0, words * sizeof(*maybe));
		return;
	}
	memcpy(maybe, set->always, words * sizeof(*maybe));
	for (size_t i = 0; i < n; i++)
		bytes += texts[i].n;
	if (!set->db)
		return;
	mark = arena_mark(a);
	if (bytes > RE_SET_TEXT_MAX)
		ok = false;
	else
		ok = scan(set, n == 1 ? texts[0] : join(a, texts, n, bytes), maybe);
	arena_rewind(a, mark);
	if (!ok)
		memset(maybe, 0xff, words * sizeof(*maybe));
}
