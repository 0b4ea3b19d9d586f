#include "gw/rules/types.h"

struct ipnet {
	struct str text;
	struct cidr net;
};

static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct ipnet *o = NEW(a, struct ipnet);

	o->text = src->value;
	*out = o;
	return cidr_parse(o->text, &o->net, e);
}

static struct str describe(struct arena *a, const void *o)
{
	const struct ipnet *x = o;

	(void)a;
	return x->text;
}

static bool matches(const void *o, const struct who *w)
{
	const struct ipnet *x = o;

	return w->has_ip && cidr_contains(&x->net, &w->ip);
}

const struct rule_type type_ipnet = {
	.otype = 1004,
	.class = CLASS_WHO,
	.name = "IP Network",
	.decode = decode,
	.describe = describe,
	.who = matches,
	.of_client = true,
};
