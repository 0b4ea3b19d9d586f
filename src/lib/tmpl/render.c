/* Statements: a tree of nodes to text. */
#include "base/buf.h"
#include "lib/tmpl/eval.h"

/* What PROCESS and INCLUDE can name, and the template that an error in it belongs to. */
struct block {
	const struct node *body;
	const struct tmpl *owner;
};

static int run_nodes(struct run *r, const struct node *n, struct buf *to);

static int check_output(struct run *r, const struct node *n, const struct buf *to)
{
	if (!to->failed)
		return 0;
	tmpl_error(r->e, r->current->name, n->line, "more than %d bytes of output",
		   TMPL_OUTPUT_MAX);
	r->e->code = ERR_LIMIT;
	return -1;
}

static int run_print(struct run *r, const struct node *n, struct buf *to)
{
	struct tmpl_value *v;
	struct str text;

	if (eval(r, n->expr, &v) < 0 || eval_text(r, n->line, v, &text) < 0)
		return -1;
	buf_add(to, text);
	return check_output(r, n, to);
}

static int run_set(struct run *r, const struct node *n)
{
	for (size_t i = 0; i < n->set.n; i++)
		if (eval_assign(r, &n->set.p[i]) < 0)
			return -1;
	return 0;
}

static int run_if(struct run *r, const struct node *n, struct buf *to)
{
	struct tmpl_value *v;

	for (;; n = n->other) {
		if (eval(r, n->expr, &v) < 0)
			return -1;
		if (tmpl_is_true(v) != n->negate)
			return run_nodes(r, n->body, to);
		if (!n->elsif)
			return run_nodes(r, n->other, to);
	}
}

static void loop_set(struct run *r, struct tmpl_value *loop, const char *name,
		     struct tmpl_value *value)
{
	tmpl_hash_set(loop, str_of(name), value ? value : NEW(r->a, struct tmpl_value));
}

static struct tmpl_value *loop_state(struct run *r, const struct tmpl_value *list, size_t i)
{
	struct tmpl_value *loop = tmpl_hash(r->a), **items = list->list.p;
	size_t n = list->list.n;

	loop_set(r, loop, "first", tmpl_int(r->a, i == 0));
	loop_set(r, loop, "last", tmpl_int(r->a, i + 1 == n));
	loop_set(r, loop, "index", tmpl_int(r->a, (int64_t)i));
	loop_set(r, loop, "count", tmpl_int(r->a, (int64_t)i + 1));
	loop_set(r, loop, "size", tmpl_int(r->a, (int64_t)n));
	loop_set(r, loop, "max", tmpl_int(r->a, (int64_t)n - 1));
	loop_set(r, loop, "prev", i > 0 ? items[i - 1] : NULL);
	loop_set(r, loop, "next", i + 1 < n ? items[i + 1] : NULL);
	return loop;
}

