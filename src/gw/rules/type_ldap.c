/*
 * LDAP users and groups, against the copy that gw/people keeps.
 *
 * Whom a profile does not know is one thing, that it cannot be asked is another: then no object
 * matches, not even "Unknown LDAP address", which may stand in a rule that blocks.
 */
#include "gw/rules/types.h"

struct ldap {
	struct str profile; /* empty: any */
	struct str name;    /* DN of a group (empty: anybody, "-": nobody); account of a user */
};

static int decode(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct ldap *o = NEW(a, struct ldap);

	if (!src->value.n)
		return err_set(e, ERR_INVALID, "no value");
	o->name = src->value;
	if (str_chr(o->name, ':') >= 0)
		o->profile = str_cut(&o->name, ':');
	*out = o;
	return 0;
}

struct str type_ldap_profile(const void *o)
{
	const struct ldap *l = o;

	return l->profile;
}

static bool is_about_all(const struct ldap *l)
{
	return !l->name.n || str_eq(l->name, STR("-"));
}

/* Only about all of them it can be asked without a profile. */
static bool group_is_vain(const void *o)
{
	const struct ldap *l = o;

	return !l->profile.n && !is_about_all(l);
}

static bool user_is_vain(const void *o)
{
	const struct ldap *l = o;

	return !l->profile.n;
}

static struct str describe_group(struct arena *a, const void *o)
{
	const struct ldap *l = o;

	if (is_about_all(l)) {
		const char *what = l->name.n ? "Unknown" : "Existing";

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
	if (w->people && is_about_all(l))
		answer = people_has(w->people, l->profile, w->address);
	else if (w->people)
		answer = people_in_group(w->people, l->profile, l->name, w->address);
	w->said->people = answer;
	return answer == (str_eq(l->name, STR("-")) ? PEOPLE_NO : PEOPLE_YES);
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
	.decode = decode,
	.describe = describe_group,
	.who = matches_group,
	.is_vain = group_is_vain,
};

const struct rule_type type_ldapuser = {
	.otype = 1006,
	.class = CLASS_WHO,
	.name = "LDAP User",
	.decode = decode,
	.describe = describe_user,
	.who = matches_user,
	.is_vain = user_is_vain,
};
