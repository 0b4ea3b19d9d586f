/* The rule set as `pmgdb dump` prints it (database.md §1). */
#include "gw/rules/types.h"

static const char *const directions[] = { "in", "out", "in+out" };
static const char *const sides[] = { "FROM", "TO", "WHEN", "WHAT" };

static int by_type_and_value(const void *x, const void *y)
{
	const struct rule_object *a = *(struct rule_object *const *)x;
	const struct rule_object *b = *(struct rule_object *const *)y;
	int c;

	if (a->otype != b->otype)
		return a->otype < b->otype ? -1 : 1;
	c = str_cmp(a->src.value, b->src.value);
	return c ? c : (a->src.id < b->src.id ? -1 : 1);
}

static int by_name(const void *x, const void *y)
{
	return str_cmp((*(struct rule_group *const *)x)->row.name,
		       (*(struct rule_group *const *)y)->row.name);
}

static void dump_object(struct arena *a, struct rule_object *o, struct buf *out)
{
	struct err ignored;
	struct str text = o->src.value;

	if (o->type && rule_object_ready(a, o, &ignored))
		text = o->type->describe(a, o->data);
	buf_addf(out, "    OBJECT %s %lld: %.*s\n", o->type ? o->type->name : "unknown",
		 (long long)o->src.id, STR_ARG(text));
}

/* Actions are neither combined nor inverted. */
static void dump_group(struct arena *a, const char *side, const struct rule_group *g,
		       struct buf *out)
{
	bool is_action = !strcmp(side, "ACTION");
	struct rule_object **list = NEW_N(a, struct rule_object *, g->n);

	buf_addf(out, "  %s group %lld", side, (long long)g->row.id);
	if (!is_action)
		buf_addf(out, " (and=%d, invert=%d)", g->and, g->invert);
	buf_addf(out, ": %.*s\n", STR_ARG(g->row.name));
	for (size_t i = 0; i < g->n; i++)
		list[i] = &g->objects[i];
	if (g->n)
		qsort(list, g->n, sizeof(struct rule_object *), by_type_and_value);
	for (size_t i = 0; i < g->n; i++)
		dump_object(a, list[i], out);
}

static void dump_side(struct arena *a, const struct rule_side *s, const char *name,
		      struct buf *out)
{
	struct rule_group **list = NEW_N(a, struct rule_group *, s->n);

	if (s->stored && s->n)
		buf_addf(out, "  %s mode: and=%d invert=%d\n", name, s->and, s->invert);
	if (!s->n)
		return;
	memcpy(list, s->groups, s->n * sizeof(struct rule_group *));
	qsort(list, s->n, sizeof(struct rule_group *), by_name);
	for (size_t i = 0; i < s->n; i++)
		dump_group(a, name, list[i], out);
}

static void dump_rule(struct arena *a, const struct rule *rule, struct buf *out)
{
	int64_t d = rule->row.direction;

	buf_addf(out, "RULE %lld (prio: %lld, %s, %s): %.*s\n", (long long)rule->row.id,
		 (long long)rule->row.priority,
		 d >= RULE_IN && d <= RULE_BOTH ? directions[d] : "unknown",
		 rule->row.active ? "ACTIVE" : "inactive", STR_ARG(rule->row.name));
	if (rule->unbuilt)
		buf_addf(out, "  NOT USED: objects of type %lld are not available\n",
			 (long long)rule->unbuilt->otype);
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		dump_side(a, &rule->side[i], sides[i], out);
	dump_side(a, &rule->side[RULE_ACTION], "ACTION", out);
}

void rules_dump(const struct rules *r, enum rules_which which, struct buf *out)
{
	for (size_t i = 0; i < r->n; i++)
		if (which == RULES_ALL || (which == RULES_ACTIVE) == (r->all[i].row.active != 0))
			dump_rule(out->a, &r->all[i], out);
}
