#include "base/vec.h"
#include "lib/dkim/dkim_int.h"

struct dkim_verifier_state {
	struct arena *a;
	struct dkim_message *m;
	struct dkim_options options;
	struct dkim_parsed *parsed[DKIM_SIGNATURES_MAX];
};

/* Whether the address i= belongs to the domain d=, or to one below it. */
static bool identity_fits(struct str identity, struct str domain, bool exactly)
{
	ptrdiff_t at = str_rchr(identity, '@');
	struct str host = str_from(identity, (size_t)(at + 1));

	if (at < 0 || !str_iends(host, domain))
		return false;
	if (host.n == domain.n)
		return true;
	return !exactly && host.p[host.n - domain.n - 1] == '.';
}

/* What RFC 6376, 6.1.1 has a verifier look at before it fetches the key; NULL if all is well. */
static const char *complaint(const struct dkim_parsed *p, struct str identity)
{
	const struct dkim_tag *q = dkim_tag(&p->tags, "q");

	if (!str_eq(dkim_tag_value(&p->tags, "v"), STR("1")))
		return "v= is not 1";
	if (!dkim_list_has(dkim_tag_value(&p->tags, "h"), STR("from")))
		return "h= does not contain From";
	if (q && !dkim_list_has(q->value, STR("dns/txt")))
		return "q= is unknown";
	if (p->expires >= 0 && p->signed_at >= 0 && p->expires <= p->signed_at)
		return "x= is not after t=";
	if (!identity_fits(identity, p->domain, false))
		return "i= is not within d=";
	return NULL;
}

static void settle(struct dkim_signature *s, enum dkim_result result, const char *reason)
{
	s->result = result;
	s->reason = reason;
}

static void start(struct dkim_verifier_state *st, struct dns *d, const struct dkim_field *field,
		  struct dkim_parsed *p, struct dkim_signature *s)
{
	const char *wrong = dkim_parse(st->a, field, true, p);
	const struct dkim_tag *i = dkim_tag(&p->tags, "i");

	*s = (struct dkim_signature){
		.reason = "",
		.algorithm = p->algorithm,
		.domain = p->domain,
		.selector = p->selector,
		.identity = i ? i->value : str_cat(st->a, STR("@"), p->domain),
		.b = dkim_tag_value(&p->tags, "b"),
		.length = p->length,
		.signed_at = p->signed_at,
		.expires = p->expires,
	};
	if (!wrong)
		wrong = complaint(p, s->identity);
	if (wrong)
		settle(s, DKIM_NEUTRAL, wrong);
	else if (p->expires >= 0 && p->expires < st->options.now)
		settle(s, DKIM_PERMERROR, "it has expired");
	else
		dkim_ask_key(st->a, d, p);
}

struct dkim_verifier *dkim_verify(struct arena *a, struct dns *d, struct dkim_message *m,
				  const struct dkim_options *options)
{
	struct dkim_verifier *v = NEW(a, struct dkim_verifier);

	v->state = NEW(a, struct dkim_verifier_state);
	v->state->a = a;
	v->state->m = m;
	v->state->options = *options;
	v->signatures = NEW_N(a, struct dkim_signature, DKIM_SIGNATURES_MAX);
	for (size_t i = 0; i < m->n && v->n < DKIM_SIGNATURES_MAX; i++) {
		if (str_ieq(m->fields[i].name, STR("DKIM-Signature"))) {
			v->state->parsed[v->n] = NEW(a, struct dkim_parsed);
			start(v->state, d, &m->fields[i], v->state->parsed[v->n],
			      &v->signatures[v->n]);
			v->n++;
		}
	}
	return v;
}

/* The header first: it says nothing about a body if it is not genuine itself. */
static void finish(struct dkim_verifier_state *st, const struct dkim_parsed *p,
		   struct dkim_signature *s)
{
	struct dkim_hash hash = dkim_header_hash(st->a, st->m, p);
	struct dkim_verdict v = dkim_verify_hash(st->a, p, &st->options, &hash);

	settle(s, v.result, v.reason);
	s->key_bits = v.key_bits;
	s->testing = v.testing;
	if (v.result == DKIM_PASS && v.same_domain && !identity_fits(s->identity, p->domain, true))
		settle(s, DKIM_PERMERROR, "i= is not d=, as the key demands");
	if ((v.result == DKIM_PASS || v.result == DKIM_POLICY) && !dkim_body_matches(st->m, p))
		settle(s, DKIM_FAIL, "the body was changed");
	s->undependable = s->result == DKIM_FAIL && st->m->cut;
}

bool dkim_check(struct dkim_verifier *v)
{
	bool done = true;

	for (size_t i = 0; i < v->n; i++) {
		const struct dkim_parsed *p = v->state->parsed[i];

		if (v->signatures[i].result != DKIM_PENDING)
			continue;
		if (p->key->status == DNS_PENDING)
			done = false;
		else
			finish(v->state, p, &v->signatures[i]);
	}
	return done;
}

const char *dkim_result_name(enum dkim_result result)
{
	static const char *const names[] = {
		[DKIM_PENDING] = "pending",     [DKIM_PASS] = "pass",
		[DKIM_FAIL] = "fail",           [DKIM_NEUTRAL] = "neutral",
		[DKIM_POLICY] = "policy",       [DKIM_PERMERROR] = "permerror",
		[DKIM_TEMPERROR] = "temperror",
	};

	return names[result];
}
