/* What is certain about rules without a mail: never, always, and whenever another one. */
#include "gw/rules/lint.h"

enum { DAY_MINUTES = 24 * 60 };

static struct str id_key(const struct rule_object *o)
{
	return (struct str){ (const char *)&o->src.id, sizeof(o->src.id) };
}

static enum certainty not(enum certainty c)
{
	return (enum certainty)(ALWAYS - c);
}

static enum certainty both(enum certainty x, enum certainty y)
{
	return x < y ? x : y;
}

static enum certainty either(enum certainty x, enum certainty y)
{
	return x > y ? x : y;
}

static enum certainty lint_object(const struct lint *x, const struct rule_object *o, int category)
{
	if (category == RULE_TO && o->type->of_client)
		return NEVER;
	if (o->type->is_vain && o->type->is_vain(o->data))
		return NEVER;
	return map_get(&x->hopeless, id_key(o)) ? NEVER : MAYBE;
}

enum certainty lint_group(const struct lint *x, const struct rule_group *g, int category)
{
	enum certainty c = g->and ? ALWAYS : NEVER;

	for (size_t i = 0; i < g->n; i++) {
		enum certainty one = lint_object(x, &g->objects[i], category);

		c = g->and ? both(c, one) : either(c, one);
	}
	return g->invert ? not(c) : c;
}

static bool at_minute(const struct rule_side *s, const struct tm *t)
{
	bool all = s->and;

	for (size_t i = 0; i < s->n && all == s->and; i++) {
		const struct rule_group *g = s->groups[i];
		bool yes = g->and;

		for (size_t k = 0; k < g->n && yes == g->and; k++)
			yes = g->objects[k].type->when(g->objects[k].data, t);
		all = yes != g->invert;
	}
	return !s->n || all != s->invert;
}

static enum certainty lint_when(const struct rule_side *s)
{
	unsigned yes = 0;

	for (int m = 0; m < DAY_MINUTES; m++)
		yes += at_minute(s, &(struct tm){ .tm_hour = m / 60, .tm_min = m % 60 });
	return yes == 0 ? NEVER : yes == DAY_MINUTES ? ALWAYS : MAYBE;
}

enum certainty lint_side(const struct lint *x, const struct rule *rule, int category)
{
	const struct rule_side *s = &rule->side[category];
	enum certainty c = s->and ? ALWAYS : NEVER;

	if (!s->n)
		return ALWAYS;
	if (category == RULE_WHEN)
		return lint_when(s);
	if (category == RULE_WHAT && rule->dead)
		return NEVER;
	for (size_t i = 0; i < s->n; i++) {
		enum certainty one;

		if (category == RULE_WHAT && !s->groups[i]->n)
			continue;
		one = lint_group(x, s->groups[i], category);
		c = s->and ? both(c, one) : either(c, one);
	}
	return s->invert ? not(c) : c;
}

void lint_know(struct lint *x)
{
	x->known = arena_alloc_n(x->a, x->r->n, sizeof(*x->known));
	for (size_t i = 0; i < x->r->n_live; i++)
		for (int category = RULE_FROM; category < RULE_ACTION; category++)
			x->known[x->r->live[i] - x->r->all][category] =
				lint_side(x, x->r->live[i], category);
}

bool lint_is_never(const struct lint *x, const struct rule *rule)
{
	for (int category = RULE_FROM; category < RULE_ACTION; category++)
		if (x->known[rule - x->r->all][category] == NEVER)
			return true;
	return false;
}

static bool when_covers(const struct rule_side *a, const struct rule_side *b)
{
	for (int m = 0; m < DAY_MINUTES; m++) {
		const struct tm t = { .tm_hour = m / 60, .tm_min = m % 60 };

		if (at_minute(b, &t) && !at_minute(a, &t))
			return false;
	}
	return true;
}

/* Empty what groups do not count. */
static struct rule_side counted(struct arena *a, const struct rule_side *s, int category)
{
	struct rule_side c = *s;

	if (category != RULE_WHAT)
		return c;
	c.groups = NEW_N(a, struct rule_group *, s->n);
	c.n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->groups[i]->n)
			c.groups[c.n++] = s->groups[i];
	return c;
}

/* What a category or a group is made of: groups, or objects; all of them count, or any. */
struct terms {
	const struct rule_side *side; /* or: */
	const struct rule_group *group;
	size_t n;
	bool all;
};

