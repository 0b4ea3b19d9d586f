#include "gw/spam/expr.h"

#include "base/vec.h"

enum token_kind { TOKEN_NUMBER, TOKEN_NAME, TOKEN_CALL, TOKEN_OP };

struct token {
	enum token_kind kind;
	struct str text, arg;
};

/* An expression as it is parsed; what leaves expr_parse() is packed. */
struct tree {
	enum expr_op op;
	double number;
	struct expr_word *word;
	bool chained;
	struct tree *a, *b, *c;
};

struct parser {
	struct arena *a;
	struct token *tokens;
	size_t n, at;
	int depth;
	struct err *e;
};

struct lexer {
	struct arena *a;
	struct str in;
	size_t at;
	enum expr_language language;
	struct {
		struct token *p;
		size_t n, cap;
	} tokens;
};

static bool is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

static size_t span(struct str s, const char *also, bool words)
{
	size_t n = 0;

	while (n < s.n && ((words && is_word(s.p[n])) || (s.p[n] && strchr(also, s.p[n]))))
		n++;
	return n;
}

static void emit(struct lexer *l, enum token_kind kind, struct str text, struct str arg)
{
	vec_add(l->a, &l->tokens, ((struct token){ kind, text, arg }));
	l->at += text.n;
}

static bool is_number(struct str s)
{
	size_t i = span(s, "0123456789", false);

	if (i == 0 || i == s.n)
		return i == s.n && s.n;
	return s.p[i] == '.' && i + 1 < s.n &&
	       span(str_from(s, i + 1), "0123456789", false) == s.n - i - 1;
}

/*
 * A run of signs, digits and dots is one token in SpamAssassin: in a meta a sign sticks to its
 * number, and that is refused; signs alone are operators.
 */
static int lex_run(struct lexer *l, struct str run, struct err *e)
{
	size_t signs = span(run, "+-", false);

	if (is_number(run)) {
		emit(l, TOKEN_NUMBER, run, STR_NONE);
		return 0;
	}
	if (signs == run.n && signs <= 2 && (signs == 1 || run.p[0] != run.p[1])) {
		for (size_t i = 0; i < signs; i++)
			emit(l, TOKEN_OP, str_sub(run, i, 1), STR_NONE);
		return 0;
	}
	if (l->language == EXPR_CONDITION && signs == 1 && is_number(str_from(run, 1))) {
		emit(l, TOKEN_OP, str_sub(run, 0, 1), STR_NONE);
		emit(l, TOKEN_NUMBER, str_from(run, 1), STR_NONE);
		return 0;
	}
	return err_set(e, ERR_INVALID, "'%.*s' is no number here", STR_ARG(str_sub(run, 0, 40)));
}

/* `(arg)` behind a function name; the length of all that, or 0. */
static size_t call_arg(struct str s, const char *also, struct str *arg)
{
	struct str rest = str_ltrim(s);
	size_t n;

	if (rest.n == 0 || rest.p[0] != '(')
		return 0;
	rest = str_ltrim(str_from(rest, 1));
	n = span(rest, also, true);
	*arg = str_sub(rest, 0, n);
	rest = str_ltrim(str_from(rest, n));
	if (n == 0 || rest.n == 0 || rest.p[0] != ')')
		return 0;
	return (size_t)(rest.p + 1 - s.p);
}

static bool is_function(enum expr_language language, struct str name)
{
	if (language == EXPR_META)
		return str_eq(name, STR("rules_matching"));
	return str_eq(name, STR("plugin")) || str_eq(name, STR("can")) || str_eq(name, STR("has"));
}

static int lex_name(struct lexer *l, struct str name, struct err *e)
{
	struct str arg;
	size_t extra;

	if (is_function(l->language, name)) {
		extra = call_arg(str_from(l->in, l->at + name.n),
				 l->language == EXPR_META ? "*?" : ":", &arg);
		if (extra) {
			emit(l, TOKEN_CALL, name, arg);
			l->at += extra;
			return 0;
		}
		if (l->language == EXPR_CONDITION)
			return err_set(e, ERR_INVALID, "%.*s without (name)", STR_ARG(name));
	}
	if (l->language == EXPR_META && (str_chr(name, ':') >= 0 || name.n > 128))
		return err_set(e, ERR_INVALID, "'%.*s' is no rule name",
			       STR_ARG(str_sub(name, 0, 60)));
	emit(l, TOKEN_NAME, name, STR_NONE);
	return 0;
}

