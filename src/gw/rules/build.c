/* Rows of the rule database → rule set. */
#include "base/log.h"
#include "base/map.h"
#include "gw/rules/types.h"
#include "gw/rules/who_index.h"

struct builder {
	struct arena *a;
	const struct rules_tables *t;
	struct rules *r;
	struct map groups, rules; /* by id */
	struct rules_attr_row *object_attrs; /* by owner */
	struct rule_group *group;
};

static const char *const side_names[] = { "from", "to", "when", "what" };

static struct str key(const int64_t *id)
{
	return (struct str){ (const char *)id, sizeof(*id) };
}

static int attrs_by_owner(const void *x, const void *y)
{
	const struct rules_attr_row *a = x, *b = y;

	return a->owner < b->owner ? -1 : a->owner > b->owner;
}

/* Found at once, so they are asked first. */
static bool is_equals(int64_t otype)
{
	const struct rule_type *t = rule_type_find(otype);

	return t && t->equals != WHO_OTHER;
}

static int objects_by_group(const void *x, const void *y)
{
	const struct rules_object_row *a = x, *b = y;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (is_equals(a->otype) != is_equals(b->otype))
		return is_equals(a->otype) ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static int rules_by_priority(const void *x, const void *y)
{
	const struct rules_row *a = &((const struct rule *)x)->row;
	const struct rules_row *b = &((const struct rule *)y)->row;

	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	return a->id > b->id ? -1 : a->id < b->id;
}

/* A copy of the rows in that order; the caller's stay as they are. */
static void *sorted(struct arena *a, const void *rows, size_t n, size_t size,
		    int (*order)(const void *, const void *))
{
	void *copy = arena_alloc_n(a, n ? n : 1, size);

	if (n) {
		memcpy(copy, rows, n * size);
		qsort(copy, n, size, order);
	}
	return copy;
}

static void find_attrs(const struct builder *b, struct rule_source *src)
{
	size_t lo = 0, hi = b->t->n_object_attrs;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->object_attrs[mid].owner < src->id)
			lo = mid + 1;
		else
			hi = mid;
	}
	src->attrs = b->object_attrs + lo;
	while (lo < b->t->n_object_attrs && b->object_attrs[lo].owner == src->id) {
		lo++;
		src->n_attrs++;
	}
}

static void add_groups(struct builder *b)
{
	b->group = NEW_N(b->a, struct rule_group, b->t->n_groups);
	b->r->groups = b->group;
	b->r->n_groups = b->t->n_groups;
	for (size_t i = 0; i < b->t->n_groups; i++) {
		b->group[i].row = b->t->groups[i];
		map_set(&b->groups, key(&b->t->groups[i].id), &b->group[i]);
	}
	for (size_t i = 0; i < b->t->n_group_attrs; i++) {
		const struct rules_attr_row *at = &b->t->group_attrs[i];
		struct rule_group *g = map_get(&b->groups, key(&at->owner));

		if (!g)
			continue;
		if (str_eq(at->name, STR("and")))
			g->and = str_eq(at->value, STR("1"));
		else if (str_eq(at->name, STR("invert")))
			g->invert = str_eq(at->value, STR("1"));
	}
}

/* Objects of a group stand together. */
static void add_objects(struct builder *b)
{
	size_t n = b->t->n_objects;
	struct rules_object_row *row =
		sorted(b->a, b->t->objects, n, sizeof(*row), objects_by_group);
	struct rule_object *object = NEW_N(b->a, struct rule_object, n);

	for (size_t i = 0; i < n; i++) {
		struct rule_group *g = map_get(&b->groups, key(&row[i].group));
		struct rule_object *o = &object[i];

		o->otype = row[i].otype;
		o->type = rule_type_find(row[i].otype);
		o->src.id = row[i].id;
		o->src.value = row[i].value;
		find_attrs(b, &o->src);
		if (o->type && o->type->class == CLASS_WHAT)
			o->index = (uint32_t)b->r->n_what++;
		else if (o->type && o->type->class == CLASS_WHO && o->type->regex)
			o->index = (uint32_t)b->r->n_who_patterns++;
		if (!g)
			continue;
		if (!g->n++)
			g->objects = o;
		g->n_equals += is_equals(o->otype);
	}
}

