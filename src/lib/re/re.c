#include "lib/re/re.h"

#define PCRE2_CODE_UNIT_WIDTH 0
#include <pcre2.h>

#include <stdint.h>

#include "lib/re/need.h"

/*
 * A pattern has one of two codes. The 8-bit library cannot hold patterns that compile to more than
 * 64 kB; such a one is compiled by the 32-bit library, which counts in larger units and has no such
 * bound, and its subjects are widened octet by octet. The meaning is the same.
 */
struct re {
	pcre2_code_8 *code;
	pcre2_code_32 *wide;
	struct re_need need;
	struct str pattern; /* as compiled; not kept with RE_ONCE */
	unsigned flags;
	bool jit;
};

enum {
	JIT_STACK_START = 32 << 10,
	TABLES_SIZE = 1088,      /* of pcre2_maketables() in PCRE2 10.x: 256 + 256 + 320 + 256 */
	WIDE_SUBJECT_MAX = 8 << 20,
	TOO_LARGE = 120,         /* ERR20 of PCRE2: no named constant is public */
	REASON_MAX = 160,
	GRAMS_LOG_MIN = 9,  /* of the number of bits */
	GRAMS_LOG_MAX = 16, /* what re_gram() gives */
	GRAMS_ROOM = 8,     /* bits for a byte of text */
};

/* What all matches of this process share; see the header. */
static struct {
	pcre2_match_data_8 *data;
	pcre2_match_context_8 *context;
	pcre2_match_data_32 *wide_data;
	pcre2_match_context_32 *wide_context;
	struct arena *arena;
	uint32_t *wide_subject;
	size_t wide_cap;
	/* The same, for compiling. */
	pcre2_compile_context_8 *ascii, *latin1;
	pcre2_compile_context_32 *wide_ascii, *wide_latin1;
} process;

/* Upper and lower case of Latin-1 letters, as Perl folds them: C0-DE with E0-FE but D7 and F7. */
static void tables_add_latin1(uint8_t *tables)
{
	uint8_t *lower = tables, *flip = tables + 256;

	for (int c = 0xc0; c <= 0xde; c++) {
		if (c == 0xd7)
			continue;
		lower[c] = (uint8_t)(c + 0x20);
		flip[c] = (uint8_t)(c + 0x20);
		flip[c + 0x20] = (uint8_t)c;
	}
}

static void compile_contexts_open(void)
{
	static uint8_t latin1[TABLES_SIZE];
	const uint8_t *built = pcre2_maketables_8(NULL);

	process.ascii = pcre2_compile_context_create_8(NULL);
	process.latin1 = pcre2_compile_context_create_8(NULL);
	process.wide_ascii = pcre2_compile_context_create_32(NULL);
	process.wide_latin1 = pcre2_compile_context_create_32(NULL);
	ASSERT(built && process.ascii && process.latin1);
	ASSERT(process.wide_ascii && process.wide_latin1);
	memcpy(latin1, built, sizeof(latin1));
	pcre2_maketables_free_8(NULL, built);
	tables_add_latin1(latin1);
	pcre2_set_newline_8(process.ascii, PCRE2_NEWLINE_LF);
	pcre2_set_newline_8(process.latin1, PCRE2_NEWLINE_LF);
	pcre2_set_newline_32(process.wide_ascii, PCRE2_NEWLINE_LF);
	pcre2_set_newline_32(process.wide_latin1, PCRE2_NEWLINE_LF);
	pcre2_set_character_tables_8(process.latin1, latin1);
	pcre2_set_character_tables_32(process.wide_latin1, latin1);
}

static void match_open(void)
{
	pcre2_jit_stack_8 *stack;

	process.data = pcre2_match_data_create_8(RE_CAPTURES_MAX, NULL);
	process.context = pcre2_match_context_create_8(NULL);
	stack = pcre2_jit_stack_create_8(JIT_STACK_START, RE_JIT_STACK_MAX, NULL);
	ASSERT(process.data && process.context && stack);
	pcre2_jit_stack_assign_8(process.context, NULL, stack);
	pcre2_set_match_limit_8(process.context, RE_MATCH_LIMIT);
	pcre2_set_depth_limit_8(process.context, RE_DEPTH_LIMIT);
	pcre2_set_heap_limit_8(process.context, RE_HEAP_LIMIT_KB);
}

