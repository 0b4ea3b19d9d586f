/* Macros of action texts (filter.md §8, manual appendix D). */
#include "gw/rules/act.h"
#include "lib/html/safe.h"

enum { STARS_MAX = 100 };

struct str act_score(struct arena *a, double score)
{
	struct str s = str_fmt(a, "%.3f", score);

	while (s.n && s.p[s.n - 1] == '0')
		s.n--;
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return str_eq(s, STR("-0")) ? STR("0") : s;
}

/* A text that becomes too long is cut: a mail to many people must not fail for that. */
static void add(struct buf *b, struct str s)
{
	buf_add(b, str_sub(s, 0, b->max - b->n));
}

static bool subject(struct act *x, struct str *out)
{
	const struct mime_header *h = mime_find(x->s->mime, STR("Subject"));

	*out = h ? mime_header_text(x->a, h) : STR("No Subject");
	return true;
}

static bool rule(struct act *x, struct str *out)
{
	*out = x->rule;
	return true;
}

static void describe_match(struct act *x, const struct plan_match *pm, struct buf *b)
{
	add(b, STR("Rule: "));
	add(b, pm->rule->row.name);
	for (size_t i = 0; i < pm->n; i++) {
		add(b, STR("\n  Receiver: "));
		add(b, x->s->env->rcpt[pm->rcpt[i]].address);
	}
	for (size_t i = 0; i < pm->rule->n_actions; i++) {
		const struct rule_object *o = pm->rule->actions[i];

		add(b, STR("\n  Action: "));
		add(b, o->type->describe(x->a, o->data));
	}
	add(b, STR("\n\n"));
}

/* All rules that matched anybody. */
static bool rule_info(struct act *x, struct str *out)
{
	struct buf b;

	if (!x->rule_info.p) {
		buf_init(&b, x->a, RULES_TEXT_MAX);
		for (size_t i = 0; i < x->plan->matches.n; i++)
			describe_match(x, &x->plan->matches.p[i], &b);
		x->rule_info = buf_str(&b);
	}
	*out = x->rule_info;
	return true;
}

static bool sender(struct act *x, struct str *out)
{
	*out = x->s->env->sender;
	return true;
}

static bool sender_ip(struct act *x, struct str *out)
{
	*out = x->s->env->xforward_addr;
	return out->n > 0;
}

static bool targets(struct act *x, struct str *out)
{
	struct buf b;

	buf_init(&b, x->a, RULES_TEXT_MAX);
	for (size_t i = 0; x->match && i < x->match->n; i++) {
		add(&b, i ? STR(", ") : STR_NONE);
		add(&b, x->s->env->rcpt[x->match->rcpt[i]].address);
	}
	*out = buf_str(&b);
	return true;
}

static bool receivers(struct act *x, struct str *out)
{
	const struct smtp_envelope *env = x->s->env;
	struct buf b;

	if (!x->receivers.p) {
		buf_init(&b, x->a, RULES_TEXT_MAX);
		for (size_t i = 0; i < env->n_rcpt; i++) {
			if (env->rcpt[i].same_as != i)
				continue;
			add(&b, b.n ? STR(", ") : STR_NONE);
			add(&b, env->rcpt[i].address);
		}
		x->receivers = buf_str(&b);
	}
	*out = x->receivers;
	return true;
}

static bool spamlevel(struct act *x, struct str *out)
{
	const struct scan_spam *spam = act_spam(x, x->view);

	if (spam)
		*out = str_fmt(x->a, "%lld", (long long)spam->level);
	return spam;
}

static bool spamstars(struct act *x, struct str *out)
{
	static const char stars[STARS_MAX + 1] =
		"**************************************************"
		"**************************************************";
	const struct scan_spam *spam = act_spam(x, x->view);

	if (spam)
		*out = str_sub(str_of(stars), 0, (size_t)spam->level);
	return spam;
}

static bool spam_hits(struct act *x, struct str *out)
{
	const struct scan_spam *spam = act_spam(x, x->view);
	struct buf b;

	if (!spam)
		return false;
	buf_init(&b, x->a, RULES_TEXT_MAX);
	for (size_t i = 0; i < spam->n_hits; i++) {
		struct str score = act_score(x->a, spam->hits[i].score);

		add(&b, str_fmt(x->a, "%s%.*s(%.*s)", i ? "," : "", STR_ARG(spam->hits[i].name),
				STR_ARG(score)));
	}
	*out = buf_str(&b);
	return true;
}

