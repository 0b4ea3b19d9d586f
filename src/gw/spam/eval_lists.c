/* WLBLEval: lists of senders, recipients and hosts that are welcome or not. */
#include "gw/spam/addr_list.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/networks.h"

enum {
	LIST_WORDS_MAX = 200000, /* entries of all lists together */
	HOSTS_MAX = 10000,       /* of one mail that are looked up */
};

/* Where a mail must come from for an address to be believed. */
struct origin {
	struct str domain;                  /* of the reverse name, or empty */
	const struct spam_networks *network; /* else */
	struct origin *next;
};

struct lists_conf {
	struct map addrs; /* name → struct addr_list */
	struct map hosts; /* name → struct map: host → &listed or &excepted */
	struct addr_list rcvd, def_rcvd; /* values: struct origin */
	struct addr_list relayed;        /* welcomelist_allows_relays */
	size_t words;
};

static const char listed, excepted;

static void conf_init(struct spam_conf *c, void *conf)
{
	struct lists_conf *l = conf;

	map_init(&l->addrs, c->keep);
	map_init(&l->hosts, c->keep);
	addr_list_init(&l->rcvd, c->keep);
	addr_list_init(&l->def_rcvd, c->keep);
	addr_list_init(&l->relayed, c->keep);
}

static struct addr_list *addrs_named(struct spam_conf *c, struct lists_conf *l, struct str name)
{
	struct addr_list *list = map_get(&l->addrs, name);

	if (!list) {
		list = NEW(c->keep, struct addr_list);
		addr_list_init(list, c->keep);
		map_set(&l->addrs, name, list);
	}
	return list;
}

static struct map *hosts_named(struct spam_conf *c, struct lists_conf *l, struct str name)
{
	struct map *list = map_get(&l->hosts, name);

	if (!list) {
		list = NEW(c->keep, struct map);
		map_init(list, c->keep);
		map_set(&l->hosts, name, list);
	}
	return list;
}

static bool room(struct conf_parser *p, struct lists_conf *l)
{
	if (l->words++ < LIST_WORDS_MAX)
		return true;
	if (l->words == LIST_WORDS_MAX + 1)
		conf_note(p, "more than %d addresses and hosts in lists", LIST_WORDS_MAX);
	return false;
}

static enum conf_verdict add_addrs(struct conf_parser *p, struct lists_conf *l, struct str name,
				   struct str value)
{
	struct addr_list *list = addrs_named(p->conf, l, name);
	struct str word;

	while (str_word(&value, &word))
		if (room(p, l))
			addr_list_add(list, word);
	return CONF_OK;
}

static enum conf_verdict remove_addrs(struct conf_parser *p, struct lists_conf *l,
				      struct str name, struct str value)
{
	struct addr_list *list = addrs_named(p->conf, l, name);
	struct str word;

	while (str_word(&value, &word))
		addr_list_remove(list, word);
	return CONF_OK;
}

/* `(name) rest` */
static bool take_name(struct str *value, struct str *name)
{
	ptrdiff_t close = str_chr(*value, ')');

	if (!str_starts(*value, STR("(")) || close < 2)
		return false;
	*name = str_sub(*value, 1, (size_t)close - 1);
	*value = str_trim(str_from(*value, (size_t)close + 1));
	return true;
}

static enum conf_verdict enlist_addrs(struct conf_parser *p, struct lists_conf *l, struct str name,
				      struct str value)
{
	return take_name(&value, &name) && value.n ? add_addrs(p, l, name, value) : CONF_INVALID;
}

static enum conf_verdict add_hosts(struct conf_parser *p, struct lists_conf *l, struct str name,
				   struct str value)
{
	struct map *list = hosts_named(p->conf, l, name);
	struct str word;

	while (str_word(&value, &word)) {
		bool except = str_starts(word, STR("!"));

		word = str_lower(p->conf->tmp, str_from(word, except));
		if (room(p, l))
			map_set(list, word, (void *)(uintptr_t)(except ? &excepted : &listed));
	}
	return CONF_OK;
}

static enum conf_verdict enlist_hosts(struct conf_parser *p, struct lists_conf *l, struct str name,
				      struct str value)
{
	return take_name(&value, &name) && value.n ? add_hosts(p, l, name, value) : CONF_INVALID;
}

static void forget_hosts(struct conf_parser *p, struct map *list, struct str value)
{
	struct str word;

	while (str_word(&value, &word)) {
		word = str_from(word, str_starts(word, STR("!")));
		word = str_lower(p->conf->tmp, word);
		if (map_get(list, word))
			map_set(list, word, NULL);
	}
}

