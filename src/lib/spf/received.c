#include "base/buf.h"
#include "lib/spf/spf.h"

enum { VALUE_MAX = 255, FIELD_MAX = 8192 };

static const struct {
	const char *name, *comment;
} results[] = {
	[SPF_PENDING] = { "temperror", "no answer from DNS in time" },
	[SPF_NONE] = { "none", "has no SPF record" },
	[SPF_NEUTRAL] = { "neutral", "makes no statement about" },
	[SPF_PASS] = { "pass", "allows" },
	[SPF_FAIL] = { "fail", "does not allow" },
	[SPF_SOFTFAIL] = { "softfail", "probably does not allow" },
	[SPF_TEMPERROR] = { "temperror", "no answer from DNS" },
	[SPF_PERMERROR] = { "permerror", "record in error" },
};

const char *spf_result_name(enum spf_result result)
{
	return result == SPF_PENDING ? "pending" : results[result].name;
}

/* Part of a comment: what would end it, or needs quoting there, becomes a question mark. */
static void add_comment(struct buf *to, struct str s)
{
	s = str_sub(s, 0, VALUE_MAX);
	for (size_t i = 0; i < s.n; i++)
		buf_addc(to, s.p[i] < ' ' || s.p[i] > '~' || strchr("()\\", s.p[i]) ? '?' : s.p[i]);
}

/* key="value"; UTF-8 is allowed as it is (RFC 6532), controls are not. */
static void add_pair(struct buf *to, const char *key, struct str value)
{
	if (value.n == 0)
		return;
	buf_addf(to, " %s=\"", key);
	value = str_sub(value, 0, VALUE_MAX);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '"' || c == '\\')
			buf_addc(to, '\\');
		buf_addc(to, (unsigned char)c < ' ' || c == 127 ? '?' : c);
	}
	buf_addz(to, "\";");
}

struct str spf_received(struct arena *a, const struct spf_query *q, const struct spf_answer *answer)
{
	bool about_client = answer->result >= SPF_NEUTRAL && answer->result <= SPF_SOFTFAIL;
	struct str client = cidr_addr_text(a, &q->client);
	struct buf b;

	buf_init(&b, a, FIELD_MAX);
	buf_addf(&b, "%s (", results[answer->result].name);
	if (q->receiver.n) {
		add_comment(&b, q->receiver);
		buf_addz(&b, ": ");
	}
	add_comment(&b, answer->domain.n ? answer->domain : STR("the domain"));
	buf_addf(&b, "%s %s", answer->text.n ? ":" : "", results[answer->result].comment);
	if (about_client)
		buf_addf(&b, " %.*s", STR_ARG(client));
	if (answer->text.n) {
		buf_addz(&b, ": ");
		add_comment(&b, answer->text);
	}
	buf_addc(&b, ')');
	add_pair(&b, "receiver", q->receiver);
	add_pair(&b, "identity", q->sender.n ? STR("mailfrom") : STR("helo"));
	add_pair(&b, "envelope-from", q->sender);
	add_pair(&b, "helo", q->helo);
	add_pair(&b, "client-ip", client);
	add_pair(&b, "mechanism", answer->term);
	return str_rtrim(str_sub(buf_str(&b), 0, b.n - 1));
}
