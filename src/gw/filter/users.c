/* Whom recipients are, and what the rules are told about them. */
#include "gw/filter/filter_int.h"
#include "gw/store/userprefs.h"

struct str *filter_users(struct arena *a, struct people *people, const struct smtp_envelope *env)
{
	struct str *pmail = NEW_N(a, struct str, env->n_rcpt);

	people_refresh(people);
	for (size_t i = 0; i < env->n_rcpt; i++)
		pmail[i] = people_primary(people, a, env->rcpt[i].address);
	return pmail;
}

static int read_lists(void *arg, struct arena *a, const struct str *pmail, size_t n,
		      struct rules_lists *out, struct err *e)
{
	struct userprefs *prefs = NEW_N(a, struct userprefs, n);

	if (userprefs_read(arg, a, pmail, n, prefs, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		out[i] = (struct rules_lists){ prefs[i].white, prefs[i].black };
	return 0;
}

struct rules_mail filter_rules_mail(struct db *db, const struct people *people, struct scan *s,
				    const struct str *pmail)
{
	return (struct rules_mail){
		.scan = s,
		.pmail = pmail,
		.lists = read_lists,
		.lists_arg = db,
		.people = people,
		.unique = str_of(s->id),
		.version = STR("pmg/" PMG_VERSION),
	};
}
