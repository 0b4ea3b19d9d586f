#include "gw/cfg/ldap.h"

#include "base/file.h"
#include "base/vec.h"
#include "lib/conf/section.h"

static bool is_disabled(const struct conf_section *s)
{
	for (size_t i = 0; i < s->settings.n; i++) {
		struct str value = s->settings.p[i].value;

		if (str_eq(s->settings.p[i].key, STR("disable")))
			return !value.n || str_eq(value, STR("1"));
	}
	return false;
}

int cfg_ldap_load(struct arena *a, const char *dir, struct cfg_ldap *out, struct err *e)
{
	struct str path = str_fmt(a, "%s/" CFG_LDAP_FILE, dir), text = STR_NONE;
	VEC(struct cfg_ldap_profile) list = { 0 };
	struct conf_file file = { 0 };

	if (file_read(a, str_z(a, path), CFG_LDAP_MAX, &text, e) < 0 && e->code != ERR_NOTFOUND)
		return -1;
	conf_parse(a, text, &file);
	for (size_t i = 0; i < file.sections.n; i++) {
		const struct conf_section *s = &file.sections.p[i];

		if (str_eq(s->type, STR("ldap")))
			vec_add(a, &list, ((struct cfg_ldap_profile){ s->id, is_disabled(s) }));
	}
	*out = (struct cfg_ldap){ list.p, list.n };
	return 0;
}

const struct cfg_ldap_profile *cfg_ldap_find(const struct cfg_ldap *ldap, struct str name)
{
	for (size_t i = 0; i < ldap->n; i++)
		if (str_eq(ldap->p[i].name, name))
			return &ldap->p[i];
	return NULL;
}
