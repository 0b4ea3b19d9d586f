#include "gw/spam/conf.h"

#include "gw/spam/gate.h"
#include "gw/spam/net_time.h"
#include "lib/uri/domains.h"

enum { NET_SECONDS_MAX = 3600 };

static bool number(struct arena *a, struct str s, double *out)
{
	struct str digits = s;
	bool dot = false;

	if (digits.n && memchr("+-", digits.p[0], 2))
		digits = str_from(digits, 1);
	if (digits.n == 0 || !ascii_is_digit(digits.p[0]))
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] == '.' && !dot)
			dot = true;
		else if (!ascii_is_digit(digits.p[i]))
			return false;
	}
	*out = strtod(str_z(a, s), NULL);
	return true;
}

enum conf_verdict conf_number(struct conf_parser *p, struct str value, double *out)
{
	if (value.n == 0)
		return CONF_MISSING;
	return number(p->conf->tmp, value, out) ? CONF_OK : CONF_INVALID;
}

static enum conf_verdict set_size(struct conf_parser *p, struct str value, size_t *out)
{
	double n;
	enum conf_verdict v = conf_number(p, value, &n);

	if (v != CONF_OK)
		return v;
	if (n < 0 || n > SPAM_MAIL_MAX)
		return CONF_INVALID;
	*out = (size_t)n;
	return CONF_OK;
}

static enum conf_verdict required(struct conf_parser *p, struct str value)
{
	return conf_number(p, value, &p->conf->required);
}

static enum conf_verdict body_size(struct conf_parser *p, struct str value)
{
	return set_size(p, value, &p->conf->view.body_part_max);
}

static enum conf_verdict rawbody_size(struct conf_parser *p, struct str value)
{
	return set_size(p, value, &p->conf->view.rawbody_part_max);
}

enum conf_verdict conf_bool(struct str value, bool *out)
{
	bool yes = str_ieq(value, STR("yes")) || str_eq(value, STR("1"));

	if (!yes && !str_ieq(value, STR("no")) && !str_eq(value, STR("0")))
		return value.n ? CONF_INVALID : CONF_MISSING;
	*out = yes;
	return CONF_OK;
}

static enum conf_verdict dkim_uris(struct conf_parser *p, struct str value)
{
	return conf_bool(value, &p->conf->view.dkim_uris);
}

static enum conf_verdict envelope_header(struct conf_parser *p, struct str value)
{
	if (value.n == 0)
		return CONF_MISSING;
	if (str_ends(value, STR(":")))
		value.n--;
	p->conf->view.envelope_sender_header = str_copy(p->conf->keep, value);
	return CONF_OK;
}

static enum conf_verdict networks(struct conf_parser *p, struct str value,
				  struct spam_networks **list)
{
	enum conf_verdict v = value.n ? CONF_OK : CONF_MISSING;
	struct str word;

	if (!*list)
		*list = spam_networks_new(p->conf->keep);
	while (str_word(&value, &word))
		if (!spam_networks_add(*list, word))
			v = CONF_INVALID;
	return v;
}

static enum conf_verdict trusted(struct conf_parser *p, struct str value)
{
	return networks(p, value, &p->conf->trusted);
}

static enum conf_verdict internal(struct conf_parser *p, struct str value)
{
	return networks(p, value, &p->conf->internal);
}

static enum conf_verdict msa(struct conf_parser *p, struct str value)
{
	return networks(p, value, &p->conf->msa);
}

static enum conf_verdict clear_trusted(struct conf_parser *p, struct str value)
{
	p->conf->trusted = NULL;
	return value.n ? CONF_INVALID : CONF_OK;
}

static enum conf_verdict clear_internal(struct conf_parser *p, struct str value)
{
	p->conf->internal = NULL;
	return value.n ? CONF_INVALID : CONF_OK;
}

static enum conf_verdict clear_msa(struct conf_parser *p, struct str value)
{
	p->conf->msa = NULL;
	return value.n ? CONF_INVALID : CONF_OK;
}

