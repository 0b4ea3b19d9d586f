#include "gw/rules/types.h"

static bool matches(const void *o, const struct who *w)
{
	const struct str *address = o;

	return str_ieq(*address, w->address);
}

const struct rule_type type_email = {
	.otype = 1001,
	.class = CLASS_WHO,
	.name = "Mail address",
	.decode = type_decode_value,
	.describe = type_describe_value,
	.who = matches,
	.equals = WHO_ADDRESS,
};