static enum conf_verdict delist_hosts(struct conf_parser *p, struct lists_conf *l, struct str name,
				      struct str value)
{
	if (str_starts(value, STR("("))) {
		if (!take_name(&value, &name))
			return CONF_INVALID;
		forget_hosts(p, hosts_named(p->conf, l, name), value);
		return CONF_OK;
	}
	for (size_t i = 0; i < l->hosts.n; i++)
		forget_hosts(p, l->hosts.entries[i].value, value);
	return CONF_OK;
}

/* `[192.0.2.1]`, `[192.0.2.0/24]`, `[192.0.2.0]/24`, `[192.0.2]` */
static struct str network_text(struct arena *a, struct str s)
{
	struct str inside = str_from(s, 1);
	struct str addr = str_cut(&inside, ']');

	return str_cat(a, addr, inside);
}

static enum conf_verdict add_origin(struct conf_parser *p, struct lists_conf *l,
				    struct addr_list *list, struct str value)
{
	struct str addr, from, rest = value;
	struct addr_entry *e;
	struct origin *o;

	if (!str_word(&rest, &addr) || !str_word(&rest, &from) || str_trim(rest).n)
		return CONF_INVALID;
	if (!room(p, l))
		return CONF_NOTED;
	o = NEW(p->conf->keep, struct origin);
	if (str_starts(from, STR("["))) {
		struct spam_networks *n = spam_networks_new(p->conf->keep);

		if (!spam_networks_add(n, network_text(p->conf->tmp, from)))
			return CONF_INVALID;
		o->network = n;
	} else {
		o->domain = str_lower(p->conf->keep, from);
	}
	e = addr_list_add(list, addr);
	o->next = e->value;
	e->value = o;
	return CONF_OK;
}

static enum conf_verdict add_rcvd(struct conf_parser *p, struct lists_conf *l, struct str name,
				  struct str value)
{
	return add_origin(p, l, str_starts(name, STR("def")) ? &l->def_rcvd : &l->rcvd, value);
}

static enum conf_verdict remove_rcvd(struct conf_parser *p, struct lists_conf *l, struct str name,
				     struct str value)
{
	struct str word;

	(void)p;
	(void)name;
	while (str_word(&value, &word)) {
		addr_list_remove(&l->rcvd, word);
		addr_list_remove(&l->def_rcvd, word);
	}
	return CONF_OK;
}

static enum conf_verdict add_relayed(struct conf_parser *p, struct lists_conf *l, struct str name,
				     struct str value)
{
	struct str word;

	(void)name;
	while (str_word(&value, &word))
		if (room(p, l))
			addr_list_add(&l->relayed, word);
	return CONF_OK;
}

/* Words of the names before 4.0 mean the same. */
static const struct {
	const char *key, *name; /* name: of the list */
	enum conf_verdict (*set)(struct conf_parser *p, struct lists_conf *l, struct str name,
				 struct str value);
} settings[] = {
	{ "welcomelist_from", "welcomelist_from", add_addrs },
	{ "unwelcomelist_from", "welcomelist_from", remove_addrs },
	{ "blocklist_from", "blocklist_from", add_addrs },
	{ "unblocklist_from", "blocklist_from", remove_addrs },
	{ "welcomelist_to", "welcomelist_to", add_addrs },
	{ "blocklist_to", "blocklist_to", add_addrs },
	{ "more_spam_to", "more_spam_to", add_addrs },
	{ "all_spam_to", "all_spam_to", add_addrs },
	{ "enlist_addrlist", NULL, enlist_addrs },
	{ "welcomelist_from_rcvd", "rcvd", add_rcvd },
	{ "def_welcomelist_from_rcvd", "def_rcvd", add_rcvd },
	{ "unwelcomelist_from_rcvd", NULL, remove_rcvd },
	{ "welcomelist_allows_relays", NULL, add_relayed },
	{ "welcomelist_uri_host", "WELCOME", add_hosts },
	{ "blocklist_uri_host", "BLOCK", add_hosts },
	{ "enlist_uri_host", NULL, enlist_hosts },
	{ "delist_uri_host", NULL, delist_hosts },
};

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	key = eval_current_word(p->conf->tmp, key);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (str_eq(key, str_of(settings[i].key)))
			return value.n ? settings[i].set(p, conf, str_of(settings[i].name), value)
				       : CONF_MISSING;
	return CONF_UNKNOWN;
}

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
			return verdict == &listed;
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
	.conf_init = conf_init,
	.setting = setting,
	.mail_size = sizeof(struct lists_mail),
};
