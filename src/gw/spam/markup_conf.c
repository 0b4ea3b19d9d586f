#include "gw/spam/markup_int.h"

static void remove_fields(struct markup_conf *m, struct str kind, struct str name)
{
	bool ham = !str_ieq(kind, STR("spam")), spam = !str_ieq(kind, STR("ham"));
	size_t kept = 0;

	for (size_t i = 0; i < m->n_fields; i++) {
		struct markup_field f = m->fields[i];

		if (str_ieq(f.name, name)) {
			f.ham &= !ham;
			f.spam &= !spam;
		}
		if (f.ham || f.spam)
			m->fields[kept++] = f;
	}
	m->n_fields = kept;
}

static bool is_kind(struct str kind)
{
	return str_ieq(kind, STR("all")) || str_ieq(kind, STR("ham")) || str_ieq(kind, STR("spam"));
}

static bool is_field_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) &&
		    !memchr("-_", name.p[i], 2))
			return false;
	return name.n > 0;
}

static struct str unquoted(struct str s)
{
	bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';

	return quoted ? str_sub(s, 1, s.n - 2) : s;
}

/* `\n`, `\t` and `\\` in the value of a header field. */
static struct str unescaped(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		char next = i + 1 < s.n ? s.p[i + 1] : '\0';

		if (s.p[i] != '\\' || !next || !strchr("nt\\", next)) {
			buf_addc(&b, s.p[i]);
			continue;
		}
		buf_addc(&b, next == 'n' ? '\n' : next == 't' ? '\t' : '\\');
		i++;
	}
	return buf_str(&b);
}

static enum conf_verdict add_header(struct conf_parser *p, struct markup_conf *m,
				    struct str value)
{
	struct str kind, name;

	if (!str_word(&value, &kind) || !str_word(&value, &name))
		return CONF_MISSING;
	if (!is_kind(kind) || !is_field_name(name))
		return CONF_INVALID;
	remove_fields(m, kind, name);
	if (m->n_fields == SPAM_MARKUP_HEADERS_MAX)
		return CONF_INVALID;
	m->fields[m->n_fields++] = (struct markup_field){
		.name = str_copy(p->conf->keep, name),
		.value = unescaped(p->conf->keep, unquoted(str_trim(value))),
		.ham = !str_ieq(kind, STR("spam")),
		.spam = !str_ieq(kind, STR("ham")),
	};
	return CONF_OK;
}

static enum conf_verdict remove_header(struct conf_parser *p, struct markup_conf *m,
				       struct str value)
{
	struct str kind, name;

	(void)p;
	if (!str_word(&value, &kind) || !str_word(&value, &name))
		return CONF_MISSING;
	if (!is_kind(kind))
		return CONF_INVALID;
	remove_fields(m, kind, name);
	return CONF_OK;
}

static enum conf_verdict clear_headers(struct conf_parser *p, struct markup_conf *m,
				       struct str value)
{
	(void)p;
	if (value.n)
		return CONF_INVALID;
	m->n_fields = 0;
	return CONF_OK;
}

/* A line of the template; quotes around it keep its blanks, and no value is an empty line. */
static enum conf_verdict template_line(struct buf *b, struct str value)
{
	if (value.n && value.p[0] == '"')
		value = str_from(value, 1);
	if (str_ends(value, STR("\"")))
		value.n--;
	buf_add(b, value);
	buf_addc(b, '\n');
	return b->failed ? CONF_INVALID : CONF_OK;
}

static enum conf_verdict report(struct conf_parser *p, struct markup_conf *m, struct str value)
{
	(void)p;
	return template_line(&m->report, value);
}

static enum conf_verdict unsafe_report(struct conf_parser *p, struct markup_conf *m,
				       struct str value)
{
	(void)p;
	return template_line(&m->unsafe, value);
}

static enum conf_verdict clear_unsafe(struct conf_parser *p, struct markup_conf *m,
				      struct str value)
{
	(void)p;
	if (value.n)
		return CONF_INVALID;
	m->unsafe.n = 0;
	return CONF_OK;
}