static enum conf_verdict originating(struct conf_parser *p, struct str value)
{
	struct spam_conf *c = p->conf;
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word)) {
		size_t i = 0;

		while (i < c->originating.n && !str_ieq(c->originating.p[i], word))
			i++;
		if (i == c->originating.n)
			vec_add(c->keep, &c->originating, str_copy(c->keep, word));
	}
	return CONF_OK;
}

static enum conf_verdict clear_originating(struct conf_parser *p, struct str value)
{
	if (value.n)
		return CONF_INVALID;
	p->conf->originating.n = 0;
	return CONF_OK;
}

static enum conf_verdict domains(struct conf_parser *p, struct str value)
{
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word))
		uri_domains_add(p->conf->domains, word);
	return CONF_OK;
}

static enum conf_verdict clear_domains(struct conf_parser *p, struct str value)
{
	if (value.n)
		return CONF_INVALID;
	uri_domains_clear(p->conf->domains);
	return CONF_OK;
}

static enum conf_verdict redirector(struct conf_parser *p, struct str value)
{
	struct spam_conf *c = p->conf;
	struct str text;
	struct re *re;
	struct err e;

	if (value.n == 0)
		return CONF_MISSING;
	if (c->redirectors.n == CONF_REDIRECTORS_MAX) {
		conf_note(p, "more than %d redirector patterns", CONF_REDIRECTORS_MAX);
		return CONF_NOTED;
	}
	if (conf_pattern(c, value, &text, &re, &e) < 0) {
		conf_note(p, "redirector_pattern: %s", e.msg);
		return CONF_NOTED;
	}
	vec_add(c->keep, &c->redirectors, re);
	return CONF_OK;
}

static enum conf_verdict loadplugin(struct conf_parser *p, struct str value)
{
	struct str name;

	if (!str_word(&value, &name))
		return CONF_MISSING;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) &&
		    !memchr("_:", name.p[i], 2))
			return CONF_INVALID;
	map_set(&p->conf->plugins, conf_plugin_name(name), p->conf);
	return CONF_OK;
}

static enum conf_verdict enable_compat(struct conf_parser *p, struct str value)
{
	if (value.n == 0)
		return CONF_MISSING;
	if (value.n > 128)
		return CONF_INVALID;
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_is_alpha(value.p[i]) && !ascii_is_digit(value.p[i]) &&
		    value.p[i] != '_')
			return CONF_INVALID;
	map_set(&p->conf->compat, value, p->conf);
	return CONF_OK;
}

static enum conf_verdict replace_value(struct conf_parser *p, struct str value,
				       enum conf_tag table)
{
	struct str name, *text;

	if (!str_word(&value, &name) || str_trim(value).n == 0)
		return CONF_MISSING;
	text = NEW(p->conf->tmp, struct str);
	*text = str_trim(value);
	map_set(&p->conf->tags[table], name, text);
	return CONF_OK;
}

static enum conf_verdict replace_tag(struct conf_parser *p, struct str value)
{
	return replace_value(p, value, TAG_REPLACE);
}

static enum conf_verdict replace_pre(struct conf_parser *p, struct str value)
{
	return replace_value(p, value, TAG_PRE);
}

static enum conf_verdict replace_inter(struct conf_parser *p, struct str value)
{
	return replace_value(p, value, TAG_INTER);
}

static enum conf_verdict replace_post(struct conf_parser *p, struct str value)
{
	return replace_value(p, value, TAG_POST);
}

static enum conf_verdict replace_rules(struct conf_parser *p, struct str value)
{
	struct str name;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &name))
		if (p->conf->rules.n < SPAM_RULES_MAX)
			conf_rule(p->conf, name)->replace = true;
	return CONF_OK;
}

static enum conf_verdict replace_start(struct conf_parser *p, struct str value)
{
	p->conf->replace_start = value;
	return value.n ? CONF_OK : CONF_MISSING;
}

