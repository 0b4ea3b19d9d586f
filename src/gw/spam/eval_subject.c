/* WelcomeListSubject: texts anywhere in a subject. */
#include "gw/spam/addr_list.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"

enum { SUBJECTS_MAX = 10000 };

struct subject_conf {
	VEC(struct str) welcome, block; /* in lower case, with * at both ends */
};

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct subject_conf *s = conf;
	struct str text = str_fmt(p->conf->keep, "*%.*s*", STR_ARG(value));
	bool welcome;

	key = eval_current_word(p->conf->tmp, key);
	welcome = str_eq(key, STR("welcomelist_subject"));
	if (!welcome && !str_eq(key, STR("blocklist_subject")))
		return CONF_UNKNOWN;
	if (value.n == 0)
		return CONF_MISSING;
	if (s->welcome.n + s->block.n == SUBJECTS_MAX) {
		conf_note(p, "more than %d subjects", SUBJECTS_MAX);
		return CONF_NOTED;
	}
	text = str_lower(p->conf->keep, text);
	if (welcome)
		vec_add(p->conf->keep, &s->welcome, text);
	else
		vec_add(p->conf->keep, &s->block, text);
	return CONF_OK;
}

static unsigned any_in_subject(struct eval_run *r, const struct str *texts, size_t n)
{
	struct str all, line;

	if (n == 0)
		return 0;
	all = str_lower(r->a, eval_header(r, "Subject"));
	while (str_line(&all, &line))
		for (size_t i = 0; i < n; i++)
			if (addr_glob(texts[i], line))
				return 1;
	return 0;
}

static unsigned in_welcomelist(struct eval_run *r, const struct eval_args *args)
{
	const struct subject_conf *s = r->conf;

	(void)args;
	return any_in_subject(r, s->welcome.p, s->welcome.n);
}

static unsigned in_blocklist(struct eval_run *r, const struct eval_args *args)
{
	const struct subject_conf *s = r->conf;

	(void)args;
	return any_in_subject(r, s->block.p, s->block.n);
}

static const struct eval evals[] = {
	{ .name = "check_subject_in_welcomelist", .call = in_welcomelist },
	{ .name = "check_subject_in_whitelist", .call = in_welcomelist },
	{ .name = "check_subject_in_blocklist", .call = in_blocklist },
	{ .name = "check_subject_in_blacklist", .call = in_blocklist },
	{ 0 },
};

const struct eval_family eval_subject = {
	.plugin = "WelcomeListSubject",
	.evals = evals,
	.conf_size = sizeof(struct subject_conf),
	.setting = setting,
};
