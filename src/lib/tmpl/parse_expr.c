/*
 * Expressions. Template Toolkit turns them into Perl text, so that Perl's precedence holds:
 * "||" < "&&" < "==" < "<" < "+ - _" < "* / %" < div < "!".
 */
#include <stdarg.h>

#include "lib/tmpl/parse.h"

void *parse_fail(struct parser *p, size_t line, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	if (p->failed)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	tmpl_error(p->e, p->t->name, line, "%s", what);
	p->failed = true;
	return NULL;
}

void *parse_unexpected(struct parser *p)
{
	const struct token *t = parse_peek(p);

	if (t->type == TOK_TEXT || (t->type == TOK_OP && str_eq(t->s, STR(";"))))
		return parse_fail(p, t->line, "the directive ends too early");
	return parse_fail(p, t->line, "unexpected '%.*s'", STR_ARG(str_sub(t->s, 0, 60)));
}

bool parse_take_op(struct parser *p, const char *op)
{
	if (parse_peek(p)->type != TOK_OP || !str_eq(parse_peek(p)->s, str_of(op)))
		return false;
	p->at++;
	return true;
}

static struct expr *expr_make(struct parser *p, enum expr_type type)
{
	struct expr *x = NEW(p->a, struct expr);

	x->type = type;
	x->line = parse_peek(p)->line;
	return x;
}

struct expr *parse_literal(struct parser *p, struct str text)
{
	struct expr *x = expr_make(p, EXPR_LITERAL);

	x->text = text;
	return x;
}

static struct expr *binary(struct parser *p, enum op op, struct expr *left, struct expr *right)
{
	struct expr *x = expr_make(p, EXPR_BINARY);

	if (p->failed)
		return NULL;
	x->op = op;
	x->left = left;
	x->right = right;
	return x;
}

/* Arguments up to the closing parenthesis or bracket. */
static void parse_arguments(struct parser *p, const char *close, struct exprs *out)
{
	while (!p->failed && !parse_take_op(p, close)) {
		struct expr *x = parse_expr(p);

		if (p->failed)
			return;
		vec_add(p->a, &out->list, x);
		parse_take_op(p, ",");
	}
}

/* name, 3, $name, ${expression} */
static void parse_step(struct parser *p, struct step *step)
{
	const struct token *t = parse_peek(p);

	if (parse_take_op(p, "${")) {
		step->dynamic = parse_expr(p);
		if (!p->failed && !parse_take_op(p, "}"))
			parse_unexpected(p);
	} else if (parse_take_op(p, "$")) {
		if (parse_peek(p)->type != TOK_IDENT) {
			parse_unexpected(p);
			return;
		}
		step->dynamic = expr_make(p, EXPR_VAR);
		vec_push(p->a, &step->dynamic->steps)->name = parse_peek(p)->s;
		p->at++;
	} else if (t->type == TOK_IDENT || t->type == TOK_NUMBER) {
		step->name = t->s;
		p->at++;
	} else {
		parse_unexpected(p);
	}
	if (!p->failed && parse_take_op(p, "(")) {
		step->called = true;
		parse_arguments(p, ")", &step->args);
	}
}

/* "a.1.b" comes as the tokens a . 1 . b, but "1.2" is one number. */
static void split_number(struct parser *p, struct expr *x)
{
	struct step *last = &x->steps.p[x->steps.n - 1];
	struct str rest = last->name;

	if (!rest.n || !ascii_is_digit(rest.p[0]) || str_chr(rest, '.') < 0)
		return;
	last->name = str_cut(&rest, '.');
	vec_push(p->a, &x->steps)->name = rest;
}

struct expr *parse_variable(struct parser *p)
{
	struct expr *x = expr_make(p, EXPR_VAR);

	do {
		parse_step(p, vec_push(p->a, &x->steps));
		if (p->failed)
			return NULL;
		split_number(p, x);
	} while (parse_take_op(p, "."));
	return x;
}

static struct expr *parse_list(struct parser *p)
{
	struct expr *x = expr_make(p, EXPR_LIST);

	if (parse_take_op(p, "]"))
		return x;
	x->left = parse_expr(p);
	if (p->failed)
		return NULL;
	if (parse_take_op(p, "..")) {
		x->type = EXPR_RANGE;
		x->right = parse_expr(p);
		if (!p->failed && !parse_take_op(p, "]"))
			parse_unexpected(p);
		return x;
	}
	vec_add(p->a, &x->args.list, x->left);
	parse_take_op(p, ",");
	parse_arguments(p, "]", &x->args);
	return x;
}