static enum conf_verdict replace_end(struct conf_parser *p, struct str value)
{
	p->conf->replace_end = value;
	return value.n ? CONF_OK : CONF_MISSING;
}

static enum conf_verdict ok_locales(struct conf_parser *p, struct str value)
{
	struct str rest = value, word;

	p->conf->view.locales = str_copy(p->conf->keep, value);
	while (str_word(&rest, &word))
		if (str_eq(word, STR("all")))
			p->conf->view.locales = STR_NONE;
	return value.n ? CONF_OK : CONF_MISSING;
}

bool conf_duration(struct conf_parser *p, struct str value, int64_t *ms)
{
	static const char units[] = "smhdw";
	static const int seconds[] = { 1, 60, 3600, 86400, 7 * 86400 };
	size_t unit = 0;
	double n;

	for (size_t i = 0; value.n > 1 && units[i]; i++)
		if (ascii_lower(value.p[value.n - 1]) == units[i]) {
			unit = i;
			value.n--;
			break;
		}
	if (!number(p->conf->tmp, value, &n) || n < 0 || n > NET_SECONDS_MAX)
		return false;
	*ms = (int64_t)(n * seconds[unit] * 1000);
	return true;
}

struct setting {
	const char *key, *plugin;
	enum conf_verdict (*set)(struct conf_parser *p, struct str value);
};

static const struct setting settings[] = {
	{ "required_score", NULL, required },
	{ "required_hits", NULL, required },
	{ "body_part_scan_size", NULL, body_size },
	{ "rawbody_part_scan_size", NULL, rawbody_size },
	{ "parse_dkim_uris", NULL, dkim_uris },
	{ "ok_locales", NULL, ok_locales },
	{ "envelope_sender_header", NULL, envelope_header },
	{ "trusted_networks", NULL, trusted },
	{ "internal_networks", NULL, internal },
	{ "msa_networks", NULL, msa },
	{ "clear_trusted_networks", NULL, clear_trusted },
	{ "clear_internal_networks", NULL, clear_internal },
	{ "clear_msa_networks", NULL, clear_msa },
	{ "originating_ip_headers", NULL, originating },
	{ "clear_originating_ip_headers", NULL, clear_originating },
	{ "util_rb_tld", NULL, domains },
	{ "util_rb_2tld", NULL, domains },
	{ "util_rb_3tld", NULL, domains },
	{ "clear_util_rb", NULL, clear_domains },
	{ "redirector_pattern", NULL, redirector },
	{ "rbl_timeout", NULL, net_times_setting },
	{ "dns_query_restriction", NULL, gate_restriction },
	{ "clear_dns_query_restriction", NULL, gate_clear },
	{ "clear_dns_query_restrictions", NULL, gate_clear },
	{ "dns_block_rule", NULL, gate_block_rule },
	{ "dns_block_time", NULL, gate_block_time },
	{ "loadplugin", NULL, loadplugin },
	{ "tryplugin", NULL, loadplugin },
	{ "enable_compat", NULL, enable_compat },
	{ "replace_tag", "ReplaceTags", replace_tag },
	{ "replace_pre", "ReplaceTags", replace_pre },
	{ "replace_inter", "ReplaceTags", replace_inter },
	{ "replace_post", "ReplaceTags", replace_post },
	{ "replace_rules", "ReplaceTags", replace_rules },
	{ "replace_start", "ReplaceTags", replace_start },
	{ "replace_end", "ReplaceTags", replace_end },
};

enum conf_verdict conf_setting(struct conf_parser *p, struct str key, struct str value)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (str_eq(key, str_of(settings[i].key))) {
			if (settings[i].plugin &&
			    !conf_plugin_loaded(p->conf, settings[i].plugin))
				return CONF_UNKNOWN;
			return settings[i].set(p, value);
		}
	return CONF_UNKNOWN;
}
