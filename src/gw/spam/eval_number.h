/*
 * eval_number - numbers, ranges and comparisons among the arguments of eval functions.
 *
 * Private to gw/spam.
 */
#pragma once

#include "base/str.h"

struct eval_range {
	double min, max;
};

/* The number at the front of `text`, as Perl takes one: "0.05", ".5", "inf"; else 0. */
double eval_number(struct str text);

/* `< 512`, `!= 0`, `> -1`: an operator and a whole number. */
struct eval_comparison {
	char op[2]; /* "<", "<=", ">", ">=", "==", "!=", or "=": true unless the number is 0 */
	double number;
};

bool eval_comparison_parse(struct str text, struct eval_comparison *out);
bool eval_compare(const struct eval_comparison *c, double value);
