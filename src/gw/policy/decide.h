/*
 * decide - what the policy daemon answers, as far as that can be told without the greylist.
 *
 * policy_decide() is a function over what is known about one recipient: settings, request, facts.
 * It goes through the checks of policy.md §3 in their order and stops at the first that decides; if
 * one needs a fact that nobody has asked for yet, it says which, and is called again with it. So
 * nothing is looked up that the answer does not depend on.
 */
#pragma once

#include "base/buf.h"
#include "gw/rules/whitelist.h"
#include "lib/spf/spf.h"

enum {
	POLICY_TEXT_MAX = 1800, /* bytes of an action: with its name a line that Postfix takes */
};

struct policy_settings {
	bool spf, greylist, greylist6;
	uint8_t mask4, mask6;
	struct str fqdn; /* our own name */
	const struct whitelist *whitelist;
};

/* Everything in lower case. */
struct policy_request {
	struct str instance, client, helo, sender, recipient;
	int64_t now; /* seconds since 1970 */
};

enum policy_mx { POLICY_MX_UNASKED, POLICY_MX_UNKNOWN, POLICY_MX_NO, POLICY_MX_YES };

struct policy_facts {
	enum policy_mx mx; /* the client is a mail server of the recipient's domain */
	bool spf_asked;
	bool header_given; /* to another recipient of the same mail */
	struct policy_spf {
		enum spf_result result; /* SPF_PENDING: there is none */
		struct str header;      /* Received-SPF as a whole, or empty */
		struct str explanation; /* fail: what the sender is told */
	} spf;
};

enum policy_step {
	POLICY_NEED_MX,
	POLICY_NEED_SPF,
	POLICY_GREYLIST,   /* the greylist decides; `text` is the answer if it accepts */
	POLICY_SPF_FAILED, /* `text` is the answer, and the greylist notes it for statistics */
	POLICY_ANSWER,     /* `text` is the answer */
	POLICY_STEPS,
};

struct policy_verdict {
	enum policy_step step;
	struct str text; /* at most POLICY_TEXT_MAX */
	struct str log;  /* at info; or empty */
};

void policy_decide(struct arena *a, const struct policy_settings *s, const struct policy_request *r,
		   const struct policy_facts *f, struct policy_verdict *out);

/* What is answered when nothing is known. */
#define POLICY_DUNNO STR("dunno")

/* Postfix's log shows this, and the tracking centre finds greylisted mails by it. */
#define POLICY_DEFER STR("defer_if_permit Service is unavailable (try later)")

/*
 * The sender as greylisting sees it, so that a mailing list's address that changes with each mail
 * stays the same: without what follows a `+`, with `#` for each number.
 */
struct str policy_normal_sender(struct arena *a, struct str sender);

/* The client's network as the greylist stores it, "192.0.2.0/24"; STR_NONE for no address. */
struct str policy_network(struct arena *a, const struct policy_settings *s, struct str client);

/* Is greylisting switched on for addresses of the client's family? */
bool policy_is_greylisted(const struct policy_settings *s, struct str client);

/* The scope of SPF for this request (policy.md §4): HELO's name for bounces, else the sender. */
struct spf_query policy_spf_query(const struct policy_settings *s, const struct policy_request *r,
				  const struct cidr_addr *client);

/* An answer of lib/spf as a fact: what counts for this scope, with its texts. */
struct policy_spf policy_spf_of(struct arena *a, const struct spf_query *q,
				const struct policy_request *r, const struct spf_answer *answer);
