/*
 * Engine 4. The text in six equal parts of lines; in each of them a line is drawn by lot. One
 * section of text is the lines from the second of these to the third, another from the fourth to
 * the fifth; of each section a stretch counts, whose ends are drawn, too.
 */
#include <math.h>

#include "lib/razor/razor_int.h"

enum {
	LOTS = 6,
	SEPARATORS_MAX = 4,
	STRETCHES_MIN = 129, /* bytes of both; if there are less, all of the text counts */
};

struct recipe {
	uint32_t seed;
	char separator[SEPARATORS_MAX];
	size_t n;
};

/* "7542-10": the seed, and the codes of the characters that separate lines. */
static bool recipe_parse(struct str ep4, struct recipe *r)
{
	int64_t number;

	*r = (struct recipe){ .n = 0 };
	if (!str_int(str_cut(&ep4, '-'), 1, UINT32_MAX, &number))
		return false;
	r->seed = (uint32_t)number;
	while (ep4.n) {
		if (r->n == SEPARATORS_MAX || !str_int(str_cut(&ep4, '-'), 1, 255, &number))
			return false;
		r->separator[r->n++] = (char)number;
	}
	return r->n > 0;
}

/* The generator of drand48(), whose state Perl's srand() fills like this. */
static uint64_t lots_start(uint32_t seed)
{
	return (uint64_t)seed << 16 | 0x330e;
}

static double lot(uint64_t *state, double below)
{
	*state = (*state * 0x5deece66dU + 0xb) & 0xffffffffffffU;
	return ldexp((double)*state, -48) * below;
}

struct lines {
	VEC(struct str) v;
};

/* Without empty ones at the end. */
static struct lines lines_of(struct arena *a, struct str text, const struct recipe *r)
{
	struct str separator = { r->separator, r->n };
	struct lines lines = { 0 };
	ptrdiff_t at;

	while ((at = str_find(text, separator)) >= 0) {
		vec_add(a, &lines.v, str_sub(text, 0, (size_t)at));
		text = str_from(text, (size_t)at + r->n);
	}
	vec_add(a, &lines.v, text);
	while (lines.v.n && lines.v.p[lines.v.n - 1].n == 0)
		lines.v.n--;
	return lines;
}

/* An empty one beyond the end. */
static struct str line_at(const struct lines *l, size_t i)
{
	return i < l->v.n ? l->v.p[i] : STR_NONE;
}

/* Lines that do not count have no length: to Perl "0" is no text. */
static bool counts(struct str line)
{
	return line.n && !str_eq(line, STR("0"));
}

struct section {
	size_t first, last; /* lines */
	double from, to;    /* percent of its length */
};

static size_t length_of(const struct lines *l, const struct section *s)
{
	size_t n = 0;

	for (size_t i = s->first; i <= s->last; i++)
		n += counts(line_at(l, i)) ? line_at(l, i).n : 0;
	return n;
}

/* As Perl's substr(): a negative length leaves so many bytes off the end. */
static struct str piece(struct str s, size_t from, int64_t n)
{
	int64_t end = n < 0 ? (int64_t)s.n + n : (int64_t)from + n;

	if (from > s.n || end < (int64_t)from)
		return STR_NONE;
	return str_sub(s, from, (size_t)(end - (int64_t)from));
}

/* A place in the text: `at` bytes into line `line`. */
struct place {
	size_t line;
	int64_t at;
};

/*
 * Where the stretch begins and ends. A place at the very start of a line counts as not found, and
 * the next line is tried.
 */
static void find_ends(const struct lines *l, const struct section *s, struct place *from,
		      struct place *to)
{
	int64_t length = (int64_t)length_of(l, s), passed = 0;
	int64_t start = (int64_t)(s->from * (double)length / 100);
	int64_t end = (int64_t)(s->to * (double)length / 100);

	*from = *to = (struct place){ 0, 0 };
	for (size_t i = s->first; i <= s->last && to->at == 0; i++) {
		struct str line = line_at(l, i);

		if (!counts(line))
			continue;
		passed += (int64_t)line.n;
		if (passed > start && from->at == 0)
			*from = (struct place){ i, (int64_t)line.n - (passed - start) };
		if (passed > end)
			*to = (struct place){ i, (int64_t)line.n - (passed - end) };
	}
	if (from->at < 0)
		from->at = 0;
	if (to->at < 0)
		to->at = 0;
}

static struct str stretch(struct arena *a, const struct lines *l, const struct section *s)
{
	struct place from, to;
	struct buf b;
	size_t size = 0;

	find_ends(l, s, &from, &to);
	if (from.line == to.line) {
		struct str line = line_at(l, from.line);

		return counts(line) ? piece(line, (size_t)from.at, to.at - from.at + 1) : STR_NONE;
	}
	for (size_t i = from.line; i <= to.line; i++)
		size += line_at(l, i).n;
	buf_init(&b, a, size + line_at(l, from.line).n + 1);
	buf_add(&b, str_from(line_at(l, from.line), (size_t)from.at));
	for (size_t i = from.line + 1; i < to.line; i++)
		buf_add(&b, line_at(l, i));
	buf_add(&b, piece(line_at(l, to.line), 0, to.at));
	return buf_str(&b);
}

static void draw(const struct recipe *r, size_t lines, struct section *one, struct section *two)
{
	uint64_t state = lots_start(r->seed);
	const double share = 100.0 / LOTS;
	size_t line[LOTS];

	for (size_t i = 0; i < LOTS; i++) {
		double percent = lot(&state, share) + (double)i * share;

		line[i] = (size_t)(percent * (double)lines / 100);
	}
	*one = (struct section){ .first = line[1], .last = line[2] };
	*two = (struct section){ .first = line[3], .last = line[4] };
	one->from = lot(&state, 50);
	one->to = lot(&state, 50) + 50;
	two->from = lot(&state, 50);
	two->to = lot(&state, 50) + 50;
}

/* White space and nothing else, but not nothing. */
static bool is_white(struct str s)
{
	return s.n && str_trim(s).n == 0;
}

struct str razor_text_signature(struct arena *a, struct str plain, struct str ep4)
{
	unsigned char hash[RAZOR_HASH];
	struct section one, two;
	struct str x, y;
	struct lines lines;
	struct recipe r;

	if (!recipe_parse(ep4, &r))
		return STR_NONE;
	lines = lines_of(a, plain, &r);
	draw(&r, lines.v.n, &one, &two);
	x = stretch(a, &lines, &one);
	y = stretch(a, &lines, &two);
	if (x.n + y.n < STRETCHES_MIN)
		razor_hash(plain, STR_NONE, hash);
	else if (is_white(x) && is_white(y))
		razor_hash(STR_NONE, STR_NONE, hash);
	else
		razor_hash(x, y, hash);
	return razor_encode(a, hash, RAZOR_HASH_DIGITS);
}
