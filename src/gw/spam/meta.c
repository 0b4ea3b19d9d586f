#include "gw/spam/ruleset.h"

static double zero(const void *ctx, const struct expr *leaf)
{
	(void)ctx;
	(void)leaf;
	return 0;
}

int meta_check(struct arena *tmp, struct str text, struct err *e)
{
	struct expr_world world = { .value = zero };
	struct expr *x;

	if (str_find(text, STR("::")) >= 0 || str_find(text, STR("->")) >= 0)
		return err_set(e, ERR_INVALID, "not an expression");
	for (size_t i = 0; i < text.n; i++)
		if (memchr("$@%;{}", text.p[i], 6))
			return err_set(e, ERR_INVALID, "'%c' is not allowed", text.p[i]);
	if (expr_parse(tmp, text, EXPR_META, &x, e) < 0)
		return -1;
	if (x)
		expr_eval(x, &world);
	if (world.divided_by_zero)
		return err_set(e, ERR_INVALID, "division by zero possible");
	return 0;
}

/* What is done for each name in a meta's expression. */
struct binding {
	struct spam_conf *c;
	struct spam_rules *rs;
	struct rule_def *meta;
	struct rule *rule;
	struct { struct rule_list *p; size_t n, cap; } globs;
};

static bool is_constant(const struct expr *leaf)
{
	return leaf->op == EXPR_NAME && str_eq(leaf->word->name, STR("local_tests_only"));
}

static void declare(void *ctx, struct expr *leaf)
{
	struct binding *b = ctx;

	if (leaf->op == EXPR_NAME && !is_constant(leaf) && b->c->rules.n < SPAM_RULES_MAX)
		conf_rule(b->c, leaf->word->name);
}

/* meta_check() has parsed it before, so it parses. */
static struct expr *parsed(struct arena *a, struct str text)
{
	struct expr *x = NULL;
	struct err e;

	if (expr_parse(a, text, EXPR_META, &x, &e) < 0)
		return NULL;
	return x;
}

/* Every name in a meta gets a rule, if only an undefined one. */
void meta_bind_names(struct spam_conf *c)
{
	struct binding b = { .c = c };
	size_t n = c->rules.n;

	for (size_t i = 0; i < n; i++) {
		struct rule_def *r = c->rules.entries[i].value;

		if (r->type == RULE_META)
			expr_leaves(parsed(c->tmp, r->expression), declare, &b);
	}
}

