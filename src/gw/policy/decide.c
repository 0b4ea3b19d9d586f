#include "gw/policy/decide.h"

/* One step of the sheet's list: true when it has filled in the verdict. */
struct decision {
	struct arena *a;
	const struct policy_settings *s;
	const struct policy_request *r;
	const struct policy_facts *f;
	struct cidr_addr client;
	bool has_client;
	struct str preliminary; /* the answer if nothing decides otherwise */
};

static bool ends(struct policy_verdict *out, enum policy_step step, struct str text, struct str log)
{
	*out = (struct policy_verdict){ step, str_sub(text, 0, POLICY_TEXT_MAX), log };
	return true;
}

static bool backup_mx(struct decision *d, struct policy_verdict *out)
{
	if (d->f->mx == POLICY_MX_UNASKED)
		return ends(out, POLICY_NEED_MX, STR_NONE, STR_NONE);
	if (d->f->mx != POLICY_MX_YES)
		return false;
	return ends(
		out, POLICY_ANSWER, POLICY_DUNNO,
		str_fmt(d->a, "accept mails from backup MX host - %.*s", STR_ARG(d->r->client)));
}

static bool whitelisted_sender(struct decision *d, struct policy_verdict *out)
{
	if (!whitelist_has_sender(d->s->whitelist, d->r->sender, d->r->client,
				  d->has_client ? &d->client : NULL))
		return false;
	return ends(out, POLICY_ANSWER, POLICY_DUNNO,
		    str_fmt(d->a, "accept mails from whitelist - %.*s", STR_ARG(d->r->client)));
}

static bool whitelisted_receiver(struct decision *d, struct policy_verdict *out)
{
	if (!whitelist_has_receiver(d->s->whitelist, d->r->recipient))
		return false;
	return ends(out, POLICY_ANSWER, POLICY_DUNNO,
		    str_fmt(d->a, "accept mails to whitelist - <%.*s>", STR_ARG(d->r->recipient)));
}

static bool no_address(struct decision *d, struct policy_verdict *out)
{
	return !d->has_client && ends(out, POLICY_ANSWER, POLICY_DUNNO, STR_NONE);
}

static bool spf(struct decision *d, struct policy_verdict *out)
{
	const struct policy_spf *spf = &d->f->spf;

	if (!d->s->spf)
		return false;
	if (!d->f->spf_asked)
		return ends(out, POLICY_NEED_SPF, STR_NONE, STR_NONE);
	if (spf->result == SPF_FAIL)
		return ends(out, POLICY_SPF_FAILED,
			    str_fmt(d->a, "reject %.*s", STR_ARG(spf->explanation)),
			    STR("SPF says fail"));
	if (spf->header.n && spf->header.n < POLICY_TEXT_MAX - 8 && !d->f->header_given)
		d->preliminary = str_fmt(d->a, "prepend %.*s", STR_ARG(spf->header));
	if (spf->result == SPF_PASS)
		return ends(out, POLICY_ANSWER, d->preliminary, STR("SPF says pass"));
	return false;
}

static bool greylist(struct decision *d, struct policy_verdict *out)
{
	bool on = policy_is_greylisted(d->s, d->r->client);

	return ends(out, on ? POLICY_GREYLIST : POLICY_ANSWER, d->preliminary, STR_NONE);
}

/* policy.md §3, in its order; the last one always decides. */
static bool (*const checks[])(struct decision *d, struct policy_verdict *out) = {
	backup_mx, whitelisted_sender, whitelisted_receiver, no_address, spf, greylist,
};

void policy_decide(struct arena *a, const struct policy_settings *s, const struct policy_request *r,
		   const struct policy_facts *f, struct policy_verdict *out)
{
	struct decision d = { .a = a, .s = s, .r = r, .f = f, .preliminary = POLICY_DUNNO };

	d.has_client = cidr_addr_parse(r->client, &d.client);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (checks[i](&d, out))
			return;
}

bool policy_is_greylisted(const struct policy_settings *s, struct str client)
{
	struct cidr_addr addr;

	if (!cidr_addr_parse(client, &addr))
		return false;
	return addr.family == 4 ? s->greylist : s->greylist6;
}

struct str policy_network(struct arena *a, const struct policy_settings *s, struct str client)
{
	struct cidr net;

	if (!cidr_addr_parse(client, &net.addr))
		return STR_NONE;
	net.bits = net.addr.family == 4 ? s->mask4 : s->mask6;
	net = cidr_network(&net);
	return cidr_text(a, &net, false);
}

static bool is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

/* The digits at the start of `s`, if no other character of a word follows; else 0. */
static size_t number_at(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return n < s.n && is_word(s.p[n]) ? 0 : n;
}

struct str policy_normal_sender(struct arena *a, struct str sender)
{
	ptrdiff_t at = str_rchr(sender, '@');
	struct str local = str_sub(sender, 0, at < 0 ? 0 : (size_t)at);
	struct buf b;

	if (at < 0)
		return sender;
	local = str_cut(&local, '+');
	buf_init(&b, a, sender.n + 1);
	for (size_t i = 0; i < local.n;) {
		bool starts = i == 0 || !is_word(local.p[i - 1]);
		size_t digits = starts ? number_at(str_from(local, i)) : 0;

		buf_addc(&b, digits ? '#' : local.p[i]);
		i += digits ? digits : 1;
	}
	buf_add(&b, str_from(sender, (size_t)at));
	return buf_str(&b);
}