static void add_rule_attr(struct rule *rule, const struct rules_attr_row *at)
{
	bool on = str_eq(at->value, STR("1"));

	for (size_t i = 0; i < ARRAY_LEN(side_names); i++) {
		struct str rest = at->name, side = str_cut(&rest, '-');

		if (!str_eq(side, str_of(side_names[i])))
			continue;
		if (str_eq(rest, STR("and")))
			rule->side[i].and = on;
		else if (str_eq(rest, STR("invert")))
			rule->side[i].invert = on;
		else
			return;
		rule->side[i].stored = true;
	}
}

static void add_rules(struct builder *b)
{
	struct rules *r = b->r;

	r->n = b->t->n_rules;
	r->all = NEW_N(b->a, struct rule, r->n);
	for (size_t i = 0; i < r->n; i++)
		r->all[i].row = b->t->rules[i];
	if (r->n)
		qsort(r->all, r->n, sizeof(*r->all), rules_by_priority);
	for (size_t i = 0; i < r->n; i++)
		map_set(&b->rules, key(&r->all[i].row.id), &r->all[i]);
	for (size_t i = 0; i < b->t->n_rule_attrs; i++) {
		struct rule *rule = map_get(&b->rules, key(&b->t->rule_attrs[i].owner));

		if (rule)
			add_rule_attr(rule, &b->t->rule_attrs[i]);
	}
}

/* A link to a group that is gone would widen the rule: that is an error, where the rule is used. */
static int add_link(struct builder *b, const struct rules_link_row *link, struct err *e)
{
	struct rule *rule = map_get(&b->rules, key(&link->rule));
	struct rule_group *group = map_get(&b->groups, key(&link->group));
	struct rule_side *side;

	if (!rule || link->category < 0 || link->category >= RULE_CATEGORIES)
		return 0;
	if (!group) {
		if (!rule->row.active)
			return 0;
		return err_set(e, ERR_INVALID, "rule '%.*s': there is no group %lld",
			       STR_ARG(rule->row.name), (long long)link->group);
	}
	side = &rule->side[link->category];
	side->groups = arena_grow(b->a, side->groups, side->n * sizeof(*side->groups),
				  (side->n + 1) * sizeof(*side->groups));
	side->groups[side->n++] = group;
	group->used = true;
	return 0;
}

bool rule_object_ready(struct arena *a, struct rule_object *o, struct err *e)
{
	if (o->decoded)
		return true;
	if (!o->type) {
		err_set(e, ERR_INVALID, "unknown object type %lld", (long long)o->otype);
		return false;
	}
	if (o->src.value.n > RULES_VALUE_MAX) {
		err_set(e, ERR_LIMIT, "value longer than %d bytes", RULES_VALUE_MAX);
		return false;
	}
	return o->decoded = rule_type_read(a, o->type, &o->src, &o->data, e) == 0;
}

static enum rule_class class_of(int category)
{
	switch (category) {
	case RULE_WHEN:
		return CLASS_WHEN;
	case RULE_WHAT:
		return CLASS_WHAT;
	case RULE_ACTION:
		return CLASS_ACTION;
	default:
		return CLASS_WHO;
	}
}

static int object_error(const struct rule *rule, const struct rule_group *g,
			const struct rule_object *o, struct err *e)
{
	return err_wrap(e, "rule '%.*s', group '%.*s', object %lld", STR_ARG(rule->row.name),
			STR_ARG(g->row.name), (long long)o->src.id);
}

static int ready_group(struct builder *b, struct rule *rule, int category, struct rule_group *g,
		       struct err *e)
{
	for (size_t i = 0; i < g->n; i++) {
		struct rule_object *o = &g->objects[i];

		if (!rule_object_ready(b->a, o, e))
			return object_error(rule, g, o, e);
		if (o->type->class != class_of(category)) {
			err_set(e, ERR_INVALID, "a %s cannot stand there", o->type->name);
			return object_error(rule, g, o, e);
		}
		if (o->type->per_recipient)
			rule->has_spam = true;
	}
	return 0;
}

