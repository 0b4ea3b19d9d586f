/* Whom a copy or a notification goes to. */
#include "gw/rules/targets.h"

/* Nothing that could end an address or a command early. */
static bool is_address(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '<' ||
		    s.p[i] == '>')
			return false;
	return s.n > 0 && s.n <= SMTP_ADDRESS_MAX;
}

static bool known(const struct targets *t, struct str address)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->p[i], address))
			return true;
	return false;
}

struct targets targets_of(struct arena *a, struct str text, const char *separators)
{
	VEC(struct str) list = { 0 };
	size_t from = 0;

	for (size_t i = 0; i <= text.n; i++) {
		struct str one;

		if (i < text.n && !strchr(separators, text.p[i]))
			continue;
		one = str_trim(str_sub(text, from, i - from));
		from = i + 1;
		if (is_address(one) && list.n < TARGETS_MAX &&
		    !known(&(struct targets){ list.p, list.n }, one))
			vec_add(a, &list, one);
	}
	return (struct targets){ list.p, list.n };
}
