/* check_bayes(), and the settings of the Bayes classifier. */
#include <stddef.h>

#include "base/log.h"
#include "gw/spam/eval_bayes.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "lib/re/re.h"

enum { COUNT_MAX = 1000000000, TOTALS_MEMORY = 1 << 20 };

static enum conf_verdict set_count(struct str value, uint64_t *out)
{
	int64_t n;

	if (value.n == 0)
		return CONF_MISSING;
	if (!str_int(value, 0, COUNT_MAX, &n))
		return CONF_INVALID;
	*out = (uint64_t)n;
	return CONF_OK;
}

/* Words are taken in order: each adds a source, `no` before it takes it away. */
static enum conf_verdict set_sources(struct str value, unsigned *out)
{
	static const struct {
		const char *name;
		unsigned bits;
	} names[] = {
		{ "header", BAYES_HEADER },       { "visible", BAYES_VISIBLE },
		{ "invisible", BAYES_INVISIBLE }, { "uri", BAYES_URI },
		{ "mimepart", BAYES_MIMEPART },   { "all", BAYES_ALL },
	};
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word)) {
		bool no = str_istarts(word, STR("no"));
		size_t i = 0;

		if (str_ieq(word, STR("none"))) {
			*out = 0;
			continue;
		}
		if (no)
			word = str_from(word, 2);
		while (i < ARRAY_LEN(names) && !str_ieq(word, str_of(names[i].name)))
			i++;
		if (i == ARRAY_LEN(names))
			return CONF_INVALID;
		*out = no ? *out & ~names[i].bits : *out | names[i].bits;
	}
	return CONF_OK;
}

static enum conf_verdict ignore_header(struct conf_parser *p, struct bayes_conf *c,
				       struct str value)
{
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word))
		if (c->ignored_headers.n < BAYES_IGNORED_HEADERS_MAX)
			map_set(&c->ignored_headers, str_lower(p->conf->tmp, word), c);
	return CONF_OK;
}

/* bayes_stopword_XX: all are kept, conf_done() takes those of the languages wanted. */
static enum conf_verdict stopwords(struct conf_parser *p, struct bayes_conf *c, struct str language,
				   struct str value)
{
	size_t i = 0;

	if (value.n == 0)
		return CONF_MISSING;
	while (i < c->n_stopwords && !str_eq(c->stopwords[i].language, language))
		i++;
	if (i == BAYES_STOPWORD_LANGUAGES_MAX)
		return CONF_INVALID;
	if (i == c->n_stopwords)
		c->n_stopwords++;
	c->stopwords[i].language = str_copy(p->conf->keep, language);
	c->stopwords[i].pattern = str_copy(p->conf->tmp, value);
	return CONF_OK;
}

static enum conf_verdict add_addresses(struct addr_list *list, struct str value)
{
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word))
		if (list->entries.n < BAYES_IGNORED_ADDRESSES_MAX)
			addr_list_add(list, word);
	return CONF_OK;
}

static enum conf_verdict set_text(struct conf_parser *p, struct str value, struct str *out)
{
	*out = str_copy(p->conf->keep, value);
	return value.n ? CONF_OK : CONF_MISSING;
}

enum kind { FLAG, COUNT, NUMBER, TEXT };

#define FIELD(name) offsetof(struct bayes_conf, name)

static const struct {
	const char *key;
	enum kind kind;
	size_t field;
} plain_settings[] = {
	{ "use_bayes", FLAG, FIELD(use) },
	{ "use_bayes_rules", FLAG, FIELD(use_rules) },
	{ "bayes_auto_learn", FLAG, FIELD(auto_learn) },
	{ "bayes_auto_expire", FLAG, FIELD(auto_expire) },
	{ "bayes_use_hapaxes", FLAG, FIELD(hapaxes) },
	{ "bayes_min_spam_num", COUNT, FIELD(min_spam) },
	{ "bayes_min_ham_num", COUNT, FIELD(min_ham) },
	{ "bayes_expiry_max_db_size", COUNT, FIELD(expiry_max) },
	{ "bayes_max_token_length", COUNT, FIELD(token_max) },
	{ "bayes_path", TEXT, FIELD(path) },
	{ "bayes_stopword_languages", TEXT, FIELD(languages) },
	{ "bayes_auto_learn_on_error", FLAG, FIELD(learning.on_error) },
	{ "bayes_auto_learn_threshold_nonspam", NUMBER, FIELD(learning.ham_below) },
	{ "bayes_auto_learn_threshold_spam", NUMBER, FIELD(learning.spam_from) },
};

