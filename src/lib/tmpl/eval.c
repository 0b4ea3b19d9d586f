#include "base/buf.h"
#include "lib/tmpl/eval.h"

enum { VALUE_TEXT_MAX = TMPL_OUTPUT_MAX };

int tmpl_spend(struct run *r, size_t line, size_t bytes)
{
	r->steps++;
	r->work += (int64_t)bytes;
	if (r->steps <= TMPL_STEPS_MAX && r->work <= TMPL_WORK_MAX)
		return 0;
	tmpl_error(r->e, r->current->name, line, "the template does too much work");
	r->e->code = ERR_LIMIT;
	return -1;
}

int eval_fail(struct run *r, size_t line, const char *what, struct str detail)
{
	if (detail.p)
		return tmpl_error(r->e, r->current->name, line, "%s: '%.*s'", what,
				  STR_ARG(str_sub(detail, 0, 80)));
	return tmpl_error(r->e, r->current->name, line, "%s", what);
}

static int eval_args(struct run *r, const struct exprs *args, struct tmpl_value ***out)
{
	*out = NEW_N(r->a, struct tmpl_value *, args->list.n);
	for (size_t i = 0; i < args->list.n; i++)
		if (eval(r, args->list.p[i], &(*out)[i]) < 0)
			return -1;
	return 0;
}

static int step_name(struct run *r, const struct step *step, size_t line, struct str *name)
{
	struct tmpl_value *v;

	*name = step->name;
	if (!step->dynamic)
		return 0;
	if (eval(r, step->dynamic, &v) < 0)
		return -1;
	*name = tmpl_as_text(v);
	return name->n ? 0 : eval_fail(r, line, "the name of a variable is empty", STR_NONE);
}

/* Names that start so are private in Template Toolkit: there is no such variable. */
static bool is_private(struct str name)
{
	return name.n == 0 || name.p[0] == '_' || name.p[0] == '.';
}

static int take_step(struct run *r, const struct step *step, struct str name, size_t line,
		     struct tmpl_value **v)
{
	struct tmpl_value **args, *inner = tmpl_hash_get(*v, name);
	int64_t i;

	if (inner) {
		*v = inner;
		return 0;
	}
	if ((*v)->type == TMPL_LIST && str_int(name, -TMPL_STEPS_MAX, TMPL_STEPS_MAX, &i)) {
		i += i < 0 ? (int64_t)(*v)->list.n : 0;
		*v = i >= 0 && (size_t)i < (*v)->list.n ? (*v)->list.p[i] : NULL;
		return 0;
	}
	if (eval_args(r, &step->args, &args) < 0)
		return -1;
	return tmpl_method(r, line, *v, name, args, step->args.list.n, v);
}

/* An undefined variable is NULL, and so is everything below it. */
static int eval_var(struct run *r, const struct expr *x, struct tmpl_value **out)
{
	struct tmpl_value *v = r->vars;

	for (size_t i = 0; v && i < x->steps.n; i++) {
		struct str name;

		if (step_name(r, &x->steps.p[i], x->line, &name) < 0)
			return -1;
		if (is_private(name))
			v = NULL;
		else if (i == 0)
			v = tmpl_hash_get(v, name);
		else if (take_step(r, &x->steps.p[i], name, x->line, &v) < 0)
			return -1;
	}
	*out = v && v->type == TMPL_UNDEF ? NULL : v;
	return 0;
}

static int eval_list(struct run *r, const struct expr *x, struct tmpl_value **out)
{
	struct tmpl_value *list = tmpl_list(r->a), *item;

	for (size_t i = 0; i < x->args.list.n; i++) {
		if (eval(r, x->args.list.p[i], &item) < 0)
			return -1;
		tmpl_list_add(r->a, list, item ? item : NEW(r->a, struct tmpl_value));
	}
	*out = list;
	return 0;
}

