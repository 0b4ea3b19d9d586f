#include "gw/spam/ruleset.h"

#include "base/buf.h"

enum { VALUES_MAX = 100, FILLED_MAX = 256 << 10 };

struct capture_values {
	struct str v[VALUES_MAX];
	size_t n;
};

void captures_init(struct captures *c, struct arena *a)
{
	c->a = a;
	map_init(&c->tags, a);
	map_init(&c->found, a);
}

static struct capture_values *values_of(struct arena *a, struct map *tags, struct str name)
{
	struct capture_values *values = map_get(tags, name);

	if (!values) {
		values = NEW(a, struct capture_values);
		map_set(tags, name, values);
	}
	return values;
}

void captures_tell(struct captures *c, const char *name, struct str value)
{
	struct capture_values *values = values_of(c->a, &c->tags, str_of(name));

	if (values->n < VALUES_MAX)
		values->v[values->n++] = value;
}

static void value_add(struct captures *c, struct str name, struct str value)
{
	struct capture_values *values = values_of(c->a, &c->found, name);

	for (size_t i = 0; i < values->n; i++)
		if (str_eq(values->v[i], value))
			return;
	if (values->n < VALUES_MAX)
		values->v[values->n++] = value;
}

void captures_add(struct captures *c, const struct re *re, const struct re_caps *caps,
		  struct str subject)
{
	struct str name, value;
	size_t group;

	for (size_t i = 0; re_group_name(re, i, &name, &group); i++) {
		value = re_group(caps, subject, group);
		if (value.n)
			value_add(c, name, value);
	}
}

/* What a rule caught takes the place of what an earlier one had. */
void captures_commit(struct captures *c)
{
	for (size_t i = 0; i < c->found.n; i++)
		map_set(&c->tags, c->found.entries[i].key, c->found.entries[i].value);
	if (c->found.n)
		map_init(&c->found, c->a);
}

bool captures_values(const struct captures *c, struct str name, struct spam_texts *out)
{
	const struct capture_values *values = map_get(&c->tags, name);

	if (values)
		*out = (struct spam_texts){ values->v, values->n };
	return values != NULL;
}

static void quote(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if (!ascii_is_alpha((char)ch) && !ascii_is_digit((char)ch) && ch != '_')
			buf_addf(b, "\\x{%02x}", ch);
		else
			buf_addc(b, (char)ch);
	}
}

static bool fill(struct captures *c, struct str name, struct buf *b)
{
	const struct capture_values *values = map_get(&c->tags, name);

	if (!values)
		return false;
	buf_addz(b, "(?:");
	for (size_t i = 0; i < values->n; i++) {
		if (i)
			buf_addc(b, '|');
		quote(b, values->v[i]);
	}
	buf_addc(b, ')');
	return true;
}

/*
 * Cuts at the next template, as conf_pattern_templates() leaves them: what is before it, its name;
 * false if there is none.
 */
static bool next_template(struct str *rest, struct str *before, struct str *name)
{
	ptrdiff_t at = str_find(*rest, STR("%\\{")), end;

	if (at < 0)
		return false;
	*before = str_sub(*rest, 0, (size_t)at);
	*rest = str_from(*rest, (size_t)at + 3);
	end = str_find(*rest, STR("\\}"));
	*name = str_sub(*rest, 0, end < 0 ? rest->n : (size_t)end);
	*rest = str_from(*rest, name->n + 2);
	return true;
}

bool captures_ready(const struct captures *c, struct str pattern)
{
	struct str before, name;

	while (next_template(&pattern, &before, &name))
		if (!map_get(&c->tags, name))
			return false;
	return true;
}

const struct re *captures_pattern(struct captures *c, struct str pattern)
{
	struct str rest = pattern, before, name, text;
	struct re *re;
	struct buf b;
	struct err e;

	buf_init(&b, c->a, FILLED_MAX);
	while (next_template(&rest, &before, &name)) {
		buf_add(&b, before);
		if (!fill(c, name, &b))
			return NULL;
	}
	buf_add(&b, rest);
	if (buf_done(&b, &text, &e) < 0 || re_compile_perl(c->a, text, RE_ONCE, &re, &e) < 0)
		return NULL;
	return re;
}