static bool is_of_discriminator(struct str key)
{
	return str_starts(key, STR("bayes_auto_learn_"));
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	const struct str stopword = STR("bayes_stopword_");
	struct bayes_conf *c = conf;

	for (size_t i = 0; i < ARRAY_LEN(plain_settings); i++) {
		void *field = (char *)conf + plain_settings[i].field;

		if (!str_eq(key, str_of(plain_settings[i].key)))
			continue;
		if (is_of_discriminator(key) && !conf_plugin_loaded(p->conf, "AutoLearnThreshold"))
			return CONF_UNKNOWN;
		if (plain_settings[i].kind == FLAG)
			return conf_bool(value, field);
		if (plain_settings[i].kind == COUNT)
			return set_count(value, field);
		if (plain_settings[i].kind == NUMBER)
			return conf_number(p, value, field);
		return set_text(p, value, field);
	}
	if (str_eq(key, STR("bayes_token_sources")))
		return set_sources(value, &c->sources);
	if (str_eq(key, STR("bayes_ignore_from")))
		return add_addresses(&c->ignore_from, value);
	if (str_eq(key, STR("bayes_ignore_to")))
		return add_addresses(&c->ignore_to, value);
	if (str_eq(key, STR("bayes_ignore_header")))
		return ignore_header(p, c, value);
	if (str_starts(key, stopword))
		return stopwords(p, c, str_from(key, stopword.n), value);
	return CONF_UNKNOWN;
}

static int open_store(struct arena *a, const char *path, bool create, void **out, struct err *e)
{
	struct bayes_store *s = NULL;
	int rc = bayes_store_open(a, path, create, &s, e);

	*out = s;
	return rc;
}

static const struct learnt_kind store_kind = { "the Bayes classifier", open_store };

static void conf_init(struct spam_conf *c, void *conf)
{
	struct bayes_conf *b = conf;

	bayes_conf_init(c->keep, b);
	addr_list_init(&b->ignore_from, c->keep);
	addr_list_init(&b->ignore_to, c->keep);
	b->worker = learnt_worker_new(c->keep, &store_kind);
}

static bool has_word(struct str list, struct str wanted)
{
	struct str word;

	while (str_word(&list, &word))
		if (str_eq(word, wanted))
			return true;
	return false;
}

static void conf_done(struct spam_conf *c, void *conf)
{
	struct bayes_conf *b = conf;
	size_t n = 0;
	struct err e;

	for (size_t i = 0; i < b->n_stopwords; i++) {
		struct bayes_stopwords *s = &b->stopwords[i];

		if (!has_word(b->languages, s->language))
			continue;
		if (re_compile_perl(c->keep, s->pattern, RE_ICASE | RE_FULL, &s->re, &e) == 0)
			b->stopwords[n++] = *s;
	}
	b->n_stopwords = n;
	b->loaded = conf_plugin_loaded(c, "Bayes");
	b->discriminates = conf_plugin_loaded(c, "AutoLearnThreshold");
}

/* In an arena of its own: processes that are forked later open it themselves. */
static bool has_learnt(const void *conf)
{
	CLEAN_ARENA struct arena *a = arena_open("Bayes totals", TOTALS_MEMORY);
	const struct bayes_conf *c = conf;
	struct bayes_totals learnt;
	struct bayes_store *store;
	struct err e;

	if (!c->loaded || !c->use || !c->use_rules)
		return false;
	if (bayes_store_open(a, str_z(a, str_fmt(a, "%.*s" LEARNT_SUFFIX, STR_ARG(c->path))), false,
			     &store, &e) < 0 ||
	    bayes_store_totals(store, &learnt, &e) < 0) {
		if (e.code != ERR_NOTFOUND)
			log_err("the Bayes classifier is off: %s", e.msg);
		return false;
	}
	return learnt.spam >= c->min_spam && learnt.ham >= c->min_ham;
}

static int by_key(const void *key, const void *count)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct bayes_count *)count)->key;

	return a < b ? -1 : a > b;
}

