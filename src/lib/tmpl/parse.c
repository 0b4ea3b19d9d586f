/* Statements: tokens to a tree of nodes. Expressions are in parse_expr.c. */
#include "lib/tmpl/parse.h"

static struct node *parse_block_body(struct parser *p);

static bool is_keyword(struct parser *p, const char *word)
{
	return parse_peek(p)->type == TOK_IDENT && str_eq(parse_peek(p)->s, str_of(word));
}

static bool take_keyword(struct parser *p, const char *word)
{
	if (!is_keyword(p, word))
		return false;
	p->at++;
	return true;
}

static struct node *node_make(struct parser *p, enum node_type type)
{
	struct node *n = NEW(p->a, struct node);

	n->type = type;
	n->line = parse_peek(p)->line;
	return n;
}

static bool want_end_of_directive(struct parser *p)
{
	if (parse_take_op(p, ";"))
		return true;
	parse_unexpected(p);
	return false;
}

static bool at_block_end(struct parser *p)
{
	return is_keyword(p, "END") || is_keyword(p, "ELSE") || is_keyword(p, "ELSIF") ||
	       parse_peek(p)->type == TOK_END;
}

static struct node *parse_until_end(struct parser *p, size_t opened)
{
	struct node *body = parse_block_body(p);

	if (p->failed)
		return NULL;
	if (take_keyword(p, "END"))
		return body;
	if (parse_peek(p)->type == TOK_END)
		parse_fail(p, opened, "the END is missing");
	else
		parse_unexpected(p);
	return NULL;
}

/* Behind the condition of IF, UNLESS or the ELSIF of number `chain`, up to its END. */
static struct node *parse_branches(struct parser *p, struct node *n, int chain)
{
	if (chain > TMPL_CHAIN_MAX)
		return parse_fail(p, n->line, "too many ELSIFs");
	if (!want_end_of_directive(p))
		return NULL;
	n->body = parse_block_body(p);
	if (p->failed)
		return NULL;
	if (is_keyword(p, "ELSIF")) {
		n->other = node_make(p, NODE_IF);
		n->elsif = true;
		p->at++;
		n->other->expr = parse_expr(p);
		return p->failed || !parse_branches(p, n->other, chain + 1) ? NULL : n;
	}
	if (take_keyword(p, "ELSE")) {
		if (!want_end_of_directive(p))
			return NULL;
		n->other = parse_until_end(p, n->line);
		return p->failed ? NULL : n;
	}
	if (take_keyword(p, "END"))
		return n;
	if (parse_peek(p)->type == TOK_END)
		parse_fail(p, n->line, "the END is missing");
	else
		parse_unexpected(p);
	return NULL;
}

static struct node *parse_if(struct parser *p, bool negate)
{
	struct node *n = node_make(p, NODE_IF);

	n->negate = negate;
	n->expr = parse_expr(p);
	return p->failed ? NULL : parse_branches(p, n, 0);
}

/* "x = list", "x IN list" or a list of hashes alone */
static struct node *parse_foreach(struct parser *p)
{
	struct node *n = node_make(p, NODE_FOREACH);
	const struct token *next = &p->tokens[p->at + 1];

	if (parse_peek(p)->type == TOK_IDENT &&
	    (str_eq(next->s, STR("=")) ||
	     (next->type == TOK_IDENT && str_eq(next->s, STR("IN"))))) {
		n->text = parse_peek(p)->s;
		p->at += 2;
	}
	n->expr = parse_expr(p);
	if (p->failed || !want_end_of_directive(p))
		return NULL;
	n->body = parse_until_end(p, n->line);
	return p->failed ? NULL : n;
}

/* main.cf.in, lib/header, 'quoted', "$name", $name */
static struct expr *parse_file_name(struct parser *p)
{
	const struct token *t = parse_peek(p);
	struct expr *name;

	if (parse_take_op(p, "$"))
		return parse_variable(p);
	if (t->type != TOK_IDENT && t->type != TOK_FILENAME)
		return parse_expr(p);
	name = parse_literal(p, t->s);
	p->at++;
	while (parse_take_op(p, ".")) {
		t = parse_peek(p);
		if (t->type != TOK_IDENT && t->type != TOK_FILENAME && t->type != TOK_NUMBER)
			return parse_unexpected(p);
		name->text = str_fmt(p->a, "%.*s.%.*s", STR_ARG(name->text), STR_ARG(t->s));
		p->at++;
	}
	return name;
}

