/* RelayEval: what the Received lines say about the way that a mail came. */
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/received.h"

enum { RE_BIG, RE_HOST, RE_IP, RE_LOCALHOST, RE_NUMERIC_HELO, RE_WIDE_TLD, RES };

struct relay_conf {
	struct re *re[RES];
};

#define BIG_PROVIDER                                                                               \
	"(?i)(?:^|\\.)(?:aol|caramail|cs|drizzle|excite|hotmail|localhost|lycos|msn|yahoo)"        \
	"\\.com$|(?:^|\\.)lycos\\.co\\.uk$"

#define OCTET "(?:1\\d\\d|2[0-4]\\d|25[0-5]|[1-9]\\d|\\d)"

static const char *const patterns[RES] = {
	[RE_BIG] = BIG_PROVIDER,
	[RE_HOST] = "^\\w+(?:[\\w.-]+\\.)+\\w+$",
	[RE_IP] = "^\\d+\\.\\d+\\.\\d+\\.\\d+$",
	[RE_LOCALHOST] = "^localhost(?:\\.localdomain)?$",
	[RE_NUMERIC_HELO] =
		"(?i)\\bhelo=" OCTET "(?:\\." OCTET "){3}\\b(?=[\\x00-\\x20,;\\[()<>]|\\z)",
	[RE_WIDE_TLD] = "\\.(?:[^.\\s]{3,}|ie|fr|de)$",
};

static void conf_init(struct spam_conf *c, void *conf)
{
	eval_patterns(c, patterns, RES, ((struct relay_conf *)conf)->re);
}

static bool is(const struct eval_run *r, int which, struct str s)
{
	const struct relay_conf *c = r->conf;

	return re_match(c->re[which], s) == RE_MATCH;
}

/* Trust needs at least one line that was understood, and none that was not. */
static unsigned check_all_trusted(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return spam_relays(r->m, SPAM_RELAYS_TRUSTED)->n > 0 &&
	       spam_relays(r->m, SPAM_RELAYS_UNTRUSTED)->n == 0 &&
	       spam_relays_unparseable(r->m) == 0;
}

static unsigned check_no_relays(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return spam_relays(r->m, SPAM_RELAYS_TRUSTED)->n == 0 &&
	       spam_relays(r->m, SPAM_RELAYS_UNTRUSTED)->n == 0 &&
	       spam_relays_unparseable(r->m) == 0;
}

static unsigned check_relays_unparseable(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return spam_relays_unparseable(r->m) > 0;
}

/* A large provider's name in HELO, from an address without one; the oldest public hop decides. */
static unsigned no_rdns_dotcom_helo(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_relays *relays = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);
	unsigned answer = 0;

	(void)args;
	for (size_t i = 0; i < relays->n; i++) {
		const struct spam_relay *relay = &relays->v[i];

		if (!relay->ip_private)
			answer = relay->no_reverse_dns && is(r, RE_BIG, relay->helo);
	}
	return answer;
}

/* The two last labels of a host name, or three where that says too little. */
static struct str short_host(const struct eval_run *r, struct str host)
{
	size_t want = is(r, RE_WIDE_TLD, host) ? 2 : 3, dots = 0;

	if (is(r, RE_IP, host))
		return host;
	for (size_t i = host.n; i > 0; i--)
		if (host.p[i - 1] == '.' && ++dots == want)
			return str_from(host, i);
	return host;
}

/* Was the server that took a mail over not the one that the server above got it from? */
static bool is_mismatch(const struct eval_run *r, const struct spam_relay *above,
			const struct spam_relay *below)
{
	struct str by = short_host(r, below->by), from = short_host(r, above->rdns);

	if (is(r, RE_LOCALHOST, above->rdns) && str_eq(above->ip, STR("127.0.0.1")))
		return false;
	return is(r, RE_HOST, by) && is(r, RE_HOST, from) && !str_ieq(by, from);
}

static unsigned forged_received_trail(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_relays *relays = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);
	size_t mismatches = 0;

	(void)args;
	for (size_t i = 1; i < relays->n; i++)
		mismatches += is_mismatch(r, &relays->v[i - 1], &relays->v[i]);
	return mismatches > 1;
}

static struct str net24(struct str ip)
{
	return str_sub(ip, 0, (size_t)(str_rchr(ip, '.') + 1));
}

