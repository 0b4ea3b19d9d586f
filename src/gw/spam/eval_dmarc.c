/* check_dmarc_pass() and its like: what the author's domain wants done with a mail. */
#include "gw/spam/auth.h"
#include "gw/spam/eval_table.h"

struct settings {
	struct dmarc_suffixes *suffixes;
};

static const struct dmarc_answer *answer_of(struct eval_run *r)
{
	const struct settings *s = r->conf;

	return auth_dmarc(r, s->suffixes);
}

static void start(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	answer_of(r);
}

static unsigned is(struct eval_run *r, enum dmarc_result wanted)
{
	const struct dmarc_answer *answer = answer_of(r);

	return answer->result == DMARC_PENDING ? EVAL_PENDING : answer->result == wanted;
}

static unsigned fails_with(struct eval_run *r, enum dmarc_policy policy)
{
	unsigned failed = is(r, DMARC_FAIL);

	return failed == 1 ? answer_of(r)->policy == policy : failed;
}

static unsigned check_pass(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return is(r, DMARC_PASS);
}

static unsigned check_missing(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return is(r, DMARC_NO_RECORD);
}

static unsigned check_none(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return fails_with(r, DMARC_NONE);
}

static unsigned check_quarantine(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return fails_with(r, DMARC_QUARANTINE);
}

static unsigned check_reject(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return fails_with(r, DMARC_REJECT);
}

/* Read once for all mails. Without the list no rule of the family can tell anything. */
static int prepare(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct settings *s = conf;

	(void)args;
	return s->suffixes ? 0 : dmarc_suffixes_open(c->keep, NULL, &s->suffixes, e);
}

#define ROW(result) \
	{ \
		.name = "check_dmarc_" #result, .call = check_##result, .start = start, \
		.prepare = prepare \
	}

static const struct eval evals[] = {
	ROW(pass), ROW(none), ROW(quarantine), ROW(reject), ROW(missing), { 0 },
};

const struct eval_family eval_dmarc = {
	.plugin = "DMARC",
	.evals = evals,
	.conf_size = sizeof(struct settings),
};
