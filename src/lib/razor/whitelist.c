#include "lib/razor/razor_int.h"

#include "lib/re/re.h"

/* The rules for fields of one name. */
struct rules {
	VEC(struct re *) values;
};

void razor_whitelist_init(struct razor_whitelist *w, struct arena *keep)
{
	*w = (struct razor_whitelist){ .n = 0 };
	map_init(&w->rules, keep);
}

int razor_whitelist_add(struct razor_whitelist *w, struct arena *keep, struct str line,
			struct err *e)
{
	struct str value = str_trim(line), name;
	struct rules *rules;
	struct re *re;

	if (!str_word(&value, &name) || str_starts(name, STR("#")))
		return 0;
	value = str_trim(value);
	if (str_ieq(name, STR("sha1")))
		return err_set(e, ERR_INVALID, "rules named sha1 have no effect, remove it");
	if (value.n == 0)
		return err_set(e, ERR_INVALID, "give the name of a field and what it has to say");
	if (w->n == RAZOR_WHITE_RULES_MAX)
		return err_set(e, ERR_LIMIT, "there are more than %d rules", RAZOR_WHITE_RULES_MAX);
	if (re_compile_perl(keep, value, RE_ICASE | RE_ASCII_CASE | RE_ONCE, &re, e) < 0)
		return -1;
	name = str_lower(keep, name);
	rules = map_get(&w->rules, name);
	if (!rules) {
		rules = NEW(keep, struct rules);
		map_set(&w->rules, name, rules);
	}
	vec_add(keep, &rules->values, re);
	w->n++;
	return 0;
}

static bool one_matches(const struct rules *rules, struct str value)
{
	for (size_t i = 0; i < rules->values.n; i++)
		if (re_match(rules->values.p[i], value) == RE_MATCH)
			return true;
	return false;
}

bool razor_whitelisted(struct arena *a, const struct razor_whitelist *w, struct str mail)
{
	struct str header, body, line;
	size_t looked_at = 0;

	if (w->n == 0 && !w->lists)
		return false;
	razor_halves(mail, &header, &body);
	header = razor_unfolded(a, header);
	while (looked_at < RAZOR_WHITE_FIELDS_MAX && str_line(&header, &line)) {
		struct str name = str_lower(a, str_cut(&line, ':')), value = str_trim(line);
		const struct rules *rules = map_get(&w->rules, name);

		if (value.n == 0)
			continue;
		if (w->lists && (str_eq(name, STR("list-id")) || str_eq(name, STR("x-list-id"))))
			return true;
		looked_at += rules != NULL;
		if (rules && one_matches(rules, value))
			return true;
	}
	return false;
}
