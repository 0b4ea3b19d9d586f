/* Shortcircuit: which rules end the check. The rule SHORTCIRCUIT itself is never asked. */
#include "gw/spam/eval_number.h"
#include "gw/spam/eval_table.h"

enum { PRIORITY = -200 }; /* of a rule that says ham or spam, unless it has one */

static bool is_number(struct str s)
{
	size_t digits = 0;

	s = str_from(s, str_starts(s, STR("-")) || str_starts(s, STR("+")));
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]) && (s.p[i] != '.' || i == 0 || i + 1 == s.n))
			return false;
		digits += ascii_is_digit(s.p[i]);
	}
	return digits && digits + 1 >= s.n;
}

static enum conf_verdict set_number(struct str value, double *out)
{
	if (value.n == 0)
		return CONF_MISSING;
	if (!is_number(value))
		return CONF_INVALID;
	*out = eval_number(str_from(value, str_starts(value, STR("+"))));
	return CONF_OK;
}

/* `shortcircuit RULE ham` */
static enum conf_verdict set_rule(struct conf_parser *p, struct str value)
{
	static const struct {
		const char *name;
		enum shortcircuit type;
	} types[] = {
		{ "ham", SHORTCIRCUIT_HAM },
		{ "spam", SHORTCIRCUIT_SPAM },
		{ "on", SHORTCIRCUIT_ON },
		{ "off", SHORTCIRCUIT_NO },
	};
	struct str name, word, more;
	struct rule_def *r;

	if (!str_word(&value, &name))
		return CONF_MISSING;
	if (!conf_rule_name_ok(name) || !str_word(&value, &word) || str_word(&value, &more) ||
	    (p->conf->rules.n >= SPAM_RULES_MAX && !map_get(&p->conf->rules, name)))
		return CONF_INVALID;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!str_eq(word, str_of(types[i].name)))
			continue;
		r = conf_rule(p->conf, name);
		r->shortcircuit = types[i].type;
		if (types[i].type == SHORTCIRCUIT_HAM)
			r->flags |= RULE_NICE;
		if (types[i].type != SHORTCIRCUIT_ON && types[i].type != SHORTCIRCUIT_NO &&
		    r->priority == 0)
			r->priority = PRIORITY;
		return CONF_OK;
	}
	return CONF_INVALID;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct shortcircuit_conf *c = &p->conf->shortcircuit;
	const struct {
		const char *key;
		double *value;
	} numbers[] = {
		{ "shortcircuit_ham_score", &c->ham_score },
		{ "shortcircuit_spam_score", &c->spam_score },
		{ "shortcircuit_min_ham_score", &c->min_ham },
		{ "shortcircuit_max_spam_score", &c->max_spam },
	};

	(void)conf;
	if (str_eq(key, STR("shortcircuit")))
		return set_rule(p, value);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (str_eq(key, str_of(numbers[i].key)))
			return set_number(value, numbers[i].value);
	return CONF_UNKNOWN;
}

static unsigned check_shortcircuit(struct eval_run *r, const struct eval_args *args)
{
	(void)r;
	(void)args;
	return 0;
}

static const struct eval evals[] = {
	{ .name = "check_shortcircuit", .call = check_shortcircuit },
	{ 0 },
};

const struct eval_family eval_shortcircuit = {
	.plugin = "Shortcircuit",
	.evals = evals,
	.setting = setting,
};
