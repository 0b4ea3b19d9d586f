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

static int check_token(struct str s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) &&
		    !memchr("/\\[]+-.*_", s.p[i], 10))
			return err_set(e, ERR_INVALID,
				       "only letters, digits and /\\[]+-.*_ may be in it");
	return s.n ? 0 : err_set(e, ERR_INVALID, "is empty");
}

const struct format type_fmt_token = { .check = check_token,
				       .pattern = "[0-9a-zA-Z\\/\\\\[\\]\\+\\-\\.\\*\\_]+" };

struct str type_describe_value(struct arena *a, const void *o)
{
	const struct type_value *v = o;

	(void)a;
	return v->value;
}

int type_decode_value(const struct rule_source *src, void *o, struct err *e)
{
	if (!src->value.n)
		return err_set(e, ERR_INVALID, "no value");
	*(struct str *)o = src->value;
	return 0;
}

void type_encode_value(struct arena *a, const void *o, struct rule_stored *out)
{
	(void)a;
	out->value = *(const struct str *)o;
}

void type_store_attr(struct rule_stored *out, const char *name, struct str value)
{
	out->attrs[out->n_attrs].name = name;
	out->attrs[out->n_attrs++].value = value;
}

const struct rule_type *const *rule_types(size_t *n)
{
	*n = ARRAY_LEN(types);
	return types;
}

int rule_type_read(struct arena *a, const struct rule_type *t, const struct rule_source *src,
		   void **out, struct err *e)
{
	void *o;

	if (!t->props)
		return 0;
	o = arena_alloc(a, t->size);
	memset(o, 0, t->size);
	prop_defaults(a, t->props, o);
	if (t->decode(src, o, e) < 0 || (t->compile && t->compile(a, o, e) < 0))
		return -1;
	*out = o;
	return 0;
}

int rule_object_check(const struct rule_type *t, const void *o, struct err *e)
{
	for (const struct prop *p = t->props; p && p->type != PROP_END; p++)
		if (prop_check(p, o, e) < 0)
			return err_wrap(e, "%s", p->name);
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

bool rule_re_repeats_nothing(struct str pattern, unsigned flags)
{
	return flags & RE_FULL && pattern.n && strchr("*+?", pattern.p[0]);
}

struct str rule_re_text(struct arena *a, struct str pattern, unsigned flags)
{
	struct str rest;

	if (!rule_re_repeats_nothing(pattern, flags))
		return pattern;
	rest = str_from(pattern, 1);
	if (str_starts(rest, STR("?")) || str_starts(rest, STR("+")))
		rest = str_from(rest, 1);
	return pattern.p[0] == '+' ? rest : str_cat(a, STR(".*"), rest);
}

int rule_re_compile(struct arena *a, struct str pattern, unsigned flags, struct re **out,
		    struct err *e)
{
	struct err perl;

	if (pattern.n > RULES_VALUE_MAX)
		return err_set(e, ERR_LIMIT, "regular expression longer than %d", RULES_VALUE_MAX);
	pattern = rule_re_text(a, pattern, flags);
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
