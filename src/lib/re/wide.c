#include "lib/re/wide_int.h"

#include <limits.h>

#include "base/buf.h"
#include "lib/re/re.h"

enum {
	TEXT_MAX = 1 << 16, /* of a wide pattern */
	ROOM_MAX = 1 << 20, /* more bytes than this are not counted */
	TIMES_MAX = 16,	    /* repetitions that are counted */
	LARGE = 4000,	    /* bytes of pattern */
	LARGE_TIMES_MAX = 4,
	AUTOMATON_TIMES_MAX = 2,
	LENGTH_MAX = 100,
	SHORTEST_MIN = 4, /* what every other word has would only slow an automaton down */
	GOES_ON_TIMES = 3,
	GOES_ON_BYTES = 15,
	LETTERS_MIN = 4, /* in a row: Hyperscan is quick with patterns that have so many */
};

/* How many bytes of pattern it is, repetitions written out. */
static int size_of(const struct wide *w)
{
	int n = w->op == WIDE_SET;

	for (const struct wide *c = w->first; c; c = c->next)
		n += size_of(c);
	if (w->op == WIDE_REPEAT && n < ROOM_MAX)
		n *= w->hi > w->lo ? w->hi : w->lo > 0 ? w->lo : 1;
	return n < ROOM_MAX ? n : ROOM_MAX;
}

static void make_empty(struct wide *w)
{
	w->op = WIDE_SEQUENCE;
	w->first = w->last = NULL;
}

/* Fewer repetitions, bottom up: beyond `most` it is "or more". */
static void repeat_less(struct wide *w, int most)
{
	for (struct wide *c = w->first; c; c = c->next)
		repeat_less(c, most);
	if (w->op != WIDE_REPEAT)
		return;
	if (w->hi == 0 || size_of(w->first) == 0) {
		make_empty(w);
		return;
	}
	if (w->hi > most)
		w->hi = WIDE_UNBOUNDED;
	if (w->lo > most)
		w->lo = most;
}

/* How many bytes the shortest match has, as far as LENGTH_MAX. */
static int shortest(const struct wide *w)
{
	int n = 0, one, least = LENGTH_MAX;

	switch (w->op) {
	case WIDE_SET:
		return 1;
	case WIDE_EITHER:
		for (const struct wide *c = w->first; c; c = c->next) {
			one = shortest(c);
			least = one < least ? one : least;
		}
		return least;
	case WIDE_REPEAT:
		n = w->lo ? w->lo * shortest(w->first) : 0;
		break;
	default:
		for (const struct wide *c = w->first; c && n < LENGTH_MAX; c = c->next)
			n += shortest(c);
	}
	return n < LENGTH_MAX ? n : LENGTH_MAX;
}

static unsigned set_count(const struct wide_set *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < 4; i++)
		n += (unsigned)__builtin_popcountll(s->bits[i]);
	return n;
}

/*
 * Does it go on for a while with bytes that most texts consist of? Then it may be anywhere within
 * it at almost any place, and a deterministic automaton has no end of states.
 */
static bool goes_on(const struct wide *w)
{
	if (w->op == WIDE_REPEAT && (w->hi == WIDE_UNBOUNDED || w->hi > GOES_ON_TIMES) &&
	    w->first->op == WIDE_SET && set_count(&w->first->set) > GOES_ON_BYTES)
		return true;
	for (const struct wide *c = w->first; c; c = c->next)
		if (goes_on(c))
			return true;
	return false;
}

/* The letters in a row that every match has at least: what Hyperscan looks for first. */
static int letters(const struct wide *w);

static int letters_of_sequence(const struct wide *w)
{
	int most = 0, row = 0, n;

	for (const struct wide *c = w->first; c; c = c->next) {
		bool letter = c->op == WIDE_SET && set_count(&c->set) <= 2;

		row = letter ? row + 1 : 0;
		n = letter ? row : letters(c);
		most = n > most ? n : most;
	}
	return most;
}

