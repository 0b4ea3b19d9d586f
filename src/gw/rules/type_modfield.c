#include "gw/rules/act.h"
#include "gw/rules/types.h"

struct modfield {
	struct str field, value;
};

static bool is_field_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == ':')
			return false;
	return s.n > 0;
}

#define T struct modfield
static const struct prop props[] = {
	P_TEXT(T, field, 1024, NULL, "Name of the header field.", .fmt = &type_fmt_token),
	P_TEXT(T, value, 1024, NULL, "Its new value; macros are filled in."), P_END
};
#undef T

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	struct modfield *x = o;

	x->value = src->value;
	x->field = str_cut(&x->value, ':');
	if (!is_field_name(x->field))
		return err_set(e, ERR_INVALID, "not FIELD:VALUE");
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct modfield *x = o;

	out->value = str_cat(a, str_cat(a, x->field, STR(":")), x->value);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct modfield *x = o;

	return str_fmt(a, "modify field: %.*s:%.*s", STR_ARG(x->field), STR_ARG(x->value));
}

static bool mentions(const void *o, struct str text)
{
	const struct modfield *x = o;

	return str_find(x->value, text) >= 0;
}

static struct str field(const void *o)
{
	const struct modfield *x = o;

	return x->field;
}

/* The text is the same for all groups that see the same spam information. */
static struct str header_value(const struct modfield *o, struct act *x, enum spam_view view,
			       struct str *cache)
{
	x->view = view;
	if (!cache[view].p)
		cache[view] = mime_encode_text(x->a, act_text(x, o->value));
	return cache[view];
}

static void change_group(const struct modfield *o, struct act *x, const struct act_group *g,
			 struct str value)
{
	struct str change;
	struct version *v;
	bool fresh;

	change = str_fmt(x->a, "set %.*s:", STR_ARG(o->field));
	v = version_derive(x->a, g->version, str_cat(x->a, change, value), &fresh);
	if (fresh)
		mime_edit_set(&v->edit, x->s->mime, o->field, value);
	act_assign(x, g, version_settle(x->base, v));
	act_note(x, g, LINE_HEADER_MODIFIED, o->field, act_names(x, g->rcpt, g->n), 0);
}

static void carry_out(const void *o, struct act *x)
{
	const struct modfield *mf = o;
	struct str cache[SPAM_VIEWS] = { STR_NONE };
	struct act_group *g;
	size_t n = act_groups(x, ACT_BY_VERSION | act_by_text(mf->value), &g);

	for (size_t i = 0; i < n; i++)
		change_group(mf, x, &g[i], header_value(mf, x, g[i].view, cache));
}

const struct rule_type type_modfield = {
	.otype = 4003,
	.class = CLASS_ACTION,
	.name = "Header Attribute",
	.slug = "field",
	.props = props,
	.size = sizeof(struct modfield),
	.decode = decode,
	.encode = encode,
	.describe = describe,
	.act = carry_out,
	.mentions = mentions,
	.field = field,
	.priority = 10,
};
