/* check_language() and check_body_8bits(): mail in languages that nobody here reads. */
#include "gw/spam/eval_table.h"
#include "gw/spam/markup_int.h"
#include "gw/spam/textcat.h"

#define RULES_DIR "/usr/share/spamassassin"

enum { NUMBER_MAX = 10000, HIGH_RUN = 8, SURE_OCTETS = 1024 /* for each guess */ };

static const struct str languages_header = STR_INIT("X-Languages");

struct settings {
	struct textcat_options o;
	struct str ok;
	struct textcat *profiles; /* NULL: there are none */
	bool as_header;           /* rules match the languages themselves, or markup names them */
};

struct textcat_mail {
	bool known;
	struct textcat_guesses guesses;
};

static bool wants_all(const struct settings *s)
{
	return s->ok.n == 0 || textcat_listed(s->ok, STR("all"));
}

static const struct textcat_guesses *guesses(struct eval_run *r)
{
	const struct settings *s = r->conf;
	struct textcat_mail *mail = r->mail;

	if (!mail->known)
		textcat_guess(r->a, s->profiles, &s->o, spam_body_as_read(r->m), &mail->guesses);
	mail->known = true;
	return &mail->guesses;
}

/* In a short text one of these is easily taken for the other. */
static struct str unmistaken(struct str language, bool is_short)
{
	return is_short && str_eq(language, STR("sco")) ? STR("en") : language;
}

static bool is_ok(const struct settings *s, struct str guess, bool is_short)
{
	struct str list = s->ok, word, language = unmistaken(str_cut(&guess, '.'), is_short);

	while (str_word(&list, &word))
		if (str_eq(unmistaken(word, is_short), language))
			return true;
	return false;
}

static unsigned check_language(struct eval_run *r, const struct eval_args *args)
{
	const struct settings *s = r->conf;
	const struct textcat_guesses *g;

	(void)args;
	if (wants_all(s) || !s->profiles)
		return 0;
	g = guesses(r);
	for (size_t i = 0; i < g->n; i++)
		if (is_ok(s, g->v[i], g->octets < SURE_OCTETS * g->n))
			return 0;
	return g->n > 0;
}

/* X-Languages: what a header rule may match. */
static void add_header(struct eval_run *r)
{
	const struct settings *s = r->conf;
	const struct textcat_guesses *g;
	struct str all = STR("");

	if (!s->as_header || !s->profiles)
		return;
	g = guesses(r);
	for (size_t i = 0; i < g->n; i++)
		all = str_fmt(r->a, "%.*s%s%.*s", STR_ARG(all), i ? " " : "", STR_ARG(g->v[i]));
	spam_add_metadata(r->m, languages_header, all);
}

/* Where a run of octets above 7F is nothing odd. */
static const char *const high_languages[] = {
	"am", "ar", "be", "bg", "cs", "el", "et", "fa", "fi", "he", "hi", "hy", "is",
	"ja", "ka", "ko", "mr", "pt", "ru", "ta", "th", "tr", "uk", "vi", "yi", "zh",
};

static bool has_high_run(struct str s)
{
	int run = 0;

	for (size_t i = 0; i < s.n; i++) {
		run = (unsigned char)s.p[i] >= 0x80 ? run + 1 : 0;
		if (run == HIGH_RUN)
			return true;
	}
	return false;
}

static unsigned check_body_8bits(struct eval_run *r, const struct eval_args *args)
{
	const struct settings *s = r->conf;
	struct spam_texts body;

	(void)args;
	if (wants_all(s) || !s->profiles)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(high_languages); i++)
		if (textcat_listed(s->ok, str_of(high_languages[i])))
			return 0;
	body = spam_body(r->m);
	for (size_t i = 0; i < body.n; i++)
		if (has_high_run(body.v[i]))
			return 1;
	return 0;
}

static enum conf_verdict set_count(struct str value, int64_t least, int64_t most, int64_t *out)
{
	if (value.n == 0)
		return CONF_MISSING;
	return str_int(value, least, most, out) ? CONF_OK : CONF_INVALID;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct settings *s = conf;
	enum conf_verdict v;
	int64_t n = 0;

	if (str_eq(key, STR("ok_languages")) || str_eq(key, STR("inactive_languages"))) {
		*(str_eq(key, STR("ok_languages")) ? &s->ok : &s->o.inactive) =
			str_copy(p->conf->keep, value);
		return value.n ? CONF_OK : CONF_MISSING;
	}
	if (str_eq(key, STR("textcat_max_languages"))) {
		v = set_count(value, 1, TEXTCAT_GUESSES_MAX, &n);
		s->o.max_guesses = v == CONF_OK ? (size_t)n : s->o.max_guesses;
		return v;
	}
	if (str_eq(key, STR("textcat_max_ngrams"))) {
		v = set_count(value, 1, NUMBER_MAX, &n);
		s->o.max_ranks = v == CONF_OK ? (size_t)n : s->o.max_ranks;
		return v;
	}
	if (str_eq(key, STR("textcat_optimal_ngrams"))) {
		v = set_count(value, 0, NUMBER_MAX, &n);
		s->o.rare = v == CONF_OK ? (unsigned)n : s->o.rare;
		return v;
	}
	if (str_eq(key, STR("textcat_acceptable_score"))) {
		double factor = strtod(str_z(p->conf->tmp, value), NULL);

		if (factor < 1 || factor > 2)
			return value.n ? CONF_INVALID : CONF_MISSING;
		s->o.acceptable = factor;
		return CONF_OK;
	}
	return CONF_UNKNOWN;
}

static void conf_init(struct spam_conf *c, void *conf)
{
	struct settings *s = conf;

	(void)c;
	textcat_options_init(&s->o);
}

static bool has_header_rule(const struct spam_conf *c)
{
	for (size_t i = 0; i < c->rules.n; i++) {
		const struct rule_def *d = c->rules.entries[i].value;

		if (d->type == RULE_HEADER && str_istarts(d->header, languages_header))
			return true;
	}
	return false;
}

static void conf_done(struct spam_conf *c, void *conf)
{
	const char *dir = c->paths->rules_dir ? c->paths->rules_dir : RULES_DIR;
	struct settings *s = conf;
	struct err e;

	s->o.wanted = s->ok;
	s->as_header = has_header_rule(c) ||
		       markup_has(eval_conf_of(c, &markup_settings), STR("_LANGUAGES_"));
	if ((wants_all(s) && !s->as_header) || !conf_plugin_loaded(c, "TextCat"))
		return;
	if (textcat_load(c->keep, str_z(c->tmp, str_fmt(c->tmp, "%s/languages", dir)), &s->profiles,
			 &e) < 0)
		vec_add(c->keep, &c->unknown,
			((struct spam_note){ .message = str_copy(c->keep, str_of(e.msg)) }));
}

static const struct eval evals[] = {
	{ .name = "check_language", .call = check_language },
	{ .name = "check_body_8bits", .call = check_body_8bits },
	{ 0 },
};

const struct eval_family eval_textcat = {
	.plugin = "TextCat",
	.evals = evals,
	.conf_size = sizeof(struct settings),
	.mail_size = sizeof(struct textcat_mail),
	.read = add_header,
	.conf_init = conf_init,
	.conf_done = conf_done,
	.setting = setting,
};
