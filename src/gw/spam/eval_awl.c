/* The auto-whitelist: a mail is pulled towards what its sender's mails used to score. */
#include <stddef.h>

#include "base/log.h"
#include "base/net.h"
#include "gw/spam/awl.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/learnt.h"
#include "gw/spam/points.h"
#include "gw/spam/ruleset.h"

struct awl_conf {
	bool use;
	double factor; /* 0 … 1 */
	uint64_t ipv4_bits, ipv6_bits;
	struct str path; /* LEARNT_SUFFIX comes behind it */
	struct learnt_worker *worker;
};

/* What is to be learnt from the mail; `key` is empty if there is nothing. */
struct awl_mail {
	struct str key;
	double points;
};

static enum conf_verdict set_bits(struct str value, int max, uint64_t *out)
{
	int64_t n;

	if (value.n == 0)
		return CONF_MISSING;
	if (!str_int(value, 0, max, &n))
		return CONF_INVALID;
	*out = (uint64_t)n;
	return CONF_OK;
}

static enum conf_verdict set_factor(struct conf_parser *p, struct str value, double *out)
{
	char *end;
	double n = strtod(str_z(p->conf->tmp, value), &end);

	if (value.n == 0)
		return CONF_MISSING;
	if (*end || !(n >= 0 && n <= 1))
		return CONF_INVALID;
	*out = n;
	return CONF_OK;
}

static enum conf_verdict set_path(struct conf_parser *p, struct str value, struct str *out)
{
	*out = str_copy(p->conf->keep, value);
	return value.n ? CONF_OK : CONF_MISSING;
}

/* The name after `auto_welcomelist_`; `auto_whitelist_` is the older word for it. */
static bool short_name(struct str key, struct str *out)
{
	static const struct str prefixes[] = { STR_INIT("auto_welcomelist_"),
					       STR_INIT("auto_whitelist_") };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(key, prefixes[i])) {
			*out = str_from(key, prefixes[i].n);
			return true;
		}
	return false;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct awl_conf *c = conf;
	struct str name;

	if (str_eq(key, STR("use_auto_welcomelist")) || str_eq(key, STR("use_auto_whitelist")))
		return conf_bool(value, &c->use);
	if (!short_name(key, &name))
		return CONF_UNKNOWN;
	if (str_eq(name, STR("factor")))
		return set_factor(p, value, &c->factor);
	if (str_eq(name, STR("ipv4_mask_len")))
		return set_bits(value, 32, &c->ipv4_bits);
	if (str_eq(name, STR("ipv6_mask_len")))
		return set_bits(value, 128, &c->ipv6_bits);
	if (str_eq(name, STR("path")))
		return set_path(p, value, &c->path);
	return CONF_UNKNOWN;
}

static int open_store(struct arena *a, const char *path, bool create, void **out, struct err *e)
{
	struct awl *w = NULL;
	int rc = awl_open(a, path, create, &w, e);

	*out = w;
	return rc;
}

static const struct learnt_kind kind = { "the auto-whitelist", open_store };

static void conf_init(struct spam_conf *c, void *conf)
{
	*(struct awl_conf *)conf = (struct awl_conf){
		.use = true,
		.factor = AWL_FACTOR,
		.ipv4_bits = AWL_IPV4_BITS,
		.ipv6_bits = AWL_IPV6_BITS,
		.path = STR(AWL_PATH),
		.worker = learnt_worker_new(c->keep, &kind),
	};
}

/* The score that counts for the list. False: a rule wants the list to stay out of it. */
static bool points(const struct eval_hits *h, double *out)
{
	double sum = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct rule *r = &h->rules->rules[h->v[i].rule];

		if (r->subrule || r->flags & RULE_NOAUTOLEARN)
			continue;
		if (r->flags & RULE_NOAWL)
			return false;
		for (unsigned k = 0; k < h->v[i].count; k++)
			sum += h->v[i].score;
	}
	*out = points_round(sum);
	return true;
}

static const char *const tags[] = { "AWL", "AWLMEAN", "AWLCOUNT", "AWLPRESCORE", NULL };

/* Before the list has its say. */
static double score(const struct eval_hits *h)
{
	double sum = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!h->rules->rules[h->v[i].rule].subrule)
			sum += h->v[i].count * h->v[i].score;
	return sum;
}

static void tell(struct eval_run *r, const struct awl_entry *entry, double pull)
{
	double count = (double)entry->count;
	const double values[] = { pull, entry->total / count, count, score(r->hits) };

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		captures_tell(r->captures, tags[i], str_fmt(r->a, "%.1f", values[i]));
}

static unsigned check_from(struct eval_run *r, const struct eval_args *args)
{
	const struct awl_conf *c = r->conf;
	struct awl_entry entry = { 0 };
	struct awl_mail *mail = r->mail;
	struct awl *w;
	struct err e;
	double pull;

	(void)args;
	if (!c->use || !points(r->hits, &mail->points))
		return 0;
	mail->key = awl_key(r->a, r->m, (unsigned)c->ipv4_bits, (unsigned)c->ipv6_bits);
	if (mail->key.n == 0 || mail->key.n > AWL_KEY_MAX)
		return 0;
	w = learnt_worker_store(c->worker, c->path, false);
	if (!w)
		return 0;
	if (awl_find(w, mail->key, &entry, &e) < 0) {
		log_err("the auto-whitelist says nothing: %s", e.msg);
		return 0;
	}
	pull = awl_pull(&entry, mail->points, c->factor);
	log_debug("auto-welcomelist: %.*s: %.3f of %llu mails; this one has %.3f, pulled by %.3f",
		  STR_ARG(mail->key), entry.total, (unsigned long long)entry.count, mail->points,
		  pull);
	if (entry.count)
		tell(r, &entry, pull);
	r->score = points_round(pull);
	return pull != 0;
}

/* Written at once, unless somebody else is writing: then later, together with others. */
static void learn(struct eval_run *r, int64_t deadline)
{
	const struct awl_conf *c = r->conf;
	const struct awl_mail *mail = r->mail;
	struct awl *w;

	(void)deadline;
	if (mail->key.n == 0)
		return;
	w = learnt_worker_store(c->worker, c->path, true);
	if (!w)
		return;
	awl_add(w, mail->key, mail->points, r->env->now);
	awl_flush(w, net_now());
}

static const struct eval evals[] = {
	{ .name = "check_from_in_auto_welcomelist",
	  .call = check_from, .late = true, .area = "AWL: " },
	{ .name = "check_from_in_auto_whitelist",
	  .call = check_from, .late = true, .area = "AWL: " },
	{ 0 },
};

const struct eval_family eval_awl = {
	.plugin = "AWL",
	.evals = evals,
	.conf_size = sizeof(struct awl_conf),
	.mail_size = sizeof(struct awl_mail),
	.conf_init = conf_init,
	.setting = setting,
	.learn = learn,
	.tags = tags,
};

struct str eval_awl_path(const void *conf)
{
	return ((const struct awl_conf *)conf)->path;
}
