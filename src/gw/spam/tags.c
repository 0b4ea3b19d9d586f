#include "gw/spam/tags.h"

#include "gw/spam/auth.h"
#include "gw/spam/ruleset.h"

static void one(struct eval_run *r, struct str value, struct spam_texts *out)
{
	struct str *v = NEW(r->a, struct str);

	*v = value;
	*out = (struct spam_texts){ v, value.n > 0 };
}

static bool author_domain(struct eval_run *r, struct spam_texts *out)
{
	struct spam_texts authors = auth_authors(r);

	one(r, authors.n ? auth_domain(authors.v[0]) : STR(""), out);
	return true;
}

static bool sender_domain(struct eval_run *r, struct spam_texts *out)
{
	one(r, auth_domain(auth_sender(r)), out);
	return true;
}

/* Of valid signatures. */
static bool dkim_domains(struct eval_run *r, struct spam_texts *out)
{
	bool done;
	const struct dkim_verifier *v = auth_dkim(r, &done);
	struct str *domains = NEW_N(r->a, struct str, v->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		if (v->signatures[i].result == DKIM_PASS)
			domains[n++] = v->signatures[i].domain;
	*out = (struct spam_texts){ domains, n };
	return done;
}

static const struct spam_relay *last_external(struct eval_run *r)
{
	static const struct spam_relay none;
	const struct spam_relays *external = spam_relays(r->m, SPAM_RELAYS_EXTERNAL);

	return external->n ? &external->v[0] : &none;
}

static bool external_helo(struct eval_run *r, struct spam_texts *out)
{
	one(r, last_external(r)->helo, out);
	return true;
}

static bool external_rdns(struct eval_run *r, struct spam_texts *out)
{
	one(r, last_external(r)->rdns, out);
	return true;
}

static bool external_ip(struct eval_run *r, struct spam_texts *out)
{
	one(r, last_external(r)->ip, out);
	return true;
}

static bool external_reverse_ip(struct eval_run *r, struct spam_texts *out)
{
	struct cidr_addr addr;

	one(r, cidr_addr_parse(last_external(r)->ip, &addr) ? dns_reverse(r->a, &addr) : STR(""),
	    out);
	return true;
}

static const struct {
	const char *name;
	/* False while its values are not known yet. */
	bool (*values)(struct eval_run *r, struct spam_texts *out);
} tags[] = {
	{ "AUTHORDOMAIN", author_domain },     { "DKIMDOMAIN", dkim_domains },
	{ "LASTEXTERNALHELO", external_helo }, { "LASTEXTERNALIP", external_ip },
	{ "LASTEXTERNALRDNS", external_rdns }, { "LASTEXTERNALREVIP", external_reverse_ip },
	{ "SENDERDOMAIN", sender_domain },
};

bool tag_values(struct eval_run *r, struct str name, struct spam_texts *out)
{
	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (str_eq(name, str_of(tags[i].name)))
			return tags[i].values(r, out);
	return captures_values(r->captures, name, out);
}

static bool is_captured(const struct rule_def *d, struct str name)
{
	struct str group;
	size_t number;

	for (size_t i = 0; d->captures && re_group_name(d->re, i, &group, &number); i++)
		if (str_eq(group, name))
			return true;
	return false;
}

bool tag_exists(const struct spam_conf *c, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (str_eq(name, str_of(tags[i].name)))
			return true;
	for (size_t i = 0; i < c->rules.n; i++)
		if (is_captured(c->rules.entries[i].value, name))
			return true;
	return false;
}

static bool is_tag_char(char c)
{
	return (c >= 'A' && c <= 'Z') || ascii_is_digit(c);
}

bool tag_find(struct str text, size_t *at, struct str *name)
{
	for (size_t i = 0; i < text.n; i++) {
		size_t n = i + 1;

		if (text.p[i] != '_')
			continue;
		while (n < text.n && is_tag_char(text.p[n]))
			n++;
		if (n == i + 1 || n == text.n || text.p[n] != '_')
			continue;
		*at = i;
		*name = str_sub(text, i + 1, n - i - 1);
		return true;
	}
	return false;
}
