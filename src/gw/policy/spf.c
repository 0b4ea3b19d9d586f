/* What an answer of lib/spf means for a mail that has not been accepted yet (policy.md §4). */
#include "gw/policy/decide.h"

struct spf_query policy_spf_query(const struct policy_settings *s, const struct policy_request *r,
				  const struct cidr_addr *client)
{
	return (struct spf_query){
		.client = *client,
		.helo = r->helo,
		.sender = r->sender,
		.receiver = s->fqdn,
		.now = r->now,
	};
}

/* Without a sender, what HELO's domain says counts only where it is clear. */
static bool counts(const struct spf_query *q, enum spf_result result)
{
	if (q->sender.n)
		return true;
	return result == SPF_PASS || result == SPF_FAIL || result == SPF_TEMPERROR;
}

/* What is unusual in an address, as a URL has it: Postfix prints this text to anybody. */
static void add_escaped(struct buf *b, struct str s)
{
	static const char plain[] = "-._~";

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr(plain, c)))
			buf_addc(b, c);
		else
			buf_addf(b, "%%%02X", (unsigned char)c);
	}
}

static struct str default_explanation(struct arena *a, const struct spf_query *q,
				      const struct policy_request *r)
{
	struct buf b;

	buf_init(&b, a, POLICY_TEXT_MAX);
	buf_addz(&b, "Rejected by SPF: ");
	buf_add(&b, r->client);
	buf_addz(&b, " is not a designated mailserver for ");
	add_escaped(&b, q->sender.n ? q->sender : STR("postmaster@"));
	if (!q->sender.n)
		add_escaped(&b, q->helo);
	buf_addf(&b, " (context %s, on %.*s)", q->sender.n ? "mfrom" : "helo",
		 STR_ARG(q->receiver));
	return buf_str(&b);
}

struct policy_spf policy_spf_of(struct arena *a, const struct spf_query *q,
				const struct policy_request *r, const struct spf_answer *answer)
{
	struct policy_spf spf = { .result = answer->result };

	if (answer->result == SPF_PENDING || !counts(q, answer->result))
		return (struct policy_spf){ .result = SPF_PENDING };
	spf.header = str_fmt(a, "Received-SPF: %.*s", STR_ARG(spf_received(a, q, answer)));
	if (answer->result == SPF_FAIL)
		spf.explanation =
			answer->explanation.n ? answer->explanation : default_explanation(a, q, r);
	return spf;
}
