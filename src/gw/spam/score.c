#include "gw/spam/conf.h"

/* `1.5`, `-3`, or `(0.5)`: relative to what was set so far. */
static bool score_number(struct arena *a, struct str word, double *out, bool *relative)
{
	struct str s = word, digits;
	size_t dot;

	if (str_starts(s, STR("(")) && str_ends(s, STR(")")) && s.n > 2) {
		s = str_sub(s, 1, s.n - 2);
		*relative = true;
	}
	digits = str_starts(s, STR("-")) ? str_from(s, 1) : s;
	for (dot = 0; dot < digits.n && ascii_is_digit(digits.p[dot]); dot++)
		;
	if (dot == 0)
		return false;
	if (dot < digits.n) {
		if (digits.p[dot] != '.' || dot + 1 == digits.n)
			return false;
		for (size_t i = dot + 1; i < digits.n; i++)
			if (!ascii_is_digit(digits.p[i]))
				return false;
	}
	*out = strtod(str_z(a, s), NULL);
	return true;
}

enum conf_verdict conf_score(struct conf_parser *p, struct str value)
{
	double given[CONF_SETS];
	struct str name, word;
	bool relative = false;
	struct rule_def *r;
	size_t n = 0;

	if (!str_word(&value, &name))
		return CONF_MISSING;
	while (str_word(&value, &word)) {
		if (n == CONF_SETS)
			return CONF_MISSING;
		if (!score_number(p->conf->tmp, word, &given[n++], &relative))
			return CONF_INVALID;
	}
	if (n != 1 && n != CONF_SETS)
		return CONF_MISSING;
	if (p->conf->rules.n >= SPAM_RULES_MAX && !map_get(&p->conf->rules, name))
		return CONF_INVALID;
	r = conf_rule(p->conf, name);
	if (relative && !r->scored)
		return CONF_INVALID;
	for (size_t i = 0; i < CONF_SETS; i++)
		r->score[i] = (relative ? r->score[i] : 0) + given[n == 1 ? 0 : i];
	r->scored = true;
	return CONF_OK;
}

void conf_default_scores(struct spam_conf *c)
{
	for (size_t i = 0; i < c->rules.n; i++) {
		struct rule_def *r = c->rules.entries[i].value;
		double score = str_starts(r->name, STR("T_")) ? 0.01 : 1;

		if (r->scored || r->type == RULE_NONE)
			continue;
		for (size_t set = 0; set < CONF_SETS; set++)
			r->score[set] = r->flags & RULE_NICE ? -score : score;
		r->scored = true;
	}
}
