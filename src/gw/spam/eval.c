#include "gw/spam/eval.h"

size_t eval_family_count(void)
{
	size_t n = 0;

	while (eval_families[n])
		n++;
	return n;
}

const struct eval *eval_find(struct str name, size_t *family)
{
	for (size_t i = 0; eval_families[i]; i++)
		for (const struct eval *f = eval_families[i]->evals; f->name; f++)
			if (str_eq(name, str_of(f->name))) {
				*family = i;
				return f;
			}
	return NULL;
}

static bool is_bare(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr("_.:-", c));
}

/* One argument off the front of `text`. */
static bool argument(struct str *text, struct str *out)
{
	size_t n = 0;
	ptrdiff_t end;

	if (text->n && (text->p[0] == '"' || text->p[0] == '\'')) {
		end = str_chr(str_from(*text, 1), text->p[0]);
		if (end < 0)
			return false;
		*out = str_sub(*text, 1, (size_t)end);
		*text = str_from(*text, (size_t)end + 2);
		return true;
	}
	while (n < text->n && is_bare(text->p[n]))
		n++;
	*out = str_sub(*text, 0, n);
	*text = str_from(*text, n);
	return n > 0;
}

bool eval_args_parse(struct arena *a, struct str text, struct eval_args *out)
{
	struct str *v = NEW_N(a, struct str, EVAL_ARGS_MAX);
	size_t n = 0;

	text = str_trim(text);
	while (text.n) {
		if (n == EVAL_ARGS_MAX || !argument(&text, &v[n]))
			return false;
		v[n] = str_copy(a, v[n]);
		n++;
		text = str_ltrim(text);
		if (text.n && text.p[0] != ',')
			return false;
		text = str_ltrim(str_from(text, 1));
	}
	out->v = v;
	out->n = n;
	return true;
}

void **eval_conf_new(struct spam_conf *c)
{
	void **conf = NEW_N(c->keep, void *, eval_family_count());

	for (size_t i = 0; eval_families[i]; i++) {
		const struct eval_family *f = eval_families[i];

		if (f->conf_size)
			conf[i] = arena_alloc(c->keep, f->conf_size);
		if (f->conf_init)
			f->conf_init(c, conf[i]);
	}
	return conf;
}

const void *eval_conf_of(const struct spam_conf *c, const struct eval_family *f)
{
	for (size_t i = 0; eval_families[i]; i++)
		if (eval_families[i] == f)
			return c->evals[i];
	return NULL;
}

enum conf_verdict eval_setting(struct conf_parser *p, struct str key, struct str value)
{
	for (size_t i = 0; eval_families[i]; i++) {
		const struct eval_family *f = eval_families[i];
		enum conf_verdict v = CONF_UNKNOWN;

		if (f->setting && (!f->plugin || conf_plugin_loaded(p->conf, f->plugin)))
			v = f->setting(p, p->conf->evals[i], key, value);
		if (v != CONF_UNKNOWN)
			return v;
	}
	return CONF_UNKNOWN;
}

void eval_conf_done(struct spam_conf *c)
{
	for (size_t i = 0; eval_families[i]; i++)
		if (eval_families[i]->conf_done)
			eval_families[i]->conf_done(c, c->evals[i]);
}

bool eval_has_learnt(void *const *conf)
{
	for (size_t i = 0; eval_families[i]; i++)
		if (eval_families[i]->has_learnt && eval_families[i]->has_learnt(conf[i]))
			return true;
	return false;
}