static bool spam_info(struct act *x, struct str *out)
{
	const struct scan_spam *spam = act_spam(x, x->view);
	struct buf b;

	if (!spam)
		return false;
	buf_init(&b, x->a, RULES_TEXT_MAX);
	add(&b, str_fmt(x->a, "Spam detection results:  %lld\n", (long long)spam->level));
	for (size_t i = 0; i < spam->n_hits; i++) {
		const struct scan_hit *h = &spam->hits[i];
		struct str score = act_score(x->a, h->score);

		add(&b, str_fmt(x->a, "%-22.*s %6.*s %.*s\n", STR_ARG(h->name), STR_ARG(score),
				STR_ARG(h->description.n ? h->description : STR("-"))));
	}
	*out = buf_str(&b);
	return true;
}

static bool admin(struct act *x, struct str *out)
{
	*out = x->cfg->admin.email;
	return out->n > 0;
}

static bool host(struct act *x, struct str *out)
{
	*out = x->cfg->dns.hostname;
	return true;
}

static bool domain(struct act *x, struct str *out)
{
	*out = x->cfg->dns.domain;
	return true;
}

static bool fqdn(struct act *x, struct str *out)
{
	*out = x->cfg->dns.fqdn;
	return true;
}

static bool msgid(struct act *x, struct str *out)
{
	*out = x->s->message_id;
	return true;
}

static bool version(struct act *x, struct str *out)
{
	*out = x->m->version;
	return true;
}

static bool virus_info(struct act *x, struct str *out)
{
	*out = STR_NONE;
	if (x->s->virus.n)
		*out = str_fmt(x->a, "Virus Info: %.*s\n", STR_ARG(x->s->virus));
	return true;
}

static bool filename(struct act *x, struct str *out)
{
	*out = x->filename;
	return x->has_filename;
}

static const struct {
	struct str name;
	bool (*value)(struct act *x, struct str *out); /* false: undefined */
} macros[] = {
	{ STR_INIT("SUBJECT__"), subject },
	{ STR_INIT("RULE__"), rule },
	{ STR_INIT("RULE_INFO__"), rule_info },
	{ STR_INIT("SENDER__"), sender },
	{ STR_INIT("SENDER_IP__"), sender_ip },
	{ STR_INIT("TARGETS__"), targets },
	{ STR_INIT("RECEIVERS__"), receivers },
	{ STR_INIT("SPAMLEVEL__"), spamlevel },
	{ STR_INIT("SPAMSTARS__"), spamstars },
	{ STR_INIT("SPAM_HITS__"), spam_hits },
	{ STR_INIT("SPAM_INFO__"), spam_info },
	{ STR_INIT("ADMIN__"), admin },
	{ STR_INIT("HOST__"), host },
	{ STR_INIT("DOMAIN__"), domain },
	{ STR_INIT("FQDN__"), fqdn },
	{ STR_INIT("MSGID__"), msgid },
	{ STR_INIT("VERSION__"), version },
	{ STR_INIT("VIRUS_INFO__"), virus_info },
	{ STR_INIT("FILENAME__"), filename },
};

/* What stands at `rest`, just behind "__": number of bytes of the name used, 0: no macro. */
static size_t expand_one(struct act *x, struct str rest, struct str *value)
{
	for (size_t i = 0; i < ARRAY_LEN(macros); i++)
		if (str_starts(rest, macros[i].name))
			return macros[i].value(x, value) ? macros[i].name.n : 0;
	return 0;
}

/* A value, as its surroundings want it. */
static void add_value(struct act *x, struct buf *b, struct str value)
{
	struct buf escaped;

	if (!x->html) {
		add(b, value);
		return;
	}
	buf_init(&escaped, x->a, SIZE_MAX);
	html_escape_add(&escaped, value);
	add(b, buf_str(&escaped));
}

struct str act_html(struct act *x, struct str text)
{
	x->html = true;
	text = act_text(x, text);
	x->html = false;
	return text;
}

struct str act_text(struct act *x, struct str text)
{
	struct str rest = text, value = STR_NONE;
	ptrdiff_t at;
	size_t used;
	struct buf b;

	buf_init(&b, x->a, RULES_TEXT_MAX);
	while ((at = str_find(rest, STR("__"))) >= 0) {
		add(&b, str_sub(rest, 0, (size_t)at));
		rest = str_from(rest, (size_t)at);
		used = expand_one(x, str_from(rest, 2), &value);
		if (used)
			add_value(x, &b, value);
		else
			add(&b, str_sub(rest, 0, 1));
		rest = str_from(rest, used ? used + 2 : 1);
	}
	add(&b, rest);
	return buf_str(&b);
}
