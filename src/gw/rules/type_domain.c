#include "gw/rules/types.h"

static const struct prop props[] = { P_STR_AS(struct type_value, value, "domain", &fmt_dns_name,
					      NULL, "Domain, without those below it."),
				     P_END };

/* The domain itself, not those below it. */
static bool matches(const void *o, const struct who *w)
{
	const struct str *domain = o;
	ptrdiff_t at = str_rchr(w->address, '@');

	return at >= 0 && str_ieq(*domain, str_from(w->address, (size_t)at + 1));
}

static bool implies(const void *o, const struct rule_type *type, const void *other)
{
	return type == &type_domain && str_ieq(*(const struct str *)o, *(const struct str *)other);
}

const struct rule_type type_domain = {
	.otype = 1002,
	.class = CLASS_WHO,
	.name = "Domain",
	.slug = "domain",
	.props = props,
	.size = sizeof(struct type_value),
	.decode = type_decode_value,
	.encode = type_encode_value,
	.describe = type_describe_value,
	.who = matches,
	.implies = implies,
	.equals = WHO_DOMAIN,
};