static struct expr *parse_hash_key(struct parser *p)
{
	const struct token *t = parse_peek(p);

	if (t->type != TOK_IDENT)
		return parse_expr(p);
	p->at++;
	return parse_literal(p, t->s);
}

static struct expr *parse_hash(struct parser *p)
{
	struct expr *x = expr_make(p, EXPR_HASH);

	while (!p->failed && !parse_take_op(p, "}")) {
		vec_add(p->a, &x->args.list, parse_hash_key(p));
		if (!p->failed && !parse_take_op(p, "=>") && !parse_take_op(p, "="))
			parse_unexpected(p);
		if (p->failed)
			return NULL;
		vec_add(p->a, &x->args.list, parse_expr(p));
		parse_take_op(p, ",");
	}
	return x;
}

static char escaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

/* The text up to the next unescaped "$", escapes resolved; *s moves behind it. */
static struct str plain_part(struct arena *a, struct str *s)
{
	size_t n = 0, end = 0;
	char *to;

	for (; end < s->n && s->p[end] != '$'; end++)
		end += s->p[end] == '\\' && end + 1 < s->n;
	to = arena_alloc(a, end);
	for (size_t i = 0; i < end; i++) {
		if (s->p[i] == '\\' && i + 1 < end)
			to[n++] = escaped(s->p[++i]);
		else
			to[n++] = s->p[i];
	}
	*s = str_from(*s, end);
	return (struct str){ to, n };
}

/* Bytes of "$a.b" or "${…}" at the start; 0 if the "$" is just a "$". */
static size_t variable_length(struct str s)
{
	ptrdiff_t end;
	size_t n = 1;

	if (s.n > 1 && s.p[1] == '{') {
		end = str_chr(s, '}');
		return end < 0 ? 0 : (size_t)end + 1;
	}
	while (n < s.n && (ascii_is_alpha(s.p[n]) || ascii_is_digit(s.p[n]) || s.p[n] == '_' ||
			   (s.p[n] == '.' && n > 1 && n + 1 < s.n && ascii_is_alpha(s.p[n + 1]))))
		n++;
	return n > 1 ? n : 0;
}

/* A parser of its own for the variable inside a string. */
static struct expr *parse_interpolated(struct parser *p, struct str inside, size_t line)
{
	struct tokens tokens = { 0 };
	struct parser sub = *p;
	struct expr *x;

	if (tmpl_lex_inside(p->a, p->t->name, line, inside, &tokens, p->e) < 0) {
		p->failed = true;
		return NULL;
	}
	sub.tokens = tokens.list.p;
	sub.at = 0;
	x = parse_expr(&sub);
	if (!sub.failed && parse_peek(&sub)->type != TOK_END)
		parse_unexpected(&sub);
	p->failed = sub.failed;
	return x;
}

static struct expr *parse_quoted(struct parser *p, struct str s, size_t line)
{
	struct expr *all = parse_literal(p, plain_part(p->a, &s));
	int parts = 0;

	while (s.n && !p->failed) {
		size_t n = variable_length(s);
		struct str inside = str_sub(s, 1, n - 1);

		if (++parts > TMPL_CHAIN_MAX)
			return parse_fail(p, line, "a string with too many variables");
		if (n == 0) {
			all = binary(p, OP_CAT, all, parse_literal(p, STR("$")));
			s = str_from(s, 1);
		} else {
			if (inside.p[0] == '{')
				inside = str_sub(inside, 1, inside.n - 2);
			s = str_from(s, n);
			all = binary(p, OP_CAT, all, parse_interpolated(p, inside, line));
		}
		all = binary(p, OP_CAT, all, parse_literal(p, plain_part(p->a, &s)));
	}
	return all;
}

/* Perl prints 1.0 as 1, and reads 010 as octal, which nobody means. */
static struct expr *parse_number(struct parser *p, const struct token *t)
{
	struct str digits = str_from(t->s, t->s.p[0] == '-');
	struct tmpl_value *v;
	bool whole;
	int64_t i;
	double d;

	if (digits.n > 1 && digits.p[0] == '0' && digits.p[1] != '.')
		return parse_fail(p, t->line, "a number with a zero in front");
	d = tmpl_number(t->s, &i, &whole);
	v = whole ? tmpl_int(p->a, i) : tmpl_double(p->a, d);
	return parse_literal(p, v->text);
}

