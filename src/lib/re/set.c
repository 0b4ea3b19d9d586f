#include "lib/re/set.h"

#include <hs.h>

#include "base/vec.h"
#include "lib/re/dfa.h"
#include "lib/re/wide.h"

#define FORMAT "1" /* to be raised when the same patterns would give another set */

enum {
	FLAGS = HS_FLAG_SINGLEMATCH | HS_FLAG_MULTILINE | HS_FLAG_PREFILTER,
	COMPILE_MEMORY = 1 << 30,
	SEVERAL = 10, /* weak patterns that are worth an automaton */
};

struct re_set {
	size_t n;
	const uint64_t *always; /* patterns that nothing rules out */
	hs_database_t *db;      /* NULL: no pattern is in it */
	struct dfa **automata;
	size_t n_automata;
};

/*
 * The bytes of a set: the head, a bit for each pattern that nothing rules out, the automata, each
 * after its length and padded to eight bytes, and Hyperscan's database to the end.
 */
struct head {
	uint64_t patterns, automata;
};

/* Of all sets in this process; it grows with each that is loaded. */
static hs_scratch_t *scratch;

/* What is being compiled for Hyperscan: patterns in its syntax with their number. */
struct expressions {
	const char **text;
	unsigned *flags, *ids;
	const struct wide **wide; /* by pattern; NULL: not again without its edges */
	unsigned n;
};

/* All that is being compiled. */
struct compiling {
	struct arena *a;
	size_t n;
	uint64_t *always;
	struct expressions x;
	VEC(struct nfa_builder *) automata;
	struct nfa_builder *newest[WIDE_WAYS]; /* of this way */
};