static int by_bytes(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* A hash is walked as a list of { key, value }, sorted by key. */
static struct tmpl_value *hash_pairs(struct run *r, const struct tmpl_value *hash)
{
	struct str *keys = NEW_N(r->a, struct str, hash->hash.n);
	struct tmpl_value *list = tmpl_list(r->a);

	for (size_t i = 0; i < hash->hash.n; i++)
		keys[i] = hash->hash.entries[i].key;
	if (hash->hash.n)
		qsort(keys, hash->hash.n, sizeof(*keys), by_bytes);
	for (size_t i = 0; i < hash->hash.n; i++) {
		struct tmpl_value *pair = tmpl_hash(r->a);

		tmpl_hash_set(pair, STR("key"), tmpl_text(r->a, keys[i]));
		tmpl_hash_set(pair, STR("value"), tmpl_hash_get(hash, keys[i]));
		tmpl_list_add(r->a, list, pair);
	}
	return list;
}

static struct tmpl_value *as_list(struct run *r, struct tmpl_value *v)
{
	struct tmpl_value *list;

	if (v && v->type == TMPL_LIST)
		return v;
	if (v && v->type == TMPL_HASH)
		return hash_pairs(r, v);
	list = tmpl_list(r->a);
	if (v)
		tmpl_list_add(r->a, list, v);
	return list;
}

/* Without a loop variable the names inside each hash become variables. */
static void import_item(struct run *r, const struct node *n, struct tmpl_value *item)
{
	if (n->text.n) {
		tmpl_hash_set(r->vars, n->text, item);
		return;
	}
	for (size_t i = 0; item->type == TMPL_HASH && i < item->hash.n; i++)
		tmpl_hash_set(r->vars, item->hash.entries[i].key, item->hash.entries[i].value);
}

/* A copy of the variables, which the original outlives; what is inside hashes is shared. */
static struct tmpl_value *localise(struct run *r)
{
	struct tmpl_value *copy = tmpl_hash(r->a);

	for (size_t i = 0; i < r->vars->hash.n; i++)
		tmpl_hash_set(copy, r->vars->hash.entries[i].key, r->vars->hash.entries[i].value);
	return copy;
}

static int run_items(struct run *r, const struct node *n, const struct tmpl_value *list,
		     struct buf *to)
{
	for (size_t i = 0; i < list->list.n; i++) {
		if (tmpl_spend(r, n->line, 1024) < 0)
			return -1;
		tmpl_hash_set(r->vars, STR("loop"), loop_state(r, list, i));
		import_item(r, n, list->list.p[i]);
		if (run_nodes(r, n->body, to) < 0)
			return -1;
	}
	return 0;
}

static int run_foreach(struct run *r, const struct node *n, struct buf *to)
{
	struct tmpl_value *outer = r->vars, *old_loop = tmpl_hash_get(r->vars, STR("loop")), *v;
	int result;

	if (eval(r, n->expr, &v) < 0)
		return -1;
	if (!n->text.n) {
		if (tmpl_spend(r, n->line, 64 * outer->hash.n) < 0)
			return -1;
		r->vars = localise(r);
	}
	result = run_items(r, n, as_list(r, v), to);
	r->vars = outer;
	tmpl_hash_set(r->vars, STR("loop"), old_loop ? old_loop : NEW(r->a, struct tmpl_value));
	return result;
}

static void add_blocks(struct run *r, const struct tmpl *t)
{
	for (size_t i = 0; i < t->blocks.n; i++) {
		struct block *b = NEW(r->a, struct block);

		*b = (struct block){ t->blocks.entries[i].value, t };
		map_set(&r->blocks, t->blocks.entries[i].key, b);
	}
}

/* The file of that name, parsed once. */
static int find_file(struct run *r, const struct node *n, struct str name, struct block **out)
{
	struct block *b = map_get(&r->files, name);
	struct tmpl *t;
	struct str text;

	if (!b) {
		if (!r->source || r->source->load(r->source->ctx, r->a, name, &text, r->e) < 0)
			return r->source && r->e->code != ERR_NOTFOUND
				       ? -1
				       : eval_fail(r, n->line,
						   "there is no template or BLOCK of this name",
						   name);
		if (tmpl_parse(r->a, name, text, &t, r->e) < 0)
			return -1;
		b = NEW(r->a, struct block);
		*b = (struct block){ t->body, t };
		map_set(&r->files, name, b);
	}
	add_blocks(r, b->owner);
	*out = b;
	return 0;
}

static int find_block(struct run *r, const struct node *n, struct block **out)
{
	struct tmpl_value *v;
	struct str name;

	if (eval(r, n->expr, &v) < 0 || eval_text(r, n->line, v, &name) < 0)
		return -1;
	*out = map_get(&r->blocks, name);
	return *out ? 0 : find_file(r, n, name, out);
}

static int run_block(struct run *r, const struct node *n, const struct block *b, struct buf *to)
{
	const struct tmpl *caller = r->current;
	int result;

	if (r->calls >= TMPL_CALLS_MAX)
		return eval_fail(r, n->line, "PROCESS and INCLUDE are nested too deep", STR_NONE);
	r->calls++;
	result = run_set(r, n);
	r->current = b->owner;
	if (result == 0)
		result = run_nodes(r, b->body, to);
	r->current = caller;
	r->calls--;
	return result;
}

static int run_process(struct run *r, const struct node *n, struct buf *to)
{
	struct tmpl_value *outer = r->vars;
	struct block *b;
	int result;

	if (find_block(r, n, &b) < 0 || tmpl_spend(r, n->line, 64 * outer->hash.n) < 0)
		return -1;
	if (n->type == NODE_INCLUDE)
		r->vars = localise(r);
	result = run_block(r, n, b, to);
	r->vars = outer;
	return result;
}

static int run_filter(struct run *r, const struct node *n, struct buf *to)
{
	struct str text;
	struct buf inner;

	buf_init(&inner, r->a, TMPL_OUTPUT_MAX);
	if (run_nodes(r, n->body, &inner) < 0 || check_output(r, n, &inner) < 0 ||
	    tmpl_spend(r, n->line, inner.n) < 0 ||
	    tmpl_filter(r, n->line, n->text, buf_str(&inner), &text) < 0)
		return -1;
	buf_add(to, text);
	return check_output(r, n, to);
}

/* Text inside a FILTER is the FILTER's. */
static int note_place(struct run *r, const struct node *n, const struct buf *to)
{
	if (!r->places || to != r->output)
		return 0;
	if (tmpl_spend(r, n->line, sizeof(struct tmpl_piece)) < 0)
		return -1;
	vec_add(r->a, &r->places->list,
		((struct tmpl_piece){
			to->n, { r->current->name, n->line }, n->type == NODE_TEXT }));
	return 0;
}

static int run_node(struct run *r, const struct node *n, struct buf *to)
{
	if (note_place(r, n, to) < 0)
		return -1;
	switch (n->type) {
	case NODE_TEXT:
		buf_add(to, n->text);
		return check_output(r, n, to);
	case NODE_PRINT:
		return run_print(r, n, to);
	case NODE_SET:
		return run_set(r, n);
	case NODE_IF:
		return run_if(r, n, to);
	case NODE_FOREACH:
		return run_foreach(r, n, to);
	case NODE_PROCESS:
	case NODE_INCLUDE:
		return run_process(r, n, to);
	case NODE_FILTER:
		return run_filter(r, n, to);
	}
	return err_set(r->e, ERR_BUG, "statement of no type");
}

static int run_nodes(struct run *r, const struct node *n, struct buf *to)
{
	for (; n; n = n->next)
		if (tmpl_spend(r, n->line, 0) < 0 || run_node(r, n, to) < 0)
			return -1;
	return 0;
}

int tmpl_render(struct arena *a, const struct tmpl *t, struct tmpl_value *vars,
		const struct tmpl_source *source, struct str *out, struct tmpl_places *places,
		struct err *e)
{
	struct buf to;
	struct run r = { .a = a, .vars = vars, .source = source, .current = t,
			 .output = &to, .places = places, .e = e };

	ASSERT(vars->type == TMPL_HASH);
	map_init(&r.blocks, a);
	map_init(&r.files, a);
	add_blocks(&r, t);
	buf_init(&to, a, TMPL_OUTPUT_MAX);
	if (run_nodes(&r, t->body, &to) < 0)
		return -1;
	return buf_done(&to, out, e);
}

struct tmpl_place tmpl_place(const struct tmpl_places *places, struct str out, size_t at)
{
	const struct tmpl_piece *piece = NULL;
	struct tmpl_place place = { 0 };

	for (size_t i = 0; i < places->list.n && places->list.p[i].at <= at; i++)
		piece = &places->list.p[i];
	if (!piece)
		return place;
	place = piece->from;
	for (size_t i = piece->at; piece->copied && i < at && i < out.n; i++)
		place.line += out.p[i] == '\n';
	return place;
}
