#include "lib/re/dfa.h"

#include <sys/mman.h>

enum {
	LISTS_MAX = 1 + NFA_KINDS * 256,
	BUCKETS = 1 << 9,
	LEADS_FEW = 6,	   /* that a state without a row remembers */
	ROW_AFTER = 32,	   /* visits: then a state gets a row */
	ROWS_MAX = 1 << 13,
	LANES = 4,	   /* automata that scan beside each other */
	ROWS_FROM = 1,	   /* the first row is that of states without one: nothing is known */
};

/*
 * Where a byte leads: to the state of a row, or, with SPARSE, to one that has none. 0: not known
 * yet. MATCHES: patterns end on the way.
 */
enum { MATCHES = 1 << 15, SPARSE = 1 << 14 };

_Static_assert((int)DFA_STATES_MAX < (int)SPARSE && (int)ROWS_MAX < (int)SPARSE, "14 bits");
_Static_assert(NFA_NODES_MAX <= UINT16_MAX + 1, "nodes are numbers of 16 bits");

/* Nodes in order, then NFA_MATCH nodes in order, in `numbers`. */
struct list {
	uint32_t at;
	uint16_t nodes, matches;
};

/*
 * A state: the nodes to go on from, before forks and questions are followed, and what the byte
 * before was. Those where patterns have just begun are a list that many states share, the others
 * are its own. The patterns that ended on the way here belong to it too.
 *
 * Most states are seldom visited: they remember a few of the ways on, the others have a row.
 */
struct state {
	struct list own;
	uint32_t hash;
	uint16_t begun; /* of `lists` */
	uint16_t kind;
	uint16_t chain; /* next state of the same bucket */
	uint16_t row;	/* or 0 */
	uint16_t to[LEADS_FEW];
	uint8_t classes[LEADS_FEW];
	uint8_t leads, visits;
};

/* All that is forgotten together; pages of zeros until they are used. */
struct memory {
	uint16_t buckets[BUCKETS]; /* hash table of states */
	uint16_t begins[NFA_KINDS][256]; /* by kind and class: list where patterns begin, or 0 */
	struct list lists[LISTS_MAX];	 /* no two alike; the first is empty */
	struct state states[DFA_STATES_MAX];
	uint16_t state_of_row[ROWS_MAX];
	uint16_t numbers[DFA_NUMBERS_MAX];
	uint16_t table[DFA_TABLE_MAX / sizeof(uint16_t)];
};

struct dfa {
	const struct nfa *nfa;
	struct memory *m;
	size_t n_states, n_numbers, n_lists, n_rows, rows_max;
};

/*
 * What following forks needs, for all automata of the process: nodes seen in this round, nodes to
 * be followed, what was found.
 */
static struct {
	uint16_t seen[NFA_NODES_MAX], round;
	uint16_t todo[NFA_NODES_MAX];
	size_t n_todo;
	uint16_t nodes[2 * NFA_NODES_MAX], matches[2 * NFA_NODES_MAX];
	size_t n_nodes, n_matches;
} work;

static void memory_free(void *m)
{
	munmap(m, sizeof(struct memory));
}

struct dfa *dfa_make(struct arena *a, const struct nfa *nfa)
{
	struct dfa *d = NEW(a, struct dfa);
	size_t most = DFA_TABLE_MAX / sizeof(uint16_t) / nfa->n_classes;