static int letters_of_either(const struct wide *w)
{
	int least = INT_MAX, n;

	for (const struct wide *c = w->first; c; c = c->next) {
		n = letters(c);
		least = n < least ? n : least;
	}
	return least;
}

static int letters(const struct wide *w)
{
	switch (w->op) {
	case WIDE_SET:
		return set_count(&w->set) <= 2;
	case WIDE_EITHER:
		return letters_of_either(w);
	case WIDE_REPEAT:
		return w->lo ? letters(w->first) : 0;
	default:
		return letters_of_sequence(w);
	}
}

static void write_set(struct buf *b, const struct wide_set *s)
{
	static const struct wide_set none;

	if (memcmp(s, &none, sizeof(none)) == 0)
		b->failed = true; /* there is no way to write it */
	buf_addc(b, '[');
	for (unsigned from = 0; from < 256; from++) {
		unsigned to = from;

		if (!wide_set_has(s, from))
			continue;
		while (to < 255 && wide_set_has(s, to + 1))
			to++;
		buf_addf(b, to > from ? "\\x%02x-\\x%02x" : "\\x%02x", from, to);
		from = to;
	}
	buf_addc(b, ']');
}

static void write_times(struct buf *b, int lo, int hi)
{
	if (hi == WIDE_UNBOUNDED && lo < 2)
		buf_addc(b, lo ? '+' : '*');
	else if (hi == WIDE_UNBOUNDED)
		buf_addf(b, "{%d,}", lo);
	else
		buf_addf(b, "{%d,%d}", lo, hi);
}

static void write_tree(struct buf *b, const struct wide *w, bool edges)
{
	switch (w->op) {
	case WIDE_SET:
		write_set(b, &w->set);
		break;
	case WIDE_SEQUENCE:
		for (const struct wide *c = w->first; c; c = c->next)
			write_tree(b, c, edges);
		break;
	case WIDE_EITHER:
		buf_addz(b, "(?:");
		for (const struct wide *c = w->first; c; c = c->next) {
			write_tree(b, c, edges);
			buf_addc(b, c->next ? '|' : ')');
		}
		break;
	case WIDE_REPEAT:
		buf_addz(b, "(?:");
		write_tree(b, w->first, edges);
		buf_addc(b, ')');
		write_times(b, w->lo, w->hi);
		break;
	case WIDE_LINE_START:
		buf_addz(b, edges ? "^" : "");
		break;
	case WIDE_LINE_END:
		buf_addz(b, edges ? "$" : "");
		break;
	case WIDE_WORD_EDGE:
		buf_addz(b, edges ? "\\b" : "");
		break;
	case WIDE_NO_WORD_EDGE:
		buf_addz(b, edges ? "\\B" : "");
		break;
	}
}

struct wide *wide_read(struct arena *a, struct str pattern, unsigned flags, enum wide_way *way)
{
	struct wide *w = wide_parse(a, pattern, flags);
	bool local;

	*way = WIDE_NEITHER;
	if (!w)
		return NULL;
	local = !goes_on(w);
	repeat_less(w, TIMES_MAX);
	if (shortest(w) == 0)
		return NULL;
	if (size_of(w) > LARGE)
		*way = WIDE_LARGE_AUTOMATON;
	else if (size_of(w) > WIDE_PATTERN_BYTES_MAX)
		*way = WIDE_AUTOMATON;
	else if (local && letters(w) < LETTERS_MIN && shortest(w) >= SHORTEST_MIN)
		*way = WIDE_WEAK_PATTERN;
	else
		*way = WIDE_PATTERN;
	return w;
}

void wide_for_automaton(struct wide *w, enum wide_way way)
{
	repeat_less(w, way == WIDE_LARGE_AUTOMATON ? LARGE_TIMES_MAX : AUTOMATON_TIMES_MAX);
}

bool wide_write(struct arena *a, const struct wide *w, bool edges, struct str *out)
{
	struct buf b;

	buf_init(&b, a, TEXT_MAX);
	write_tree(&b, w, edges);
	*out = buf_str(&b);
	return !b.failed;
}
