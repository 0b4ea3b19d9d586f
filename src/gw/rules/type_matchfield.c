#include "gw/rules/types.h"
#include "gw/rules/what.h"
#include "lib/re/re.h"

enum { FLAGS = RE_ICASE | RE_ASCII_CASE };

struct matchfield {
	struct str field, text;
	struct re *re;
	bool top_part_only;
};

static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct matchfield *o = NEW(a, struct matchfield);
	struct str rest = src->value;

	if (str_chr(rest, ':') <= 0)
		return err_set(e, ERR_INVALID, "not FIELD:REGEX");
	o->field = str_cut(&rest, ':');
	o->text = rest;
	o->top_part_only = str_eq(rule_attr(src, "top_part_only"), STR("1"));
	*out = o;
	return rule_re_compile(a, o->text, FLAGS, &o->re, e);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct matchfield *x = o;

	return str_fmt(a, "%.*s=%.*s", STR_ARG(x->field), STR_ARG(x->text));
}

static bool part_matches(const struct matchfield *x, struct what *w, const struct mime *part)
{
	const struct mime_header *h = mime_find(part, x->field);

	for (; h; h = mime_find_next(part, h, x->field))
		if (what_matches(w, x->re, part->aid, "value", mime_header_text(w->a, h)))
			return true;
	return false;
}

static int matches(const void *o, struct what *w, struct marks *m, struct err *e)
{
	const struct matchfield *x = o;
	uint32_t n = x->top_part_only ? 1 : w->s->n_parts;

	(void)e;
	for (uint32_t aid = 1; aid <= n; aid++)
		if (part_matches(x, w, w->s->parts[aid - 1]))
			marks_add(m, w->a, w->s->n_parts, aid);
	return 0;
}

static void regex(const void *o, struct rule_regex *out)
{
	const struct matchfield *x = o;

	*out = (struct rule_regex){ x->text, FLAGS, x->re, RULE_FIELD_USUAL };
}

const struct rule_type type_matchfield = {
	.otype = 3002,
	.class = CLASS_WHAT,
	.name = "Match Field",
	.decode = decode,
	.describe = describe,
	.regex = regex,
	.what = matches,
};