static bool at_assignment(struct parser *p)
{
	size_t at = p->at;

	if (p->tokens[at].type != TOK_IDENT)
		return false;
	for (at++; str_eq(p->tokens[at].s, STR(".")) && p->tokens[at].type == TOK_OP; at += 2)
		if (p->tokens[at + 1].type != TOK_IDENT && p->tokens[at + 1].type != TOK_NUMBER)
			return false;
	return p->tokens[at].type == TOK_OP && str_eq(p->tokens[at].s, STR("="));
}

static void parse_assignments(struct parser *p, struct node *n)
{
	while (at_assignment(p)) {
		struct assign *set = vec_push(p->a, &n->set);

		set->to = parse_variable(p);
		if (p->failed)
			return;
		p->at++; /* the "=" */
		set->value = parse_expr(p);
		if (p->failed)
			return;
		parse_take_op(p, ",");
	}
}

static struct node *parse_process(struct parser *p, enum node_type type)
{
	struct node *n = node_make(p, type);

	n->expr = parse_file_name(p);
	if (p->failed)
		return NULL;
	if (parse_take_op(p, "+"))
		return parse_fail(p, n->line,
				  "PROCESS of several templates at once is not supported");
	parse_assignments(p, n);
	return p->failed ? NULL : n;
}

static struct node *parse_set(struct parser *p)
{
	struct node *n = node_make(p, NODE_SET);

	parse_assignments(p, n);
	if (!p->failed && n->set.n == 0)
		parse_unexpected(p);
	return p->failed ? NULL : n;
}

/* Behind FILTER or "|". */
static struct node *parse_filter_name(struct parser *p)
{
	struct node *n = node_make(p, NODE_FILTER);
	const struct token *t = parse_peek(p);

	if (t->type != TOK_IDENT && t->type != TOK_LITERAL)
		return parse_unexpected(p);
	if (!tmpl_filter_exists(t->s))
		return parse_fail(p, n->line, "filter '%.*s' is not supported", STR_ARG(t->s));
	n->text = t->s;
	p->at++;
	if (parse_take_op(p, "("))
		return parse_fail(p, n->line, "arguments of filters are not supported");
	return n;
}

static struct node *parse_filter_block(struct parser *p)
{
	struct node *n = parse_filter_name(p);

	if (!n || !want_end_of_directive(p))
		return NULL;
	n->body = parse_until_end(p, n->line);
	return p->failed ? NULL : n;
}

/* Defines, prints nothing. */
static struct node *parse_block(struct parser *p)
{
	const struct token *t = parse_peek(p);
	struct node *body;
	struct expr *name;

	if (t->type != TOK_IDENT && t->type != TOK_FILENAME && t->type != TOK_LITERAL)
		return parse_fail(p, t->line, "BLOCK wants a name");
	name = parse_file_name(p);
	if (p->failed || !want_end_of_directive(p))
		return NULL;
	body = parse_until_end(p, t->line);
	if (p->failed)
		return NULL;
	/* An empty block exists too. */
	if (!body)
		body = node_make(p, NODE_TEXT);
	map_set(&p->t->blocks, name->text, body);
	return node_make(p, NODE_TEXT);
}

static struct node *parse_print(struct parser *p)
{
	struct node *n = node_make(p, NODE_PRINT);

	n->expr = parse_expr(p);
	return p->failed ? NULL : n;
}

static bool is_unsupported(struct str word)
{
	static const char *const words[] = {
		"CALL",	 "CASE",    "CATCH",  "CLEAR",	"DEBUG",  "DEFAULT", "FINAL", "INSERT",
		"LAST",	 "MACRO",   "META",   "NEXT",	"PERL",	  "RAWPERL", "RETURN", "STEP",
		"STOP",	 "SWITCH",  "THROW",  "TRY",	"USE",	  "VIEW",    "WHILE", "WRAPPER",
		"BREAK",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(word, str_of(words[i])))
			return true;
	return false;
}

