/* Regular expressions that cannot match, and those that take far too long. */
#include "gw/rules/pattern_int.h"

#include "lib/re/re.h"

/* Where matching stands in the text, as far as that is certain. */
struct place {
	bool inside; /* something was taken already */
	bool ended;  /* at the end, or before its line end */
};

static bool sequence_can(const struct pattern_sequence *s, struct place *place);

/* One of the alternatives can go on from there; *place is what is certain after it. */
static bool group_can(const struct pattern_node *n, struct place *place)
{
	struct place after = { true, true }, one;
	bool any = false;

	for (size_t i = 0; i < n->alternatives.n; i++) {
		one = *place;
		if (!sequence_can(&n->alternatives.p[i], &one))
			continue;
		any = true;
		after.inside &= one.inside;
		after.ended &= one.ended;
	}
	*place = after;
	return any;
}

static bool node_can(const struct pattern_node *n, struct place *place)
{
	switch (n->kind) {
	case NODE_START:
		return !place->inside;
	case NODE_END:
		place->ended = true;
		return true;
	case NODE_BYTE:
		if (place->ended && !n->line_end)
			return false;
		place->inside = true;
		return true;
	case NODE_NOTHING:
		return false;
	case NODE_GROUP:
		return group_can(n, place);
	case NODE_EMPTY:
		break;
	}
	return true;
}

static bool sequence_can(const struct pattern_sequence *s, struct place *place)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->p[i].min && !node_can(&s->p[i], place))
			return false;
	return true;
}

bool pattern_matches_nothing(const struct pattern *p)
{
	struct place start = { false, false };

	return !group_can(&p->root, &start);
}

static void add_sample(const struct pattern_node *n, struct buf *b);

/* As often as it must be there, at least once. */
static void add_repeated(const struct pattern_node *n, struct buf *b)
{
	size_t before;

	for (size_t k = 0; k == 0 || k < n->min; k++) {
		before = b->n;
		add_sample(n, b);
		if (b->failed || b->n == before)
			return;
	}
}

/* Adds a text that the node can match, once. */
static void add_sample(const struct pattern_node *n, struct buf *b)
{
	if (n->kind == NODE_BYTE)
		buf_addc(b, n->sample);
	if (n->kind != NODE_GROUP)
		return;
	for (size_t i = 0; i < n->alternatives.p[0].n; i++)
		add_repeated(&n->alternatives.p[0].p[i], b);
}

struct attack {
	const struct pattern *p;
	struct str before; /* what brings matching to the repetition in hand */
	struct str end, beyond; /* a match, out of place; that, and something behind it */
	unsigned tries;
	struct str found; /* STR_NONE: nothing yet */
};

static bool enough(const struct attack *x)
{
	return x->found.p || x->tries >= PATTERN_ATTACKS_MAX;
}

/*
 * before, unit as often as there is room, and each of several ends. Some have in them what the
 * rest of the pattern wants; without that, matching often ends before it has begun.
 */
static void try_unit(struct attack *x, struct str unit)
{
	const struct str ends[] = { STR("\x01"), STR(""), STR("\n!"), x->end, x->beyond };
	size_t max = x->p->regex.max;

	for (size_t i = 0; i < ARRAY_LEN(ends) && unit.n && !enough(x); i++) {
		struct buf b;

		buf_init(&b, x->p->a, max + unit.n);
		buf_add(&b, x->before);
		while (!b.failed && b.n + unit.n + ends[i].n <= max)
			buf_add(&b, unit);
		buf_add(&b, ends[i]);
		x->tries++;
		if (!b.failed && re_match(x->p->regex.re, buf_str(&b)) == RE_LIMIT)
			x->found = buf_str(&b);
	}
}

static struct str sample_of(const struct attack *x, const struct pattern_node *n)
{
	struct buf b;

	buf_init(&b, x->p->a, x->p->regex.max);
	add_repeated(n, &b);
	return b.failed ? STR_NONE : buf_str(&b);
}

static void attack_sequence(struct attack *x, const struct pattern_sequence *s);

/* What the node repeats, and, for a group, what each of its alternatives is. */
static void attack_node(struct attack *x, const struct pattern_node *n)
{
	struct str before = x->before;

	if (n->kind == NODE_BYTE && n->max > 1)
		try_unit(x, (struct str){ &n->sample, 1 });
	for (size_t i = 0; n->kind == NODE_GROUP && i < n->alternatives.n && !enough(x); i++) {
		struct pattern_node one = { .kind = NODE_GROUP, .min = 1, .max = 1 };

		vec_add(x->p->a, &one.alternatives, n->alternatives.p[i]);
		if (n->max > 1)
			try_unit(x, sample_of(x, &one));
		attack_sequence(x, &n->alternatives.p[i]);
		x->before = before;
	}
}

static void attack_sequence(struct attack *x, const struct pattern_sequence *s)
{
	for (size_t i = 0; i < s->n && !enough(x); i++) {
		attack_node(x, &s->p[i]);
		x->before = str_cat(x->p->a, x->before, sample_of(x, &s->p[i]));
	}
}

bool pattern_gives_up(const struct pattern *p, struct str *text)
{
	struct attack x = { .p = p, .before = STR("") };

	x.end = str_cat(p->a, STR("\x01"), sample_of(&x, &p->root));
	x.beyond = str_cat(p->a, x.end, STR("\x01"));
	attack_node(&x, &p->root);
	if (!x.found.p)
		return false;
	*text = x.found;
	return true;
}