static void find_unbuilt(struct rule *rule)
{
	for (int c = 0; c < RULE_CATEGORIES; c++)
		for (size_t i = 0; i < rule->side[c].n; i++) {
			struct rule_group *g = rule->side[c].groups[i];

			for (size_t k = 0; k < g->n && !rule->unbuilt; k++)
				if (!g->objects[k].type)
					rule->unbuilt = &g->objects[k];
		}
}

/* In the order in which they are carried out: insertion keeps equal priorities as they came. */
static void collect_actions(struct builder *b, struct rule *rule)
{
	const struct rule_side *side = &rule->side[RULE_ACTION];
	VEC(const struct rule_object *) list = { 0 };
	size_t k;

	for (size_t i = 0; i < side->n; i++)
		for (size_t j = 0; j < side->groups[i]->n; j++) {
			const struct rule_object *o = &side->groups[i]->objects[j];

			vec_add(b->a, &list, o);
			for (k = list.n - 1; k && list.p[k - 1]->type->priority > o->type->priority;
			     k--)
				list.p[k] = list.p[k - 1];
			list.p[k] = o;
		}
	rule->actions = list.p;
	rule->n_all_actions = list.n;
	while (rule->n_actions < list.n && !rule->final)
		rule->final = list.p[rule->n_actions++]->type->final;
	rule->accepts = rule->final && rule->actions[rule->n_actions - 1]->type == &type_accept;
	for (size_t i = 0; i < rule->n_actions; i++) {
		const struct rule_object *o = rule->actions[i];

		if (o->type->mentions && o->type->mentions(o->data, STR("__SPAM")))
			rule->prints_spam = true;
	}
}

static int finish_rule(struct builder *b, struct rule *rule, struct err *e)
{
	const struct rule_side *what = &rule->side[RULE_WHAT];

	if (!rule->row.active)
		return 0;
	find_unbuilt(rule);
	if (rule->unbuilt)
		return 0;
	if (rule->row.direction < RULE_IN || rule->row.direction > RULE_BOTH)
		return err_set(e, ERR_INVALID, "rule '%.*s': unknown direction %lld",
			       STR_ARG(rule->row.name), (long long)rule->row.direction);
	for (int c = 0; c < RULE_CATEGORIES; c++)
		for (size_t i = 0; i < rule->side[c].n; i++)
			if (ready_group(b, rule, c, rule->side[c].groups[i], e) < 0)
				return -1;
	collect_actions(b, rule);
	rule->dead = what->n > 0;
	for (size_t i = 0; i < what->n; i++)
		if (what->groups[i]->n)
			rule->dead = false;
	b->r->live[b->r->n_live++] = rule;
	return 0;
}

int rules_build(struct arena *a, const struct rules_tables *t, struct rules **out, struct err *e)
{
	struct builder b = { .a = a, .t = t, .r = NEW(a, struct rules) };

	if (t->n_rules > RULES_MAX || t->n_objects > RULES_OBJECTS_MAX)
		return err_set(e, ERR_LIMIT, "more than %d rules or %d objects", RULES_MAX,
			       RULES_OBJECTS_MAX);
	b.r->a = a;
	map_init(&b.groups, a);
	map_init(&b.rules, a);
	b.object_attrs = sorted(a, t->object_attrs, t->n_object_attrs, sizeof(*b.object_attrs),
				attrs_by_owner);
	add_groups(&b);
	add_objects(&b);
	add_rules(&b);
	for (size_t i = 0; i < t->n_links; i++)
		if (add_link(&b, &t->links[i], e) < 0)
			return -1;
	b.r->live = NEW_N(a, struct rule *, b.r->n);
	for (size_t i = 0; i < b.r->n; i++)
		if (finish_rule(&b, &b.r->all[i], e) < 0)
			return -1;
	b.r->who = who_index_make(a, b.r);
	*out = b.r;
	return 0;
}

void rules_warn(const struct rules *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct rule_object *o = r->all[i].unbuilt;

		if (o)
			log_warn("rule '%.*s' is not used: objects of type %lld are not available",
				 STR_ARG(r->all[i].row.name), (long long)o->otype);
	}
}
