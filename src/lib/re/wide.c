#include "lib/re/wide_int.h"

#include "base/buf.h"
#include "lib/re/re.h"

enum {
	TEXT_MAX = 1 << 16, /* of a wide pattern */
	ROOM_MAX = 1 << 20, /* more bytes than this are not counted */
	TIMES_MAX = 16,	    /* repetitions that are counted */
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

/* Fewer repetitions, bottom up: beyond some it is "or more". */
static void repeat_less(struct wide *w)
{
	for (struct wide *c = w->first; c; c = c->next)
		repeat_less(c);
	if (w->op != WIDE_REPEAT)
		return;
	if (w->hi == 0 || size_of(w->first) == 0) {
		make_empty(w);
		return;
	}
	if (w->hi > TIMES_MAX)
		w->hi = WIDE_UNBOUNDED;
	if (w->lo > TIMES_MAX)
		w->lo = TIMES_MAX;
}

/*
 * Cuts off what exceeds `room` bytes. Every match of the whole starts with a match of what is left.
 * True if something was cut: then nothing that comes behind may be kept either.
 */
static bool cut(struct wide *w, int room);

static bool cut_sequence(struct wide *w, int room)
{
	for (struct wide *c = w->first; c; c = c->next) {
		if (cut(c, room)) {
			c->next = NULL;
			w->last = c;
			return true;
		}
		room -= size_of(c);
	}
	return false;
}

static bool cut_either(struct wide *w, int room)
{
	bool any = false;
	int n = 0;

	if (size_of(w) <= room)
		return false;
	for (struct wide *c = w->first; c; c = c->next)
		n++;
	for (struct wide *c = w->first; c; c = c->next)
		any |= cut(c, room / n);
	return any;
}

/* Once is the beginning of often; what need not be there at all is no beginning. */
static bool cut_repeat(struct wide *w, int room)
{
	if (size_of(w) <= room)
		return false;
	if (w->lo == 0) {
		make_empty(w);
		return true;
	}
	w->lo = w->hi = 1;
	cut(w->first, room);
	return true;
}

static bool cut(struct wide *w, int room)
{
	switch (w->op) {
	case WIDE_SET:
		if (room > 0)
			return false;
		make_empty(w);
		return true;
	case WIDE_SEQUENCE:
		return cut_sequence(w, room);
	case WIDE_EITHER:
		return cut_either(w, room);
	case WIDE_REPEAT:
		return cut_repeat(w, room);
	default:
		return false;
	}
}

/* Can it match no byte at all? */
static bool may_be_empty(const struct wide *w)
{
	switch (w->op) {
	case WIDE_SET:
		return false;
	case WIDE_EITHER:
		for (const struct wide *c = w->first; c; c = c->next)
			if (may_be_empty(c))
				return true;
		return false;
	case WIDE_REPEAT:
		return w->lo == 0 || may_be_empty(w->first);
	default:
		for (const struct wide *c = w->first; c; c = c->next)
			if (!may_be_empty(c))
				return false;
		return true;
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

bool re_widen(struct arena *a, struct str pattern, unsigned flags, bool edges, struct str *out)
{
	CLEAN_ARENA struct arena *tmp = arena_open("wide pattern", (size_t)1 << 30);
	struct wide *w = wide_parse(tmp, pattern, flags);
	struct buf b;

	if (!w)
		return false;
	repeat_less(w);
	if (size_of(w) > RE_WIDE_BYTES_MAX)
		cut(w, RE_WIDE_CUT_TO);
	if (may_be_empty(w))
		return false;
	buf_init(&b, a, TEXT_MAX);
	write_tree(&b, w, edges);
	*out = buf_str(&b);
	return !b.failed;
}
