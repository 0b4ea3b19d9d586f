/* WLBLEval: lists of senders, recipients and hosts that are welcome or not. */
#include "gw/spam/eval_lists.h"

#include "gw/spam/eval_table.h"
#include "gw/spam/networks.h"

enum { HOSTS_MAX = 10000 /* of one mail that are looked up */ };

/* The answers about a mail that several functions give. */
enum belief { UNKNOWN, LISTED, NOT_LISTED, FORGED };

struct lists_mail {
	bool have_from, have_to, have_hosts;
	struct spam_texts from, to;
	VEC(struct str) hosts;
	enum belief welcome, def_welcome;
};

static struct spam_texts senders(struct eval_run *r)
{
	struct lists_mail *mail = r->mail;

	if (!mail->have_from) {
		mail->have_from = true;
		mail->from = eval_senders(r);
	}
	return mail->from;
}

static struct spam_texts recipients(struct eval_run *r)
{
	struct lists_mail *mail = r->mail;

	if (!mail->have_to) {
		mail->have_to = true;
		mail->to = eval_recipients(r);
	}
	return mail->to;
}

static bool any_in(const struct eval_run *r, struct spam_texts addrs, struct str list)
{
	const struct lists_conf *c = r->conf;
	const struct addr_list *l = map_get(&c->addrs, list);

	for (size_t i = 0; l && i < addrs.n; i++)
		if (addr_list_has(l, addrs.v[i]))
			return true;
	return false;
}

static unsigned from_in_list(struct eval_run *r, const struct eval_args *args)
{
	return any_in(r, senders(r), eval_arg(args, 0));
}

static unsigned to_in_list(struct eval_run *r, const struct eval_args *args)
{
	return any_in(r, recipients(r), eval_arg(args, 0));
}

static unsigned replyto_in_list(struct eval_run *r, const struct eval_args *args)
{
	struct str addr = str_lower(r->a, eval_first(r, "Reply-To:addr"));

	return any_in(r, (struct spam_texts){ &addr, addr.n > 0 }, eval_arg(args, 0));
}

static unsigned from_in_blocklist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return any_in(r, senders(r), STR("blocklist_from"));
}

static unsigned to_in_blocklist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return any_in(r, recipients(r), STR("blocklist_to"));
}

static unsigned to_in_welcomelist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return any_in(r, recipients(r), STR("welcomelist_to"));
}

static unsigned to_in_more_spam(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return any_in(r, recipients(r), STR("more_spam_to"));
}

static unsigned to_in_all_spam(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return any_in(r, recipients(r), STR("all_spam_to"));
}

static bool ends_in_domain(struct str host, struct str domain)
{
	return str_iends(host, domain) &&
	       (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

/* The hops that may vouch for a sender: the one that we got the mail from, else all our own. */
static struct spam_relays vouching(struct eval_run *r)
{
	struct spam_relays hops = *spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);

	if (hops.n == 0)
		return *spam_relays(r->m, SPAM_RELAYS_TRUSTED);
	hops.n = 1;
	return hops;
}

struct origin_check {
	struct spam_relays hops;
	bool found;
};

static bool origin_fits(const struct origin *o, const struct spam_relay *hop)
{
	return o->network ? spam_networks_have(o->network, hop->ip, false)
			  : ends_in_domain(hop->rdns, o->domain);
}

static bool check_origin(void *ctx, const struct addr_entry *e)
{
	struct origin_check *check = ctx;

	check->found = true;
	for (const struct origin *o = e->value; o; o = o->next)
		for (size_t i = 0; i < check->hops.n; i++)
			if (origin_fits(o, &check->hops.v[i]))
				return true;
	return false;
}

static enum belief believe(struct eval_run *r, const struct addr_list *list)
{
	const struct lists_conf *c = r->conf;
	struct spam_texts from = senders(r);
	struct origin_check check = { .hops = vouching(r) };
	bool forged = false;

	if (check.hops.n == 0)
		return NOT_LISTED;
	for (size_t i = 0; i < from.n; i++) {
		check.found = false;
		if (addr_list_each(list, from.v[i], check_origin, &check))
			return LISTED;
		forged |= check.found && !addr_list_has(&c->relayed, from.v[i]);
	}
	return forged ? FORGED : NOT_LISTED;
}

static enum belief welcome(struct eval_run *r)
{
	const struct lists_conf *c = r->conf;
	struct lists_mail *mail = r->mail;

	if (mail->welcome == UNKNOWN)
		mail->welcome = any_in(r, senders(r), STR("welcomelist_from"))
					? LISTED
					: believe(r, &c->rcvd);
	return mail->welcome;
}

static enum belief def_welcome(struct eval_run *r)
{
	const struct lists_conf *c = r->conf;
	struct lists_mail *mail = r->mail;

	if (mail->def_welcome == UNKNOWN)
		mail->def_welcome = believe(r, &c->def_rcvd);
	return mail->def_welcome;
}

static unsigned from_in_welcomelist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return welcome(r) == LISTED;
}

static unsigned from_in_default_welcomelist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return def_welcome(r) == LISTED;
}

static unsigned forged_in_welcomelist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return welcome(r) == FORGED && def_welcome(r) == NOT_LISTED;
}