static void wide_match_open(void)
{
	pcre2_jit_stack_32 *stack;

	process.wide_data = pcre2_match_data_create_32(RE_CAPTURES_MAX, NULL);
	process.wide_context = pcre2_match_context_create_32(NULL);
	stack = pcre2_jit_stack_create_32(JIT_STACK_START, RE_JIT_STACK_MAX, NULL);
	ASSERT(process.wide_data && process.wide_context && stack);
	pcre2_jit_stack_assign_32(process.wide_context, NULL, stack);
	pcre2_set_match_limit_32(process.wide_context, RE_MATCH_LIMIT);
	pcre2_set_depth_limit_32(process.wide_context, RE_DEPTH_LIMIT);
	pcre2_set_heap_limit_32(process.wide_context, RE_HEAP_LIMIT_KB);
	process.arena = arena_open("wide regular expressions", 4ul * WIDE_SUBJECT_MAX + (1 << 20));
}

static uint32_t options(unsigned flags)
{
	uint32_t o = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES;

	o |= flags & RE_ICASE ? PCRE2_CASELESS : 0;
	o |= flags & RE_MULTILINE ? PCRE2_MULTILINE : 0;
	o |= flags & RE_DOTALL ? PCRE2_DOTALL : 0;
	o |= flags & RE_EXTENDED ? PCRE2_EXTENDED : 0;
	o |= flags & RE_ANCHORED ? PCRE2_ANCHORED : 0;
	o |= flags & RE_FULL ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0;
	return o;
}

static void code_free(void *code)
{
	pcre2_code_free_8(code);
}

static void wide_code_free(void *code)
{
	pcre2_code_free_32(code);
}

static int compile_error(int error, size_t at, struct err *e)
{
	PCRE2_UCHAR8 reason[REASON_MAX];

	pcre2_get_error_message_8(error, reason, sizeof(reason));
	return err_set(e, error == TOO_LARGE ? ERR_LIMIT : ERR_INVALID, "at offset %zu: %s", at,
		       (const char *)reason);
}

static int compile_wide(struct arena *a, struct str pattern, unsigned flags, struct re *re,
			struct err *e)
{
	struct arena *tmp = arena_open("wide pattern", 8ul * RE_PATTERN_MAX);
	uint32_t *wide = NEW_N(tmp, uint32_t, pattern.n + 1);
	size_t at;
	int error;

	for (size_t i = 0; i < pattern.n; i++)
		wide[i] = (uint8_t)pattern.p[i];
	re->wide = pcre2_compile_32(wide, pattern.n, options(flags), &error, &at,
				    flags & RE_ASCII_CASE ? process.wide_ascii
							  : process.wide_latin1);
	arena_close(tmp);
	if (!re->wide)
		return compile_error(error, at, e);
	arena_on_free(a, wide_code_free, re->wide);
	re->jit = !(flags & RE_ONCE) && pcre2_jit_compile_32(re->wide, PCRE2_JIT_COMPLETE) == 0;
	return 0;
}

int re_compile(struct arena *a, struct str pattern, unsigned flags, struct re **out, struct err *e)
{
	struct re *re;
	size_t at;
	int error;

	if (pattern.n > RE_PATTERN_MAX)
		return err_set(e, ERR_LIMIT, "pattern of %zu bytes", pattern.n);
	if (!process.ascii)
		compile_contexts_open();
	re = NEW(a, struct re);
	re->code = pcre2_compile_8((PCRE2_SPTR8)(pattern.p ? pattern.p : ""), pattern.n,
				   options(flags), &error, &at,
				   flags & RE_ASCII_CASE ? process.ascii : process.latin1);
	if (re->code) {
		arena_on_free(a, code_free, re->code);
		re->jit = !(flags & RE_ONCE) &&
			  pcre2_jit_compile_8(re->code, PCRE2_JIT_COMPLETE) == 0;
	} else if (error != TOO_LARGE) {
		return compile_error(error, at, e);
	} else if (compile_wide(a, pattern, flags, re, e) < 0) {
		return -1;
	}
	if (!(flags & RE_ONCE)) {
		re->need = re_need_find(a, pattern, flags & RE_EXTENDED);
		re->pattern = str_copy(a, pattern);
		re->flags = flags;
	}
	*out = re;
	return 0;
}