	d->nfa = nfa;
	d->rows_max = most < ROWS_MAX ? most : ROWS_MAX;
	d->n_rows = ROWS_FROM;
	d->m = mmap(NULL, sizeof(*d->m), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT(d->m != MAP_FAILED);
	arena_on_free(a, memory_free, d->m);
	return d;
}

static void round_begin(void)
{
	if (++work.round == 0) {
		memset(work.seen, 0, sizeof(work.seen));
		work.round = 1;
	}
	work.n_nodes = work.n_matches = 0;
}

static void follow(uint32_t node)
{
	if (work.seen[node] == work.round)
		return;
	work.seen[node] = work.round;
	work.todo[work.n_todo++] = (uint16_t)node;
}

static void take_byte(const struct nfa *nfa, const struct nfa_node *n, unsigned class)
{
	if (wide_set_has(&nfa->sets[n->arg], class))
		work.nodes[work.n_nodes++] = (uint16_t)n->next;
}

/* From `node`, after a byte of kind `before`, with a byte of `class`. */
static void take(const struct nfa *nfa, uint32_t node, enum nfa_kind before, unsigned class)
{
	enum nfa_kind after = (enum nfa_kind)nfa->kind_of[class];
	bool edge = (before == NFA_WORD) != (after == NFA_WORD);

	if (nfa->nodes[node].op == NFA_BYTE) {
		take_byte(nfa, &nfa->nodes[node], class);
		return;
	}
	follow(node);
	while (work.n_todo) {
		uint16_t at = work.todo[--work.n_todo];
		const struct nfa_node *n = &nfa->nodes[at];

		if (n->op == NFA_BYTE) {
			take_byte(nfa, n, class);
		} else if (n->op == NFA_MATCH) {
			work.matches[work.n_matches++] = at;
		} else if (n->op == NFA_FORK) {
			follow(n->arg);
			follow(n->next);
		} else if ((n->op == NFA_LINE_START && before == NFA_NEWLINE) ||
			   (n->op == NFA_LINE_END && after == NFA_NEWLINE) ||
			   (n->op == NFA_WORD_EDGE && edge) ||
			   (n->op == NFA_NO_WORD_EDGE && !edge)) {
			follow(n->next);
		}
	}
}

static int number_cmp(const void *x, const void *y)
{
	return *(const uint16_t *)x - *(const uint16_t *)y;
}

/* In order, each once. */
static size_t tidy(uint16_t *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), number_cmp);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

static void tidy_found(void)
{
	work.n_nodes = tidy(work.nodes, work.n_nodes);
	work.n_matches = tidy(work.matches, work.n_matches);
}

/* Keeps what was found. False if there is no room. */
static bool keep(struct dfa *d, struct list *out)
{
	uint16_t *to = d->m->numbers + d->n_numbers;

	if (work.n_nodes > UINT16_MAX || work.n_matches > UINT16_MAX ||
	    work.n_nodes + work.n_matches > DFA_NUMBERS_MAX - d->n_numbers)
		return false;
	memcpy(to, work.nodes, work.n_nodes * sizeof(*to));
	memcpy(to + work.n_nodes, work.matches, work.n_matches * sizeof(*to));
	*out = (struct list){ (uint32_t)d->n_numbers, (uint16_t)work.n_nodes,
			      (uint16_t)work.n_matches };
	d->n_numbers += work.n_nodes + work.n_matches;
	return true;
}

static const uint16_t *nodes_of(const struct dfa *d, const struct list *l)
{
	return d->m->numbers + l->at;
}

static const uint16_t *matches_of(const struct dfa *d, const struct list *l)
{
	return d->m->numbers + l->at + l->nodes;
}

/* Is it what was found? */
static bool is_found(const struct dfa *d, const struct list *l)
{
	return l->nodes == work.n_nodes && l->matches == work.n_matches &&
	       memcmp(nodes_of(d, l), work.nodes, l->nodes * sizeof(*work.nodes)) == 0 &&
	       memcmp(matches_of(d, l), work.matches, l->matches * sizeof(*work.matches)) == 0;
}

/* The number of the list of what was found; 0 if there is no room for it. */
static uint16_t list_of_found(struct dfa *d)
{
	for (size_t i = 1; i <= d->n_lists; i++)
		if (is_found(d, &d->m->lists[i]))
			return (uint16_t)i;
	if (d->n_lists + 1 == LISTS_MAX || !keep(d, &d->m->lists[d->n_lists + 1]))
		return 0;
	return (uint16_t)++d->n_lists;
}