static unsigned forged_in_default_welcomelist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return def_welcome(r) == FORGED && welcome(r) == NOT_LISTED;
}

static unsigned mailfrom_matches_rcvd(struct eval_run *r, const struct eval_args *args)
{
	struct str host = eval_addr_host(eval_first(r, "EnvelopeFrom:addr")), domain;
	struct spam_relays hops = vouching(r);

	(void)args;
	if (str_chr(host, '.') < 1)
		return 0;
	domain = eval_domain(r, host);
	for (size_t i = 0; i < hops.n; i++)
		if (hops.v[i].rdns.n && (ends_in_domain(hops.v[i].rdns, host) ||
					 str_ieq(eval_domain(r, hops.v[i].rdns), domain)))
			return 1;
	return 0;
}

/* Every host of the mail once; addresses to write to name none. */
static void collect_hosts(struct eval_run *r)
{
	struct lists_mail *mail = r->mail;
	const struct spam_uri *uris;
	struct map seen;
	size_t n;

	if (mail->have_hosts)
		return;
	mail->have_hosts = true;
	map_init(&seen, r->a);
	uris = spam_uri_details(r->m, &n);
	for (size_t i = 0; i < n; i++) {
		if (str_istarts(uris[i].raw, STR("mailto:")))
			continue;
		for (size_t k = 0; k < uris[i].host_count && seen.n < HOSTS_MAX; k++) {
			struct str host = uris[i].hosts[k].host;

			if (map_get(&seen, host))
				continue;
			map_set(&seen, host, r);
			vec_add(r->a, &mail->hosts, host);
		}
	}
}

static bool is_ip(struct str host)
{
	return host.n && ascii_is_digit(host.p[host.n - 1]);
}

/* The most specific entry decides. */
static bool host_listed(const struct map *list, struct str host)
{
	while (host.n) {
		const char *verdict = map_get(list, host);

		if (verdict)
			return verdict == &lists_in;
		if (is_ip(host))
			return false;
		str_cut(&host, '.');
	}
	return false;
}

static unsigned any_host_in(struct eval_run *r, struct str name)
{
	const struct lists_conf *c = r->conf;
	const struct map *list = map_get(&c->hosts, name);
	struct lists_mail *mail = r->mail;

	if (!list || list->n == 0)
		return 0;
	collect_hosts(r);
	for (size_t i = 0; i < mail->hosts.n; i++)
		if (host_listed(list, mail->hosts.p[i]))
			return 1;
	return 0;
}

static unsigned uri_host_listed(struct eval_run *r, const struct eval_args *args)
{
	return any_host_in(r, eval_arg(args, 0));
}

static unsigned uri_host_in_blocklist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return any_host_in(r, STR("BLOCK"));
}

static unsigned uri_host_in_welcomelist(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return any_host_in(r, STR("WELCOME"));
}

static const struct eval evals[] = {
	{ .name = "check_from_in_list", .call = from_in_list },
	{ .name = "check_to_in_list", .call = to_in_list },
	{ .name = "check_replyto_in_list", .call = replyto_in_list },
	{ .name = "check_from_in_welcomelist", .call = from_in_welcomelist },
	{ .name = "check_from_in_whitelist", .call = from_in_welcomelist },
	{ .name = "check_from_in_blocklist", .call = from_in_blocklist },
	{ .name = "check_from_in_blacklist", .call = from_in_blocklist },
	{ .name = "check_to_in_welcomelist", .call = to_in_welcomelist },
	{ .name = "check_to_in_whitelist", .call = to_in_welcomelist },
	{ .name = "check_to_in_blocklist", .call = to_in_blocklist },
	{ .name = "check_to_in_blacklist", .call = to_in_blocklist },
	{ .name = "check_to_in_more_spam", .call = to_in_more_spam },
	{ .name = "check_to_in_all_spam", .call = to_in_all_spam },
	{ .name = "check_from_in_default_welcomelist", .call = from_in_default_welcomelist },
	{ .name = "check_from_in_default_whitelist", .call = from_in_default_welcomelist },
	{ .name = "check_forged_in_welcomelist", .call = forged_in_welcomelist },
	{ .name = "check_forged_in_whitelist", .call = forged_in_welcomelist },
	{ .name = "check_forged_in_default_welcomelist", .call = forged_in_default_welcomelist },
	{ .name = "check_forged_in_default_whitelist", .call = forged_in_default_welcomelist },
	{ .name = "check_mailfrom_matches_rcvd", .call = mailfrom_matches_rcvd },
	{ .name = "check_uri_host_listed", .call = uri_host_listed },
	{ .name = "check_uri_host_in_blocklist", .call = uri_host_in_blocklist },
	{ .name = "check_uri_host_in_blacklist", .call = uri_host_in_blocklist },
	{ .name = "check_uri_host_in_welcomelist", .call = uri_host_in_welcomelist },
	{ .name = "check_uri_host_in_whitelist", .call = uri_host_in_welcomelist },
	{ 0 },
};

const struct eval_family eval_lists = {
	.plugin = "WLBLEval",
	.evals = evals,
	.conf_size = sizeof(struct lists_conf),
	.conf_init = lists_conf_init,
	.setting = lists_setting,
	.mail_size = sizeof(struct lists_mail),
};
