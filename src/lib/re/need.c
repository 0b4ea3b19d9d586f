#include "lib/re/need.h"

#include "base/enc.h"
#include "lib/re/pieces.h"
#include "lib/re/quantifier.h"

enum {
	CLASS_MAX = 10, /* members of a class that is written out */
	DEPTH_MAX = 250,
};

struct walk {
	struct pieces made;
	struct str in;
	size_t at;
	bool extended;
	int depth;
	bool failed; /* something not understood: no statement about the whole */
};

static struct piece parse_alternatives(struct walk *w);

static int peek(const struct walk *w, size_t ahead)
{
	return w->at + ahead < w->in.n ? (uint8_t)w->in.p[w->at + ahead] : -1;
}

static struct piece fail(struct walk *w)
{
	w->failed = true;
	w->at = w->in.n;
	return (struct piece){ 0 };
}

/* After `\x`: the byte, or -1 for something else. */
static int hex_byte(struct walk *w)
{
	bool braces = peek(w, 0) == '{';
	int value = 0, n = 0;

	w->at += braces;
	while (enc_hex_digit(peek(w, 0)) >= 0 && (braces || n < 2)) {
		value = value * 16 + enc_hex_digit(peek(w, 0));
		if (value > 0xff)
			return -1;
		n++;
		w->at++;
	}
	if (braces && peek(w, 0) != '}')
		return -1;
	w->at += braces;
	return value;
}

/* A backslash and what belongs to it: the byte it stands for, or -1 for anything else. */
static int escaped_byte(struct walk *w, bool *assertion)
{
	static const char names[] = "tnrfea", values[] = "\t\n\r\f\033\a";
	int c = peek(w, 1);
	const char *simple;

	*assertion = false;
	w->at += 2;
	if (c == 'x')
		return hex_byte(w);
	simple = c > 0 ? strchr(names, c) : NULL;
	if (simple)
		return values[simple - names];
	if (c > 0 && strchr("bBAzZGK", c)) {
		*assertion = true;
		return -1;
	}
	if (c >= 0x80 || (c > 0 && !ascii_is_alpha((char)c) && !ascii_is_digit((char)c)))
		return c;
	/* Sets, references, numbers: anything. Quoting, braces and \c change how to read on. */
	if (c <= 0 || strchr("QEcoNpPgkC", c))
		fail(w);
	return -1;
}

static struct piece parse_escape(struct walk *w)
{
	bool assertion;
	int c = escaped_byte(w, &assertion);

	if (w->failed)
		return piece_anything();
	if (assertion)
		return piece_exactly(&w->made, STR(""));
	return c < 0 ? piece_anything() : piece_byte(&w->made, c);
}

struct members {
	uint8_t set[256];
	bool other; /* more than single bytes and ranges */
};

static void member_range(struct members *m, int from, int to)
{
	for (int c = from; c <= to; c++)
		m->set[re_fold((uint8_t)c)] = 1;
}

/* One byte of a class, or -1 for a set. */
static int class_byte(struct walk *w)
{
	bool assertion;
	int c = peek(w, 0);

	if (c == '[' && (peek(w, 1) == ':' || peek(w, 1) == '.' || peek(w, 1) == '=')) {
		fail(w);
		return -1;
	}
	if (c != '\\') {
		w->at++;
		return c;
	}
	if (peek(w, 1) == 'b') {
		w->at += 2;
		return '\b';
	}
	c = escaped_byte(w, &assertion);
	if (assertion)
		fail(w);
	return c;
}

static void class_member(struct walk *w, struct members *m)
{
	int from = class_byte(w), to = from;

	if (from >= 0 && peek(w, 0) == '-' && peek(w, 1) != ']') {
		w->at++;
		to = class_byte(w);
		m->other |= to < 0;
	}
	if (from < 0)
		m->other = true;
	else
		member_range(m, from, to);
}

static struct piece class_piece(struct walk *w, const struct members *m)
{
	struct piece p = { .exact = true };
	size_t n = 0;

