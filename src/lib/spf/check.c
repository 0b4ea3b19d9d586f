#include <idn2.h>

#include "lib/spf/spf_int.h"

enum { SCRATCH_MAX = 16 << 20 }; /* of one run over all records */

enum spf_result spf_problem(struct spf *s, enum spf_result result, struct str domain,
			    const char *what)
{
	s->answer.text = str_fmt(s->scratch, "%.*s: %s", STR_ARG(domain), what);
	return result;
}

static enum spf_result redirect(struct spf *s, const struct spf_record *r, bool explain)
{
	enum spf_result result;
	struct str name;

	if (!spf_count_term(s))
		return spf_problem(s, SPF_PERMERROR, s->macros.domain, "too many questions to DNS");
	result = spf_target(s, r->redirect, &name);
	if (result != SPF_NONE)
		return result;
	result = spf_check_host(s, name, explain);
	if (result == SPF_NONE)
		return spf_problem(s, SPF_PERMERROR, name, "redirected to, but has no record");
	return result;
}

static enum spf_result evaluate(struct spf *s, const struct spf_record *r, bool explain)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct spf_term *t = &r->terms[i];
		enum spf_result result = spf_match(s, t);

		if (result == SPF_PENDING)
			spf_ask_ahead(s, r, i + 1);
		if (result != SPF_PASS && result != SPF_NONE)
			return result;
		if (result == SPF_NONE)
			continue;
		if (explain) {
			s->answer.term = t->text;
			s->exp = r->exp;
			s->exp_domain = s->macros.domain;
		}
		return t->result;
	}
	return r->redirect.n ? redirect(s, r, explain) : SPF_NEUTRAL;
}

/* The one SPF record of a domain: SPF_PASS if there is one, SPF_NONE if there is none. */
static enum spf_result find_record(struct spf *s, struct str domain, struct str *out)
{
	const struct dns_question *q;
	enum spf_result result = spf_look_up(s, domain, DNS_TXT, &q);
	size_t found = 0;

	if (result != SPF_NONE)
		return result;
	for (size_t i = 0; i < q->n; i++) {
		if (spf_record_is(q->records[i].text)) {
			*out = q->records[i].text;
			found++;
		}
	}
	if (found > 1)
		return spf_problem(s, SPF_PERMERROR, domain, "more than one record");
	return found ? SPF_PASS : SPF_NONE;
}

enum spf_result spf_check_host(struct spf *s, struct str domain, bool explain)
{
	struct spf_record record;
	enum spf_result result;
	struct str text;
	struct err e;

	if (!dns_name_is_valid(domain))
		return SPF_NONE;
	result = find_record(s, domain, &text);
	if (result != SPF_PASS)
		return result;
	s->macros.domain = domain;
	if (spf_record_parse(s->scratch, text, &record, &e) < 0)
		return spf_problem(s, SPF_PERMERROR, domain, e.msg);
	return evaluate(s, &record, explain);
}

/* The text behind exp=; SPF_NONE with an empty *out if it is of no use, whatever the reason. */
static enum spf_result explain(struct spf *s, struct str *out)
{
	const struct dns_question *q;
	struct str name;

	*out = STR_NONE;
	if (s->exp.n == 0)
		return SPF_NONE;
	s->macros.domain = s->exp_domain;
	if (spf_target(s, s->exp, &name) == SPF_PENDING)
		return SPF_PENDING;
	q = dns_ask(s->d, name, DNS_TXT);
	if (q->status == DNS_PENDING)
		return SPF_PENDING;
	if (q->n != 1 || !spf_macro_is_valid(q->records[0].text, true))
		return SPF_NONE;
	if (spf_macro_expand(s->scratch, q->records[0].text, &s->macros, SPF_EXPLANATION_MAX,
			     out) == SPF_PENDING)
		return SPF_PENDING;
	/* A macro may bring in what the sender wrote. */
	for (size_t i = 0; i < out->n; i++) {
		if (out->p[i] < ' ' || out->p[i] > '~')
			*out = STR_NONE;
	}
	return SPF_NONE;
}

