#include "gw/rules/targets.h"
#include "gw/rules/types.h"

struct bcc {
	struct str target;
	bool original;
};

#define T struct bcc
static const struct prop props[] = {
	P_STR(T, target, &fmt_email, NULL, "Address that gets a copy."),
	P_BOOL(T, original, "1",
	       "The mail as it was received, without the changes of other rules."),
	P_END
};
#undef T

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	struct bcc *b = o;
	struct str original;

	b->target = src->value;
	original = str_cut(&b->target, ':');
	if (!str_eq(original, STR("0")) && !str_eq(original, STR("1")))
		return err_set(e, ERR_INVALID, "not 0:TARGET or 1:TARGET");
	b->original = str_eq(original, STR("1"));
	return 0;
}

static void encode(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct bcc *b = o;

	out->value = str_cat(a, b->original ? STR("1:") : STR("0:"), b->target);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct bcc *b = o;

	return str_fmt(a, "send bcc to: %.*s%s", STR_ARG(b->target),
		       b->original ? " (original)" : "");
}

static bool mentions(const void *o, struct str text)
{
	const struct bcc *b = o;

	return str_find(b->target, text) >= 0;
}

static void send_group(const struct bcc *o, struct act *x, const struct act_group *g)
{
	struct outbox_effect *ef;
	struct targets t;

	x->view = g->view;
	t = targets_of(x->a, act_text(x, o->target), ",");
	if (!t.n) {
		act_note(x, g, LINE_BCC_IGNORED, STR_NONE, STR_NONE, 0);
		return;
	}
	ef = act_effect(x, OUTBOX_BCC, g->rcpt, g->n);
	ef->target = t.p;
	ef->n_target = t.n;
	if (!o->original)
		ef->edit = version_edit(g->version);
}

/* The original is the mail as it was received, once; otherwise a copy of each version. */
static void carry_out(const void *o, struct act *x)
{
	const struct bcc *b = o;
	struct act_group *g;
	size_t n;

	if (b->original) {
		act_groups(x, 0, &g);
		send_group(b, x, &g[0]);
		return;
	}
	n = act_groups(x, ACT_BY_VERSION | act_by_text(b->target), &g);
	for (size_t i = 0; i < n; i++)
		send_group(b, x, &g[i]);
}

const struct rule_type type_bcc = {
	.otype = 4005,
	.class = CLASS_ACTION,
	.name = "BCC",
	.slug = "bcc",
	.props = props,
	.size = sizeof(struct bcc),
	.decode = decode,
	.encode = encode,
	.describe = describe,
	.act = carry_out,
	.mentions = mentions,
	.priority = 80,
};
