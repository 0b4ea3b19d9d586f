/* Between the two parts of the parser. */
#pragma once

#include "lib/tmpl/tmpl_int.h"

struct parser {
	struct arena *a;
	struct tmpl *t;
	const struct token *tokens; /* the last one is TOK_END */
	size_t at;
	int depth;
	bool failed; /* and *e says why */
	struct err *e;
};

static inline const struct token *parse_peek(const struct parser *p)
{
	return &p->tokens[p->at];
}

/* Remember the first error; return NULL so that the caller can. */
void *parse_fail(struct parser *p, size_t line, const char *fmt, ...) PRINTF(3, 4);
void *parse_unexpected(struct parser *p);

bool parse_take_op(struct parser *p, const char *op);

struct expr *parse_literal(struct parser *p, struct str text);

/* NULL if p->failed. */
struct expr *parse_expr(struct parser *p);
struct expr *parse_variable(struct parser *p);