/* `*` stands for any bytes, `?` for one. */
static bool glob_match(struct str glob, struct str s)
{
	size_t g = 0, i = 0, star = SIZE_MAX, back = 0;

	while (i < s.n) {
		if (g < glob.n && (glob.p[g] == '?' || glob.p[g] == s.p[i]) && glob.p[g] != '*') {
			g++;
			i++;
		} else if (g < glob.n && glob.p[g] == '*') {
			star = g++;
			back = i;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			i = ++back;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

static void need(struct binding *b, size_t index)
{
	struct rule_list *needs = &b->rule->needs;

	for (size_t i = 0; i < needs->n; i++)
		if (needs->p[i] == index)
			return;
	vec_add(b->c->keep, needs, (uint32_t)index);
}

static void link_glob(struct binding *b, struct expr *leaf)
{
	struct rule_list *list = vec_push(b->c->keep, &b->globs);

	for (size_t i = 0; i < b->c->rules.n; i++) {
		struct rule_def *r = b->c->rules.entries[i].value;

		if (!r->scored || r == b->meta || !glob_match(leaf->word->arg, r->name))
			continue;
		vec_add(b->c->keep, list, (uint32_t)r->index);
		need(b, r->index);
	}
	leaf->ref = b->globs.n - 1;
}

static void link_leaf(void *ctx, struct expr *leaf)
{
	struct binding *b = ctx;
	bool constant = is_constant(leaf);
	const struct rule_def *r;

	if (leaf->op == EXPR_CALL) {
		link_glob(b, leaf);
		return;
	}
	r = constant ? NULL : map_get(&b->c->rules, leaf->word->name);
	if (!r) {
		leaf->op = EXPR_NUMBER;
		leaf->number = constant && b->rs->local;
		return;
	}
	leaf->ref = r->index;
	need(b, r->index);
}

/*
 * Metas in an order in which each comes after those it names; what is left over hangs on a cycle
 * and is 0 for ever, without waiting for anything.
 */
static void cut_cycles(struct spam_conf *c, struct spam_rules *rs)
{
	uint32_t *waiting = NEW_N(c->tmp, uint32_t, rs->n);
	uint32_t *queue = NEW_N(c->tmp, uint32_t, rs->n);
	size_t from = 0, to = 0;

	for (size_t i = 0; i < rs->n; i++) {
		for (size_t k = 0; k < rs->rules[i].needs.n; k++)
			waiting[i] += rs->rules[rs->rules[i].needs.p[k]].type == RULE_META;
		if (rs->rules[i].type == RULE_META && waiting[i] == 0)
			queue[to++] = (uint32_t)i;
	}
	while (from < to) {
		const struct rule_list *used = &rs->rules[queue[from++]].used;

		for (size_t k = 0; k < used->n; k++)
			if (--waiting[used->p[k]] == 0)
				queue[to++] = used->p[k];
	}
	for (size_t i = 0; i < rs->n; i++)
		if (waiting[i]) {
			rs->rules[i].expr = NULL;
			rs->rules[i].needs.n = 0;
		}
}

static void link_used(struct spam_conf *c, struct spam_rules *rs)
{
	for (size_t i = 0; i < rs->n; i++)
		rs->rules[i].used.n = 0;
	for (size_t i = 0; i < rs->n; i++)
		for (size_t k = 0; k < rs->rules[i].needs.n; k++)
			vec_add(c->keep, &rs->rules[rs->rules[i].needs.p[k]].used, (uint32_t)i);
}

void meta_link(struct spam_conf *c, struct spam_rules *rs)
{
	struct binding b = { .c = c, .rs = rs };
	struct expr *x;

	for (size_t i = 0; i < rs->n; i++) {
		b.meta = c->rules.entries[i].value;
		b.rule = &rs->rules[i];
		if (b.rule->type != RULE_META)
			continue;
		x = parsed(c->tmp, b.meta->expression);
		expr_leaves(x, link_leaf, &b);
		b.rule->expr = expr_copy(c->keep, x);
	}
	rs->globs = b.globs.p;
	link_used(c, rs);
	cut_cycles(c, rs);
	link_used(c, rs);
}

static void note_disabled(struct spam_conf *c, const struct spam_rules *rs, size_t rule,
			  size_t because)
{
	struct rule_def *r = c->rules.entries[rule].value;

	vec_add(c->keep, &c->disabled,
		((struct spam_note){
			.file = r->file,
			.line = r->line,
			.rule = rs->rules[rule].name,
			.message = str_fmt(c->keep, "needs %.*s", STR_ARG(rs->rules[because].name)),
		}));
}

/* From the disabled rules up to every meta that would have looked at them. */
void meta_disable(struct spam_conf *c, struct spam_rules *rs)
{
	uint32_t *queue = NEW_N(c->tmp, uint32_t, rs->n);
	size_t from = 0, to = 0;

	for (size_t i = 0; i < rs->n; i++)
		if (rs->rules[i].state == STATE_DISABLED)
			queue[to++] = (uint32_t)i;
	while (from < to) {
		size_t because = queue[from++];
		const struct rule_list *used = &rs->rules[because].used;

		for (size_t k = 0; k < used->n; k++) {
			struct rule *meta = &rs->rules[used->p[k]];

			if (meta->state != STATE_RUNS)
				continue;
			meta->state = STATE_DISABLED;
			note_disabled(c, rs, used->p[k], because);
			queue[to++] = used->p[k];
		}
	}
}
