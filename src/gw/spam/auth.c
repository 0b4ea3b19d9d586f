#include "gw/spam/auth.h"

#include "base/log.h"
#include "lib/uri/domains.h"

struct spf_side {
	bool opened;
	struct spf *spf; /* NULL: nothing to check */
	struct spf_answer answer;
};

struct spam_auth {
	struct spf_side spf[2]; /* by enum auth_identity */
	struct dkim_message *message;
	struct dkim_verifier *dkim;
	bool dkim_told; /* in the log */
	struct arc *arc;
	struct dmarc *dmarc;
	struct dmarc_answer dmarc_answer;
};

static struct spam_auth *auth_of(struct eval_run *r)
{
	if (!*r->auth)
		*r->auth = NEW(r->a, struct spam_auth);
	return *r->auth;
}

static struct spam_texts header(struct eval_run *r, const char *text)
{
	struct spam_header_query q = spam_header_query_parse(str_of(text));

	return spam_header(r->m, &q);
}

struct str auth_sender(struct eval_run *r)
{
	struct spam_texts values = header(r, "EnvelopeFrom:addr");

	return values.n ? str_lower(r->a, str_trim(values.v[0])) : STR("");
}

struct spam_texts auth_authors(struct eval_run *r)
{
	struct spam_texts values = header(r, "From:addr");
	struct str *v = NEW_N(r->a, struct str, values.n + 1);

	for (size_t i = 0; i < values.n; i++)
		v[i] = str_lower(r->a, str_trim(values.v[i]));
	return (struct spam_texts){ v, values.n };
}

struct str auth_domain(struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return at < 0 ? STR("") : str_from(address, (size_t)at + 1);
}

bool auth_is_cut(const struct eval_run *r)
{
	return r->env->true_size > spam_full(r->m).n;
}

struct str auth_setting(struct arena *a, struct str key)
{
	static const struct str words[] = { STR_INIT("welcome"), STR_INIT("white") };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		ptrdiff_t at = str_find(key, words[i]);

		if (at >= 0)
			return str_cat(a, str_sub(key, 0, (size_t)at),
				       str_from(key, (size_t)at + words[i].n));
	}
	return key;
}

