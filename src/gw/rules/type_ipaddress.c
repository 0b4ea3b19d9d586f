#include "gw/rules/types.h"

struct ipaddress {
	struct str text;
	struct cidr_addr addr;
	bool valid;
};

/* What is no address can only be compared as text; it was storable, so it may not stop the rest. */
static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct ipaddress *o = NEW(a, struct ipaddress);

	(void)e;
	o->text = src->value;
	o->valid = cidr_addr_parse(o->text, &o->addr);
	*out = o;
	return 0;
}

static struct str describe(struct arena *a, const void *o)
{
	const struct ipaddress *x = o;

	(void)a;
	return x->text;
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

const struct rule_type type_ipaddress = {
	.otype = 1003,
	.class = CLASS_WHO,
	.name = "IP Address",
	.decode = decode,
	.describe = describe,
	.who = matches,
	.of_client = true,
};