int re_compile_perl(struct arena *a, struct str pattern, unsigned flags, struct re **out,
		    struct err *e)
{
	struct arena *tmp = arena_open("pattern", 16ul * RE_PATTERN_MAX);
	struct str translated;
	int rc;

	rc = re_from_perl(tmp, pattern, flags, &translated, e);
	if (rc == 0)
		rc = re_compile(a, translated, flags, out, e);
	arena_close(tmp);
	return rc;
}

static enum re_result verdict(int rc)
{
	if (rc >= 0)
		return RE_MATCH;
	return rc == PCRE2_ERROR_NOMATCH ? RE_NOMATCH : RE_LIMIT;
}

static int match8(const struct re *re, struct str s, size_t from, uint32_t opts)
{
	PCRE2_SPTR8 p = (PCRE2_SPTR8)(s.p ? s.p : "");
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	if (!process.data)
		match_open();
	if (re->jit)
		rc = pcre2_jit_match_8(re->code, p, s.n, from, opts, process.data, process.context);
	/* The interpreter keeps its stack on the heap, so it gets further, if slowly. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match_8(re->code, p, s.n, from, opts | PCRE2_NO_JIT, process.data,
				   process.context);
	return rc;
}

static int match32(const struct re *re, struct str s, size_t from, uint32_t opts)
{
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	if (s.n > WIDE_SUBJECT_MAX)
		return PCRE2_ERROR_MATCHLIMIT;
	if (!process.wide_data)
		wide_match_open();
	if (s.n >= process.wide_cap) {
		arena_reset(process.arena);
		process.wide_subject = NEW_N(process.arena, uint32_t, s.n + 1);
		process.wide_cap = s.n + 1;
	}
	for (size_t i = 0; i < s.n; i++)
		process.wide_subject[i] = (uint8_t)s.p[i];
	if (re->jit)
		rc = pcre2_jit_match_32(re->wide, process.wide_subject, s.n, from, opts,
					process.wide_data, process.wide_context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match_32(re->wide, process.wide_subject, s.n, from, opts | PCRE2_NO_JIT,
				    process.wide_data, process.wide_context);
	return rc;
}

static int match(const struct re *re, struct str s, size_t from, uint32_t opts)
{
	return re->code ? match8(re, s, from, opts) : match32(re, s, from, opts);
}

static const PCRE2_SIZE *offsets(const struct re *re)
{
	return re->code ? pcre2_get_ovector_pointer_8(process.data)
			: pcre2_get_ovector_pointer_32(process.wide_data);
}

enum re_result re_match(const struct re *re, struct str subject)
{
	return verdict(match(re, subject, 0, 0));
}

/* rc 0: more groups than places; the first ones are all there. */
static void caps_fill(const struct re *re, int rc, struct re_caps *caps)
{
	const PCRE2_SIZE *v = offsets(re);

	caps->n = rc > 0 ? (size_t)rc : RE_CAPTURES_MAX;
	for (size_t i = 0; i < caps->n; i++) {
		bool set = v[2 * i] != PCRE2_UNSET;

		caps->group[i].set = set;
		caps->group[i].from = set ? v[2 * i] : 0;
		caps->group[i].to = set ? v[2 * i + 1] : 0;
	}
}

enum re_result re_search(const struct re *re, struct str subject, size_t from,
			 struct re_caps *caps)
{
	int rc;

	if (from > subject.n)
		return RE_NOMATCH;
	rc = match(re, subject, from, 0);
	if (rc >= 0)
		caps_fill(re, rc, caps);
	return verdict(rc);
}

enum re_result re_next(const struct re *re, struct str subject, struct re_walk *walk)
{
	const PCRE2_SIZE *v;
	int rc;

	if (walk->at > subject.n)
		return RE_NOMATCH;
	rc = match(re, subject, walk->at, walk->empty ? PCRE2_NOTEMPTY_ATSTART : 0);
	if (rc < 0)
		return verdict(rc);
	if (walk->caps)
		caps_fill(re, rc, walk->caps);
	v = offsets(re);
	walk->empty = v[0] == v[1];
	walk->at = v[1];
	return RE_MATCH;
}

void re_grams_init(struct re_grams *g, struct arena *a, size_t bytes)
{
	unsigned log = GRAMS_LOG_MIN;

	while (log < GRAMS_LOG_MAX && (size_t)1 << log < GRAMS_ROOM * bytes)
		log++;
	g->bits = NEW_N(a, uint64_t, ((size_t)1 << log) / 64);
	g->shift = GRAMS_LOG_MAX - log;
}

void re_grams_add(struct re_grams *g, struct str text)
{
	uint32_t three = 0;
	unsigned bit;

	for (size_t i = 0; i < text.n; i++) {
		three = three >> 8 | (uint32_t)re_fold((uint8_t)text.p[i]) << 16;
		bit = (unsigned)re_gram(three) >> g->shift;
		if (i >= 2)
			g->bits[bit >> 6] |= (uint64_t)1 << (bit & 63);
	}
}

static bool has_all(const struct re_grams *g, const uint16_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned bit = (unsigned)p[i] >> g->shift;

		if (!(g->bits[bit >> 6] >> (bit & 63) & 1))
			return false;
	}
	return true;
}

