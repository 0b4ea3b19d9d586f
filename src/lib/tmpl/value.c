#include <math.h>

#include "lib/tmpl/tmpl_int.h"

struct tmpl_value *tmpl_text(struct arena *a, struct str text)
{
	struct tmpl_value *v = NEW(a, struct tmpl_value);

	v->type = TMPL_TEXT;
	v->text = text;
	return v;
}

struct tmpl_value *tmpl_int(struct arena *a, int64_t n)
{
	return tmpl_text(a, str_fmt(a, "%lld", (long long)n));
}

/* As Perl prints a number. */
struct tmpl_value *tmpl_double(struct arena *a, double d)
{
	if (d == 0)
		return tmpl_text(a, STR("0"));
	return tmpl_text(a, str_fmt(a, "%.15g", d));
}

struct tmpl_value *tmpl_list(struct arena *a)
{
	struct tmpl_value *v = NEW(a, struct tmpl_value);

	v->type = TMPL_LIST;
	return v;
}

struct tmpl_value *tmpl_hash(struct arena *a)
{
	struct tmpl_value *v = NEW(a, struct tmpl_value);

	v->type = TMPL_HASH;
	map_init(&v->hash, a);
	return v;
}

void tmpl_list_add(struct arena *a, struct tmpl_value *list, struct tmpl_value *item)
{
	ASSERT(list->type == TMPL_LIST);
	vec_add(a, &list->list, item);
}

void tmpl_hash_set(struct tmpl_value *hash, struct str name, struct tmpl_value *value)
{
	ASSERT(hash->type == TMPL_HASH);
	map_set(&hash->hash, name, value);
}

struct tmpl_value *tmpl_hash_get(const struct tmpl_value *hash, struct str name)
{
	return hash->type == TMPL_HASH ? map_get(&hash->hash, name) : NULL;
}

void tmpl_set_path(struct arena *a, struct tmpl_value *hash, const char *path,
		   struct tmpl_value *value)
{
	struct str rest = str_of(path), name = str_cut(&rest, '.');

	while (rest.p) {
		struct tmpl_value *inner = tmpl_hash_get(hash, name);

		if (!inner) {
			inner = tmpl_hash(a);
			tmpl_hash_set(hash, name, inner);
		}
		hash = inner;
		name = str_cut(&rest, '.');
	}
	tmpl_hash_set(hash, name, value);
}

bool tmpl_is_true(const struct tmpl_value *v)
{
	if (!v || v->type == TMPL_UNDEF)
		return false;
	return v->type != TMPL_TEXT || (v->text.n > 0 && !str_eq(v->text, STR("0")));
}

struct str tmpl_as_text(const struct tmpl_value *v)
{
	return v && v->type == TMPL_TEXT ? v->text : STR_NONE;
}

/* How much of `s` is a number: sign, digits, fraction, exponent. */
static size_t number_prefix(struct str s, bool *fraction)
{
	size_t n = s.n && (s.p[0] == '-' || s.p[0] == '+'), digits = n, exponent;

	*fraction = false;
	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	if (n < s.n && s.p[n] == '.') {
		*fraction = true;
		for (n++; n < s.n && ascii_is_digit(s.p[n]);)
			n++;
		if (n == digits + 1)
			return 0;
	}
	if (n == digits)
		return 0;
	exponent = n + 1;
	if (n < s.n && (s.p[n] | 0x20) == 'e') {
		exponent += exponent < s.n && (s.p[exponent] == '-' || s.p[exponent] == '+');
		if (exponent < s.n && ascii_is_digit(s.p[exponent]))
			for (*fraction = true, n = exponent; n < s.n && ascii_is_digit(s.p[n]);)
				n++;
	}
	return n;
}

double tmpl_number(struct str s, int64_t *i, bool *whole)
{
	char text[64] = "";
	bool fraction;
	size_t n;
	double d;

	s = str_ltrim(s);
	n = number_prefix(s, &fraction);
	*i = 0;
	*whole = true;
	if (n == 0)
		return 0;
	if (!fraction && str_int(str_sub(s, 0, n), INT64_MIN, INT64_MAX, i))
		return (double)*i;
	if (n >= sizeof(text))
		n = sizeof(text) - 1;
	memcpy(text, s.p, n);
	d = strtod(text, NULL);
	*whole = d == floor(d) && fabs(d) < 9e15;
	if (*whole)
		*i = (int64_t)d;
	return d;
}