static int eval_range(struct run *r, const struct expr *x, struct tmpl_value **out)
{
	struct tmpl_value *list = tmpl_list(r->a), *left, *right;
	int64_t from, to;
	bool whole;

	if (eval(r, x->left, &left) < 0 || eval(r, x->right, &right) < 0)
		return -1;
	tmpl_number(tmpl_as_text(left), &from, &whole);
	tmpl_number(tmpl_as_text(right), &to, &whole);
	if (from > to) {
		*out = list;
		return 0;
	}
	if (from < -TMPL_STEPS_MAX || to > TMPL_STEPS_MAX || to - from >= TMPL_RANGE_MAX)
		return eval_fail(r, x->line, "this range is too long", STR_NONE);
	if (tmpl_spend(r, x->line, (size_t)(to - from + 1) * 64) < 0)
		return -1;
	for (; from <= to; from++)
		tmpl_list_add(r->a, list, tmpl_int(r->a, from));
	*out = list;
	return 0;
}

static int eval_hash(struct run *r, const struct expr *x, struct tmpl_value **out)
{
	struct tmpl_value *hash = tmpl_hash(r->a), *key, *value;

	for (size_t i = 0; i + 1 < x->args.list.n; i += 2) {
		if (eval(r, x->args.list.p[i], &key) < 0 ||
		    eval(r, x->args.list.p[i + 1], &value) < 0)
			return -1;
		tmpl_hash_set(hash, tmpl_as_text(key),
			      value ? value : NEW(r->a, struct tmpl_value));
	}
	*out = hash;
	return 0;
}

int eval_text(struct run *r, size_t line, const struct tmpl_value *v, struct str *out)
{
	if (v && (v->type == TMPL_LIST || v->type == TMPL_HASH))
		return eval_fail(r, line, "a list or a hash where text is wanted", STR_NONE);
	*out = tmpl_as_text(v);
	return 0;
}

static struct tmpl_value *truth(struct run *r, bool yes)
{
	return tmpl_text(r->a, yes ? STR("1") : STR(""));
}

static int concatenate(struct run *r, const struct expr *x, struct tmpl_value *left,
		       struct tmpl_value *right, struct tmpl_value **out)
{
	struct str first, second;

	if (eval_text(r, x->line, left, &first) < 0 || eval_text(r, x->line, right, &second) < 0 ||
	    tmpl_spend(r, x->line, first.n + second.n) < 0)
		return -1;
	*out = tmpl_text(r->a, str_cat(r->a, first, second));
	return 0;
}

static bool compare(enum op op, struct str left, struct str right)
{
	int64_t i, j;
	bool whole;
	double x, y;

	if (op == OP_EQ)
		return str_eq(left, right);
	if (op == OP_NE)
		return !str_eq(left, right);
	x = tmpl_number(left, &i, &whole);
	y = tmpl_number(right, &j, &whole);
	return op == OP_LT ? x < y : op == OP_GT ? x > y : op == OP_LE ? x <= y : x >= y;
}

/* Perl's: the result has the sign of the divisor. */
static int64_t modulo(int64_t i, int64_t j)
{
	int64_t m;

	if (j == -1)
		return 0;
	m = i % j;
	return m != 0 && (m < 0) != (j < 0) ? m + j : m;
}

static bool whole_result(enum op op, int64_t i, int64_t j, int64_t *out)
{
	switch (op) {
	case OP_ADD:
		return !__builtin_add_overflow(i, j, out);
	case OP_SUB:
		return !__builtin_sub_overflow(i, j, out);
	case OP_MUL:
		return !__builtin_mul_overflow(i, j, out);
	case OP_MOD:
		*out = modulo(i, j);
		return true;
	case OP_SLASH:
		*out = j == -1 ? 0 : i / j;
		return j != -1 && i % j == 0;
	case OP_DIV:
		*out = j == -1 ? 0 : i / j;
		return j != -1;
	default:
		return false;
	}
}

static double double_result(enum op op, double x, double y)
{
	double q = x / y;

	switch (op) {
	case OP_ADD:
		return x + y;
	case OP_SUB:
		return x - y;
	case OP_MUL:
		return x * y;
	case OP_SLASH:
		return q;
	default: /* OP_DIV, toward zero; beyond 2^53 there is no fraction to cut */
		return q > -9e15 && q < 9e15 ? (double)(int64_t)q : q;
	}
}

