#include "lib/dkim/dkim_int.h"

static bool is_name(struct str name)
{
	if (name.n == 0 || !ascii_is_alpha(name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) && name.p[i] != '_')
			return false;
	}
	return true;
}

static bool add_tag(struct str text, struct dkim_tags *out)
{
	struct dkim_tag *t = &out->p[out->n];
	ptrdiff_t equals = str_chr(text, '=');

	if (equals < 0 || out->n == DKIM_TAGS_MAX)
		return false;
	t->name = str_trim(str_sub(text, 0, (size_t)equals));
	t->whole = str_from(text, (size_t)equals + 1);
	t->value = str_trim(t->whole);
	for (size_t i = 0; i < out->n; i++) {
		if (str_eq(out->p[i].name, t->name))
			return false;
	}
	out->n++;
	return is_name(t->name);
}

bool dkim_tags_parse(struct str text, struct dkim_tags *out)
{
	out->n = 0;
	while (text.n) {
		struct str one = str_cut(&text, ';');

		/* A semicolon may stand at the end, with nothing but blanks behind it. */
		if (str_trim(one).n == 0 && !text.p && out->n)
			return true;
		if (!add_tag(one, out))
			return false;
	}
	return out->n > 0;
}

const struct dkim_tag *dkim_tag(const struct dkim_tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->n; i++) {
		if (str_eq(tags->p[i].name, str_of(name)))
			return &tags->p[i];
	}
	return NULL;
}

struct str dkim_tag_value(const struct dkim_tags *tags, const char *name)
{
	const struct dkim_tag *t = dkim_tag(tags, name);

	return t ? t->value : STR_NONE;
}

bool dkim_list_has(struct str list, struct str word)
{
	while (list.n) {
		if (str_ieq(str_trim(str_cut(&list, ':')), word))
			return true;
	}
	return false;
}

bool dkim_tag_number(const struct dkim_tags *tags, const char *name, int64_t *out)
{
	const struct dkim_tag *t = dkim_tag(tags, name);

	*out = -1;
	if (!t)
		return true;
	return t->value.n && ascii_is_digit(t->value.p[0]) && str_int(t->value, 0, INT64_MAX, out);
}
