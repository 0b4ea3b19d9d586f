/* Between the files of lib/tmpl: tokens, tree, evaluation. */
#pragma once

#include "lib/tmpl/tmpl.h"

enum token_type {
	TOK_END,      /* of the template */
	TOK_TEXT,     /* between directives */
	TOK_IDENT,    /* names and keywords */
	TOK_NUMBER,
	TOK_LITERAL,  /* 'single quotes', escapes resolved */
	TOK_QUOTED,   /* "double quotes", as written */
	TOK_FILENAME, /* with a slash or "::" in it */
	TOK_OP,       /* operators and punctuation, ";" at the end of each directive too */
};

struct token {
	enum token_type type;
	struct str s;
	size_t line;
};

struct tokens {
	VEC(struct token) list;
};

/* Takes a template, or (tmpl_lex_inside) the inside of "${…}", apart. Ends with TOK_END. */
MUST_CHECK int tmpl_lex(struct arena *a, struct str name, struct str text, struct tokens *out,
			struct err *e);
MUST_CHECK int tmpl_lex_inside(struct arena *a, struct str name, size_t line, struct str text,
			       struct tokens *out, struct err *e);

/* "name line 3: …" */
int tmpl_error(struct err *e, struct str name, size_t line, const char *fmt, ...) PRINTF(4, 5);

enum expr_type {
	EXPR_LITERAL,
	EXPR_VAR,
	EXPR_LIST,   /* args */
	EXPR_RANGE,  /* left .. right */
	EXPR_HASH,   /* args: key, value, key, value */
	EXPR_BINARY, /* op */
	EXPR_NOT,    /* left */
};

/* In the order of Template Toolkit's grammar, loosest first: and/or share a rank. */
enum op {
	OP_AND, OP_OR, OP_CAT,
	OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE,
	OP_SUB, OP_MUL, OP_ADD, OP_SLASH, OP_DIV, OP_MOD,
};

struct expr;

struct exprs {
	VEC(struct expr *) list;
};

/* One piece of a.b(1).$c */
struct step {
	struct str name;
	struct expr *dynamic; /* instead of the name */
	struct exprs args;
	bool called;          /* there were parentheses */
};

struct expr {
	enum expr_type type;
	enum op op;
	size_t line;
	struct str text; /* EXPR_LITERAL */
	VEC(struct step) steps;
	struct expr *left, *right;
	struct exprs args;
};

struct assign {
	struct expr *to; /* EXPR_VAR */
	struct expr *value;
};

enum node_type {
	NODE_TEXT,
	NODE_PRINT,
	NODE_SET,
	NODE_IF,
	NODE_FOREACH,
	NODE_PROCESS,
	NODE_INCLUDE,
	NODE_FILTER,
};

struct node {
	struct node *next;
	enum node_type type;
	size_t line;
	struct str text;           /* NODE_TEXT; name of the loop variable or the filter */
	struct expr *expr;         /* value, condition, list, or the name of what to process */
	struct node *body, *other; /* NODE_IF: then, else */
	VEC(struct assign) set;    /* NODE_SET; arguments of PROCESS and INCLUDE */
	bool negate;               /* UNLESS */
	bool elsif;                /* NODE_IF: `other` is an ELSIF, not the statements of an ELSE */
};

struct tmpl {
	struct str name;
	struct node *body;
	struct map blocks; /* name to struct node * */
};

struct run {
	struct arena *a;
	struct tmpl_value *vars;
	const struct tmpl_source *source;
	const struct tmpl *current; /* for messages */
	const struct buf *output;   /* of the whole template */
	struct tmpl_places *places; /* in it; or NULL */
	struct map blocks;          /* name to struct block * */
	struct map files;           /* already parsed: name to struct tmpl * */
	int calls;
	int64_t steps, work;
	struct err *e;
};

/* False when the value is "", "0" or undefined. */
bool tmpl_is_true(const struct tmpl_value *v);

/* Lists and hashes have no text. */
struct str tmpl_as_text(const struct tmpl_value *v);

/* The number at the start of the text, 0 if there is none; *whole tells whether it fits *i. */
double tmpl_number(struct str s, int64_t *i, bool *whole);
struct tmpl_value *tmpl_double(struct arena *a, double d);

/* Counts work done and bytes made; ERR_LIMIT when it is too much. */
MUST_CHECK int tmpl_spend(struct run *r, size_t line, size_t bytes);

/* Stores the result in *out, which may be NULL for undef. -1: no such filter, or a limit. */
MUST_CHECK int tmpl_filter(struct run *r, size_t line, struct str name, struct str in,
			   struct str *out);
bool tmpl_filter_exists(struct str name);

/* v.name(args): ERR if there is no such method or it is used wrongly; *out may become NULL. */
MUST_CHECK int tmpl_method(struct run *r, size_t line, const struct tmpl_value *v, struct str name,
			   struct tmpl_value **args, size_t n, struct tmpl_value **out);
