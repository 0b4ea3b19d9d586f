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
	return out->n > 0;
}

static bool sender_domain(struct eval_run *r, struct spam_texts *out)
{
	one(r, auth_domain(auth_sender(r)), out);
	return out->n > 0;
}

static struct str domain_of(const struct dkim_signature *s)
{
	return s->domain;
}

static struct str selector_of(const struct dkim_signature *s)
{
	return s->selector;
}

static struct str identity_of(const struct dkim_signature *s)
{
	return s->identity;
}

/* Of valid signatures. */
static bool of_dkim(struct eval_run *r, struct str (*part)(const struct dkim_signature *s),
		    struct spam_texts *out)
{
	const struct dkim_verifier *v;
	struct str *parts;
	size_t n = 0;
	bool done;

	if (!r->dns)
		return false;
	v = auth_dkim(r, &done);
	parts = NEW_N(r->a, struct str, v->n + 1);
	for (size_t i = 0; i < v->n; i++)
		if (v->signatures[i].result == DKIM_PASS)
			parts[n++] = part(&v->signatures[i]);
	*out = (struct spam_texts){ parts, n };
	return done;
}

static bool dkim_domains(struct eval_run *r, struct spam_texts *out)
{
	return of_dkim(r, domain_of, out);
}

static bool dkim_identities(struct eval_run *r, struct spam_texts *out)
{
	return of_dkim(r, identity_of, out);
}

static bool dkim_selectors(struct eval_run *r, struct spam_texts *out)
{
	return of_dkim(r, selector_of, out);
}

static const struct spam_relay no_relay;

static const struct spam_relay *last_external(struct eval_run *r)
{
	const struct spam_relays *external = spam_relays(r->m, SPAM_RELAYS_EXTERNAL);

	return external->n ? &external->v[0] : &no_relay;
}

static const struct spam_relay *first_trusted(struct eval_run *r)
{
	const struct spam_relays *trusted = spam_relays(r->m, SPAM_RELAYS_TRUSTED);

	return trusted->n ? &trusted->v[trusted->n - 1] : &no_relay;
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

static bool reverse_ip(struct eval_run *r, const struct spam_relay *relay, struct spam_texts *out)
{
	struct cidr_addr addr;

	one(r, cidr_addr_parse(relay->ip, &addr) ? dns_reverse(r->a, &addr) : STR(""), out);
	return true;
}

static bool external_reverse_ip(struct eval_run *r, struct spam_texts *out)
{
	return reverse_ip(r, last_external(r), out);
}

static bool trusted_ip(struct eval_run *r, struct spam_texts *out)
{
	one(r, first_trusted(r)->ip, out);
	return true;
}

static bool trusted_reverse_ip(struct eval_run *r, struct spam_texts *out)
{
	return reverse_ip(r, first_trusted(r), out);
}

static const struct {
	const char *name;
	/* False while its values are not known yet. */
	bool (*values)(struct eval_run *r, struct spam_texts *out);
} tags[] = {
	{ "AUTHORDOMAIN", author_domain },     { "SENDERDOMAIN", sender_domain },
	{ "DKIMDOMAIN", dkim_domains },        { "DKIMIDENTITY", dkim_identities },
	{ "DKIMSELECTOR", dkim_selectors },    { "FIRSTTRUSTEDIP", trusted_ip },
	{ "FIRSTTRUSTEDREVIP", trusted_reverse_ip },
	{ "LASTEXTERNALHELO", external_helo }, { "LASTEXTERNALIP", external_ip },
	{ "LASTEXTERNALRDNS", external_rdns }, { "LASTEXTERNALREVIP", external_reverse_ip },
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

static bool is_told(const struct spam_conf *c, struct str name)
{
	for (size_t i = 0; eval_families[i]; i++) {
		const char *const *told = eval_families[i]->tags;

		if (!told || !conf_plugin_loaded(c, eval_families[i]->plugin))
			continue;
		for (; *told; told++)
			if (str_eq(name, str_of(*told)))
				return true;
	}
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
	return is_told(c, name);
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