static enum conf_verdict clear_report(struct conf_parser *p, struct markup_conf *m,
				      struct str value)
{
	(void)p;
	if (value.n)
		return CONF_INVALID;
	m->report.n = 0;
	return CONF_OK;
}

static enum conf_verdict report_safe(struct conf_parser *p, struct markup_conf *m,
				     struct str value)
{
	int64_t n;

	(void)p;
	if (value.n == 0)
		return CONF_MISSING;
	if (!str_int(value, 0, 2, &n))
		return CONF_INVALID;
	m->safe = (int)n;
	return CONF_OK;
}

static enum conf_verdict contact(struct conf_parser *p, struct markup_conf *m, struct str value)
{
	m->contact = str_copy(p->conf->keep, value);
	return CONF_OK;
}

static enum conf_verdict hostname(struct conf_parser *p, struct markup_conf *m, struct str value)
{
	m->hostname = str_copy(p->conf->keep, value);
	return value.n ? CONF_OK : CONF_MISSING;
}

static enum conf_verdict rewrite_header(struct conf_parser *p, struct markup_conf *m,
					struct str value)
{
	static const char *const names[REWRITES] = { "Subject", "From", "To" };
	struct str name;

	if (!str_word(&value, &name))
		return CONF_MISSING;
	for (size_t i = 0; i < REWRITES; i++)
		if (str_ieq(name, str_of(names[i]))) {
			m->rewrite[i] = str_copy(p->conf->keep, unquoted(str_trim(value)));
			return CONF_OK;
		}
	return CONF_INVALID;
}

static enum conf_verdict fold_headers(struct conf_parser *p, struct markup_conf *m,
				      struct str value)
{
	(void)p;
	if (!str_eq(value, STR("0")) && !str_eq(value, STR("1")))
		return value.n ? CONF_INVALID : CONF_MISSING;
	m->unfolded = str_eq(value, STR("0"));
	return CONF_OK;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	static const struct {
		const char *key;
		enum conf_verdict (*set)(struct conf_parser *p, struct markup_conf *m,
					 struct str value);
	} settings[] = {
		{ "add_header", add_header },
		{ "remove_header", remove_header },
		{ "clear_headers", clear_headers },
		{ "report", report },
		{ "report_template", report },
		{ "clear_report_template", clear_report },
		{ "unsafe_report", unsafe_report },
		{ "clear_unsafe_report_template", clear_unsafe },
		{ "report_safe", report_safe },
		{ "report_contact", contact },
		{ "report_hostname", hostname },
		{ "rewrite_header", rewrite_header },
		{ "fold_headers", fold_headers },
	};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (str_eq(key, str_of(settings[i].key)))
			return settings[i].set(p, conf, value);
	return CONF_UNKNOWN;
}

static void conf_init(struct spam_conf *c, void *conf)
{
	struct markup_conf *m = conf;

	buf_init(&m->report, c->keep, SPAM_REPORT_MAX);
	buf_init(&m->unsafe, c->keep, SPAM_REPORT_MAX);
	m->safe = 1;
	m->contact = STR("@@CONTACT_ADDRESS@@");
}

static const struct eval no_evals[] = { { 0 } };

const struct eval_family markup_settings = {
	.evals = no_evals,
	.conf_size = sizeof(struct markup_conf),
	.conf_init = conf_init,
	.setting = setting,
};

const struct markup_conf *markup_conf(const struct spam_rules *rules)
{
	for (size_t i = 0; eval_families[i]; i++)
		if (eval_families[i] == &markup_settings)
			return rules->evals[i];
	return NULL;
}

bool markup_has(const struct markup_conf *m, struct str text)
{
	bool has = str_find(buf_str(&m->report), text) >= 0 ||
		   str_find(buf_str(&m->unsafe), text) >= 0;

	for (size_t i = 0; i < m->n_fields; i++)
		has |= str_find(m->fields[i].value, text) >= 0;
	for (size_t i = 0; i < REWRITES; i++)
		has |= str_find(m->rewrite[i], text) >= 0;
	return has;
}