/* Patterns may begin anywhere: the list of where that leads; 0 if there is no room for it. */
static uint16_t begins(struct dfa *d, enum nfa_kind before, unsigned class)
{
	uint16_t *begun = &d->m->begins[before][class];

	if (*begun)
		return *begun;
	round_begin();
	for (uint32_t i = 0; i < d->nfa->n_starts; i++)
		take(d->nfa, d->nfa->starts[i], before, class);
	tidy_found();
	return *begun = list_of_found(d);
}

/* Leaves out of the nodes that were found those of the list. */
static void leave_out(const struct dfa *d, const struct list *l)
{
	const uint16_t *other = nodes_of(d, l);
	size_t kept = 0, k = 0;

	for (size_t i = 0; i < work.n_nodes; i++) {
		while (k < l->nodes && other[k] < work.nodes[i])
			k++;
		if (k == l->nodes || other[k] != work.nodes[i])
			work.nodes[kept++] = work.nodes[i];
	}
	work.n_nodes = kept;
}

static uint32_t hash_found(uint32_t begun, enum nfa_kind kind)
{
	uint32_t h = (2166136261u ^ kind) * 16777619u ^ begun;

	for (size_t i = 0; i < work.n_nodes; i++)
		h = (h ^ work.nodes[i]) * 16777619u;
	for (size_t i = 0; i < work.n_matches; i++)
		h = (h ^ ~(uint32_t)work.matches[i]) * 16777619u;
	return h ^ h >> 15;
}

/* The state of what was found; 0 if there is no room for it. States count from 1. */
static unsigned state_of_found(struct dfa *d, uint16_t begun, enum nfa_kind kind)
{
	uint32_t hash = hash_found(begun, kind);
	uint16_t *bucket = &d->m->buckets[hash % BUCKETS];
	struct state *s;

	for (unsigned i = *bucket; i; i = s->chain) {
		s = &d->m->states[i];
		if (s->hash == hash && s->begun == begun && s->kind == kind &&
		    is_found(d, &s->own))
			return i;
	}
	s = &d->m->states[d->n_states + 1];
	if (d->n_states + 1 >= DFA_STATES_MAX || !keep(d, &s->own))
		return 0;
	s->begun = begun;
	s->kind = (uint16_t)kind;
	s->hash = hash;
	s->chain = *bucket;
	*bucket = (uint16_t)++d->n_states;
	return *bucket;
}

/* Before the first byte it is as after a newline. */
static unsigned first_state(struct dfa *d)
{
	round_begin();
	return state_of_found(d, 0, NFA_NEWLINE);
}

static bool forget(struct dfa *d)
{
	d->n_states = d->n_numbers = d->n_lists = 0;
	d->n_rows = ROWS_FROM;
	return madvise(d->m, sizeof(*d->m), MADV_DONTNEED) == 0;
}

static void take_all(const struct dfa *d, const struct list *l, enum nfa_kind before,
		     unsigned class)
{
	const uint16_t *nodes = nodes_of(d, l);

	for (size_t i = 0; i < l->nodes; i++)
		take(d->nfa, nodes[i], before, class);
}

static uint16_t *table_entry(const struct dfa *d, unsigned row, unsigned class)
{
	return &d->m->table[row * d->nfa->n_classes + class];
}

/* A state that is often visited gets a row, as long as there are any. */
static void row_give(struct dfa *d, unsigned state)
{
	struct state *s = &d->m->states[state];

	if (s->row || d->n_rows == d->rows_max)
		return;
	s->row = (uint16_t)d->n_rows++;
	d->m->state_of_row[s->row] = (uint16_t)state;
	for (unsigned i = 0; i < s->leads; i++)
		*table_entry(d, s->row, s->classes[i]) = s->to[i];
}

/* Where it is remembered, or NULL. */
static uint16_t *remembered(struct dfa *d, unsigned state, unsigned class)
{
	struct state *s = &d->m->states[state];

	if (s->row)
		return table_entry(d, s->row, class);
	for (unsigned i = 0; i < s->leads; i++)
		if (s->classes[i] == class)
			return &s->to[i];
	return NULL;
}