/* An address in HELO that is not even near the one it came from. */
static unsigned helo_ip_mismatch(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_relays *relays = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);

	(void)args;
	for (size_t i = 0; i < relays->n; i++) {
		struct str helo = relays->v[i].helo, ip = relays->v[i].ip;

		if (eval_is_public_ipv4(helo) && eval_is_public_ipv4(ip) &&
		    !str_eq(net24(helo), net24(ip)))
			return 1;
	}
	return 0;
}

static struct str net16(struct str ip)
{
	ip = net24(ip);
	return net24(str_sub(ip, 0, ip.n ? ip.n - 1 : 0));
}

/* An address that is neither private nor near the one it came from, to a server with a name. */
static unsigned forged_received_ip_helo(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_relays *relays = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);

	(void)args;
	for (size_t i = 0; i < relays->n; i++) {
		struct str helo = relays->v[i].helo, ip = relays->v[i].ip;

		if (is(r, RE_HOST, short_host(r, relays->v[i].by)) && is(r, RE_IP, helo) &&
		    is(r, RE_IP, ip) && !spam_ip_is_private(helo) &&
		    !str_eq(net16(helo), net16(ip)))
			return 1;
	}
	return 0;
}

/* A HELO that is an address, private ones too. */
static unsigned numeric_helo(struct eval_run *r, const struct eval_args *args)
{
	struct str text = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED)->text;

	(void)args;
	return is(r, RE_NUMERIC_HELO, text);
}

/* Despite its name it hits where the first host has one. */
static unsigned sender_no_reverse(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_relays *relays = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);
	const struct spam_relay *sender = relays->n ? &relays->v[relays->n - 1] : NULL;

	(void)args;
	return sender && str_chr(sender->rdns, '.') >= 0 && !sender->ip_private;
}

struct domain_hop {
	struct re *from, *hop;
	bool wanted;
};

/* check_for_from_domain_in_received_headers(DOMAIN, true): `false` asks the contrary. */
static int prepare_domain_hop(struct spam_conf *c, void *conf, struct eval_args *args,
			      struct err *e)
{
	struct domain_hop *d = NEW(c->keep, struct domain_hop);
	struct str domain = eval_arg(args, 0), from, hop;

	(void)conf;
	if (args->n < 2)
		return err_set(e, ERR_INVALID, "two arguments are needed");
	from = str_fmt(c->tmp, "(?i)\\b\\Q%.*s\\E", STR_ARG(domain));
	hop = str_fmt(c->tmp, " rdns=\\S*\\b%.*s [^\\]]*by=\\S*\\b%.*s ", STR_ARG(domain),
		      STR_ARG(domain));
	d->wanted = str_eq(eval_arg(args, 1), STR("true"));
	args->prepared = d;
	return re_compile(c->keep, from, 0, &d->from, e) < 0 ||
			       re_compile_perl(c->keep, hop, 0, &d->hop, e) < 0
		       ? -1
		       : 0;
}

static unsigned from_domain_hop(struct eval_run *r, const struct eval_args *args)
{
	const struct domain_hop *d = args->prepared;

	if (re_match(d->from, eval_first(r, "From:addr")) != RE_MATCH)
		return 0;
	return (re_match(d->hop, spam_relays(r->m, SPAM_RELAYS_TRUSTED)->text) == RE_MATCH ||
		re_match(d->hop, spam_relays(r->m, SPAM_RELAYS_UNTRUSTED)->text) == RE_MATCH) ==
	       d->wanted;
}

static const struct eval evals[] = {
	{ .name = "check_all_trusted", .call = check_all_trusted },
	{ .name = "check_no_relays", .call = check_no_relays },
	{ .name = "check_relays_unparseable", .call = check_relays_unparseable },
	{ .name = "check_for_no_rdns_dotcom_helo", .call = no_rdns_dotcom_helo },
	{ .name = "check_for_forged_received_trail", .call = forged_received_trail },
	{ .name = "check_for_forged_received_ip_helo", .call = forged_received_ip_helo },
	{ .name = "check_for_numeric_helo", .call = numeric_helo },
	{ .name = "check_for_sender_no_reverse", .call = sender_no_reverse },
	{ .name = "check_for_from_domain_in_received_headers",
	  .call = from_domain_hop,
	  .prepare = prepare_domain_hop },
	{ .name = "helo_ip_mismatch", .call = helo_ip_mismatch },
	{ 0 },
};

const struct eval_family eval_relay = {
	.plugin = "RelayEval",
	.evals = evals,
	.conf_size = sizeof(struct relay_conf),
	.conf_init = conf_init,
};
