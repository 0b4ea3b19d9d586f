#include "gw/rules/types.h"

#include "lib/re/re.h"

static const struct rule_type *const types[] = {
	&type_whoregex, &type_email,      &type_domain,        &type_ipaddress,
	&type_ipnet,    &type_ldapgroup,  &type_ldapuser,      &type_timeframe,
	&type_spam,     &type_virus,      &type_matchfield,    &type_contenttype,
	&type_filename, &type_ambiguous,  &type_archivefilter, &type_archivefilename,
	&type_accept,   &type_block,      &type_notify,        &type_modfield,
	&type_bcc,      &type_quarantine, &type_remove,        &type_disclaimer,
};

struct str type_describe_value(struct arena *a, const void *o)
{
	const struct str *value = o;

	(void)a;
	return *value;
}

int type_decode_value(struct arena *a, const struct rule_source *src, void **out, struct err *e)
{
	struct str *value = NEW(a, struct str);

	if (!src->value.n)
		return err_set(e, ERR_INVALID, "no value");
	*value = src->value;
	*out = value;
	return 0;
}

const struct rule_type *rule_type_find(int64_t otype)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i]->otype == otype)
			return types[i];
	return NULL;
}

struct str rule_attr(const struct rule_source *src, const char *name)
{
	for (size_t i = 0; i < src->n_attrs; i++)
		if (str_eq(src->attrs[i].name, str_of(name)))
			return src->attrs[i].value;
	return STR_NONE;
}

int rule_re_compile(struct arena *a, struct str pattern, unsigned flags, struct re **out,
		    struct err *e)
{
	struct err perl;

	if (pattern.n > RULES_VALUE_MAX)
		return err_set(e, ERR_LIMIT, "regular expression longer than %d", RULES_VALUE_MAX);
	if (re_compile_perl(a, pattern, flags, out, &perl) == 0)
		return 0;
	if (re_compile(a, pattern, flags, out, e) == 0)
		return 0;
	*e = perl;
	return -1;
}

bool rule_re_match(const struct re *re, struct str subject, bool *gave_up)
{
	enum re_result r = re_match(re, subject);

	if (r == RE_LIMIT)
		*gave_up = true;
	return r == RE_MATCH;
}