static uint16_t *place(struct dfa *d, unsigned state, unsigned class)
{
	struct state *s = &d->m->states[state];
	unsigned i;

	if (s->row)
		return table_entry(d, s->row, class);
	i = s->leads < LEADS_FEW ? s->leads++ : class % LEADS_FEW;
	s->classes[i] = (uint8_t)class;
	return &s->to[i];
}

/* Where a byte leads, found out and remembered; NULL if there is no room. */
static uint16_t *lead(struct dfa *d, unsigned from, unsigned class)
{
	const struct state *s = &d->m->states[from];
	enum nfa_kind before = (enum nfa_kind)s->kind;
	uint16_t begun = begins(d, before, class), *to;
	unsigned state;

	if (!begun)
		return NULL;
	round_begin();
	take_all(d, &d->m->lists[s->begun], before, class);
	take_all(d, &s->own, before, class);
	tidy_found();
	leave_out(d, &d->m->lists[begun]);
	state = state_of_found(d, begun, (enum nfa_kind)d->nfa->kind_of[class]);
	if (!state)
		return NULL;
	to = place(d, from, class);
	*to = (uint16_t)(state | SPARSE);
	if (work.n_matches || d->m->lists[begun].matches)
		*to |= MATCHES;
	return to;
}

static void report(const struct dfa *d, const struct list *l, uint64_t *maybe)
{
	const uint16_t *matches = matches_of(d, l);

	for (size_t i = 0; i < l->matches; i++) {
		uint32_t pattern = d->nfa->nodes[matches[i]].arg;

		maybe[pattern >> 6] |= (uint64_t)1 << (pattern & 63);
	}
}

static void report_state(const struct dfa *d, unsigned state, uint64_t *maybe)
{
	const struct state *s = &d->m->states[state];

	report(d, &s->own, maybe);
	report(d, &d->m->lists[s->begun], maybe);
}

/* One scan on its way: it is in the state of `row`, or in `state` if that is 0. */
struct scan {
	struct dfa *d;
	uint64_t *maybe;
	const uint8_t *class_of;
	const uint16_t *table;
	size_t classes;
	unsigned row, state, filled;
};

static unsigned state_now(const struct scan *s)
{
	return s->row ? s->d->m->state_of_row[s->row] : s->state;
}

static void find(const struct dfa *d, const struct list *l)
{
	memcpy(work.nodes + work.n_nodes, nodes_of(d, l), l->nodes * sizeof(*work.nodes));
	work.n_nodes += l->nodes;
}

/* Forgets everything but where the scan is. False if that was done too often. */
static bool start_over(struct scan *s)
{
	const struct state *old = &s->d->m->states[state_now(s)];
	enum nfa_kind kind = (enum nfa_kind)old->kind;

	if (++s->filled > DFA_FILLED_MAX)
		return false;
	round_begin();
	find(s->d, &old->own);
	find(s->d, &s->d->m->lists[old->begun]);
	tidy_found();
	if (!forget(s->d))
		return false;
	s->row = 0;
	s->state = state_of_found(s->d, 0, kind);
	return s->state != 0;
}

/* Goes to the state that an entry names; the entry learns of its row. */
static void go(struct scan *s, uint16_t *entry)
{
	struct dfa *d = s->d;
	bool matches = *entry & MATCHES;
	unsigned number = *entry & (SPARSE - 1u);
	unsigned state = *entry & SPARSE ? number : d->m->state_of_row[number];
	struct state *to = &d->m->states[state];

	if (matches)
		report_state(d, state, s->maybe);
	if (!to->row && ++to->visits == ROW_AFTER)
		row_give(d, state);
	if (to->row)
		*entry = (uint16_t)(to->row | (matches ? MATCHES : 0));
	s->row = to->row;
	s->state = state;
}

