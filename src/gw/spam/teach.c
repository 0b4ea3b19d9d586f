#include "gw/spam/teach.h"

#include "gw/spam/date.h"
#include "gw/spam/eval_bayes.h"
#include "gw/spam/eval_extract.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/markup.h"
#include "gw/spam/ruleset.h"

enum { DAY = 24 * 3600, STORE_MEMORY = 1 << 20 };

static const void *settings_of(const struct spam_rules *rules, const struct eval_family *family)
{
	for (size_t i = 0; eval_families[i]; i++)
		if (eval_families[i] == family)
			return rules->evals[i];
	return NULL;
}

static const struct bayes_conf *bayes_conf(const struct spam_rules *rules)
{
	return settings_of(rules, &eval_bayes);
}

int spam_bayes_open(struct arena *a, const struct spam_rules *rules, bool create,
		    struct bayes_store **out, struct err *e)
{
	const char *path = str_z(a, str_fmt(a, "%.*s" LEARNT_SUFFIX,
					    STR_ARG(bayes_conf(rules)->path)));

	return bayes_store_open(a, path, create, out, e);
}

struct bayes_store *spam_bayes_shared(const struct spam_rules *rules)
{
	const struct bayes_conf *c = bayes_conf(rules);

	return learnt_worker_store(c->worker, c->path, true);
}

int spam_bayes_expire(const struct spam_rules *rules, enum bayes_expire_when when, int64_t now,
		      int64_t deadline, struct bayes_expiry *out, struct err *e)
{
	CLEAN_ARENA struct arena *a = arena_open("Bayes expiry", STORE_MEMORY);
	const struct bayes_conf *c = bayes_conf(rules);
	struct bayes_store *s;

	*out = (struct bayes_expiry){ 0 };
	if (!c->loaded || !c->use || (when == BAYES_EXPIRE_IF_LARGE && !c->auto_expire))
		return 0;
	if (spam_bayes_open(a, rules, false, &s, e) < 0)
		return -1;
	return bayes_store_expire(s, c->expiry_max, when, now, deadline, out, e);
}

const char *spam_awl_path(struct arena *a, const struct spam_rules *rules)
{
	struct str path = eval_awl_path(settings_of(rules, &eval_awl));

	return str_z(a, str_fmt(a, "%.*s" LEARNT_SUFFIX, STR_ARG(path)));
}

static bool date_in(struct arena *a, struct spam_message *m, const char *header, int64_t *out)
{
	struct spam_header_query q = spam_header_query_parse(str_of(header));
	struct str text;

	return spam_header_text(m, &q, &text) && spam_date_read(a, text, out);
}

/* When the mail came: so long its words will be kept. Dates in the future are not believed. */
static int64_t received_at(struct arena *a, struct spam_message *m, int64_t now)
{
	int64_t when;

	if ((date_in(a, m, "Received", &when) || date_in(a, m, "Date", &when)) &&
	    when <= now + DAY)
		return when;
	return now;
}

int spam_teach(struct arena *a, const struct spam_rules *rules, struct bayes_store *s,
	       struct str raw, const struct spam_lesson *lesson, int64_t deadline, bool *changed,
	       struct err *e)
{
	const struct bayes_conf *c = bayes_conf(rules);
	struct spam_mail mail = { 0 };
	struct spam_message *m;
	struct map tokens;

	if (raw.n > SPAM_MAIL_MAX)
		return err_set(e, ERR_LIMIT, "mail of %zu bytes", raw.n);
	if (spam_markup_remove(a, raw, &mail.raw, e) < 0)
		return -1;
	m = spam_message_read(a, &mail, &rules->view);
	*changed = false;
	if (lesson->ignores && lesson->as != BAYES_IS_UNKNOWN &&
	    bayes_ignores(&(struct eval_run){ .a = a, .m = m }, c))
		return 0;
	extract_run(a, m, settings_of(rules, &eval_extract));
	bayes_tokens(a, m, c, &tokens);
	return bayes_store_learn(s, bayes_seen_id(a, m), bayes_keys(a, &tokens), lesson->as,
				 received_at(a, m, lesson->now), deadline, changed, e);
}
