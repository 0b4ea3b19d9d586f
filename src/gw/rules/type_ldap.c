/* LDAP users and groups: known by name and description, not built. */
#include "gw/rules/types.h"

static struct str describe_group(struct arena *a, const void *o)
{
	const struct str *value = o;
	struct str group = *value, profile = STR_NONE;

	if (str_chr(group, ':') >= 0)
		profile = str_cut(&group, ':');
	if (!group.n || str_eq(group, STR("-"))) {
		const char *what = group.n ? "Unknown" : "Existing";

		if (!profile.n)
			return str_fmt(a, "%s LDAP address, any profile", what);
		return str_fmt(a, "%s LDAP address, profile '%.*s'", what, STR_ARG(profile));
	}
	if (!profile.n)
		return STR("LDAP group without profile - fail always");
	return str_fmt(a, "LDAP group '%.*s', profile '%.*s'", STR_ARG(group), STR_ARG(profile));
}

static struct str describe_user(struct arena *a, const void *o)
{
	const struct str *value = o;
	struct str account = *value, profile = STR_NONE;

	if (str_chr(account, ':') >= 0)
		profile = str_cut(&account, ':');
	if (!profile.n)
		return STR("LDAP user without profile - fail always");
	return str_fmt(a, "LDAP user '%.*s', profile '%.*s'", STR_ARG(account), STR_ARG(profile));
}

const struct rule_type type_ldapgroup = {
	.otype = 1005,
	.class = CLASS_WHO,
	.name = "LDAP Group",
	.decode = type_decode_value,
	.describe = describe_group,
};

const struct rule_type type_ldapuser = {
	.otype = 1006,
	.class = CLASS_WHO,
	.name = "LDAP User",
	.decode = type_decode_value,
	.describe = describe_user,
};