/* A byte that needs more than a look into the table. False if it is too much work. */
static bool step(struct scan *s, unsigned class)
{
	uint16_t *entry = remembered(s->d, state_now(s), class);

	while (!entry || !*entry) {
		entry = lead(s->d, state_now(s), class);
		if (!entry && !start_over(s))
			return false;
	}
	go(s, entry);
	return true;
}

static unsigned look(const struct scan *s, uint8_t byte)
{
	return s->table[s->row * s->classes + s->class_of[byte]];
}

/* Do all of them lead to rows, and no pattern ends? (What is not known is 0.) */
static bool are_plain(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return !(((a - 1) | (b - 1) | (c - 1) | (d - 1)) & (MATCHES | SPARSE));
}

static bool step_all(struct scan *s, uint8_t byte)
{
	for (size_t i = 0; i < LANES; i++) {
		unsigned to = look(&s[i], byte);

		if (are_plain(to, to, to, to))
			s[i].row = to;
		else if (!step(&s[i], s[i].class_of[byte]))
			return false;
	}
	return true;
}

/*
 * Each look into a table has to wait for the one before; with several automata on their way, the
 * processor looks into all tables at once.
 */
static bool scan_bytes(struct scan s[LANES], const char *p, size_t n)
{
	struct scan a = s[0], b = s[1], c = s[2], d = s[3];

	for (size_t i = 0; i < n; i++) {
		uint8_t byte = (uint8_t)p[i];
		unsigned to_a = look(&a, byte), to_b = look(&b, byte);
		unsigned to_c = look(&c, byte), to_d = look(&d, byte);

		if (are_plain(to_a, to_b, to_c, to_d)) {
			a.row = to_a;
			b.row = to_b;
			c.row = to_c;
			d.row = to_d;
			continue;
		}
		s[0].row = a.row;
		s[1].row = b.row;
		s[2].row = c.row;
		s[3].row = d.row;
		if (!step_all(s, byte))
			return false;
		a.row = s[0].row;
		b.row = s[1].row;
		c.row = s[2].row;
		d.row = s[3].row;
	}
	s[0].row = a.row;
	s[1].row = b.row;
	s[2].row = c.row;
	s[3].row = d.row;
	return true;
}

/* False if there is not even room for the first state. */
static bool scan_begin(struct scan *s, struct dfa *d)
{
	*s = (struct scan){ .d = d,
			    .class_of = d->nfa->class_of,
			    .table = d->m->table,
			    .classes = d->nfa->n_classes,
			    .state = first_state(d) };
	if (!s->state && forget(d))
		s->state = first_state(d);
	return s->state != 0;
}

/* A lane without an automaton: any byte leads from row 1 to row 1. */
static void scan_idle(struct scan *s)
{
	static const uint8_t class_of[256];
	static const uint16_t table[] = { 1, 1 };

	*s = (struct scan){ .class_of = class_of, .table = table, .classes = 1, .row = 1 };
}

static bool scan_lanes(struct dfa *const *d, size_t lanes, const struct str *texts, size_t n,
		       uint64_t *maybe, size_t stride)
{
	struct scan s[LANES];

	for (size_t i = 0; i < LANES; i++)
		if (i >= lanes)
			scan_idle(&s[i]);
		else if (!scan_begin(&s[i], d[i]))
			return false;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < LANES; k++)
			s[k].maybe = maybe + i * stride;
		if (!scan_bytes(s, texts[i].p, texts[i].n) || !scan_bytes(s, "\n", 1))
			return false;
	}
	return true;
}

bool dfa_scan(struct dfa *const *d, size_t n_d, const struct str *texts, size_t n,
	      uint64_t *maybe, size_t stride)
{
	bool ok = true;

	for (size_t i = 0; ok && i < n_d; i += LANES)
		ok = scan_lanes(d + i, n_d - i < LANES ? n_d - i : LANES, texts, n, maybe, stride);
	return ok;
}