static struct expr *parse_primary(struct parser *p)
{
	const struct token *t = parse_peek(p);
	struct expr *x;

	switch (t->type) {
	case TOK_LITERAL:
		p->at++;
		return parse_literal(p, t->s);
	case TOK_QUOTED:
		p->at++;
		return parse_quoted(p, t->s, t->line);
	case TOK_NUMBER:
		p->at++;
		return parse_number(p, t);
	case TOK_IDENT:
		return parse_variable(p);
	default:
		break;
	}
	if (str_eq(t->s, STR("$")) || str_eq(t->s, STR("${")))
		return parse_variable(p);
	if (parse_take_op(p, "["))
		return parse_list(p);
	if (parse_take_op(p, "{"))
		return parse_hash(p);
	if (!parse_take_op(p, "("))
		return parse_unexpected(p);
	x = parse_expr(p);
	if (!p->failed && !parse_take_op(p, ")"))
		parse_unexpected(p);
	return x;
}

static struct expr *parse_unary(struct parser *p)
{
	const struct token *t = parse_peek(p);
	struct expr *x;

	if (!parse_take_op(p, "!")) {
		if (t->type != TOK_IDENT ||
		    (!str_eq(t->s, STR("not")) && !str_eq(t->s, STR("NOT"))))
			return parse_primary(p);
		p->at++;
	}
	x = expr_make(p, EXPR_NOT);
	if (++p->depth > TMPL_NESTING_MAX)
		return parse_fail(p, x->line, "nested more than %d deep", TMPL_NESTING_MAX);
	x->left = parse_unary(p);
	p->depth--;
	return x;
}

struct operator {
	const char *text;
	enum token_type type;
	enum op op;
	int rank;
};

static const struct operator operators[] = {
	{ "||", TOK_OP, OP_OR, 0 },	  { "or", TOK_IDENT, OP_OR, 0 },
	{ "OR", TOK_IDENT, OP_OR, 0 },	  { "&&", TOK_OP, OP_AND, 1 },
	{ "and", TOK_IDENT, OP_AND, 1 },  { "AND", TOK_IDENT, OP_AND, 1 },
	{ "==", TOK_OP, OP_EQ, 2 },	  { "!=", TOK_OP, OP_NE, 2 },
	{ "<", TOK_OP, OP_LT, 3 },	  { ">", TOK_OP, OP_GT, 3 },
	{ "<=", TOK_OP, OP_LE, 3 },	  { ">=", TOK_OP, OP_GE, 3 },
	{ "+", TOK_OP, OP_ADD, 4 },	  { "-", TOK_OP, OP_SUB, 4 },
	{ "_", TOK_OP, OP_CAT, 4 },	  { "*", TOK_OP, OP_MUL, 5 },
	{ "/", TOK_OP, OP_SLASH, 5 },	  { "%", TOK_OP, OP_MOD, 5 },
	{ "mod", TOK_IDENT, OP_MOD, 5 },  { "MOD", TOK_IDENT, OP_MOD, 5 },
	{ "div", TOK_IDENT, OP_DIV, 6 },  { "DIV", TOK_IDENT, OP_DIV, 6 },
};
enum { RANK_UNARY = 7 };

static const struct operator *peek_operator(struct parser *p, int rank)
{
	const struct token *t = parse_peek(p);

	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (operators[i].rank == rank && operators[i].type == t->type &&
		    str_eq(t->s, str_of(operators[i].text)))
			return &operators[i];
	return NULL;
}

static struct expr *parse_rank(struct parser *p, int rank)
{
	const struct operator *o;
	struct expr *left;
	int chain = 0;

	if (rank == RANK_UNARY)
		return parse_unary(p);
	left = parse_rank(p, rank + 1);
	while (!p->failed && (o = peek_operator(p, rank))) {
		if (++chain > TMPL_CHAIN_MAX)
			return parse_fail(p, parse_peek(p)->line, "too many operators in a row");
		p->at++;
		left = binary(p, o->op, left, parse_rank(p, rank + 1));
	}
	return p->failed ? NULL : left;
}

struct expr *parse_expr(struct parser *p)
{
	struct expr *x;

	if (++p->depth > TMPL_NESTING_MAX)
		return parse_fail(p, parse_peek(p)->line, "nested more than %d deep",
				  TMPL_NESTING_MAX);
	x = parse_rank(p, 0);
	p->depth--;
	return x;
}