static int lex_one(struct lexer *l, struct err *e)
{
	static const char *const ops[] = { "||", "&&", ">=", "<=", "==", "!=", "(", ")",
					   "^",  "!",  ">",  "<",  "*",  "/",  "?", ":" };
	struct str rest = str_from(l->in, l->at);
	size_t n = span(rest, "+-.0123456789", false);

	if (n)
		return lex_run(l, str_sub(rest, 0, n), e);
	if (is_word(rest.p[0]))
		return lex_name(l, str_sub(rest, 0, span(rest, ":", true)), e);
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (str_starts(rest, str_of(ops[i]))) {
			emit(l, TOKEN_OP, str_sub(rest, 0, strlen(ops[i])), STR_NONE);
			return 0;
		}
	l->at++; /* SpamAssassin's lexer drops it silently */
	return 0;
}

static int lex(struct lexer *l, struct err *e)
{
	while (l->at < l->in.n) {
		if (lex_one(l, e) < 0)
			return -1;
		if (l->tokens.n > EXPR_TOKENS_MAX)
			return err_set(e, ERR_LIMIT, "expression too long");
	}
	return 0;
}

static bool take(struct parser *p, const char *op)
{
	if (p->at == p->n || p->tokens[p->at].kind != TOKEN_OP ||
	    !str_eq(p->tokens[p->at].text, str_of(op)))
		return false;
	p->at++;
	return true;
}

static struct tree *node(struct parser *p, enum expr_op op, struct tree *a, struct tree *b)
{
	struct tree *x = NEW(p->a, struct tree);

	*x = (struct tree){ .op = op, .a = a, .b = b };
	return x;
}

static struct tree *parse_if(struct parser *p);

static struct tree *fail(struct parser *p, const char *why)
{
	if (p->e->code == ERR_NONE)
		err_set(p->e, ERR_INVALID, "%s at token %zu", why, p->at + 1);
	return NULL;
}

static double number(struct arena *a, struct str s)
{
	return strtod(str_z(a, s), NULL);
}

static struct tree *parse_primary(struct parser *p)
{
	struct token *t = p->at < p->n ? &p->tokens[p->at] : NULL;
	struct tree *x;

	if (take(p, "(")) {
		x = parse_if(p);
		if (x && !take(p, ")"))
			return fail(p, "missing )");
		return x;
	}
	if (!t || t->kind == TOKEN_OP)
		return fail(p, "operand expected");
	p->at++;
	x = node(p, t->kind == TOKEN_CALL ? EXPR_CALL : EXPR_NAME, NULL, NULL);
	x->word = NEW(p->a, struct expr_word);
	*x->word = (struct expr_word){ t->text, t->arg };
	if (t->kind == TOKEN_NUMBER) {
		x->op = EXPR_NUMBER;
		x->number = number(p->a, t->text);
	}
	return x;
}

static struct tree *parse_unary(struct parser *p)
{
	enum expr_op op = EXPR_NUMBER;
	struct tree *x;

	if (++p->depth > EXPR_DEPTH_MAX)
		return fail(p, "too deep");
	if (take(p, "!"))
		op = EXPR_NOT;
	else if (take(p, "-"))
		op = EXPR_NEGATE;
	else if (!take(p, "+"))
		op = EXPR_IF;
	x = op == EXPR_IF ? parse_primary(p) : parse_unary(p);
	p->depth--;
	if (!x || op == EXPR_IF || op == EXPR_NUMBER)
		return x;
	return node(p, op, x, NULL);
}

/* Binary operators from tightest to loosest. */
struct level {
	struct {
		const char *text;
		enum expr_op op;
	} ops[4];
	bool chained; /* a < b < c means a < b && b < c */
};

