#include "gw/rules/disclaimer.h"
#include "gw/rules/types.h"

struct disclaimer_object {
	struct str html;
	bool top, separator;
};

static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct disclaimer_object *o = NEW(a, struct disclaimer_object);

	(void)e;
	o->html = src->value;
	o->top = str_eq(rule_attr(src, "top"), STR("1"));
	o->separator = !str_eq(rule_attr(src, "separator"), STR("0"));
	*out = o;
	return 0;
}

static struct str describe(struct arena *a, const void *o)
{
	(void)a;
	(void)o;
	return STR("disclaimer");
}

static bool mentions(const void *o, struct str text)
{
	const struct disclaimer_object *d = o;

	return str_find(d->html, text) >= 0;
}

/* The separator stands between the mail's text and ours. */
static struct disclaimer finished(struct arena *a, const struct disclaimer_object *o,
				  struct str html)
{
	struct str line = o->separator ? STR("<br>--<br>") : STR("<br>");
	struct disclaimer d = { .top = o->top };

	html = o->top ? str_cat(a, html, line) : str_cat(a, line, html);
	d.html = str_cat(a, html, STR("\n"));
	d.plain = str_cat(a, disclaimer_plain(a, html), STR("\n"));
	return d;
}

static void change_group(const struct disclaimer_object *o, struct act *x,
			 const struct act_group *g)
{
	enum disclaimer_result result;
	struct disclaimer d;
	struct version *v;
	bool fresh;

	x->view = g->view;
	d = finished(x->a, o, act_text(x, o->html));
	v = version_derive(x->a, g->version,
			   str_cat(x->a, d.top ? STR("above ") : STR("below "), d.html), &fresh);
	if (fresh)
		v->disclaimed = disclaimer_add(x, &d, v);
	result = v->disclaimed;
	if (v->sealed)
		act_note(x, g, LINE_DISCLAIMER_SEALED, STR_NONE, STR_NONE, v->sealed);
	if (result == DISCLAIMER_ADDED)
		act_assign(x, g, version_settle(x->base, v));
	if (result != DISCLAIMER_NO_PLACE)
		act_note(x, g,
			 result == DISCLAIMER_ADDED ? LINE_DISCLAIMER_ADDED
						    : LINE_DISCLAIMER_FAILED,
			 STR_NONE, STR_NONE, 0);
}

static void carry_out(const void *o, struct act *x)
{
	const struct disclaimer_object *d = o;
	struct act_group *g;
	size_t n = act_groups(x, ACT_BY_VERSION | act_by_text(d->html), &g);

	for (size_t i = 0; i < n; i++)
		change_group(d, x, &g[i]);
}

const struct rule_type type_disclaimer = {
	.otype = 4009,
	.class = CLASS_ACTION,
	.name = "Disclaimer",
	.decode = decode,
	.describe = describe,
	.act = carry_out,
	.mentions = mentions,
	.priority = 49,
};
