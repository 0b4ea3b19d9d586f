/*
 * dmarc - does the author's domain vouch for a mail, and what does it want done if not? (RFC 7489)
 *
 * SPF and DKIM say which domains have vouched; DMARC asks whether one of them belongs together with
 * the domain in From, and what the owner of that has published. Like SPF it is a function over the
 * answers that are there (dns.h): both questions it may have go out at once.
 */
#pragma once

#include "base/err.h"
#include "lib/dns/dns.h"

enum {
	DMARC_TAGS_MAX = 50,     /* of one record */
	DMARC_DOMAINS_MAX = 100, /* signing domains that are looked at */
};

/* The public suffix list: below which names people register domains. */
struct dmarc_suffixes;

/*
 * The newest of the list at `path` (NULL: none), of Debian's package publicsuffix and of the one
 * built into libpsl. It goes with the arena; one for all mails will do.
 */
MUST_CHECK int dmarc_suffixes_open(struct arena *a, const char *path, struct dmarc_suffixes **out,
				   struct err *e);

/*
 * The organizational domain (3.2): "example.co.uk" of "mail.example.co.uk". A public suffix, or
 * what is no name, is its own. In lower case.
 */
struct str dmarc_organization(struct arena *a, const struct dmarc_suffixes *suffixes,
			      struct str domain);

enum dmarc_policy {
	DMARC_NONE,
	DMARC_QUARANTINE,
	DMARC_REJECT,
};

struct dmarc_record {
	enum dmarc_policy policy, subdomains; /* p=, sp= (as p= if it is not there) */
	bool strict_dkim, strict_spf;         /* adkim=s, aspf=s */
	int percent;                          /* pct= */
	struct str reports, failures;         /* rua=, ruf=, as written; empty if not there */
};

/* False for what is to be treated as no record (6.6.3, step 6). */
bool dmarc_record_parse(struct str text, struct dmarc_record *out);

enum dmarc_result {
	DMARC_PENDING,
	DMARC_NO_RECORD, /* "none" */
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR, /* DNS does not tell */
	DMARC_PERMERROR, /* no domain in From */
};

/*
 * What SPF and DKIM have found. Only what passed counts: the domain of MAIL FROM, or of HELO for an
 * empty one; and the d= of each signature.
 */
struct dmarc_query {
	struct str spf; /* the domain that passed, or empty */
	const struct str *dkim;
	size_t dkim_count;
};

struct dmarc_answer {
	enum dmarc_result result;
	bool dkim, spf;             /* which of them aligns */
	struct str domain;          /* whose record it is: that of From, or the organization's */
	enum dmarc_policy policy;   /* what it wants for mail that fails: p= or sp= */
	struct dmarc_record record; /* if there is one */
};

struct dmarc;

/*
 * Asks for the records. `from` is the domain of the one address in From, in A-labels; empty if
 * there is none, or not one. `d` and `suffixes` must live as long as `a`.
 */
struct dmarc *dmarc_open(struct arena *a, struct dns *d, const struct dmarc_suffixes *suffixes,
			 struct str from);

/* The result so far; SPF and DKIM are done, or have been given up. */
enum dmarc_result dmarc_check(struct dmarc *c, const struct dmarc_query *query,
			      struct dmarc_answer *out);

/*
 * What is to be done with a mail that failed, when only pct= of them are to be treated so (6.6.4):
 * the others get the next milder policy. `roll` is a random number from 0 to 99.
 */
enum dmarc_policy dmarc_disposition(const struct dmarc_answer *answer, int roll);

/* "pass", "quarantine" */
const char *dmarc_result_name(enum dmarc_result result);
const char *dmarc_policy_name(enum dmarc_policy policy);
