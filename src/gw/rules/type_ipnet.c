#include "gw/rules/types.h"

struct ipnet {
	struct str text;
	struct cidr net;
};

static int check_net(struct str s, struct err *e)
{
	struct cidr net;

	return cidr_parse(s, &net, e);
}

/* Unlike fmt_cidr it lets host bits be. */
static const struct format fmt_net = { .name = "CIDR", .check = check_net };

static const struct prop props[] = {
	P_STR_AS(struct ipnet, text, "cidr", &fmt_net, NULL, "Network of the client."), P_END
};

static int compile(struct arena *a, void *o, struct err *e)
{
	struct ipnet *x = o;

	(void)a;
	return cidr_parse(x->text, &x->net, e);
}

static bool matches(const void *o, const struct who *w)
{
	const struct ipnet *x = o;

	return w->has_ip && cidr_contains(&x->net, &w->ip);
}

static bool implies(const void *o, const struct rule_type *type, const void *other)
{
	const struct ipnet *x = o, *y = other;

	return type == &type_ipnet && y->net.bits <= x->net.bits &&
	       cidr_contains(&y->net, &x->net.addr);
}

const struct rule_type type_ipnet = {
	.otype = 1004,
	.class = CLASS_WHO,
	.name = "IP Network",
	.slug = "network",
	.props = props,
	.size = sizeof(struct ipnet),
	.decode = type_decode_value,
	.encode = type_encode_value,
	.compile = compile,
	.describe = type_describe_value,
	.who = matches,
	.implies = implies,
	.of_client = true,
};
