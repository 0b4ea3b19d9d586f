#include "gw/rules/act.h"
#include "gw/rules/types.h"

static struct str describe(struct arena *a, const void *o)
{
	(void)a;
	(void)o;
	return STR("Move to quarantine.");
}

/* A mail with a virus goes to the virus quarantine, whatever made the rule match. */
static void carry_out(const void *o, struct act *x)
{
	struct act_group *g;
	size_t n = act_groups(x, ACT_BY_VERSION | ACT_BY_VIEW, &g);

	(void)o;
	for (size_t i = 0; i < n; i++)
		act_quarantine(x, &g[i], x->s->virus.n ? OUTBOX_VIRUS : OUTBOX_SPAM);
}

const struct rule_type type_quarantine = {
	.otype = 4006,
	.class = CLASS_ACTION,
	.name = "Quarantine",
	.describe = describe,
	.act = carry_out,
	.priority = 90,
	.final = true,
};
