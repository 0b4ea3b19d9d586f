#include "gw/rules/types.h"
#include "gw/rules/what.h"

static struct str describe(struct arena *a, const void *o)
{
	(void)a;
	(void)o;
	return STR("ambiguous");
}

/* Ours, not the original's: mail clients may see another message than we do (decisions.md). */
static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	(void)o;
	(void)e;
	if (w->s->ambiguous)
		what_mark_mail(v);
	return 0;
}

const struct rule_type type_ambiguous = {
	.otype = 3100,
	.class = CLASS_WHAT,
	.name = "Ambiguous",
	.slug = "ambiguous",
	.describe = describe,
	.what = matches,
};