static struct terms groups_of(const struct rule_side *s)
{
	return (struct terms){ .side = s, .n = s->n, .all = s->and && s->n != 1 };
}

static struct terms objects_of(const struct rule_group *g)
{
	return (struct terms){ .group = g, .n = g->n, .all = g->and && g->n != 1 };
}

static bool terms_imply(struct lint *x, struct terms b, struct terms a);

static bool is_same_source(const struct rule_source *x, const struct rule_source *y)
{
	if (!str_eq(x->value, y->value) || x->n_attrs != y->n_attrs)
		return false;
	for (size_t i = 0; i < x->n_attrs; i++)
		if (!str_eq(x->attrs[i].name, y->attrs[i].name) ||
		    !str_eq(x->attrs[i].value, y->attrs[i].value))
			return false;
	return true;
}

static bool object_implies(const struct rule_object *b, const struct rule_object *a)
{
	if (!a->type || !b->type)
		return false;
	if (a->type == b->type && is_same_source(&a->src, &b->src))
		return true;
	return b->type->implies && a->decoded && b->decoded &&
	       b->type->implies(b->data, a->type, a->data);
}

static bool group_implies(struct lint *x, const struct rule_group *b, const struct rule_group *a)
{
	uint64_t cost = (uint64_t)a->n * b->n;

	if (a == b)
		return true;
	if (a->invert != b->invert || cost > x->comparisons)
		return false;
	x->comparisons -= cost;
	return a->invert ? terms_imply(x, objects_of(a), objects_of(b))
			 : terms_imply(x, objects_of(b), objects_of(a));
}

static bool term_implies(struct lint *x, struct terms b, size_t i, struct terms a, size_t k)
{
	return b.side ? group_implies(x, b.side->groups[i], a.side->groups[k])
		      : object_implies(&b.group->objects[i], &a.group->objects[k]);
}

/* b as a whole implies that term of a. */
static bool terms_imply_one(struct lint *x, struct terms b, struct terms a, size_t k)
{
	for (size_t i = 0; i < b.n; i++)
		if (term_implies(x, b, i, a, k) == b.all)
			return b.all;
	return !b.all;
}

/* That term of b implies some of a. */
static bool term_implies_any(struct lint *x, struct terms b, size_t i, struct terms a)
{
	for (size_t k = 0; k < a.n; k++)
		if (term_implies(x, b, i, a, k))
			return true;
	return false;
}

/* b implies a; inversion is left aside. */
static bool terms_imply(struct lint *x, struct terms b, struct terms a)
{
	if (a.all) {
		for (size_t k = 0; k < a.n; k++)
			if (!terms_imply_one(x, b, a, k))
				return false;
		return true;
	}
	for (size_t i = 0; i < b.n; i++)
		if (term_implies_any(x, b, i, a) == b.all)
			return b.all;
	return !b.all;
}

/* Clients may disagree about what patterns are held against. */
static bool is_certain(const struct rule_side *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->groups[i]->n; k++)
			if (s->groups[i]->objects[k].type->regex)
				return false;
	return true;
}

static bool side_covers(struct lint *x, const struct rule *ra, const struct rule *rb,
			int category)
{
	struct rule_side a, b;

	if (x->known[ra - x->r->all][category] == ALWAYS)
		return true;
	if (!rb->side[category].n)
		return false;
	a = counted(x->a, &ra->side[category], category);
	b = counted(x->a, &rb->side[category], category);
	if (category == RULE_WHEN)
		return when_covers(&a, &b);
	/* In a mail that is ambiguous a rule that accepts matches less (match.c). */
	if (category == RULE_WHAT && ra->accepts && !rb->accepts && !is_certain(&a))
		return false;
	if (a.invert != b.invert)
		return false;
	return a.invert ? terms_imply(x, groups_of(&a), groups_of(&b))
			: terms_imply(x, groups_of(&b), groups_of(&a));
}

/* The times of day last: they are the most work. */
bool lint_covers(struct lint *x, const struct rule *a, const struct rule *b)
{
	static const int order[] = { RULE_FROM, RULE_TO, RULE_WHAT, RULE_WHEN };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (!side_covers(x, a, b, order[i]))
			return false;
	return true;
}