static bool has_one(const struct re_grams *g, const uint16_t *set, size_t n)
{
	for (size_t i = 0; i < n; i += set[i] + 1u)
		if (has_all(g, set + i + 1, set[i]))
			return true;
	return false;
}

bool re_possible(const struct re *re, const struct re_grams *g)
{
	const struct re_need *need = &re->need;

	for (size_t i = 0; i < need->n; i += need->p[i] + 1u)
		if (!has_one(g, need->p + i + 1, need->p[i]))
			return false;
	return true;
}

bool re_group_name(const struct re *re, size_t index, struct str *name, size_t *group)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR8 row;

	/* The patterns that need the wide library have no names: nobody reads them. */
	if (!re->code)
		return false;
	pcre2_pattern_info_8(re->code, PCRE2_INFO_NAMECOUNT, &count);
	if (index >= count)
		return false;
	pcre2_pattern_info_8(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info_8(re->code, PCRE2_INFO_NAMETABLE, &row);
	row += index * size;
	*group = (size_t)row[0] << 8 | row[1];
	*name = str_of((const char *)row + 2);
	return true;
}

struct str re_group(const struct re_caps *caps, struct str subject, size_t group)
{
	if (group >= caps->n || !caps->group[group].set)
		return STR_NONE;
	return str_sub(subject, caps->group[group].from,
		       caps->group[group].to - caps->group[group].from);
}

struct str re_pattern(const struct re *re)
{
	return re->pattern;
}

unsigned re_flags(const struct re *re)
{
	return re->flags;
}

size_t re_size(const struct re *re)
{
	size_t code = 0, jit = 0;

	if (re->code) {
		pcre2_pattern_info_8(re->code, PCRE2_INFO_SIZE, &code);
		pcre2_pattern_info_8(re->code, PCRE2_INFO_JITSIZE, &jit);
	} else {
		pcre2_pattern_info_32(re->wide, PCRE2_INFO_SIZE, &code);
		pcre2_pattern_info_32(re->wide, PCRE2_INFO_JITSIZE, &jit);
	}
	return code + jit;
}
