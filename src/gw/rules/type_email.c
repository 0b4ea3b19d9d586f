#include "gw/rules/types.h"

static const struct prop props[] = { P_STR_AS(struct type_value, value, "email", &fmt_email, NULL,
					      "Mail address, all of it."),
				     P_END };

static bool matches(const void *o, const struct who *w)
{
	const struct str *address = o;

	return str_ieq(*address, w->address);
}

static bool implies(const void *o, const struct rule_type *type, const void *other)
{
	const struct who w = { .address = *(const struct str *)o };

	return (type == &type_email || type == &type_domain) && type->who(other, &w);
}

const struct rule_type type_email = {
	.otype = 1001,
	.class = CLASS_WHO,
	.name = "Mail address",
	.slug = "email",
	.props = props,
	.size = sizeof(struct type_value),
	.decode = type_decode_value,
	.encode = type_encode_value,
	.describe = type_describe_value,
	.who = matches,
	.implies = implies,
	.equals = WHO_ADDRESS,
};
