#include "gw/rules/types.h"
#include "gw/rules/what.h"

static struct str describe(struct arena *a, const void *o)
{
	(void)a;
	(void)o;
	return STR("active");
}

static int matches(const void *o, struct what *w, struct verdict *v, struct err *e)
{
	(void)o;
	(void)e;
	if (w->s->virus.n)
		what_mark_mail(v);
	what_saw(w, "virus", w->s->virus);
	return 0;
}

const struct rule_type type_virus = {
	.otype = 3001,
	.class = CLASS_WHAT,
	.name = "Virus Filter",
	.slug = "virusfilter",
	.describe = describe,
	.what = matches,
};