static const struct level levels[] = {
	{ { { "*", EXPR_MUL }, { "/", EXPR_DIV } }, false },
	{ { { "+", EXPR_ADD }, { "-", EXPR_SUB } }, false },
	{ { { "<=", EXPR_LE }, { ">=", EXPR_GE }, { "<", EXPR_LT }, { ">", EXPR_GT } }, true },
	{ { { "==", EXPR_EQ }, { "!=", EXPR_NE } }, true },
	{ { { "^", EXPR_XOR } }, false },
	{ { { "&&", EXPR_AND } }, false },
	{ { { "||", EXPR_OR } }, false },
};

static bool take_level(struct parser *p, const struct level *l, enum expr_op *op)
{
	for (size_t i = 0; i < ARRAY_LEN(l->ops) && l->ops[i].text; i++)
		if (take(p, l->ops[i].text)) {
			*op = l->ops[i].op;
			return true;
		}
	return false;
}

static struct tree *parse_level(struct parser *p, size_t level)
{
	struct tree *x, *right;
	bool link = false;
	enum expr_op op;

	if (level == 0)
		x = parse_unary(p);
	else
		x = parse_level(p, level - 1);
	while (x && take_level(p, &levels[level], &op)) {
		right = level == 0 ? parse_unary(p) : parse_level(p, level - 1);
		if (!right)
			return NULL;
		x = node(p, op, x, right);
		x->chained = link;
		link = levels[level].chained;
	}
	return x;
}

static struct tree *parse_if(struct parser *p)
{
	struct tree *x, *yes, *no;

	if (++p->depth > EXPR_DEPTH_MAX)
		return fail(p, "too deep");
	x = parse_level(p, ARRAY_LEN(levels) - 1);
	if (x && take(p, "?")) {
		yes = parse_if(p);
		if (!yes)
			return NULL;
		if (!take(p, ":"))
			return fail(p, "missing :");
		no = parse_if(p);
		if (!no)
			return NULL;
		x = node(p, EXPR_IF, x, yes);
		x->c = no;
	}
	p->depth--;
	return x;
}

static size_t count(const struct tree *t)
{
	return t ? 1 + count(t->a) + count(t->b) + count(t->c) : 0;
}

static void pack(const struct tree *t, struct expr **at);

/* `a && b && c` is one node with three operands. */
static unsigned pack_chain(const struct tree *t, enum expr_op op, struct expr **at)
{
	unsigned n = 1;

	if (t->op != op) {
		pack(t, at);
		return n;
	}
	n += pack_chain(t->a, op, at);
	pack(t->b, at);
	return n;
}

static unsigned pack_operands(const struct tree *t, struct expr **at)
{
	const struct tree *const operands[] = { t->a, t->b, t->c };
	unsigned n = 0;

	if (t->op == EXPR_AND || t->op == EXPR_OR || t->op == EXPR_ADD)
		return pack_chain(t, t->op, at);
	while (n < ARRAY_LEN(operands) && operands[n])
		pack(operands[n++], at);
	return n;
}

static void pack(const struct tree *t, struct expr **at)
{
	struct expr *x = (*at)++;

	*x = (struct expr){ .op = (uint8_t)t->op, .chained = t->chained };
	if (t->op == EXPR_NUMBER)
		x->number = t->number;
	else
		x->word = t->word;
	x->n = (uint16_t)pack_operands(t, at);
	x->size = (uint32_t)(*at - x);
}

int expr_parse(struct arena *a, struct str text, enum expr_language language, struct expr **out,
	       struct err *e)
{
	struct lexer l = { .a = a, .in = text, .language = language };
	struct parser p = { .a = a, .e = e };
	struct expr *end;
	struct tree *x;

	e->code = ERR_NONE;
	if (lex(&l, e) < 0)
		return -1;
	p.tokens = l.tokens.p;
	p.n = l.tokens.n;
	if (p.n == 2 && take(&p, "(") && take(&p, ")")) {
		*out = NULL;
		return 0;
	}
	p.at = 0;
	x = parse_if(&p);
	if (x && p.at < p.n)
		x = fail(&p, "operator expected");
	if (!x)
		return -1;
	*out = end = NEW_N(a, struct expr, count(x));
	pack(x, &end);
	return 0;
}
