#include "lib/re/nfa.h"

enum {
	BLOCKS_FROM = 0x80,
	BLOCK = 8,
	SLOTS = 2 * NFA_NODES_MAX,
	ALIKE_MAX = 64, /* alternatives among which a new one is looked for */
};

static const uint32_t none = UINT32_MAX;

static uint32_t add_node(struct nfa_builder *b, struct arena *a, enum nfa_op op, uint32_t next,
			 uint32_t arg)
{
	vec_add(a, &b->nodes, ((struct nfa_node){ op, next, arg }));
	return (uint32_t)(b->nodes.n - 1);
}

static uint32_t slot_of(const struct nfa_node *n)
{
	uint32_t h = (n->op * 16777619u ^ n->next) * 2654435761u ^ n->arg;

	return (h * 2654435761u >> 7) % SLOTS;
}

/* The node if there is one that does the same, else a new one. */
static uint32_t node(struct nfa_builder *b, struct arena *a, enum nfa_op op, uint32_t next,
		     uint32_t arg)
{
	struct nfa_node wanted = { op, next, arg };
	uint32_t slot = slot_of(&wanted);

	if (!b->slots)
		b->slots = NEW_N(a, uint32_t, SLOTS);
	/* A slot holds a number and one; some are of nodes that were taken back. */
	for (; b->slots[slot]; slot = (slot + 1) % SLOTS) {
		uint32_t known = b->slots[slot] - 1;

		if (known < b->nodes.n && memcmp(&b->nodes.p[known], &wanted, sizeof(wanted)) == 0)
			return known;
	}
	b->slots[slot] = add_node(b, a, op, next, arg) + 1;
	return b->slots[slot] - 1;
}

static struct wide_set in_blocks(struct wide_set s)
{
	for (unsigned from = BLOCKS_FROM; from < 256; from += BLOCK) {
		uint64_t block = (uint64_t)0xff << (from & 63);

		if (s.bits[from >> 6] & block)
			s.bits[from >> 6] |= block;
	}
	return s;
}

static uint32_t set_number(struct nfa_builder *b, struct arena *a, struct wide_set s)
{
	s = in_blocks(s);
	for (size_t i = 0; i < b->sets.n; i++)
		if (memcmp(&b->sets.p[i], &s, sizeof(s)) == 0)
			return (uint32_t)i;
	vec_add(a, &b->sets, s);
	return (uint32_t)(b->sets.n - 1);
}

/* One pattern being added. */
struct adding {
	struct nfa_builder *b;
	struct arena *a, *tmp;
};

static bool full(const struct adding *p)
{
	return p->b->nodes.n >= NFA_NODES_MAX || p->b->sets.n >= NFA_SETS_MAX;
}

/* Each function gives the node where the part begins, whose end is `next`. */
static uint32_t add_part(struct adding *p, const struct wide *w, uint32_t next);

static uint32_t add_sequence(struct adding *p, const struct wide *w, uint32_t next)
{
	struct arena_mark mark = arena_mark(p->tmp);
	VEC(const struct wide *) parts = { 0 };

	for (const struct wide *c = w->first; c; c = c->next)
		vec_add(p->tmp, &parts, c);
	while (parts.n)
		next = add_part(p, parts.p[--parts.n], next);
	arena_rewind(p->tmp, mark);
	return next;
}

static bool is_among(const uint32_t *v, size_t n, uint32_t wanted)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == wanted)
			return true;
	return false;
}

static uint32_t add_either(struct adding *p, const struct wide *w, uint32_t next)
{
	uint32_t begin = none, known[ALIKE_MAX];
	size_t n = 0;

	for (const struct wide *c = w->first; c && !full(p); c = c->next) {
		uint32_t one = add_part(p, c, next);

		if (is_among(known, n, one))
			continue;
		if (n < ALIKE_MAX)
			known[n++] = one;
		begin = begin == none ? one : node(p->b, p->a, NFA_FORK, one, begin);
	}
	return begin;
}

static uint32_t add_repeat(struct adding *p, const struct wide *w, uint32_t next)
{
	if (w->hi == WIDE_UNBOUNDED) {
		uint32_t loop = add_node(p->b, p->a, NFA_FORK, next, none), begin;

		begin = add_part(p, w->first, loop);
		p->b->nodes.p[loop].arg = begin;
		next = loop;
	}
	for (int i = w->lo; i < w->hi && !full(p); i++)
		next = node(p->b, p->a, NFA_FORK, add_part(p, w->first, next), next);
	for (int i = 0; i < w->lo && !full(p); i++)
		next = add_part(p, w->first, next);
	return next;
}

static uint32_t add_part(struct adding *p, const struct wide *w, uint32_t next)
{
	if (full(p))
		return next;
	switch (w->op) {
	case WIDE_SET:
		return node(p->b, p->a, NFA_BYTE, next, set_number(p->b, p->a, w->set));
	case WIDE_SEQUENCE:
		return add_sequence(p, w, next);
	case WIDE_EITHER:
		return add_either(p, w, next);
	case WIDE_REPEAT:
		return add_repeat(p, w, next);
	case WIDE_LINE_START:
		return node(p->b, p->a, NFA_LINE_START, next, 0);
	case WIDE_LINE_END:
		return node(p->b, p->a, NFA_LINE_END, next, 0);
	case WIDE_WORD_EDGE:
		return node(p->b, p->a, NFA_WORD_EDGE, next, 0);
	default:
		return node(p->b, p->a, NFA_NO_WORD_EDGE, next, 0);
	}
}

