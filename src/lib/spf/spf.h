/*
 * spf - may this client send mail for that domain? (RFC 7208; RFC 8616 for international names)
 *
 * The check is a function over the DNS answers that are there so far. When one is missing it has
 * been asked for, the result is SPF_PENDING, and one calls again after any answer came; what else
 * the record will need is then asked for too, so that it takes as many round trips as records are
 * nested, and everybody else's questions (dns.h) are under way meanwhile:
 *
 *	struct spf *s = spf_open(a, d, &query);
 *	while (spf_check(s, &answer) == SPF_PENDING && dns_wait_any(d, deadline))
 *		;
 *
 * An answer that is still SPF_PENDING at the deadline is a temporary error.
 */
#pragma once

#include "lib/dns/dns.h"

enum {
	SPF_TERMS = 10,     /* terms that ask DNS, if the caller does not say otherwise */
	SPF_TERMS_MAX = 50, /* … and what a caller may say at most */
	SPF_VOID_MAX = 2,   /* terms whose question has no answer */
	SPF_HOSTS_MAX = 10, /* names of one mx (more: permerror), of one PTR (rest ignored) */
	SPF_RECORD_TERMS_MAX = 1000, /* of one record; more are a permerror */
	SPF_EXPLANATION_MAX = 1000,  /* bytes; a longer one is not shown */
};

enum spf_result {
	SPF_PENDING,
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
};

/* Texts are borrowed until the check is over. */
struct spf_query {
	struct cidr_addr client; /* an IPv4 address in IPv6 form counts as IPv4 */
	struct str helo;         /* as given */
	struct str sender;       /* without <>; empty: the identity is HELO's, postmaster@helo */
	struct str receiver;     /* our own name, for %{r}; may be empty */
	int64_t now;             /* seconds since 1970, for %{t} */
	int terms;               /* 0: SPF_TERMS */
};

struct spf_answer {
	enum spf_result result;
	struct str domain; /* whose record was asked for first; A-labels, lower case */
	struct str term;   /* the mechanism that matched, as written; else empty */
	struct str text;   /* permerror, temperror: what is wrong, for people; else empty */
	/*
	 * fail: what the domain wants the sender to be told, printable ASCII; empty if it has
	 * nothing to say. It is a stranger's text.
	 */
	struct str explanation;
};

struct spf;

/* Asks for the first record at once. Everything lives on `a`; `d` must live as long. */
struct spf *spf_open(struct arena *a, struct dns *d, const struct spf_query *query);

/* The result so far, also in *out, which is complete when it is not SPF_PENDING. */
enum spf_result spf_check(struct spf *s, struct spf_answer *out);

/* "softfail" */
const char *spf_result_name(enum spf_result result);

/*
 * The value of a Received-SPF field (RFC 7208, 9.1), on one line, without what a header cannot
 * take: "pass (gw.example: …) client-ip=192.0.2.1; envelope-from=\"a@b.example\"; …".
 */
struct str spf_received(struct arena *a, const struct spf_query *query,
			const struct spf_answer *answer);
