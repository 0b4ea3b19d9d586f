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

static bool has_group(const struct rule_side *s, const struct rule_group *g)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->groups[i] == g)
			return true;
	return false;
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

/* Some group of `b` is in `a`, or all of them are. */
static bool some_in(const struct rule_side *b, const struct rule_side *a)
{
	for (size_t i = 0; i < b->n; i++)
		if (has_group(a, b->groups[i]))
			return true;
	return false;
}

static bool all_in(const struct rule_side *b, const struct rule_side *a)
{
	for (size_t i = 0; i < b->n; i++)
		if (!has_group(a, b->groups[i]))
			return false;
	return true;
}

/* b implies a, by the groups that they have in common; inversion is left aside. */
static bool groups_imply(const struct rule_side *b, const struct rule_side *a)
{
	bool a_all = a->and && a->n > 1, b_all = b->and && b->n > 1;

	if (a_all)
		return b_all || b->n == 1 ? all_in(a, b) : false;
	return b_all ? some_in(b, a) : all_in(b, a);
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

static bool side_covers(const struct lint *x, const struct rule *ra, const struct rule *rb,
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
	return a.invert ? groups_imply(&a, &b) : groups_imply(&b, &a);
}

/* The times of day last: they are the most work. */
bool lint_covers(const struct lint *x, const struct rule *a, const struct rule *b)
{
	static const int order[] = { RULE_FROM, RULE_TO, RULE_WHAT, RULE_WHEN };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (!side_covers(x, a, b, order[i]))
			return false;
	return true;
}
