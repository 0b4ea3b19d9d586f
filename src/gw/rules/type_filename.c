#include "gw/rules/types.h"
#include "gw/rules/what.h"
#include "lib/re/re.h"

struct filename {
	struct str text;
	struct re *re;
};

/* A line end hidden in a name is no way around a rule: a dot matches it, too. */
static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct filename *o = NEW(a, struct filename);

	o->text = src->value;
	*out = o;
	return rule_re_compile(a, o->text, RE_FULL | RE_ICASE | RE_ASCII_CASE | RE_DOTALL, &o->re,
			       e);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct filename *x = o;

	return str_fmt(a, "filename=%.*s", STR_ARG(x->text));
}

static int matches(const void *o, struct what *w, struct marks *m, struct err *e)
{
	const struct filename *x = o;

	(void)e;
	for (uint32_t aid = 1; aid <= w->s->n_parts; aid++) {
		struct str name = what_filename(w, aid);

		if (name.n && what_matches(w, x->re, aid, "name", name))
			marks_add(m, w->a, w->s->n_parts, aid);
	}
	return 0;
}

const struct rule_type type_filename = {
	.otype = 3004,
	.class = CLASS_WHAT,
	.name = "Match Filename",
	.decode = decode,
	.describe = describe,
	.what = matches,
};

/* Looks into archives, which is not built. */
const struct rule_type type_archivefilename = {
	.otype = 3006,
	.class = CLASS_WHAT,
	.name = "Match Archive Filename",
	.decode = decode,
	.describe = describe,
};
