#include "gw/rules/disclaimer.h"
#include "gw/rules/types.h"

struct disclaimer_object {
	struct str html;
	int position;
	bool separator;
};

enum { POSITION_START, POSITION_END };

/* A longer line would not fit into a mail (RFC 5322, 2.1.1). */
static int check_lines(struct str s, struct err *e)
{
	struct str line;

	while (str_line(&s, &line))
		if (line.n >= RULE_FIELD_USUAL)
			return err_set(e, ERR_INVALID, "has a line of %d bytes or more",
				       RULE_FIELD_USUAL);
	return 0;
}

static const struct format fmt_lines = { .check = check_lines };

#define T struct disclaimer_object
static const struct prop props[] = {
	P_TEXT_AS(T, html, "disclaimer", 2048, NULL, "Text in HTML; macros are filled in.",
		  .fmt = &fmt_lines, .flags = PROP_LINES),
	P_ENUM(T, position, "start|end", "end", "Where in the mail's text it goes."),
	P_BOOL_AS(T, separator, "add-separator", "1", "A line of two dashes between them."), P_END
};
#undef T

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	struct disclaimer_object *d = o;

	(void)e;
	d->html = src->value;
	if (str_eq(rule_attr(src, "top"), STR("1")))
		d->position = POSITION_START;
	d->separator = !str_eq(rule_attr(src, "separator"), STR("0"));
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct disclaimer_object *d = o;

	(void)a;
	out->value = d->html;
	if (d->position == POSITION_START)
		type_store_attr(out, "top", STR("1"));
	if (!d->separator)
		type_store_attr(out, "separator", STR("0"));
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
	struct disclaimer d = { .top = o->position == POSITION_START };

	html = d.top ? str_cat(a, html, line) : str_cat(a, line, html);
	d.html = str_cat(a, html, STR("\n"));
	d.plain = str_cat(a, disclaimer_plain(a, html), STR("\n"));
	return d;
}

static void change_group(const struct disclaimer_object *o, struct act *x,
			 const struct act_group *g)
{
	struct disclaimer d;
	struct version *v;
	bool fresh;

	x->view = g->view;
	d = finished(x->a, o, act_html(x, o->html));
	v = version_derive(x->a, g->version,
			   str_cat(x->a, d.top ? STR("above ") : STR("below "), d.html), &fresh);
	if (fresh)
		v->disclaimed = disclaimer_add(x, &d, v);
	if (v->sealed)
		act_note(x, g, LINE_DISCLAIMER_SEALED, STR_NONE, STR_NONE, v->sealed);
	if (v->disclaimed == DISCLAIMER_ADDED) {
		act_assign(x, g, version_settle(x->base, v));
		act_note(x, g, LINE_DISCLAIMER_ADDED, STR_NONE, STR_NONE, 0);
	}
	if (v->undisclaimed)
		act_note(x, g, LINE_DISCLAIMER_FAILED, STR_NONE, STR_NONE, 0);
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
	.slug = "disclaimer",
	.props = props,
	.size = sizeof(struct disclaimer_object),
	.decode = decode,
	.encode = encode,
	.describe = describe,
	.act = carry_out,
	.mentions = mentions,
	.priority = 49,
};