void re_set_platform(struct buf *b)
{
	hs_platform_info_t platform = { 0 };

	if (hs_populate_platform(&platform) != HS_SUCCESS)
		platform = (hs_platform_info_t){ 0 };
	buf_addf(b, "%s %u %llx %s", hs_version(), platform.tune, platform.cpu_features, FORMAT);
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

static void set_bit(uint64_t *words, size_t i, bool on)
{
	uint64_t bit = (uint64_t)1 << (i & 63);

	words[i >> 6] = on ? words[i >> 6] | bit : words[i >> 6] & ~bit;
}

static void expression_drop(struct compiling *c, unsigned bad)
{
	struct expressions *x = &c->x;

	set_bit(c->always, x->ids[bad], true);
	x->n--;
	x->text[bad] = x->text[x->n];
	x->ids[bad] = x->ids[x->n];
}

/*
 * Compiles what it can: a pattern that is refused is tried without its edges, then left out, and
 * the rest is compiled again. Refusals come early, so that costs little.
 */
static int compile_most(struct compiling *c, hs_database_t **db, struct err *e)
{
	struct expressions *x = &c->x;
	hs_compile_error_t *error;
	struct str text;

	while (x->n) {
		hs_error_t rc = hs_compile_multi(x->text, x->flags, x->ids, x->n, HS_MODE_BLOCK,
						 NULL, db, &error);
		const struct wide *wide;
		unsigned bad;

		if (rc == HS_SUCCESS)
			return 0;
		if (error->expression < 0)
			return fail(rc, error->message, e);
		bad = (unsigned)error->expression;
		wide = x->wide[x->ids[bad]];
		x->wide[x->ids[bad]] = NULL;
		if (wide && wide_write(c->a, wide, false, &text))
			x->text[bad] = str_z(c->a, text);
		else
			expression_drop(c, bad);
	}
	*db = NULL;
	return 0;
}

static bool add_expression(struct compiling *c, const struct wide *wide, size_t i)
{
	struct expressions *x = &c->x;
	struct str text;

	if (!wide_write(c->a, wide, true, &text))
		return false;
	x->flags[x->n] = FLAGS;
	x->text[x->n] = str_z(c->a, text);
	x->wide[i] = wide;
	x->ids[x->n++] = (unsigned)i;
	return true;
}

/* Into the newest automaton of that way, or into another if that is full. */
static bool add_to_automaton(struct compiling *c, struct wide *wide, enum wide_way way, size_t i)
{
	struct nfa_builder **b = &c->newest[way];

	wide_for_automaton(wide, way);
	if (*b && nfa_add(*b, c->a, wide, (uint32_t)i))
		return true;
	if (!*b || (*b)->starts.n) {
		*b = NEW(c->a, struct nfa_builder);
		vec_add(c->a, &c->automata, *b);
	}
	return nfa_add(*b, c->a, wide, (uint32_t)i);
}

static bool add_pattern(struct compiling *c, struct wide *wide, enum wide_way way, size_t i)
{
	switch (way) {
	case WIDE_PATTERN:
		return add_expression(c, wide, i);
	case WIDE_AUTOMATON:
	case WIDE_LARGE_AUTOMATON:
		return add_to_automaton(c, wide, way, i);
	default:
		return false;
	}
}

static void compiling_init(struct compiling *c, struct arena *a, const struct re *const *patterns,
			   size_t n)
{
	enum wide_way *ways;
	struct wide **wide;
	size_t weak = 0;

	*c = (struct compiling){ .a = a, .n = n, .always = NEW_N(a, uint64_t, re_set_words(n)) };
	c->x.text = NEW_N(a, const char *, n);
	c->x.flags = NEW_N(a, unsigned, n);
	c->x.ids = NEW_N(a, unsigned, n);
	c->x.wide = NEW_N(a, const struct wide *, n);
	wide = NEW_N(a, struct wide *, n);
	ways = NEW_N(a, enum wide_way, n);
	for (size_t i = 0; i < n; i++) {
		wide[i] = wide_read(a, re_pattern(patterns[i]), re_flags(patterns[i]), &ways[i]);
		weak += ways[i] == WIDE_WEAK_PATTERN || ways[i] == WIDE_AUTOMATON;
	}
	for (size_t i = 0; i < n; i++) {
		if (ways[i] == WIDE_WEAK_PATTERN)
			ways[i] = weak < SEVERAL ? WIDE_PATTERN : WIDE_AUTOMATON;
		if (!add_pattern(c, wide[i], ways[i], i))
			set_bit(c->always, i, true);
	}
}

static void write_padded(struct buf *b, struct str bytes)
{
	static const char zeros[8];

	buf_add(b, bytes);
	buf_add(b, (struct str){ zeros, -bytes.n & 7 });
}

static int write_automata(struct compiling *c, struct buf *b, struct err *e)
{
	for (size_t i = 0; i < c->automata.n; i++) {
		struct buf one;
		struct str bytes;
		uint64_t n;

		buf_init(&one, c->a, COMPILE_MEMORY);
		nfa_write(c->automata.p[i], &one);
		if (buf_done(&one, &bytes, e) < 0)
			return -1;
		n = bytes.n;
		buf_add(b, (struct str){ (const char *)&n, sizeof(n) });
		write_padded(b, bytes);
	}
	return 0;
}

static int serialise(struct arena *a, struct compiling *c, hs_database_t *db, struct str *out,
		     struct err *e)
{
	struct head head = { c->n, c->automata.n };
	hs_error_t rc = HS_SUCCESS;
	struct str database = { 0 };
	char *bytes = NULL;
	struct buf b;

	results = c->a;
	if (db)
		rc = hs_serialize_database(db, &bytes, &database.n);
	if (rc != HS_SUCCESS)
		return fail(rc, "serialise", e);
	database.p = bytes;
	buf_init(&b, a, COMPILE_MEMORY);
	buf_add(&b, (struct str){ (const char *)&head, sizeof(head) });
	buf_add(&b, (struct str){ (const char *)c->always,
				  re_set_words(c->n) * sizeof(*c->always) });
	if (write_automata(c, &b, e) < 0)
		return -1;
	buf_add(&b, database);
	return buf_done(&b, out, e);
}

int re_set_compile(struct arena *a, const struct re *const *patterns, size_t n, struct str *out,
		   struct err *e)
{
	CLEAN_ARENA struct arena *tmp = arena_open("set of patterns", COMPILE_MEMORY);
	hs_database_t *db = NULL;
	struct compiling c;
	int ret;

	if (n > RE_SET_PATTERNS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d patterns", RE_SET_PATTERNS_MAX);
	results = tmp;
	hs_set_misc_allocator(result_alloc, result_free);
	compiling_init(&c, tmp, patterns, n);
	ret = compile_most(&c, &db, e);
	if (ret == 0)
		ret = serialise(a, &c, db, out, e);
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

static int cut_off(struct err *e)
{
	return err_set(e, ERR_INVALID, "a set of patterns is cut off");
}

static int load_automata(struct arena *a, struct str *rest, struct re_set *set, struct err *e)
{
	for (size_t i = 0; i < set->n_automata; i++) {
		struct nfa *nfa = NEW(a, struct nfa);
		struct str bytes;
		uint64_t n;

		if (rest->n < sizeof(n))
			return cut_off(e);
		memcpy(&n, rest->p, sizeof(n));
		*rest = str_from(*rest, sizeof(n));
		if (n > rest->n || (-n & 7) > rest->n - n)
			return cut_off(e);
		bytes = str_copy(a, str_sub(*rest, 0, n));
		*rest = str_from(*rest, n + (-n & 7));
		if (nfa_read(bytes, set->n, nfa, e) < 0)
			return -1;
		set->automata[i] = dfa_make(a, nfa);
	}
	return 0;
}

static int load_head(struct arena *a, struct str *rest, size_t n, struct re_set *set,
		     struct err *e)
{
	size_t words = re_set_words(n), bytes = words * sizeof(uint64_t);
	struct head head;
	uint64_t *always;

	if (rest->n < sizeof(head))
		return cut_off(e);
	memcpy(&head, rest->p, sizeof(head));
	if (head.patterns != n || head.automata > n)
		return err_set(e, ERR_INVALID, "the set is for %llu patterns, not %zu",
			       (unsigned long long)head.patterns, n);
	*rest = str_from(*rest, sizeof(head));
	if (rest->n < bytes)
		return cut_off(e);
	always = NEW_N(a, uint64_t, words);
	memcpy(always, rest->p, bytes);
	*rest = str_from(*rest, bytes);
	set->n = n;
	set->always = always;
	set->n_automata = head.automata;
	set->automata = NEW_N(a, struct dfa *, set->n_automata);
	return 0;
}

int re_set_load(struct arena *a, struct str bytes, size_t n, struct re_set **out, struct err *e)
{
	struct re_set *set = NEW(a, struct re_set);

	if (load_head(a, &bytes, n, set, e) < 0 || load_automata(a, &bytes, set, e) < 0 ||
	    load_database(a, bytes, set, e) < 0)
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

static bool scan_text(const struct re_set *set, struct str text, uint64_t *maybe)
{
	return hs_scan(set->db, text.p ? text.p : "", (unsigned)text.n, 0, scratch, on_match,
		       maybe) == HS_SUCCESS;
}

static bool scan_database(const struct re_set *set, struct arena *a, const struct str *texts,
			  size_t n, uint64_t *maybe)
{
	struct arena_mark mark = arena_mark(a);
	size_t bytes = 0;
	bool ok;

	for (size_t i = 0; i < n; i++)
		bytes += texts[i].n;
	if (bytes > RE_SET_TEXT_MAX)
		return false;
	if (!set->db)
		return true;
	ok = scan_text(set, n == 1 ? texts[0] : join(a, texts, n, bytes), maybe);
	arena_rewind(a, mark);
	return ok;
}

/* Only the automata tell one text from the other. */
static bool scan_each(const struct re_set *set, const struct str *texts, size_t n, uint64_t *maybe,
		      uint64_t *each)
{
	size_t words = re_set_words(set->n);

	for (size_t i = 0; i < n; i++)
		memcpy(each + i * words, maybe, words * sizeof(*each));
	if (!dfa_scan(set->automata, set->n_automata, texts, n, each, words))
		return false;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < words; k++)
			maybe[k] |= each[i * words + k];
	return true;
}

static bool scan(const struct re_set *set, struct arena *a, const struct str *texts, size_t n,
		 uint64_t *maybe, uint64_t *each)
{
	if (!scan_database(set, a, texts, n, maybe))
		return false;
	if (each)
		return scan_each(set, texts, n, maybe, each);
	return dfa_scan(set->automata, set->n_automata, texts, n, maybe, 0);
}

void re_set_scan(const struct re_set *set, struct arena *a, const struct str *texts, size_t n,
		 uint64_t *maybe, uint64_t *each)
{
	size_t words = re_set_words(set->n);

	memset(maybe, 0, words * sizeof(*maybe));
	if (n == 0)
		return;
	memcpy(maybe, set->always, words * sizeof(*maybe));
	if (scan(set, a, texts, n, maybe, each))
		return;
	memset(maybe, 0xff, words * sizeof(*maybe));
	if (each)
		memset(each, 0xff, n * words * sizeof(*each));
}