/* An identity of one label, or an address literal, has no record. */
static bool can_have_record(struct str domain)
{
	return dns_name_is_valid(domain) && str_chr(domain, '.') > 0 &&
	       str_chr(domain, '.') < (ptrdiff_t)domain.n - 1 && domain.p[0] != '[';
}

static enum spf_result run(struct spf *s)
{
	enum spf_result result;
	struct str explanation;

	s->terms = s->voids = 0;
	s->asked_ahead = false;
	s->exp = STR_NONE;
	s->answer = (struct spf_answer){ .domain = s->origin };
	if (!can_have_record(s->origin))
		return SPF_NONE;
	result = spf_check_host(s, s->origin, true);
	if (result != SPF_FAIL)
		return result;
	if (explain(s, &explanation) == SPF_PENDING)
		return SPF_PENDING;
	s->answer.explanation = explanation;
	return result;
}

/* What the last run has found out outlives it. */
static void keep(struct spf *s, enum spf_result result)
{
	s->answer.result = result;
	s->answer.term = str_copy(s->a, s->answer.term);
	s->answer.text = str_copy(s->a, s->answer.text);
	s->answer.explanation = str_copy(s->a, s->answer.explanation);
}

enum spf_result spf_check(struct spf *s, struct spf_answer *out)
{
	if (s->answer.result == SPF_PENDING) {
		enum spf_result result;

		arena_reset(s->scratch);
		result = run(s);
		if (result != SPF_PENDING)
			keep(s, result);
	}
	*out = s->answer;
	return s->answer.result;
}

static void close_scratch(void *scratch)
{
	arena_close(scratch);
}

/* In A-labels (RFC 8616, 4); what cannot be converted has no record. */
static struct str to_ascii(struct arena *a, struct str domain)
{
	char *converted;
	struct str out;

	for (size_t i = 0; i < domain.n; i++) {
		if (!((unsigned char)domain.p[i] & 0x80))
			continue;
		if (domain.n > DNS_NAME_MAX || str_chr(domain, '\0') >= 0 ||
		    idn2_to_ascii_8z(str_z(a, domain), &converted, IDN2_NONTRANSITIONAL) != IDN2_OK)
			return STR_NONE;
		out = str_copy(a, str_of(converted));
		idn2_free(converted);
		return out;
	}
	return str_lower(a, domain);
}

static void set_identity(struct spf *s)
{
	struct spf_query *q = &s->query;
	ptrdiff_t at = str_rchr(q->sender, '@');
	struct str domain = q->helo;

	s->local = STR("postmaster");
	if (q->sender.n) {
		domain = str_from(q->sender, (size_t)(at + 1));
		if (at > 0)
			s->local = str_sub(q->sender, 0, (size_t)at);
	}
	s->origin = to_ascii(s->a, domain);
	if (str_ends(s->origin, STR(".")))
		s->origin.n--;
}

struct spf *spf_open(struct arena *a, struct dns *d, const struct spf_query *query)
{
	struct spf *s = NEW(a, struct spf);

	*s = (struct spf){ .a = a, .d = d, .query = *query };
	s->scratch = arena_open("SPF", SCRATCH_MAX);
	arena_on_free(a, close_scratch, s->scratch);
	s->query.client = cidr_addr_unmapped(&query->client);
	s->query.terms = query->terms ? query->terms : SPF_TERMS;
	ASSERT(s->query.terms <= SPF_TERMS_MAX);
	set_identity(s);
	s->macros = (struct spf_macros){
		.sender = str_fmt(a, "%.*s@%.*s", STR_ARG(s->local), STR_ARG(s->origin)),
		.local = s->local,
		.origin = s->origin,
		.helo = query->helo,
		.receiver = query->receiver,
		.client = s->query.client,
		.now = query->now,
		.host = spf_client_name,
		.ctx = s,
	};
	if (can_have_record(s->origin))
		dns_ask(d, s->origin, DNS_TXT);
	return s;
}