bool auth_glob(struct str glob, struct str s)
{
	size_t g = 0, i = 0, star = SIZE_MAX, back = 0;

	while (i < s.n) {
		if (g < glob.n && glob.p[g] == '*') {
			star = g++;
			back = i;
		} else if (g < glob.n && (glob.p[g] == '?' ||
					  ascii_lower(glob.p[g]) == ascii_lower(s.p[i]))) {
			g++;
			i++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			i = ++back;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

static struct spf *spf_begin(struct eval_run *r, enum auth_identity identity)
{
	const struct spam_relays *external = spam_relays(r->m, SPAM_RELAYS_EXTERNAL);
	struct spf_query q = { .now = r->env->now };

	if (external->n == 0 || !cidr_addr_parse(external->v[0].ip, &q.client))
		return NULL;
	q.helo = external->v[0].helo;
	if (identity == AUTH_SENDER)
		q.sender = auth_sender(r);
	if (identity == AUTH_SENDER ? !auth_domain(q.sender).n
				    : !uri_host_is_fqdn(q.helo))
		return NULL;
	return spf_open(r->a, r->dns, &q);
}

static void tell_spf(enum auth_identity identity, const struct spf_answer *answer)
{
	log_debug("spf: %s %.*s: %s %.*s%.*s", identity == AUTH_HELO ? "HELO" : "envelope sender",
		  STR_ARG(answer->domain), spf_result_name(answer->result), STR_ARG(answer->term),
		  STR_ARG(answer->text));
}

const struct spf_answer *auth_spf(struct eval_run *r, enum auth_identity identity)
{
	struct spf_side *side = &auth_of(r)->spf[identity];

	if (!side->opened) {
		side->opened = true;
		side->spf = spf_begin(r, identity);
	}
	if (!side->spf)
		return NULL;
	if (side->answer.result == SPF_PENDING) {
		side->answer.result = spf_check(side->spf, &side->answer);
		if (side->answer.result != SPF_PENDING)
			tell_spf(identity, &side->answer);
	}
	return &side->answer;
}

/* SpamAssassin's library accepts SHA-1, and its rules expect that. */
static struct dkim_options options(const struct eval_run *r)
{
	return (struct dkim_options){ .now = r->env->now, .sha1 = true };
}

static struct dkim_message *message(struct eval_run *r, struct spam_auth *auth)
{
	if (!auth->message)
		auth->message = dkim_message_read(r->a, spam_full(r->m), auth_is_cut(r));
	return auth->message;
}

static void tell_dkim(const struct dkim_verifier *v)
{
	if (v->n == 0)
		log_debug("dkim: no signature");
	for (size_t i = 0; i < v->n; i++) {
		const struct dkim_signature *s = &v->signatures[i];

		log_debug("dkim: d=%.*s s=%.*s %s, %d bits: %s %s", STR_ARG(s->domain),
			  STR_ARG(s->selector), dkim_algorithm_name(s->algorithm), s->key_bits,
			  dkim_result_name(s->result), s->reason);
	}
}

const struct dkim_verifier *auth_dkim(struct eval_run *r, bool *done)
{
	struct spam_auth *auth = auth_of(r);
	struct dkim_options o = options(r);

	if (!auth->dkim)
		auth->dkim = dkim_verify(r->a, r->dns, message(r, auth), &o);
	*done = dkim_check(auth->dkim);
	if (*done && !auth->dkim_told)
		tell_dkim(auth->dkim);
	auth->dkim_told = *done;
	return auth->dkim;
}

const struct arc *auth_arc(struct eval_run *r)
{
	struct spam_auth *auth = auth_of(r);
	struct dkim_options o = options(r);

	if (!auth->arc)
		auth->arc = arc_verify(r->a, r->dns, message(r, auth), &o);
	arc_check(auth->arc);
	return auth->arc;
}

static struct dmarc *dmarc_begin(struct eval_run *r, const struct dmarc_suffixes *suffixes)
{
	struct spam_texts authors = auth_authors(r);

	return dmarc_open(r->a, r->dns, suffixes,
			  authors.n == 1 ? auth_domain(authors.v[0]) : STR(""));
}

/* Fills in what has passed; false while SPF or DKIM are not done. */
static bool vouched(struct eval_run *r, struct dmarc_query *q)
{
	const struct spf_answer *sender = auth_spf(r, AUTH_SENDER), *helo = auth_spf(r, AUTH_HELO);
	const struct spf_answer *spf = auth_sender(r).n ? sender : helo;
	const struct dkim_verifier *v;
	struct str *domains;
	bool done;

	v = auth_dkim(r, &done);
	if (!done || (spf && spf->result == SPF_PENDING))
		return false;
	if (spf && spf->result == SPF_PASS)
		q->spf = spf->domain;
	domains = NEW_N(r->a, struct str, v->n + 1);
	for (size_t i = 0; i < v->n; i++)
		if (v->signatures[i].result == DKIM_PASS)
			domains[q->dkim_count++] = v->signatures[i].domain;
	q->dkim = domains;
	return true;
}

static void tell_dmarc(const struct dmarc_answer *answer)
{
	if (answer->result != DMARC_PENDING)
		log_debug("dmarc: %.*s: %s, policy %s, aligned:%s%s", STR_ARG(answer->domain),
			  dmarc_result_name(answer->result), dmarc_policy_name(answer->policy),
			  answer->spf ? " spf" : "", answer->dkim ? " dkim" : "");
}

const struct dmarc_answer *auth_dmarc(struct eval_run *r, const struct dmarc_suffixes *suffixes)
{
	struct spam_auth *auth = auth_of(r);
	struct dmarc_query q = { .dkim_count = 0 };

	if (!auth->dmarc)
		auth->dmarc = dmarc_begin(r, suffixes);
	if (auth->dmarc_answer.result == DMARC_PENDING && vouched(r, &q)) {
		auth->dmarc_answer.result = dmarc_check(auth->dmarc, &q, &auth->dmarc_answer);
		tell_dmarc(&auth->dmarc_answer);
	}
	return &auth->dmarc_answer;
}
