#include "lib/spf/spf_int.h"

enum { EXPANDED_MAX = 4096 }; /* a domain-spec with its macros filled in, before it is cut */

enum spf_result spf_look_up(struct spf *s, struct str name, enum dns_type type,
			    const struct dns_question **out)
{
	*out = dns_ask(s->d, name, type);
	if ((*out)->status == DNS_PENDING)
		return SPF_PENDING;
	if (!dns_is_known(*out))
		return spf_problem(s, SPF_TEMPERROR, name, dns_status_name((*out)->status));
	return SPF_NONE;
}

static enum dns_type address_type(const struct spf *s)
{
	return s->query.client.family == 4 ? DNS_A : DNS_AAAA;
}

/* SPF_NONE, or SPF_PERMERROR when that was one question too many without an answer. */
static enum spf_result count_void(struct spf *s, const struct dns_question *q)
{
	if (q->status != DNS_NODATA && q->status != DNS_NXDOMAIN)
		return SPF_NONE;
	if (++s->voids > SPF_VOID_MAX)
		return spf_problem(s, SPF_PERMERROR, q->name, "too many names that do not exist");
	return SPF_NONE;
}

/* The question a term asks itself: void ones are counted. */
static enum spf_result look_up_term(struct spf *s, struct str name, enum dns_type type,
				    const struct dns_question **out)
{
	enum spf_result result = spf_look_up(s, name, type, out);

	return result == SPF_NONE ? count_void(s, *out) : result;
}

bool spf_count_term(struct spf *s)
{
	return ++s->terms <= s->query.terms;
}

static bool is_below(struct str name, struct str domain)
{
	return name.n > domain.n && str_iends(name, domain) && name.p[name.n - domain.n - 1] == '.';
}

/* Whether one of the addresses in the answer lies in the client's network of that size. */
static bool holds_client(const struct spf *s, const struct dns_question *q, uint8_t bits)
{
	for (size_t i = 0; i < q->n; i++) {
		struct cidr net = { q->records[i].addr, bits };

		if (cidr_contains(&net, &s->query.client))
			return true;
	}
	return false;
}

static const struct dns_question *ask_ptr(struct spf *s)
{
	return dns_ask(s->d, dns_reverse_name(s->scratch, &s->query.client), DNS_PTR);
}

/*
 * Goes through the names that the client's address has, as far as they lead back to it. `better`
 * says which one to keep (0: not at all), the highest wins. SPF_NONE or SPF_PENDING; what DNS does
 * not tell is no name.
 */
static enum spf_result find_name(struct spf *s, int (*better)(struct str name, struct str domain),
				 struct str domain, struct str *out)
{
	const struct dns_question *ptr, *host;
	int best = 0;

	ptr = ask_ptr(s);
	if (ptr->status == DNS_PENDING)
		return SPF_PENDING;
	for (size_t i = 0; i < ptr->n && i < SPF_HOSTS_MAX; i++) {
		struct str name = ptr->records[i].name;
		int value = better(name, domain);

		host = dns_ask(s->d, name, address_type(s));
		if (host->status == DNS_PENDING)
			return SPF_PENDING;
		if (value > best && holds_client(s, host, 128)) {
			best = value;
			*out = name;
		}
	}
	return SPF_NONE;
}

static int same_or_below(struct str name, struct str domain)
{
	return str_ieq(name, domain) || is_below(name, domain);
}

static int any_name(struct str name, struct str domain)
{
	return str_ieq(name, domain) ? 3 : is_below(name, domain) ? 2 : 1;
}

enum spf_result spf_client_name(void *ctx, struct str *out)
{
	struct spf *s = ctx;

	*out = STR("unknown");
	return find_name(s, any_name, s->macros.domain, out);
}

/*
 * A name that is too long loses labels on its left (7.3). One that is not ASCII, because a local
 * part is not, must match nothing (RFC 8616, 4): it becomes one that cannot be asked.
 */
static struct str fit(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] & 0x80)
			return STR_NONE;
	}
	if (str_ends(name, STR(".")))
		name.n--;
	while (name.n > DNS_NAME_MAX) {
		struct str rest = name;

		str_cut(&rest, '.');
		name = rest;
	}
	return name;
}

enum spf_result spf_target(struct spf *s, struct str spec, struct str *out)
{
	enum spf_result result;

	*out = s->macros.domain;
	if (spec.n == 0)
		return SPF_NONE;
	result = spf_macro_expand(s->scratch, spec, &s->macros, EXPANDED_MAX, out);
	if (result == SPF_PERMERROR)
		return spf_problem(s, result, s->macros.domain, "a name with macros gets too long");
	*out = fit(*out);
	return result;
}

