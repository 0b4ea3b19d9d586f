#include "gw/spam/eval_number.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 40, WHOLE_MAX = 1000000000 };

double eval_number(struct str text)
{
	char z[NUMBER_MAX + 1];

	text = str_sub(str_ltrim(text), 0, NUMBER_MAX);
	if (text.n > 1 && ascii_lower(text.p[1]) == 'x') /* no hexadecimal digits */
		text.n = 1;
	memcpy(z, text.p ? text.p : "", text.n);
	z[text.n] = '\0';
	return strtod(z, NULL);
}

bool eval_comparison_parse(struct str text, struct eval_comparison *out)
{
	struct eval_comparison c = { 0 };
	size_t n = 0;
	int64_t number;

	text = str_trim(text);
	while (n < 2 && n < text.n && memchr("<>=!", text.p[n], 4)) {
		c.op[n] = text.p[n];
		n++;
	}
	if (n == 0 || (n == 1 && c.op[0] == '!') || (n == 2 && c.op[1] != '='))
		return false;
	if (!str_int(str_ltrim(str_from(text, n)), -WHOLE_MAX, WHOLE_MAX, &number))
		return false;
	c.number = (double)number;
	*out = c;
	return true;
}

bool eval_compare(const struct eval_comparison *c, double value)
{
	bool or_equal = c->op[1] == '=';

	switch (c->op[0]) {
	case '<':
		return value < c->number || (or_equal && value <= c->number);
	case '>':
		return value > c->number || (or_equal && value >= c->number);
	case '!':
		return value < c->number || value > c->number;
	default:
		if (!or_equal)
			return c->number != 0;
		return value >= c->number && value <= c->number;
	}
}