	for (int c = 0; c < 256; c++)
		n += m->set[c];
	if (m->other || n == 0 || n > CLASS_MAX)
		return piece_anything();
	for (int c = 0; c < 256; c++)
		if (m->set[c])
			piece_set_add(&w->made, &p.all, piece_byte(&w->made, c).all.p[0]);
	return p;
}

static struct piece parse_class(struct walk *w)
{
	struct members m = { .other = peek(w, 1) == '^' };
	size_t start;

	w->at += m.other ? 2 : 1;
	start = w->at;
	while (!w->failed && (peek(w, 0) != ']' || w->at == start)) {
		if (peek(w, 0) < 0)
			return fail(w);
		class_member(w, &m);
	}
	w->at++;
	return w->failed ? piece_anything() : class_piece(w, &m);
}

/* After `(?`: modifiers up to `)` or `:`. */
static bool parse_modifiers(struct walk *w)
{
	bool off = false;

	for (; peek(w, 0) != ')' && peek(w, 0) != ':'; w->at++) {
		int c = peek(w, 0);

		if (c == '^')
			w->extended = false;
		else if (c == '-')
			off = true;
		else if (c == 'x')
			w->extended = !off;
		else if (c < 0 || !strchr("imsn", c))
			return false;
	}
	return true;
}

/* Skips `(?<name>` and its like; false if it is none. */
static bool skip_name(struct walk *w)
{
	size_t i = peek(w, 0) == 'P' ? 1 : 0;
	char close = peek(w, i) == '\'' ? '\'' : '>';
	ptrdiff_t end;

	if (peek(w, i) != '<' && peek(w, i) != '\'')
		return false;
	end = str_chr(str_from(w->in, w->at + i + 1), close);
	if (end < 0)
		return false;
	w->at += i + (size_t)end + 2;
	return true;
}

/* Past `(` and what follows it; false: no group with content, or not understood. */
static bool group_head(struct walk *w, bool *assertion)
{
	static const char *const looks[] = { "?=", "?!", "?<=", "?<!" };
	struct str rest;

	w->at++;
	rest = str_from(w->in, w->at);
	*assertion = false;
	for (size_t i = 0; i < ARRAY_LEN(looks); i++)
		if (str_starts(rest, str_of(looks[i]))) {
			*assertion = true;
			w->at += strlen(looks[i]);
			return true;
		}
	if (peek(w, 0) == '*') {
		fail(w);
		return false;
	}
	if (peek(w, 0) != '?')
		return true;
	w->at++;
	if (peek(w, 0) == '|' || peek(w, 0) == '>') {
		w->at++;
		return true;
	}
	if (skip_name(w))
		return true;
	if (!parse_modifiers(w)) {
		fail(w);
		return false;
	}
	return w->in.p[w->at++] == ':';
}

static struct piece parse_group(struct walk *w)
{
	bool extended = w->extended, assertion;
	struct piece p;

	if (str_starts(str_from(w->in, w->at), STR("(?#"))) {
		ptrdiff_t end = str_chr(str_from(w->in, w->at), ')');

		w->at += end < 0 ? w->in.n : (size_t)end + 1;
		return piece_exactly(&w->made, STR(""));
	}
	/* What sets modifiers from here on matches nothing itself. */
	if (!group_head(w, &assertion))
		return w->failed ? piece_anything() : piece_exactly(&w->made, STR(""));
	p = parse_alternatives(w);
	if (peek(w, 0) != ')')
		return fail(w);
	w->at++;
	w->extended = extended;
	return assertion ? piece_exactly(&w->made, STR("")) : p;
}

static struct piece parse_atom(struct walk *w)
{
	int c = peek(w, 0);

	if (c == '\\')
		return parse_escape(w);
	if (c == '[')
		return parse_class(w);
	if (c == '(')
		return parse_group(w);
	w->at++;
	if (c == '.')
		return piece_anything();
	if (c == '^' || c == '$')
		return piece_exactly(&w->made, STR(""));
	return piece_byte(&w->made, c);
}