static int64_t clamp(double d)
{
	return d > 9e18 ? (int64_t)9e18 : d < -9e18 ? (int64_t)-9e18 : (int64_t)d;
}

static int arithmetic(struct run *r, const struct expr *x, struct str left, struct str right,
		      struct tmpl_value **out)
{
	bool whole_left, whole_right;
	int64_t i, j, n;
	double d = tmpl_number(left, &i, &whole_left), f = tmpl_number(right, &j, &whole_right);

	if (x->op == OP_MOD && !(whole_left && whole_right)) {
		i = clamp(d);
		j = clamp(f);
		whole_left = whole_right = true;
		f = (double)j;
	}
	if (f == 0 && (x->op == OP_SLASH || x->op == OP_DIV || x->op == OP_MOD))
		return eval_fail(r, x->line, "division by zero", STR_NONE);
	if (whole_left && whole_right && whole_result(x->op, i, j, &n))
		*out = tmpl_int(r->a, n);
	else
		*out = tmpl_double(r->a, double_result(x->op, d, f));
	return 0;
}

static int eval_binary(struct run *r, const struct expr *x, struct tmpl_value **out)
{
	struct tmpl_value *left, *right;
	struct str first, second;

	if (eval(r, x->left, &left) < 0)
		return -1;
	if ((x->op == OP_AND && !tmpl_is_true(left)) || (x->op == OP_OR && tmpl_is_true(left))) {
		*out = left;
		return 0;
	}
	if (eval(r, x->right, &right) < 0)
		return -1;
	if (x->op == OP_AND || x->op == OP_OR) {
		*out = right;
		return 0;
	}
	if (x->op == OP_CAT)
		return concatenate(r, x, left, right, out);
	if (eval_text(r, x->line, left, &first) < 0 || eval_text(r, x->line, right, &second) < 0)
		return -1;
	if (x->op >= OP_SUB)
		return arithmetic(r, x, first, second, out);
	*out = truth(r, compare(x->op, first, second));
	return 0;
}

static int eval_not(struct run *r, const struct expr *x, struct tmpl_value **out)
{
	struct tmpl_value *v;

	if (eval(r, x->left, &v) < 0)
		return -1;
	*out = truth(r, !tmpl_is_true(v));
	return 0;
}

int eval(struct run *r, const struct expr *x, struct tmpl_value **out)
{
	if (tmpl_spend(r, x->line, 32) < 0)
		return -1;
	switch (x->type) {
	case EXPR_LITERAL:
		*out = tmpl_text(r->a, x->text);
		return 0;
	case EXPR_VAR:
		return eval_var(r, x, out);
	case EXPR_LIST:
		return eval_list(r, x, out);
	case EXPR_RANGE:
		return eval_range(r, x, out);
	case EXPR_HASH:
		return eval_hash(r, x, out);
	case EXPR_BINARY:
		return eval_binary(r, x, out);
	case EXPR_NOT:
		return eval_not(r, x, out);
	}
	return err_set(r->e, ERR_BUG, "expression of no type");
}

/* a.b.c = value: hashes on the way are made. */
int eval_assign(struct run *r, const struct assign *set)
{
	struct tmpl_value *v, *at = r->vars;
	size_t last = set->to->steps.n - 1;

	if (eval(r, set->value, &v) < 0)
		return -1;
	for (size_t i = 0; i < last; i++) {
		struct str name = set->to->steps.p[i].name;
		struct tmpl_value *inner = tmpl_hash_get(at, name);

		if (!inner) {
			inner = tmpl_hash(r->a);
			tmpl_hash_set(at, name, inner);
		}
		if (inner->type != TMPL_HASH)
			return eval_fail(r, set->to->line,
					 "not a hash, so nothing can be set in it", name);
		at = inner;
	}
	tmpl_hash_set(at, set->to->steps.p[last].name, v ? v : NEW(r->a, struct tmpl_value));
	return 0;
}
