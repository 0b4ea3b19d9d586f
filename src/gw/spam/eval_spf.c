/* check_for_spf_pass() and its like: may that host send for that domain? */
#include "gw/spam/auth.h"
#include "gw/spam/eval_table.h"

/* Lists of senders that are welcome if SPF passes. */
enum list { OURS, DEFAULTS, LISTS };

struct settings {
	VEC(struct str) welcome[LISTS];
};

static void start(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	auth_spf(r, AUTH_HELO);
	auth_spf(r, AUTH_SENDER);
}

static unsigned is(struct eval_run *r, enum auth_identity identity, enum spf_result wanted)
{
	const struct spf_answer *answer = auth_spf(r, identity);

	if (!answer)
		return 0;
	return answer->result == SPF_PENDING ? EVAL_PENDING : answer->result == wanted;
}

#define CHECKS(name, result) \
	static unsigned sender_##name(struct eval_run *r, const struct eval_args *args) \
	{ \
		(void)args; \
		return is(r, AUTH_SENDER, result); \
	} \
	static unsigned helo_##name(struct eval_run *r, const struct eval_args *args) \
	{ \
		(void)args; \
		return is(r, AUTH_HELO, result); \
	}

CHECKS(pass, SPF_PASS)
CHECKS(none, SPF_NONE)
CHECKS(neutral, SPF_NEUTRAL)
CHECKS(fail, SPF_FAIL)
CHECKS(softfail, SPF_SOFTFAIL)
CHECKS(permerror, SPF_PERMERROR)
CHECKS(temperror, SPF_TEMPERROR)

static unsigned welcome(struct eval_run *r, enum list list)
{
	const struct settings *s = r->conf;
	unsigned passed = is(r, AUTH_SENDER, SPF_PASS);
	struct str sender;

	if (passed != 1)
		return passed;
	sender = auth_sender(r);
	for (size_t i = 0; i < s->welcome[list].n; i++)
		if (auth_glob(s->welcome[list].p[i], sender))
			return 1;
	return 0;
}

static unsigned welcome_ours(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return welcome(r, OURS);
}

static unsigned welcome_default(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return welcome(r, DEFAULTS);
}

static void remove_one(struct settings *s, struct str pattern)
{
	for (int list = 0; list < LISTS; list++)
		for (size_t i = s->welcome[list].n; i-- > 0;)
			if (str_ieq(s->welcome[list].p[i], pattern))
				s->welcome[list].p[i] = s->welcome[list].p[--s->welcome[list].n];
}

/* welcomelist_auth and its like are read by DKIM too, so they are left for others to take. */
static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	static const struct {
		const char *words; /* the directive without its "welcome" or "white" */
		enum list list;
		bool removes, shared;
	} lists[] = {
		{ "list_from_spf", OURS, false, false },
		{ "def_list_from_spf", DEFAULTS, false, false },
		{ "unlist_from_spf", OURS, true, false },
		{ "list_auth", OURS, false, true },
		{ "def_list_auth", DEFAULTS, false, true },
		{ "unlist_auth", OURS, true, true },
	};
	struct settings *s = conf;
	struct str word, words = auth_setting(p->conf->tmp, key);
	size_t i = 0;

	while (i < ARRAY_LEN(lists) && !str_eq(words, str_of(lists[i].words)))
		i++;
	if (i == ARRAY_LEN(lists))
		return CONF_UNKNOWN;
	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word)) {
		if (lists[i].removes)
			remove_one(s, word);
		else
			vec_add(p->conf->keep, &s->welcome[lists[i].list],
				str_copy(p->conf->keep, word));
	}
	return lists[i].shared ? CONF_UNKNOWN : CONF_OK;
}

#define ROWS(result) \
	{ .name = "check_for_spf_" #result, .call = sender_##result, .start = start }, \
	{ .name = "check_for_spf_helo_" #result, .call = helo_##result, .start = start }

static const struct eval evals[] = {
	ROWS(pass), ROWS(none), ROWS(neutral), ROWS(fail), ROWS(softfail), ROWS(permerror),
	ROWS(temperror),
	{ .name = "check_for_spf_welcomelist_from", .start = start, .call = welcome_ours },
	{ .name = "check_for_spf_whitelist_from", .start = start, .call = welcome_ours },
	{ .name = "check_for_def_spf_welcomelist_from", .start = start, .call = welcome_default },
	{ .name = "check_for_def_spf_whitelist_from", .start = start, .call = welcome_default },
	{ 0 },
};

const struct eval_family eval_spf = {
	.plugin = "SPF",
	.evals = evals,
	.conf_size = sizeof(struct settings),
	.setting = setting,
};
