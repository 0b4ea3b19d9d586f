#include "gw/rules/types.h"

struct ipaddress {
	struct str text;
	struct cidr_addr addr;
	bool valid;
};

static const struct prop props[] = {
	P_STR_AS(struct ipaddress, text, "ip", &fmt_ip, NULL, "IP address of the client."), P_END
};

static int decode(const struct rule_source *src, void *o, struct err *e)
{
	(void)e;
	((struct ipaddress *)o)->text = src->value;
	return 0;
}

/* What is no address can only be compared as text; it was storable, so it may not stop the rest. */
static int compile(struct arena *a, void *o, struct err *e)
{
	struct ipaddress *x = o;

	(void)a;
	(void)e;
	x->valid = cidr_addr_parse(x->text, &x->addr);
	return 0;
}

static bool matches(const void *o, const struct who *w)
{
	const struct ipaddress *x = o;

	if (!w->ip_text.n)
		return false;
	if (x->valid && w->has_ip)
		return x->addr.family == w->ip.family &&
		       !memcmp(x->addr.b, w->ip.b, x->addr.family == 4 ? 4 : 16);
	return str_ieq(x->text, w->ip_text);
}

static bool implies(const void *o, const struct rule_type *type, const void *other)
{
	const struct ipaddress *x = o;
	const struct who w = { .ip_text = x->text, .ip = x->addr, .has_ip = x->valid };

	return type->of_client && type->who(other, &w);
}

const struct rule_type type_ipaddress = {
	.otype = 1003,
	.class = CLASS_WHO,
	.name = "IP Address",
	.slug = "ip",
	.props = props,
	.size = sizeof(struct ipaddress),
	.decode = decode,
	.encode = type_encode_value,
	.compile = compile,
	.describe = type_describe_value,
	.who = matches,
	.implies = implies,
	.of_client = true,
};
