#include "gw/rules/act.h"
#include "gw/rules/types.h"

static struct str describe(struct arena *a, const void *o)
{
	(void)a;
	(void)o;
	return STR("block message");
}

static void carry_out(const void *o, struct act *x)
{
	struct act_group *all;

	(void)o;
	act_groups(x, 0, &all);
	act_block(x, all);
}

const struct rule_type type_block = {
	.otype = 4001,
	.class = CLASS_ACTION,
	.name = "Block",
	.describe = describe,
	.act = carry_out,
	.priority = 98,
	.final = true,
};
