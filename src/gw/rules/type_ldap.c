/*
 * LDAP users and groups, against the copy that gw/people keeps.
 *
 * Whom a profile does not know is one thing, that it cannot be asked is another: then no object
 * matches, not even "Unknown LDAP address", which may stand in a rule that blocks.
 */
#include "gw/rules/types.h"

enum ldap_mode { LDAP_ANY, LDAP_NONE, LDAP_GROUP };

struct ldap {
	struct str profile; /* empty: any */
	struct str name;    /* DN of the group, account of the user */
	int mode;           /* of a group */
};

#define T struct ldap
static const struct prop group_props[] = {
	P_ENUM(T, mode, "any|none|group", NULL,
	       "Addresses that are known, that are not, or those of the members of a group."),
	P_STR(T, profile, &fmt_configid, NULL, "Profile to ask; without one, all of them.",
	      .flags = PROP_OPTIONAL),
	P_TEXT_AS(T, name, "group", 1024, NULL, "Distinguished name of the group.", .min = 1,
		  .flags = PROP_OPTIONAL),
	P_END
};

static const struct prop user_props[] = {
	P_STR(T, profile, &fmt_configid, NULL, "Profile to ask."),
	P_TEXT_AS(T, name, "account", 1024, NULL, "Account whose addresses match.", .min = 1), P_END
};
#undef T

/* PROFILE:NAME; very old ones have the name only. */
static int decode_user(const struct rule_source *src, void *o, struct err *e)
{
	struct ldap *l = o;

	if (!src->value.n)
		return err_set(e, ERR_INVALID, "no value");
	l->name = src->value;
	if (str_chr(l->name, ':') >= 0)
		l->profile = str_cut(&l->name, ':');
	return 0;
}

static int decode_group(const struct rule_source *src, void *o, struct err *e)
{
	struct ldap *l = o;

	if (decode_user(src, o, e) < 0)
		return -1;
	l->mode = !l->name.n ? LDAP_ANY : str_eq(l->name, STR("-")) ? LDAP_NONE : LDAP_GROUP;
	if (l->mode != LDAP_GROUP)
		l->name = STR_NONE;
	return 0;
}

static void encode_user(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct ldap *l = o;

	out->value = str_cat(a, str_cat(a, l->profile, STR(":")), l->name);
}

static void encode_group(struct arena *a, const void *o, struct rule_stored *out)
{
	const struct ldap *l = o;
	struct str name = l->mode == LDAP_GROUP  ? l->name
			  : l->mode == LDAP_NONE ? STR("-")
						 : STR("");

	out->value = str_cat(a, str_cat(a, l->profile, STR(":")), name);
}

struct str type_ldap_profile(const void *o)
{
	const struct ldap *l = o;

	return l->profile;
}

/* Only about all of them it can be asked without a profile. */
static bool group_is_vain(const void *o)
{
	const struct ldap *l = o;

	return !l->profile.n && l->mode == LDAP_GROUP;
}

static bool user_is_vain(const void *o)
{
	const struct ldap *l = o;

	return !l->profile.n;
}

static struct str describe_group(struct arena *a, const void *o)
{
	const struct ldap *l = o;

	if (l->mode != LDAP_GROUP) {
		const char *what = l->mode == LDAP_NONE ? "Unknown" : "Existing";

		if (!l->profile.n)
			return str_fmt(a, "%s LDAP address, any profile", what);
		return str_fmt(a, "%s LDAP address, profile '%.*s'", what, STR_ARG(l->profile));
	}
	if (group_is_vain(o))
		return STR("LDAP group without profile - fail always");
	return str_fmt(a, "LDAP group '%.*s', profile '%.*s'", STR_ARG(l->name),
		       STR_ARG(l->profile));
}

static struct str describe_user(struct arena *a, const void *o)
{
	const struct ldap *l = o;

	if (user_is_vain(o))
		return STR("LDAP user without profile - fail always");
	return str_fmt(a, "LDAP user '%.*s', profile '%.*s'", STR_ARG(l->name),
		       STR_ARG(l->profile));
}

static bool matches_group(const void *o, const struct who *w)
{
	const struct ldap *l = o;
	enum people_answer answer = PEOPLE_ABSENT;

	if (group_is_vain(o))
		return false;
	if (w->people && l->mode != LDAP_GROUP)
		answer = people_has(w->people, l->profile, w->address);
	else if (w->people)
		answer = people_in_group(w->people, l->profile, l->name, w->address);
	w->said->people = answer;
	return answer == (l->mode == LDAP_NONE ? PEOPLE_NO : PEOPLE_YES);
}

static bool matches_user(const void *o, const struct who *w)
{
	const struct ldap *l = o;
	enum people_answer answer = PEOPLE_ABSENT;

	if (user_is_vain(o))
		return false;
	if (w->people)
		answer = people_has_account(w->people, l->profile, l->name, w->address);
	w->said->people = answer;
	return answer == PEOPLE_YES;
}

const struct rule_type type_ldapgroup = {
	.otype = 1005,
	.class = CLASS_WHO,
	.name = "LDAP Group",
	.slug = "ldap",
	.props = group_props,
	.size = sizeof(struct ldap),
	.decode = decode_group,
	.encode = encode_group,
	.describe = describe_group,
	.who = matches_group,
	.is_vain = group_is_vain,
};

const struct rule_type type_ldapuser = {
	.otype = 1006,
	.class = CLASS_WHO,
	.name = "LDAP User",
	.slug = "ldapuser",
	.props = user_props,
	.size = sizeof(struct ldap),
	.decode = decode_user,
	.encode = encode_user,
	.describe = describe_user,
	.who = matches_user,
	.is_vain = user_is_vain,
};
