/* Which mails the Bayes classifier learns by itself. */
#include "base/buf.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/spam/eval_bayes.h"
#include "gw/spam/points.h"
#include "gw/spam/ruleset.h"

enum { FORCING_MAX = 1 << 16 };

struct kinds {
	unsigned header, body;
};

static struct kinds kinds_of_type(const struct rule *r)
{
	switch (r->type) {
	case RULE_HEADER:
	case RULE_HEADER_EVAL:
		return (struct kinds){ 1, 0 };
	case RULE_BODY:
	case RULE_BODY_EVAL:
	case RULE_URI:
	case RULE_MIMEHEADER:
	case RULE_RAWBODY:
	case RULE_RAWBODY_EVAL:
		return (struct kinds){ 0, 1 };
	default:
		return (struct kinds){ 0, 0 };
	}
}

/* A meta is as much of a kind as the rules that it names. */
static struct kinds kinds_of(const struct spam_rules *rs, const struct rule *r)
{
	struct kinds sum = kinds_of_type(r);

	if (r->flags & RULE_AUTOLEARN_HEADER)
		return (struct kinds){ 1, 0 };
	if (r->flags & RULE_AUTOLEARN_BODY)
		return (struct kinds){ 0, 1 };
	for (size_t i = 0; i < r->needs.n; i++) {
		struct kinds k = kinds_of_type(&rs->rules[r->needs.p[i]]);

		sum.header += k.header;
		sum.body += k.body;
	}
	return sum;
}

static struct bayes_points points(const struct eval_hits *h)
{
	struct bayes_points p = { 0 };

	for (size_t i = 0; i < h->n; i++) {
		const struct rule *r = &h->rules->rules[h->v[i].rule];
		struct kinds k = kinds_of(h->rules, r);
		struct bayes_hit hit = {
			.score = r->plain_score,
			.learnt_score = h->v[i].score,
			.ignored = r->flags & (RULE_NOAUTOLEARN | RULE_USERCONF),
			.learnt = r->flags & RULE_LEARN,
			.forced = r->flags & RULE_AUTOLEARN_FORCE,
			.header = k.header,
			.body = k.body,
		};

		p.surely_ham |= str_eq(r->name, STR("BAYES_00"));
		p.surely_spam |= str_eq(r->name, STR("BAYES_99"));
		for (unsigned n = 0; !r->subrule && n < h->v[i].count; n++)
			bayes_points_add(&p, &hit);
	}
	return p;
}

/* A mail is not learnt twice, nor against what somebody has said. */
static bool was_learnt(struct eval_run *r, struct bayes_verdict *v)
{
	const struct bayes_conf *c = r->conf;
	struct bayes_store *store = learnt_worker_store(c->worker, c->path, false);
	enum bayes_class as = BAYES_IS_UNKNOWN;
	struct err e;

	v->id = bayes_seen_id(r->a, r->m);
	if (store && bayes_store_seen(store, v->id, &as, &e) < 0)
		log_err("the Bayes classifier: %s", e.msg);
	return as != BAYES_IS_UNKNOWN;
}

/* The rules that force learning, as SpamAssassin names them. */
static const char *forcing(struct eval_run *r)
{
	const struct eval_hits *h = r->hits;
	struct buf b;

	buf_init(&b, r->a, FORCING_MAX);
	for (size_t i = 0; i < h->n; i++) {
		const struct rule *rule = &h->rules->rules[h->v[i].rule];
		unsigned others = RULE_NOAUTOLEARN | RULE_USERCONF | RULE_LEARN;

		if (!rule->subrule && rule->flags & RULE_AUTOLEARN_FORCE && !(rule->flags & others))
			buf_addf(&b, "%.*s,", STR_ARG(rule->name));
	}
	return b.n ? str_z(r->a, str_fmt(r->a, "yes (%.*s)", (int)b.n, b.p)) : "no";
}

static const char *discriminate(struct eval_run *r, const struct spam_result *result)
{
	const struct bayes_conf *c = r->conf;
	struct bayes_verdict *v = r->mail;
	struct bayes_points p = points(r->hits);
	enum bayes_class as =
		bayes_autolearn(&c->learning, &p, result->score >= result->required);

	captures_tell(r->captures, "AUTOLEARNSCORE",
		      str_fmt(r->a, "%.10g", points_round(p.score)));
	if (as == BAYES_IS_UNKNOWN)
		return "no autolearn_force=no";
	if (!c->loaded || bayes_ignores(r, c) || was_learnt(r, v))
		return str_z(r->a, str_fmt(r->a, "unavailable autolearn_force=%s", forcing(r)));
	v->lesson = as;
	return str_z(r->a, str_fmt(r->a, "%s autolearn_force=%s",
				   as == BAYES_IS_SPAM ? "spam" : "ham", forcing(r)));
}

const char *bayes_family_autolearn(struct eval_run *r, struct spam_result *result)
{
	const struct bayes_conf *c = r->conf;
	struct bayes_verdict *v = r->mail;

	v->lesson = BAYES_IS_UNKNOWN;
	if (v->told)
		result->bayes = v->probability;
	if (result->timed_out)
		return "unavailable";
	if (!c->use || !c->auto_learn)
		return "disabled";
	if (!c->discriminates)
		return "no autolearn_force=no";
	return discriminate(r, result);
}

static void learn(struct eval_run *r, struct bayes_store *store, int64_t deadline)
{
	const struct bayes_verdict *v = r->mail;
	struct map tokens;
	bool changed;
	struct err e;

	bayes_tokens(r->a, r->m, r->conf, &tokens);
	if (bayes_store_learn(store, v->id, bayes_keys(r->a, &tokens), v->lesson, r->env->now,
			      deadline, &changed, &e) < 0)
		log_warn("the Bayes classifier has not learnt this mail: %s", e.msg);
}

/* Also the place for what it met in mails that were only checked: nobody waits here. */
void bayes_family_learn(struct eval_run *r, int64_t deadline)
{
	const struct bayes_verdict *v = r->mail;
	const struct bayes_conf *c = r->conf;
	bool learns = v->lesson != BAYES_IS_UNKNOWN;
	struct bayes_store *store;

	if (!v->asked && !learns)
		return;
	store = learnt_worker_store(c->worker, c->path, learns);
	if (!store)
		return;
	if (learns)
		learn(r, store, deadline);
	bayes_store_settle(store);
}
