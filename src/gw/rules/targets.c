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

/* Behind the quoted string that begins at `at`; 0 if it has no end. */
static size_t quoted_end(struct str text, size_t at)
{
	for (size_t i = at + 1; i < text.n; i++) {
		if (text.p[i] == '"')
			return i + 1;
		i += text.p[i] == '\\';
	}
	return 0;
}

/*
 * A separator in a quoted local part is none (RFC 5321, 4.1.2): senders choose theirs. Behind a
 * quote without end, `*broken`, quotes mean nothing.
 */
static size_t address_end(struct str text, size_t at, const char *separators, bool *broken)
{
	while (at < text.n && !strchr(separators, text.p[at])) {
		size_t end = text.p[at] == '"' && !*broken ? quoted_end(text, at) : at + 1;

		*broken |= !end;
		at = end ? end : at + 1;
	}
	return at;
}

struct targets targets_of(struct arena *a, struct str text, const char *separators)
{
	VEC(struct str) list = { 0 };
	bool broken = false;
	size_t end;

	for (size_t from = 0; from <= text.n; from = end + 1) {
		struct str one;

		end = address_end(text, from, separators, &broken);
		one = str_trim(str_sub(text, from, end - from));
		if (is_address(one) && list.n < TARGETS_MAX &&
		    !known(&(struct targets){ list.p, list.n }, one))
			vec_add(a, &list, one);
	}
	return (struct targets){ list.p, list.n };
}