static bool skip_extended(struct walk *w)
{
	int c = peek(w, 0);
	ptrdiff_t end;

	if (!w->extended || c < 0)
		return false;
	if (c == '#') {
		end = str_chr(str_from(w->in, w->at), '\n');
		w->at = end < 0 ? w->in.n : w->at + (size_t)end + 1;
		return true;
	}
	if (!ascii_is_blank((char)c))
		return false;
	w->at++;
	return true;
}

/* An atom `lo` to `hi` times, behind `so_far`. */
static void append_times(struct walk *w, struct piece *so_far, const struct piece *atom,
			 int64_t lo, int64_t hi)
{
	struct piece gap = piece_anything(), nothing;

	if (lo == 0 && hi == 1 && atom->exact) {
		nothing = piece_exactly(&w->made, STR(""));
		nothing = piece_either(&w->made, &nothing, atom);
		piece_append(&w->made, so_far, &nothing);
		return;
	}
	if (lo == 0) {
		piece_append(&w->made, so_far, &gap);
		return;
	}
	piece_append(&w->made, so_far, atom);
	if (hi == 1)
		return;
	piece_append(&w->made, so_far, &gap);
	piece_append(&w->made, so_far, atom);
}

static struct piece parse_sequence(struct walk *w)
{
	struct piece so_far = piece_exactly(&w->made, STR(""));

	while (!w->failed && peek(w, 0) >= 0 && peek(w, 0) != '|' && peek(w, 0) != ')') {
		int64_t lo = 1, hi = 1;
		struct piece atom;

		if (skip_extended(w))
			continue;
		if (w->made.too_many)
			return fail(w);
		atom = parse_atom(w);
		while (skip_extended(w))
			;
		if (!w->failed)
			re_quantifier(w->in, &w->at, &lo, &hi);
		append_times(w, &so_far, &atom, lo, hi);
	}
	return piece_finish(so_far);
}

static struct piece parse_alternatives(struct walk *w)
{
	struct piece p, next;

	if (++w->depth > DEPTH_MAX)
		return fail(w);
	p = parse_sequence(w);
	while (!w->failed && peek(w, 0) == '|') {
		w->at++;
		next = parse_sequence(w);
		p = piece_either(&w->made, &p, &next);
	}
	w->depth--;
	return p;
}

/* The hashes of a literal behind their count. */
static void emit_literal(struct str s, uint16_t *to, size_t *n)
{
	size_t start = (*n)++;

	for (size_t i = 0; i + PIECE_GRAM <= s.n; i++) {
		uint32_t three = (uint32_t)(uint8_t)s.p[i] | (uint32_t)(uint8_t)s.p[i + 1] << 8 |
				 (uint32_t)(uint8_t)s.p[i + 2] << 16;

		to[(*n)++] = re_gram(three);
	}
	to[start] = (uint16_t)(*n - start - 1);
}

static void emit_set(const struct piece_set *s, uint16_t *to, size_t *n)
{
	size_t start = (*n)++;

	for (size_t i = 0; i < s->n; i++)
		emit_literal(s->p[i], to, n);
	to[start] = (uint16_t)(*n - start - 1);
}

struct re_need re_need_find(struct arena *a, struct str pattern, bool extended)
{
	CLEAN_ARENA struct arena *tmp = arena_open("pattern walk", (size_t)1 << 30);
	struct walk w = { .made = { .a = tmp }, .in = pattern, .extended = extended };
	struct piece p = parse_alternatives(&w);
	size_t max = PIECE_NEEDS_MAX * (PIECE_LITERALS_MAX * PIECE_LITERAL_MAX + 1);
	uint16_t *numbers = NEW_N(tmp, uint16_t, max);
	struct re_need need = { 0 };

	if (w.failed || w.at < w.in.n)
		return need;
	for (size_t i = 0; i < p.n; i++)
		emit_set(&p.needs[i], numbers, &need.n);
	need.p = memcpy(NEW_N(a, uint16_t, need.n), numbers, need.n * sizeof(*numbers));
	return need;
}