/* What each word says that the store knows, in the order of the mail. */
static void tell_tokens(const struct map *tokens, const struct bayes_count *counts, size_t n,
			const struct bayes_totals *learnt)
{
	log_debug("bayes: %zu of %zu tokens are known", n, tokens->n);
	for (size_t i = 0; i < tokens->n; i++) {
		uint64_t key = bayes_key(tokens->entries[i].key);
		const struct bayes_count *c = bsearch(&key, counts, n, sizeof(*c), by_key);

		if (c)
			log_debug("bayes: token '%.*s' => %f (%u spam, %u ham)",
				  STR_ARG(tokens->entries[i].key),
				  bayes_token_probability(c, learnt), c->spam, c->ham);
	}
}

static bool any_in(const struct addr_list *list, struct spam_texts addresses)
{
	for (size_t i = 0; i < addresses.n; i++)
		if (addr_list_has(list, addresses.v[i]))
			return true;
	return false;
}

bool bayes_ignores(struct eval_run *r, const struct bayes_conf *c)
{
	return (c->ignore_from.entries.n && any_in(&c->ignore_from, eval_senders(r))) ||
	       (c->ignore_to.entries.n && any_in(&c->ignore_to, eval_recipients(r)));
}

static int ask(struct eval_run *r, struct bayes_store *store, struct bayes_verdict *v,
	       struct err *e)
{
	const struct bayes_conf *c = r->conf;
	struct bayes_totals learnt;
	struct bayes_count *counts;
	struct bayes_keys keys;
	struct map tokens;
	size_t n;

	if (bayes_store_totals(store, &learnt, e) < 0)
		return -1;
	if (learnt.spam < c->min_spam || learnt.ham < c->min_ham) {
		log_debug("bayes: not yet: %llu spam, %llu ham learnt, at least %llu and %llu are "
			  "needed",
			  (unsigned long long)learnt.spam, (unsigned long long)learnt.ham,
			  (unsigned long long)c->min_spam, (unsigned long long)c->min_ham);
		return 0;
	}
	bayes_tokens(r->a, r->m, c, &tokens);
	keys = bayes_keys(r->a, &tokens);
	counts = NEW_N(r->a, struct bayes_count, keys.n);
	if (bayes_store_find(store, keys, r->env->now, counts, &n, &learnt, e) < 0)
		return -1;
	v->told = bayes_combine(r->a, counts, n, &learnt, c->hapaxes, &v->probability);
	if (log_debug_wants("bayes"))
		tell_tokens(&tokens, counts, n, &learnt);
	if (v->told)
		log_debug("bayes: score = %f", v->probability);
	return 0;
}

static const struct bayes_verdict *verdict(struct eval_run *r)
{
	const struct bayes_conf *c = r->conf;
	struct bayes_store *store = NULL;
	struct bayes_verdict *v = r->mail;
	struct err e;

	if (v->asked)
		return v;
	v->asked = true;
	if (c->use && c->use_rules && !bayes_ignores(r, c))
		store = learnt_worker_store(c->worker, c->path, false);
	if (!store)
		log_debug("bayes: off, not for this mail, or nothing is learnt in %.*s%s",
			  STR_ARG(c->path), LEARNT_SUFFIX);
	/* A mail does not wait for the classifier to be repaired. */
	if (store && ask(r, store, v, &e) < 0)
		log_err("the Bayes classifier says nothing: %s", e.msg);
	return v;
}

struct range {
	double above, upto;
};

static int prepare(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct range *range = NEW(c->keep, struct range);

	(void)conf;
	if (args->n != 2)
		return err_set(e, ERR_INVALID, "check_bayes() takes two numbers");
	range->above = strtod(str_z(c->tmp, args->v[0]), NULL);
	range->upto = strtod(str_z(c->tmp, args->v[1]), NULL);
	args->prepared = range;
	return 0;
}

static unsigned check_bayes(struct eval_run *r, const struct eval_args *args)
{
	const struct range *range = args->prepared;
	const struct bayes_verdict *v = verdict(r);

	return v->told && (range->above == 0 || v->probability > range->above) &&
	       v->probability <= range->upto;
}

static const struct eval evals[] = {
	{ .name = "check_bayes", .call = check_bayes, .prepare = prepare },
	{ 0 },
};

const struct eval_family eval_bayes = {
	.plugin = "Bayes",
	.evals = evals,
	.conf_size = sizeof(struct bayes_conf),
	.mail_size = sizeof(struct bayes_verdict),
	.conf_init = conf_init,
	.conf_done = conf_done,
	.setting = setting,
	.has_learnt = has_learnt,
	.autolearn = bayes_family_autolearn,
	.learn = bayes_family_learn,
};
