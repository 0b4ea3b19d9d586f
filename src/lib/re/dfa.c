#include "lib/re/dfa.h"

#include <sys/mman.h>

/* Where a byte leads: 0 is not known yet; the highest bit: patterns end on the way. */
enum { MATCHES = 1 << 15, SLOTS = 2 * DFA_STATES_MAX, LISTS_MAX = 1 + NFA_KINDS * 256 };

_Static_assert((int)DFA_STATES_MAX < (int)MATCHES, "a state has 15 bits");

/* Nodes in order, then patterns in order, in `numbers`. */
struct list {
	uint32_t at;
	uint16_t nodes, patterns;
};

/*
 * A state: the nodes to go on from, before forks and questions are followed, and what the byte
 * before was. Those where patterns have just begun are a list that many states share, the others
 * are its own. The patterns that ended on the way here belong to it too.
 */
struct state {
	struct list own;
	uint16_t begun; /* of `lists` */
	uint16_t kind;
	uint32_t hash;
};

/* All that is forgotten together; pages of zeros until they are used. */
struct memory {
	struct state states[DFA_STATES_MAX];
	uint16_t slots[SLOTS]; /* hash table of states */
	uint32_t numbers[DFA_NUMBERS_MAX];
	struct list lists[LISTS_MAX];	/* no two alike; the first is empty */
	uint16_t begins[NFA_KINDS][256]; /* by kind and class: list where patterns begin, or 0 */
	uint16_t table[DFA_TABLE_MAX / sizeof(uint16_t)];
};

struct dfa {
	const struct nfa *nfa;
	struct memory *m;
	size_t n_states, n_numbers, n_lists, states_max;
};

/*
 * What following forks needs, for all automata of the process: nodes seen in this round, nodes to
 * be followed, what was found.
 */
static struct {
	uint16_t seen[NFA_NODES_MAX], round;
	uint32_t todo[NFA_NODES_MAX];
	size_t n_todo;
	uint32_t nodes[2 * NFA_NODES_MAX], patterns[2 * NFA_NODES_MAX];
	size_t n_nodes, n_patterns;
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
	d->states_max = most < DFA_STATES_MAX ? most : DFA_STATES_MAX;
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
	work.n_nodes = work.n_patterns = 0;
}

static void follow(uint32_t node)
{
	if (work.seen[node] == work.round)
		return;
	work.seen[node] = work.round;
	work.todo[work.n_todo++] = node;
}