/*
 * The functions below say whether a mechanism matches: SPF_PASS yes, SPF_NONE no, and the rest is
 * the result of the whole check.
 */

static enum spf_result match_address(struct spf *s, const struct spf_term *t, struct str name)
{
	const struct dns_question *q;
	enum spf_result result = look_up_term(s, name, address_type(s), &q);

	if (result != SPF_NONE)
		return result;
	return holds_client(s, q, s->query.client.family == 4 ? t->bits4 : t->bits6) ? SPF_PASS
										     : SPF_NONE;
}

/* All hosts are asked for before the first one is waited for. */
static enum spf_result match_mx(struct spf *s, const struct spf_term *t, struct str name)
{
	uint8_t bits = s->query.client.family == 4 ? t->bits4 : t->bits6;
	const struct dns_question *mx, *host;
	enum spf_result result = look_up_term(s, name, DNS_MX, &mx);

	if (result != SPF_NONE)
		return result;
	if (mx->n > SPF_HOSTS_MAX)
		return spf_problem(s, SPF_PERMERROR, name, "too many mail servers");
	for (size_t i = 0; i < mx->n; i++)
		dns_ask(s->d, mx->records[i].name, address_type(s));
	for (size_t i = 0; i < mx->n; i++) {
		result = spf_look_up(s, mx->records[i].name, address_type(s), &host);
		if (result != SPF_NONE)
			return result;
		if (holds_client(s, host, bits))
			return SPF_PASS;
	}
	return SPF_NONE;
}

/* An error of DNS is no match here (5.5). */
static enum spf_result match_ptr(struct spf *s, const struct spf_term *t, struct str name)
{
	struct str found = STR_NONE;
	enum spf_result result;

	(void)t;
	result = count_void(s, ask_ptr(s));
	if (result == SPF_NONE)
		result = find_name(s, same_or_below, name, &found);
	return result == SPF_NONE && found.n ? SPF_PASS : result;
}

static enum spf_result match_exists(struct spf *s, const struct spf_term *t, struct str name)
{
	const struct dns_question *q;
	enum spf_result result = look_up_term(s, name, DNS_A, &q);

	(void)t;
	return result == SPF_NONE && q->status == DNS_OK ? SPF_PASS : result;
}

static enum spf_result match_include(struct spf *s, const struct spf_term *t, struct str name)
{
	struct str domain = s->macros.domain;
	enum spf_result result = spf_check_host(s, name, false);

	(void)t;
	s->macros.domain = domain;
	switch (result) {
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return SPF_NONE;
	case SPF_NONE:
		return spf_problem(s, SPF_PERMERROR, name, "included, but has no record");
	default:
		return result;
	}
}

static const struct {
	enum spf_result (*match)(struct spf *s, const struct spf_term *t, struct str name);
	enum dns_type asks; /* the first question; 0: by the client's family, or none */
} mechanisms[] = {
	[SPF_INCLUDE] = { match_include, DNS_TXT },
	[SPF_A] = { match_address, 0 },
	[SPF_MX] = { match_mx, DNS_MX },
	[SPF_PTR] = { match_ptr, 0 },
	[SPF_EXISTS] = { match_exists, DNS_A },
};

static bool asks_dns(const struct spf_term *t)
{
	return t->mechanism != SPF_ALL && t->mechanism != SPF_IP4 && t->mechanism != SPF_IP6;
}

enum spf_result spf_match(struct spf *s, const struct spf_term *t)
{
	enum spf_result result;
	struct str name;

	if (t->mechanism == SPF_ALL)
		return SPF_PASS;
	if (!asks_dns(t))
		return cidr_contains(&t->net, &s->query.client) ? SPF_PASS : SPF_NONE;
	if (!spf_count_term(s))
		return spf_problem(s, SPF_PERMERROR, s->macros.domain, "too many questions to DNS");
	result = spf_target(s, t->domain, &name);
	return result == SPF_NONE ? mechanisms[t->mechanism].match(s, t, name) : result;
}

void spf_ask_ahead(struct spf *s, const struct spf_record *r, size_t i)
{
	int room = s->query.terms - s->terms;

	if (s->asked_ahead)
		return;
	s->asked_ahead = true;
	for (; i < r->n && room > 0 && r->terms[i].mechanism != SPF_ALL; i++) {
		const struct spf_term *t = &r->terms[i];
		enum dns_type asks = mechanisms[t->mechanism].asks;

		if (!asks_dns(t))
			continue;
		room--;
		if (t->mechanism == SPF_A)
			asks = address_type(s);
		if (asks && str_chr(t->domain, '%') < 0)
			dns_ask(s->d, t->domain.n ? t->domain : s->macros.domain, asks);
	}
}
