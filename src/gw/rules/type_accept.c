#include "gw/rules/act.h"
#include "gw/rules/types.h"

static struct str describe(struct arena *a, const void *o)
{
	(void)a;
	(void)o;
	return STR("accept message");
}

static void carry_out(const void *o, struct act *x)
{
	struct act_group *g;
	size_t n = act_groups(x, ACT_BY_VERSION, &g);

	(void)o;
	for (size_t i = 0; i < n; i++)
		act_deliver(x, &g[i]);
}

const struct rule_type type_accept = {
	.otype = 4000,
	.class = CLASS_ACTION,
	.name = "Accept",
	.describe = describe,
	.act = carry_out,
	.priority = 99,
	.final = true,
};
