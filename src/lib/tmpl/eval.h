/* Between expressions (eval.c) and statements (render.c). */
#pragma once

#include "lib/tmpl/tmpl_int.h"

/* *out becomes NULL when the value is undefined. */
MUST_CHECK int eval(struct run *r, const struct expr *x, struct tmpl_value **out);
MUST_CHECK int eval_assign(struct run *r, const struct assign *set);

/* Undefined is empty; a list or a hash is an error. */
MUST_CHECK int eval_text(struct run *r, size_t line, const struct tmpl_value *v, struct str *out);

int eval_fail(struct run *r, size_t line, const char *what, struct str detail);