/* From `node`, after a byte of kind `before`, with a byte of `class`. */
static void take(const struct nfa *nfa, uint32_t node, enum nfa_kind before, unsigned class)
{
	enum nfa_kind after = (enum nfa_kind)nfa->kind_of[class];
	bool edge = (before == NFA_WORD) != (after == NFA_WORD);

	follow(node);
	while (work.n_todo) {
		const struct nfa_node *n = &nfa->nodes[work.todo[--work.n_todo]];

		if (n->op == NFA_BYTE) {
			if (wide_set_has(&nfa->sets[n->arg], class))
				work.nodes[work.n_nodes++] = n->next;
		} else if (n->op == NFA_MATCH) {
			work.patterns[work.n_patterns++] = n->arg;
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
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

/* In order, each once. */
static size_t tidy(uint32_t *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), number_cmp);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

/* Keeps what was found. False if there is no room. */
static bool keep(struct dfa *d, struct list *out)
{
	uint32_t *to = d->m->numbers + d->n_numbers;

	if (work.n_nodes > UINT16_MAX || work.n_patterns > UINT16_MAX ||
	    work.n_nodes + work.n_patterns > DFA_NUMBERS_MAX - d->n_numbers)
		return false;
	memcpy(to, work.nodes, work.n_nodes * sizeof(*to));
	memcpy(to + work.n_nodes, work.patterns, work.n_patterns * sizeof(*to));
	*out = (struct list){ (uint32_t)d->n_numbers, (uint16_t)work.n_nodes,
			      (uint16_t)work.n_patterns };
	d->n_numbers += work.n_nodes + work.n_patterns;
	return true;
}

static const uint32_t *nodes_of(const struct dfa *d, const struct list *l)
{
	return d->m->numbers + l->at;
}

static const uint32_t *patterns_of(const struct dfa *d, const struct list *l)
{
	return d->m->numbers + l->at + l->nodes;
}

/* Is it what was found? */
static bool is_found(const struct dfa *d, const struct list *l)
{
	return l->nodes == work.n_nodes && l->patterns == work.n_patterns &&
	       memcmp(nodes_of(d, l), work.nodes, l->nodes * sizeof(uint32_t)) == 0 &&
	       memcmp(patterns_of(d, l), work.patterns, l->patterns * sizeof(uint32_t)) == 0;
}

static void tidy_found(void)
{
	work.n_nodes = tidy(work.nodes, work.n_nodes);
	work.n_patterns = tidy(work.patterns, work.n_patterns);
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
	const uint32_t *other = nodes_of(d, l);
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
	for (size_t i = 0; i < work.n_patterns; i++)
		h = (h ^ ~work.patterns[i]) * 16777619u;
	return h ^ h >> 15;
}

/* The state of what was found; 0 if there is no room for it. States count from 1. */
static unsigned state_of_found(struct dfa *d, uint16_t begun, enum nfa_kind kind)
{
	uint32_t hash = hash_found(begun, kind);
	size_t i = hash % SLOTS;
	struct state *s;

	for (; d->m->slots[i]; i = (i + 1) % SLOTS) {
		s = &d->m->states[d->m->slots[i]];
		if (s->hash == hash && s->begun == begun && s->kind == kind &&
		    is_found(d, &s->own))
			return d->m->slots[i];
	}
	s = &d->m->states[d->n_states + 1];
	if (d->n_states + 1 >= d->states_max || !keep(d, &s->own))
		return 0;
	s->begun = begun;
	s->kind = (uint16_t)kind;
	s->hash = hash;
	d->m->slots[i] = (uint16_t)++d->n_states;
	return (unsigned)d->n_states;
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
	return madvise(d->m, sizeof(*d->m), MADV_DONTNEED) == 0;
}

static void take_all(const struct dfa *d, const struct list *l, enum nfa_kind before,
		     unsigned class)
{
	const uint32_t *nodes = nodes_of(d, l);

	for (size_t i = 0; i < l->nodes; i++)
		take(d->nfa, nodes[i], before, class);
}

/* Where a byte leads, found out and remembered; 0 if there is no room. */
static unsigned lead(struct dfa *d, unsigned from, unsigned class)
{
	const struct state *s = &d->m->states[from];
	enum nfa_kind before = (enum nfa_kind)s->kind;
	uint16_t begun = begins(d, before, class);
	unsigned to;

	if (!begun)
		return 0;
	round_begin();
	take_all(d, &d->m->lists[s->begun], before, class);
	take_all(d, &s->own, before, class);
	tidy_found();
	leave_out(d, &d->m->lists[begun]);
	to = state_of_found(d, begun, (enum nfa_kind)d->nfa->kind_of[class]);
	if (to && (work.n_patterns || d->m->lists[begun].patterns))
		to |= MATCHES;
	d->m->table[from * d->nfa->n_classes + class] = (uint16_t)to;
	return to;
}

static void report(const struct dfa *d, const struct list *l, uint64_t *maybe)
{
	const uint32_t *patterns = patterns_of(d, l);

	for (size_t i = 0; i < l->patterns; i++)
		maybe[patterns[i] >> 6] |= (uint64_t)1 << (patterns[i] & 63);
}

static void report_state(const struct dfa *d, unsigned state, uint64_t *maybe)
{
	const struct state *s = &d->m->states[state];

	report(d, &s->own, maybe);
	report(d, &d->m->lists[s->begun], maybe);
}

/* One scan on its way. */
struct scan {
	struct dfa *d;
	uint64_t *maybe;
	unsigned state, filled;
};

static void find(const struct dfa *d, const struct list *l)
{
	memcpy(work.nodes + work.n_nodes, nodes_of(d, l), l->nodes * sizeof(*work.nodes));
	work.n_nodes += l->nodes;
}

/* Forgets everything but where the scan is. False if that was done too often. */
static bool start_over(struct scan *s)
{
	const struct state *old = &s->d->m->states[s->state];
	enum nfa_kind kind = (enum nfa_kind)old->kind;

	if (++s->filled > DFA_FILLED_MAX)
		return false;
	round_begin();
	find(s->d, &old->own);
	find(s->d, &s->d->m->lists[old->begun]);
	tidy_found();
	if (!forget(s->d))
		return false;
	s->state = state_of_found(s->d, 0, kind);
	return s->state != 0;
}

/* A byte that needs more than a look into the table. False if it is too much work. */
static bool step(struct scan *s, unsigned class)
{
	unsigned to = s->d->m->table[s->state * s->d->nfa->n_classes + class];

	while (!to) {
		to = lead(s->d, s->state, class);
		if (!to && !start_over(s))
			return false;
	}
	s->state = to & ~(unsigned)MATCHES;
	if (to & MATCHES)
		report_state(s->d, s->state, s->maybe);
	return true;
}

static bool scan_bytes(struct scan *s, const char *p, size_t n)
{
	const uint16_t *table = s->d->m->table;
	const uint8_t *class_of = s->d->nfa->class_of;
	size_t classes = s->d->nfa->n_classes;

	for (size_t i = 0; i < n; i++) {
		unsigned class = class_of[(uint8_t)p[i]];
		unsigned to = table[s->state * classes + class];

		if (to && !(to & MATCHES))
			s->state = to;
		else if (!step(s, class))
			return false;
	}
	return true;
}

bool dfa_scan(struct dfa *d, const struct str *texts, size_t n, uint64_t *maybe)
{
	struct scan s = { .d = d, .maybe = maybe, .state = first_state(d) };

	if (!s.state && forget(d))
		s.state = first_state(d);
	for (size_t i = 0; s.state && i < n; i++)
		if (!scan_bytes(&s, texts[i].p, texts[i].n) || !scan_bytes(&s, "\n", 1))
			return false;
	return s.state != 0;
}
