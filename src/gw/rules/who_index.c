#include "gw/rules/who_index.h"

#include "base/map.h"
#include "gw/rules/literal.h"

/* Three bytes of a literal, by which it is looked for: those that the fewest literals have. */
enum { GRAM = LITERAL_MIN };

struct numbers {
	VEC(size_t) list;
};

/* A literal, and where its bytes for looking are. */
struct needle {
	struct str text;
	size_t at;
	size_t pattern;
};

struct gram {
	size_t literals; /* that have it */
	VEC(struct needle) needles;
};

struct who_index {
	struct arena *a;
	struct map addresses, domains; /* lower case → struct numbers, of groups */
	struct map grams;	       /* → struct gram */
	VEC(struct needle) needles;    /* while it is made */
	size_t n_groups, n_patterns;
	uint64_t *always; /* expressions without a literal */
};

static size_t words(size_t bits)
{
	return (bits + 63) / 64;
}

static void set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= (uint64_t)1 << (i % 64);
}

static void add_exact(struct who_index *x, struct map *map, struct str value, size_t group)
{
	struct str key = str_lower(x->a, value);
	struct numbers *n = map_get(map, key);

	if (!n) {
		n = NEW(x->a, struct numbers);
		map_set(map, key, n);
	}
	vec_add(x->a, &n->list, group);
}

static struct gram *gram_at(struct who_index *x, struct str text, size_t at)
{
	struct str key = str_sub(text, at, GRAM);
	struct gram *g = map_get(&x->grams, key);

	if (!g) {
		g = NEW(x->a, struct gram);
		map_set(&x->grams, key, g);
	}
	return g;
}

static void add_pattern(struct who_index *x, const struct rule_object *o)
{
	struct rule_regex regex;
	struct literals literals;

	o->type->regex(o->data, &regex);
	if (!literals_of(x->a, regex.text, &literals)) {
		set_bit(x->always, o->index);
		return;
	}
	for (size_t i = 0; i < literals.n; i++) {
		struct str text = literals.p[i];

		vec_add(x->a, &x->needles, ((struct needle){ text, 0, o->index }));
		for (size_t at = 0; at + GRAM <= text.n; at++)
			gram_at(x, text, at)->literals++;
	}
}

/* Under the rarest of its grams. */
static void place_needle(struct who_index *x, struct needle n)
{
	for (size_t at = 1; at + GRAM <= n.text.n; at++)
		if (gram_at(x, n.text, at)->literals < gram_at(x, n.text, n.at)->literals)
			n.at = at;
	vec_add(x->a, &gram_at(x, n.text, n.at)->needles, n);
}

static void add_group(struct who_index *x, const struct rule_group *g, size_t number)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct rule_object *o = &g->objects[i];

		if (!o->decoded || o->type->class != CLASS_WHO)
			continue;
		if (o->type->equals == WHO_ADDRESS)
			add_exact(x, &x->addresses, *(const struct str *)o->data, number);
		else if (o->type->equals == WHO_DOMAIN)
			add_exact(x, &x->domains, *(const struct str *)o->data, number);
		else if (o->type->regex)
			add_pattern(x, o);
	}
}

struct who_index *who_index_make(struct arena *a, const struct rules *r)
{
	struct who_index *x = NEW(a, struct who_index);

	x->a = a;
	x->n_groups = r->n_groups;
	x->n_patterns = r->n_who_patterns;
	x->always = NEW_N(a, uint64_t, words(x->n_patterns));
	map_init(&x->addresses, a);
	map_init(&x->domains, a);
	map_init(&x->grams, a);
	for (size_t i = 0; i < r->n_groups; i++)
		add_group(x, &r->groups[i], i);
	for (size_t i = 0; i < x->needles.n; i++)
		place_needle(x, x->needles.p[i]);
	return x;
}

static void find_exact(const struct map *map, struct str key, uint64_t *groups)
{
	const struct numbers *n = map_get(map, key);

	for (size_t i = 0; n && i < n->list.n; i++)
		set_bit(groups, n->list.p[i]);
}

static bool is_there(const struct needle *n, struct str text, size_t gram_at)
{
	return gram_at >= n->at && str_starts(str_from(text, gram_at - n->at), n->text);
}

static void find_needles(const struct who_index *x, struct str text, uint64_t *patterns)
{
	for (size_t at = 0; at + GRAM <= text.n; at++) {
		const struct gram *g = map_get(&x->grams, str_sub(text, at, GRAM));

		for (size_t i = 0; g && i < g->needles.n; i++)
			if (is_there(&g->needles.p[i], text, at))
				set_bit(patterns, g->needles.p[i].pattern);
	}
}

struct who_hits who_index_ask(const struct who_index *x, struct arena *a, struct str address)
{
	uint64_t *groups = NEW_N(a, uint64_t, words(x->n_groups));
	uint64_t *patterns = NEW_N(a, uint64_t, words(x->n_patterns));
	struct str text = str_lower(a, address);
	ptrdiff_t at = str_rchr(text, '@');

	find_exact(&x->addresses, text, groups);
	if (at >= 0)
		find_exact(&x->domains, str_from(text, (size_t)at + 1), groups);
	if (x->n_patterns)
		memcpy(patterns, x->always, words(x->n_patterns) * sizeof(*patterns));
	find_needles(x, text, patterns);
	return (struct who_hits){ groups, patterns };
}