bool nfa_add(struct nfa_builder *b, struct arena *a, const struct wide *w, uint32_t pattern)
{
	CLEAN_ARENA struct arena *tmp = arena_open("automaton", 1 << 28);
	size_t nodes = b->nodes.n, sets = b->sets.n;
	struct adding p = { b, a, tmp };
	uint32_t begin;

	if (b->starts.n == NFA_PATTERNS_MAX)
		return false;
	begin = add_part(&p, w, add_node(b, a, NFA_MATCH, none, pattern));
	if (full(&p)) {
		b->nodes.n = nodes;
		b->sets.n = sets;
		return false;
	}
	vec_add(a, &b->starts, begin);
	return true;
}

static bool is_word(unsigned c)
{
	return ascii_is_alpha((char)c) || ascii_is_digit((char)c) || c == '_';
}

static enum nfa_kind kind_of(unsigned c)
{
	return c == '\n' ? NFA_NEWLINE : is_word(c) ? NFA_WORD : NFA_OTHER;
}

/* Bytes are of one class if they are of one kind and in the same sets. */
static void classes_make(const struct nfa_builder *b, struct nfa *n)
{
	uint16_t number[256][2];

	for (unsigned c = 0; c < 256; c++)
		n->class_of[c] = (uint8_t)kind_of(c);
	n->n_classes = 3;
	for (size_t i = 0; i < b->sets.n; i++) {
		memset(number, 0xff, sizeof(number));
		n->n_classes = 0;
		for (unsigned c = 0; c < 256; c++) {
			bool in = wide_set_has(&b->sets.p[i], c);
			uint16_t *to = &number[n->class_of[c]][in];

			if (*to == UINT16_MAX)
				*to = (uint16_t)n->n_classes++;
			n->class_of[c] = (uint8_t)*to;
		}
	}
	for (unsigned c = 0; c < 256; c++)
		n->kind_of[n->class_of[c]] = (uint8_t)kind_of(c);
}

static struct wide_set set_of_classes(const struct nfa *n, const struct wide_set *bytes)
{
	struct wide_set s = { 0 };

	for (unsigned c = 0; c < 256; c++)
		if (wide_set_has(bytes, c))
			wide_set_add(&s, n->class_of[c]);
	return s;
}

static void write_array(struct buf *out, const void *p, size_t n, size_t size)
{
	buf_add(out, (struct str){ p, n * size });
}

void nfa_write(const struct nfa_builder *b, struct buf *out)
{
	struct nfa n = {
		.n_nodes = (uint32_t)b->nodes.n,
		.n_sets = (uint32_t)b->sets.n,
		.n_starts = (uint32_t)b->starts.n,
	};

	classes_make(b, &n);
	write_array(out, &n, 1, sizeof(n));
	for (size_t i = 0; i < b->sets.n; i++) {
		struct wide_set s = set_of_classes(&n, &b->sets.p[i]);

		write_array(out, &s, 1, sizeof(s));
	}
	write_array(out, b->nodes.p, b->nodes.n, sizeof(*b->nodes.p));
	write_array(out, b->starts.p, b->starts.n, sizeof(*b->starts.p));
}

/* The next `n` elements of `size` bytes, or NULL if they are not there. */
static const void *read_array(struct str *rest, size_t n, size_t size)
{
	const void *p = rest->p;

	if (n > rest->n / size)
		return NULL;
	*rest = str_from(*rest, n * size);
	return p;
}

static bool node_is_sound(const struct nfa *n, const struct nfa_node *node, size_t patterns)
{
	switch (node->op) {
	case NFA_BYTE:
		return node->next < n->n_nodes && node->arg < n->n_sets;
	case NFA_FORK:
		return node->next < n->n_nodes && node->arg < n->n_nodes;
	case NFA_MATCH:
		return node->arg < patterns;
	default:
		return node->op < NFA_OPS && node->next < n->n_nodes;
	}
}

static bool is_sound(const struct nfa *n, size_t patterns)
{
	if (!n->sets || !n->nodes || !n->starts || n->n_nodes > NFA_NODES_MAX ||
	    n->n_classes < 1 || n->n_classes > 256)
		return false;
	for (unsigned c = 0; c < 256; c++)
		if (n->class_of[c] >= n->n_classes || n->kind_of[c] >= NFA_KINDS)
			return false;
	for (uint32_t i = 0; i < n->n_nodes; i++)
		if (!node_is_sound(n, &n->nodes[i], patterns))
			return false;
	for (uint32_t i = 0; i < n->n_starts; i++)
		if (n->starts[i] >= n->n_nodes)
			return false;
	return true;
}

int nfa_read(struct str bytes, size_t n, struct nfa *out, struct err *e)
{
	const struct nfa *head = read_array(&bytes, 1, sizeof(*head));

	if (!head)
		return err_set(e, ERR_INVALID, "an automaton is cut off");
	*out = *head;
	out->sets = read_array(&bytes, out->n_sets, sizeof(*out->sets));
	out->nodes = read_array(&bytes, out->n_nodes, sizeof(*out->nodes));
	out->starts = read_array(&bytes, out->n_starts, sizeof(*out->starts));
	if (!is_sound(out, n))
		return err_set(e, ERR_INVALID, "an automaton is damaged");
	return 0;
}