/* One that may be followed by a filter or a condition. */
static struct node *parse_simple(struct parser *p)
{
	const struct token *t = parse_peek(p);

	if (t->type == TOK_IDENT && is_unsupported(t->s))
		return parse_fail(p, t->line, "%.*s is not supported", STR_ARG(t->s));
	if (take_keyword(p, "PROCESS"))
		return parse_process(p, NODE_PROCESS);
	if (take_keyword(p, "INCLUDE"))
		return parse_process(p, NODE_INCLUDE);
	if (take_keyword(p, "SET") || at_assignment(p))
		return parse_set(p);
	take_keyword(p, "GET");
	return parse_print(p);
}

static struct node *wrap(struct parser *p, struct node *outer, struct node *inner)
{
	if (p->failed)
		return NULL;
	outer->body = inner;
	return outer;
}

/* "x | html", "x IF y", "INCLUDE z UNLESS y" */
static struct node *parse_suffixes(struct parser *p, struct node *n)
{
	for (int chain = 0; n && !p->failed; chain++) {
		struct node *outer;

		if (chain > TMPL_CHAIN_MAX)
			return parse_fail(p, n->line, "too many filters in a row");
		if (parse_take_op(p, "|") || take_keyword(p, "FILTER")) {
			outer = parse_filter_name(p);
		} else if (is_keyword(p, "IF") || is_keyword(p, "UNLESS")) {
			outer = node_make(p, NODE_IF);
			outer->negate = is_keyword(p, "UNLESS");
			p->at++;
			outer->expr = parse_expr(p);
		} else {
			return n;
		}
		n = wrap(p, outer, n);
	}
	return p->failed ? NULL : n;
}

static struct node *parse_statement(struct parser *p)
{
	if (take_keyword(p, "IF"))
		return parse_if(p, false);
	if (take_keyword(p, "UNLESS"))
		return parse_if(p, true);
	if (take_keyword(p, "FOREACH") || take_keyword(p, "FOR"))
		return parse_foreach(p);
	if (take_keyword(p, "BLOCK"))
		return parse_block(p);
	if (take_keyword(p, "FILTER"))
		return parse_filter_block(p);
	return parse_suffixes(p, parse_simple(p));
}

static struct node *parse_text(struct parser *p)
{
	struct node *n = node_make(p, NODE_TEXT);

	n->text = p->tokens[p->at++].s;
	return n;
}

/* NULL at an empty statement. */
static struct node *parse_chunk(struct parser *p)
{
	struct node *n;

	if (parse_peek(p)->type == TOK_TEXT)
		return parse_text(p);
	if (parse_take_op(p, ";"))
		return NULL;
	n = parse_statement(p);
	if (n && !parse_take_op(p, ";"))
		parse_unexpected(p);
	return n;
}

/* Statements up to, not including, what ends a block. NULL with !p->failed: there are none. */
static struct node *parse_block_body(struct parser *p)
{
	struct node *first = NULL, **tail = &first;

	if (++p->depth > TMPL_NESTING_MAX)
		return parse_fail(p, parse_peek(p)->line, "nested more than %d deep",
				  TMPL_NESTING_MAX);
	while (!at_block_end(p)) {
		struct node *n = parse_chunk(p);

		if (p->failed)
			return NULL;
		if (!n)
			continue;
		*tail = n;
		tail = &n->next;
	}
	p->depth--;
	return first;
}

int tmpl_parse(struct arena *a, struct str name, struct str text, struct tmpl **out, struct err *e)
{
	struct tokens tokens = { 0 };
	struct tmpl *t = NEW(a, struct tmpl);
	struct parser p = { .a = a, .t = t, .e = e };

	t->name = name;
	map_init(&t->blocks, a);
	if (text.n > TMPL_FILE_MAX)
		return err_set(e, ERR_LIMIT, "%.*s: larger than %d bytes", STR_ARG(name),
			       TMPL_FILE_MAX);
	if (tmpl_lex(a, name, text, &tokens, e) < 0)
		return -1;
	p.tokens = tokens.list.p;
	t->body = parse_block_body(&p);
	if (!p.failed && parse_peek(&p)->type != TOK_END)
		parse_unexpected(&p);
	if (p.failed)
		return -1;
	*out = t;
	return 0;
}
