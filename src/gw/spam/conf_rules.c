#include "gw/spam/conf.h"

static bool is_name_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

bool conf_rule_name_ok(struct str name)
{
	if (name.n == 0 || name.n > CONF_RULE_NAME_MAX || ascii_is_digit(name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!is_name_char(name.p[i]))
			return false;
	return true;
}

struct rule_def *conf_rule(struct spam_conf *c, struct str name)
{
	struct rule_def *r = map_get(&c->rules, name);

	if (r)
		return r;
	r = NEW(c->tmp, struct rule_def);
	r->name = str_copy(c->tmp, name);
	r->range_max = 1000;
	map_set(&c->rules, name, r);
	return r;
}

/* What a definition replaces; flags, scores and descriptions stay. */
static struct rule_def *define(struct conf_parser *p, struct str name, enum rule_type type,
			       const char *kind)
{
	struct rule_def *r = conf_rule(p->conf, name);

	r->type = type;
	r->kind = kind;
	r->file = p->file;
	r->line = p->line;
	r->pattern = r->header = r->if_unset = r->eval = r->args = r->expression = STR_NONE;
	r->re = NULL;
	r->templates = r->has_if_unset = r->exists = r->negated = false;
	return r;
}

static enum conf_verdict bad_name(struct conf_parser *p, struct str name)
{
	conf_note(p, "rule '%.*s': a name is letters, digits and _, at most %d",
		  STR_ARG(str_sub(name, 0, 60)), CONF_RULE_NAME_MAX);
	return CONF_NOTED;
}

static bool room(struct conf_parser *p, struct str name)
{
	if (p->conf->rules.n < SPAM_RULES_MAX || map_get(&p->conf->rules, name))
		return true;
	conf_note(p, "more than %d rules", SPAM_RULES_MAX);
	return false;
}

/* The compiled pattern of a definition, or a note. */
struct compiled {
	struct str text;
	struct re *re;
	bool templates, captures;
};

static bool compile(struct conf_parser *p, struct str name, struct str literal,
		    struct compiled *out)
{
	struct spam_conf *c = p->conf;
	struct err e;

	out->captures = conf_pattern_captures(literal);
	out->templates = str_find(literal, STR("%{")) >= 0 &&
			 conf_pattern_templates(c->tmp, literal, &literal);
	if (conf_pattern(c, literal, &out->text, &out->re, &e) == 0 &&
	    (!out->templates || conf_pattern_loose(c, out->text, &out->re, &e) == 0))
		return true;
	conf_note(p, "pattern of %.*s: %s", STR_ARG(name), e.msg);
	return false;
}

static void use(struct rule_def *r, const struct compiled *c)
{
	r->pattern = c->text;
	r->re = c->re;
	r->templates = c->templates;
	/* So that its tags are there for all others. */
	if (c->captures)
		r->priority = -10000;
	r->captures = c->captures;
}

/* `eval:f(args)` and, for header, `rbleval:`. */
static bool is_eval(struct str value, struct str *call)
{
	*call = str_from(value, str_starts(value, STR("rbleval:")) ? 8 : 5);
	return str_starts(value, STR("eval:")) || str_starts(value, STR("rbleval:"));
}

static enum conf_verdict add_eval(struct conf_parser *p, struct str name, struct str call,
				  enum rule_type type, const char *kind)
{
	size_t n = 0;
	struct rule_def *r;
	bool net;

	while (n < call.n && is_name_char(call.p[n]))
		n++;
	if (n == 0 || n >= call.n || call.p[n] != '(' || !str_ends(call, STR(")")))
		return CONF_INVALID;
	if (!conf_rule_name_ok(name))
		return bad_name(p, name);
	net = type == RULE_HEADER_EVAL &&
	      (str_starts(call, STR("check_rbl")) || str_starts(call, STR("check_dns")));
	r = define(p, name, net ? RULE_EVAL_NET : type, kind);
	r->eval = str_sub(call, 0, n);
	r->args = str_sub(call, n + 1, call.n - n - 2);
	return CONF_OK;
}

static bool modifier_ok(struct str m)
{
	static const char *const known[] = { "raw",    "addr", "name",  "host",  "domain",
					     "ip",     "revip", "first", "last" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_ieq(m, str_of(known[i])))
			return true;
	return false;
}

/* A header name with at most two modifiers; one colon at the end is dropped. */
static bool header_ok(struct str *header)
{
	struct str rest = *header, part;
	int modifiers = 0;

	if (str_ends(rest, STR(":")))
		rest = *header = str_sub(rest, 0, rest.n - 1);
	part = str_cut(&rest, ':');
	for (size_t i = 0; i < part.n; i++)
		if (!is_name_char(part.p[i]) && part.p[i] != '.' && part.p[i] != '-')
			return false;
	if (part.n == 0)
		return false;
	while (rest.n) {
		part = str_cut(&rest, ':');
		if (++modifiers > 2 || !modifier_ok(part))
			return false;
	}
	return true;
}

/* `X =~ …` or `X !~ …` into its three pieces. */
static bool operator_split(struct str value, struct str *left, bool *negated, struct str *right)
{
	for (size_t i = 0; i + 1 < value.n; i++) {
		if (value.p[i + 1] != '~' || !memchr("=!", value.p[i], 2))
			continue;
		*left = str_trim(str_sub(value, 0, i));
		*negated = value.p[i] == '!';
		*right = str_trim(str_from(value, i + 2));
		return left->n && right->n;
	}
	return false;
}

/* Cuts `[if-unset: TEXT]` off the end. */
static bool if_unset(struct str *literal, struct str *text)
{
	ptrdiff_t at = str_find(*literal, STR("[if-unset:"));
	struct str rest;

	if (at < 1 || !str_ends(*literal, STR("]")) || !ascii_is_blank(literal->p[at - 1]))
		return false;
	rest = str_from(*literal, (size_t)at + strlen("[if-unset:"));
	if (rest.n < 3 || !ascii_is_blank(rest.p[0]))
		return false;
	*text = str_ltrim(str_sub(rest, 0, rest.n - 1));
	*literal = str_rtrim(str_sub(*literal, 0, (size_t)at));
	return true;
}

static enum conf_verdict add_exists(struct conf_parser *p, struct str name, struct str header)
{
	struct rule_def *r;

	if (!header_ok(&header) || str_chr(header, ':') >= 0) {
		conf_note(p, "header of %.*s: wrong name", STR_ARG(name));
		return CONF_NOTED;
	}
	r = define(p, name, RULE_HEADER, "header");
	r->header = header;
	r->exists = true;
	return CONF_OK;
}

static enum conf_verdict add_header(struct conf_parser *p, struct str name, struct str value)
{
	struct str header, literal, unset = STR_NONE;
	struct compiled c;
	struct rule_def *r;
	bool negated, has_unset;

	if (str_starts(value, STR("exists:")))
		return add_exists(p, name, str_from(value, 7));
	if (!operator_split(value, &header, &negated, &literal) || !header_ok(&header)) {
		conf_note(p, "header test of %.*s is not understood", STR_ARG(name));
		return CONF_NOTED;
	}
	has_unset = if_unset(&literal, &unset);
	if (!compile(p, name, literal, &c))
		return CONF_NOTED;
	r = define(p, name, RULE_HEADER, "header");
	use(r, &c);
	r->header = header;
	r->negated = negated;
	r->has_if_unset = has_unset;
	r->if_unset = unset;
	return CONF_OK;
}

static enum conf_verdict add_mimeheader(struct conf_parser *p, struct str name, struct str value)
{
	struct str header, literal, unset = STR_NONE;
	struct compiled c;
	struct rule_def *r;
	bool negated;

	if (!operator_split(value, &header, &negated, &literal))
		return CONF_INVALID;
	for (size_t i = 0; i < header.n; i++)
		if (ascii_is_blank(header.p[i]))
			return CONF_INVALID;
	if (str_ends(header, STR(":")))
		header.n--;
	if_unset(&literal, &unset);
	if (!compile(p, name, literal, &c))
		return CONF_NOTED;
	r = define(p, name, RULE_MIMEHEADER, "mimeheader");
	use(r, &c);
	r->header = header;
	r->negated = negated;
	r->if_unset = unset;
	return CONF_OK;
}

static enum conf_verdict add_text(struct conf_parser *p, struct str name, struct str value,
				  enum rule_type type, const char *kind)
{
	struct compiled c;

	if (!compile(p, name, value, &c))
		return CONF_NOTED;
	use(define(p, name, type, kind), &c);
	return CONF_OK;
}

static enum conf_verdict add_meta(struct conf_parser *p, struct str name, struct str value)
{
	struct err e;

	for (size_t i = 0; i + 1 < value.n; i++)
		if (value.p[i] == '*' && str_starts(str_ltrim(str_from(value, i + 1)), STR("*")))
			return CONF_INVALID;
	if (meta_check(p->conf->tmp, value, &e) < 0) {
		conf_note(p, "meta %.*s: %s", STR_ARG(name), e.msg);
		return CONF_NOTED;
	}
	define(p, name, RULE_META, "meta")->expression = value;
	return CONF_OK;
}

/* Directives that define a rule, and the plugin they belong to. */
struct rule_directive {
	const char *key, *plugin;
	enum rule_type type, eval; /* eval RULE_NONE: no eval: form */
	const char *eval_kind;
};

static const struct rule_directive rule_directives[] = {
	{ "header", NULL, RULE_HEADER, RULE_HEADER_EVAL, "header eval" },
	{ "body", NULL, RULE_BODY, RULE_BODY_EVAL, "body eval" },
	{ "uri", NULL, RULE_URI, RULE_NONE, NULL },
	{ "rawbody", NULL, RULE_RAWBODY, RULE_RAWBODY_EVAL, "rawbody eval" },
	{ "full", NULL, RULE_FULL, RULE_FULL_EVAL, "full eval" },
	{ "meta", NULL, RULE_META, RULE_NONE, NULL },
	{ "mimeheader", "MIMEHeader", RULE_MIMEHEADER, RULE_NONE, NULL },
	{ "uri_detail", "URIDetail", RULE_BODY_EVAL, RULE_NONE, NULL },
	{ "askdns", "AskDNS", RULE_EVAL_NET, RULE_NONE, NULL },
};

/* A directive that is a function by itself: all that it says is its one argument. */
static enum conf_verdict add_directive_eval(struct conf_parser *p, const struct rule_directive *d,
					    struct str name, struct str value)
{
	struct rule_def *r = define(p, name, d->type, d->key);

	r->eval = str_of(d->key);
	r->args = value;
	return CONF_OK;
}

static enum conf_verdict add_rule(struct conf_parser *p, const struct rule_directive *d,
				  struct str name, struct str value)
{
	struct str call;

	if (d->eval && is_eval(value, &call) &&
	    (d->type == RULE_HEADER || value.p[0] == 'e'))
		return add_eval(p, name, call, d->eval, d->eval_kind);
	if (!conf_rule_name_ok(name))
		return bad_name(p, name);
	switch (d->type) {
	case RULE_HEADER:
		return add_header(p, name, value);
	case RULE_MIMEHEADER:
		return add_mimeheader(p, name, value);
	case RULE_META:
		return add_meta(p, name, value);
	case RULE_BODY_EVAL:
	case RULE_EVAL_NET:
		return add_directive_eval(p, d, name, value);
	default:
		return add_text(p, name, value, d->type, d->key);
	}
}

/* First word and the rest; false if one of them is missing. */
static bool name_and_value(struct str value, struct str *name, struct str *rest)
{
	*rest = value;
	if (!str_word(rest, name))
		return false;
	*rest = str_trim(*rest);
	return rest->n > 0;
}

static bool flag_number(struct str word, const char *key, unsigned *out)
{
	struct str rest;
	int64_t n;

	if (!str_starts(word, str_of(key)))
		return false;
	rest = str_from(word, strlen(key));
	if (str_int(rest, 0, 1000000, &n))
		*out = (unsigned)n;
	return true;
}

/* `a-b`, `a-`, `-b` or `a`. */
static void range(struct rule_def *r, struct str word)
{
	struct str rest = str_from(word, strlen("range=")), first;
	bool dash = str_chr(rest, '-') >= 0;
	int64_t n;

	first = str_cut(&rest, '-');
	if (str_int(first, 0, 1000000, &n)) {
		r->range_min = (unsigned)n;
		if (!dash)
			r->range_max = (unsigned)n;
	}
	if (dash && str_int(rest, 0, 1000000, &n))
		r->range_max = (unsigned)n;
}

static void flag(struct rule_def *r, struct str word)
{
	static const struct {
		const char *name;
		enum rule_flag flag;
	} flags[] = {
		{ "net", RULE_NET },           { "nice", RULE_NICE },
		{ "learn", RULE_LEARN },       { "multiple", RULE_MULTIPLE },
		{ "nosubject", RULE_NOSUBJECT }, { "concat", RULE_CONCAT },
		{ "notrim", RULE_NOTRIM },       { "domains_only", RULE_DOMAINS_ONLY },
		{ "ips_only", RULE_IPS_ONLY },   { "a", RULE_URI_A },
		{ "ns", RULE_URI_NS },           { "userconf", RULE_USERCONF },
		{ "noautolearn", RULE_NOAUTOLEARN }, { "noawl", RULE_NOAWL },
		{ "autolearn_force", RULE_AUTOLEARN_FORCE },
		{ "autolearn_header", RULE_AUTOLEARN_HEADER },
		{ "autolearn_body", RULE_AUTOLEARN_BODY },
	};

	if (flag_number(word, "maxhits=", &r->maxhits))
		return;
	if (str_starts(word, STR("range=")))
		range(r, word);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (str_eq(word, str_of(flags[i].name)))
			r->flags |= flags[i].flag;
}

static enum conf_verdict tflags(struct conf_parser *p, struct str name, struct str value)
{
	struct rule_def *r = conf_rule(p->conf, name);
	struct str word;

	r->flags = r->maxhits = r->range_min = 0;
	r->range_max = 1000;
	while (str_word(&value, &word))
		flag(r, word);
	return CONF_OK;
}

static enum conf_verdict priority(struct conf_parser *p, struct str name, struct str value)
{
	int64_t n;

	if (!conf_rule_name_ok(name) || !str_int(value, -1000000, 1000000, &n))
		return CONF_INVALID;
	conf_rule(p->conf, name)->priority = (int)n;
	return CONF_OK;
}

/* Declares a rule so that scores and metas may name it. */
static enum conf_verdict reuse(struct conf_parser *p, struct str value)
{
	struct str name;

	if (!str_word(&value, &name) || !conf_rule_name_ok(name))
		return CONF_INVALID;
	if (!room(p, name))
		return CONF_NOTED;
	if (conf_rule(p->conf, name)->type == RULE_NONE)
		define(p, name, RULE_EMPTY, "reuse");
	return CONF_OK;
}

static enum conf_verdict about_rule(struct conf_parser *p, struct str key, struct str value)
{
	struct str name;

	if (!name_and_value(value, &name, &value))
		return CONF_MISSING;
	if (!room(p, name))
		return CONF_NOTED;
	if (str_eq(key, STR("tflags")))
		return tflags(p, name, value);
	if (str_eq(key, STR("priority")))
		return priority(p, name, value);
	conf_rule(p->conf, name)->description = value;
	return CONF_OK;
}

enum conf_verdict conf_rule_directive(struct conf_parser *p, struct str key, struct str value)
{
	struct str name, rest;

	for (size_t i = 0; i < ARRAY_LEN(rule_directives); i++) {
		const struct rule_directive *d = &rule_directives[i];

		if (!str_eq(key, str_of(d->key)))
			continue;
		if (d->plugin && !conf_plugin_loaded(p->conf, d->plugin))
			return CONF_UNKNOWN;
		if (!name_and_value(value, &name, &rest))
			return CONF_MISSING;
		return room(p, name) ? add_rule(p, d, name, rest) : CONF_NOTED;
	}
	if (str_eq(key, STR("score")))
		return conf_score(p, value);
	if (str_eq(key, STR("reuse")))
		return reuse(p, value);
	if (str_eq(key, STR("tflags")) || str_eq(key, STR("priority")) ||
	    str_eq(key, STR("describe")))
		return about_rule(p, key, value);
	return CONF_UNKNOWN;
}
