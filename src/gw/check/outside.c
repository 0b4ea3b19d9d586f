/* What others see of the gateway and of its domains: DNS. */
#include "gw/check/check_int.h"
#include "lib/schema/formats.h"

static struct str own_name(const struct check *c)
{
	return c->f->cfg->dns.fqdn;
}

static void add_addresses(struct check *c, const struct dns_question *q, struct check_addrs *out)
{
	for (size_t i = 0; q->status == DNS_OK && i < q->n; i++)
		vec_add(c->a, &out->list, q->records[i].addr);
}

void check_own_addresses(struct check *c, struct check_addrs *out)
{
	add_addresses(c, check_ask(c, own_name(c), DNS_A), out);
	add_addresses(c, check_ask(c, own_name(c), DNS_AAAA), out);
}

static bool names(const struct dns_question *q, struct str name)
{
	for (size_t i = 0; i < q->n; i++)
		if (str_ieq(q->records[i].name, name))
			return true;
	return false;
}

/* The name that goes with the address must be the one that we greet with. */
static void check_pointer(struct check *c, const struct cidr_addr *addr)
{
	struct str reverse = dns_reverse_name(c->a, addr), text = cidr_addr_text(c->a, addr);
	struct str record = str_fmt(c->a, "%.*s. IN PTR %.*s.", STR_ARG(reverse),
				    STR_ARG(own_name(c)));
	const struct dns_question *q = check_ask(c, reverse, DNS_PTR);

	if (q->status == DNS_PENDING || (q->status == DNS_OK && names(q, own_name(c))))
		return;
	if (q->status == DNS_OK)
		check_fail(c, record,
			   "The address %.*s has the name %.*s, but this gateway greets other "
			   "servers as %.*s (HELO). Many refuse mail from such a host. Have "
			   "whoever "
			   "gave you the address correct its name, or change the host name.",
			   STR_ARG(text), STR_ARG(q->records[0].name), STR_ARG(own_name(c)));
	else if (dns_is_known(q))
		check_fail(c, record,
			   "The address %.*s has no name (PTR). Many refuse mail from such a host. "
			   "Have whoever gave you the address set it.",
			   STR_ARG(text));
	else
		check_warn(c, STR_NONE, "DNS does not tell the name of %.*s (%s).", STR_ARG(text),
			   dns_status_name(q->status));
}

void check_hostname(struct check *c)
{
	struct check_addrs own = { 0 };
	size_t public = 0;

	check_own_addresses(c, &own);
	if (c->waiting)
		return;
	for (size_t i = 0; i < own.list.n; i++) {
		if (check_is_private(&own.list.p[i]))
			continue;
		public++;
		check_pointer(c, &own.list.p[i]);
	}
	if (!own.list.n && !dns_is_known(check_ask(c, own_name(c), DNS_A)))
		check_warn(c, STR_NONE, "DNS does not tell the address of %.*s, this gateway.",
			   STR_ARG(own_name(c)));
	else if (!own.list.n)
		check_fail(c, STR_NONE,
			   "%.*s, the name with which this gateway greets other servers (HELO), "
			   "has no address in DNS. Many refuse mail from such a host. Publish an A "
			   "record for it, or change the host name.",
			   STR_ARG(own_name(c)));
	else if (!public)
		check_warn(c, STR_NONE,
			   "The name %.*s has only private addresses here, so that one cannot tell "
			   "whether its public address has the right name (PTR).",
			   STR_ARG(own_name(c)));
}

static bool is_in(const char *net_text, const struct cidr_addr *addr)
{
	struct cidr net;
	struct err e;

	return cidr_parse(str_of(net_text), &net, &e) == 0 && cidr_contains(&net, addr);
}

/* 127.0.0.2 is on every list (RFC 5782, 5). */
static void check_lists_it(struct check *c, struct str list)
{
	struct str name = str_fmt(c->a, "2.0.0.127.%.*s", STR_ARG(list));
	const struct dns_question *q = check_ask(c, name, DNS_A);

	if (q->status == DNS_PENDING)
		return;
	if (q->status != DNS_OK) {
		check_warn(c, STR_NONE,
			   "The DNS list %.*s %s. It finds nobody through this resolver: it is "
			   "gone, or it does not serve public resolvers; run one of your own.",
			   STR_ARG(list),
			   dns_is_known(q) ? "does not know its test address 127.0.0.2"
					   : "does not answer");
		return;
	}
	for (size_t i = 0; i < q->n; i++) {
		struct str got = cidr_addr_text(c->a, &q->records[i].addr);

		if (is_in("127.255.255.0/24", &q->records[i].addr))
			check_fail(c, STR_NONE,
				   "The DNS list %.*s refuses this resolver (%.*s). Run a resolver "
				   "of "
				   "your own.",
				   STR_ARG(list), STR_ARG(got));
		else if (!is_in("127.0.0.0/8", &q->records[i].addr))
			check_fail(c, STR_NONE,
				   "The DNS list %.*s answers with %.*s, which no list does: it is "
				   "gone, or the resolver invents answers.",
				   STR_ARG(list), STR_ARG(got));
	}
}

/* 127.0.0.1 is on none. */
static void check_lists_not_all(struct check *c, struct str list)
{
	struct str name = str_fmt(c->a, "1.0.0.127.%.*s", STR_ARG(list));
	const struct dns_question *q = check_ask(c, name, DNS_A);

	if (q->status == DNS_OK && q->n && is_in("127.0.0.0/16", &q->records[0].addr))
		check_fail(c, STR_NONE,
			   "The DNS list %.*s lists 127.0.0.1, as a list does that has been closed "
			   "and now lists everybody. Mail is refused because of it: remove it.",
			   STR_ARG(list));
}

void check_dns_lists(struct check *c)
{
	struct str rest = c->f->cfg->mail.dnsbl_sites, entry;

	while (format_list_next(&rest, &entry)) {
		struct str tail = entry, name = str_cut(&tail, '*');

		tail = name;
		name = str_cut(&tail, '=');
		check_lists_it(c, name);
		check_lists_not_all(c, name);
	}
}

/* Calls for each relay domain that is a name of its own. */
static void each_domain(struct check *c, void (*look)(struct check *c, struct str domain))
{
	size_t n = 0;

	for (size_t i = 0; i < c->f->lists->domains.list.n; i++) {
		struct str domain = c->f->lists->domains.list.p[i].key;

		if (str_starts(domain, STR(".")))
			continue;
		if (n++ == CHECK_DOMAINS_MAX) {
			check_warn(c, STR_NONE, "Only the first %d relay domains are looked at.",
				   CHECK_DOMAINS_MAX);
			return;
		}
		look(c, domain);
	}
}

static bool shares_address(const struct check_addrs *x, const struct check_addrs *y)
{
	for (size_t i = 0; i < x->list.n; i++)
		for (size_t k = 0; k < y->list.n; k++)
			if (memcmp(&x->list.p[i], &y->list.p[k], sizeof(x->list.p[i])) == 0)
				return true;
	return false;
}

/* Whether one of the MX hosts is this gateway, by name or by address. */
static bool leads_here(struct check *c, const struct dns_question *mx)
{
	struct check_addrs own = { 0 }, theirs = { 0 };

	if (names(mx, own_name(c)))
		return true;
	check_own_addresses(c, &own);
	for (size_t i = 0; i < mx->n; i++) {
		add_addresses(c, check_ask(c, mx->records[i].name, DNS_A), &theirs);
		add_addresses(c, check_ask(c, mx->records[i].name, DNS_AAAA), &theirs);
	}
	return shares_address(&own, &theirs);
}

static void look_at_mx(struct check *c, struct str domain)
{
	const struct dns_question *q = check_ask(c, domain, DNS_MX);
	struct str record = str_fmt(c->a, "%.*s. IN MX 10 %.*s.", STR_ARG(domain),
				    STR_ARG(own_name(c)));

	if (q->status == DNS_PENDING)
		return;
	if (dns_is_known(q) && q->status != DNS_OK)
		check_fail(c, record, "%.*s has no MX record: mail for it does not get here.",
			   STR_ARG(domain));
	else if (q->status != DNS_OK)
		check_warn(c, STR_NONE, "DNS does not tell the MX of %.*s (%s).", STR_ARG(domain),
			   dns_status_name(q->status));
	else if (!leads_here(c, q) && !c->waiting)
		check_warn(c, record,
			   "The MX of %.*s is %.*s: mail for it does not come to this gateway.",
			   STR_ARG(domain), STR_ARG(q->records[0].name));
}

void check_mx(struct check *c)
{
	each_domain(c, look_at_mx);
}

static struct spf *spf_of(struct check *c, struct str domain, const struct cidr_addr *client)
{
	const struct spf_query query = {
		.client = *client,
		.helo = own_name(c),
		.sender = str_cat(c->a, STR("postmaster@"), domain),
		.receiver = own_name(c),
		.now = c->f->now,
	};

	for (size_t i = 0; i < c->spf.n; i++)
		if (str_eq(c->spf.p[i].domain, domain) &&
		    !memcmp(&c->spf.p[i].client, client, sizeof(*client)))
			return c->spf.p[i].spf;
	vec_add(c->a, &c->spf,
		((struct check_spf){ domain, *client, spf_open(c->a, c->d, &query) }));
	return c->spf.p[c->spf.n - 1].spf;
}

static void check_spf_lets_us(struct check *c, struct str domain, const struct cidr_addr *client)
{
	struct str text = cidr_addr_text(c->a, client);
	struct spf_answer answer;
	enum spf_result result = spf_check(spf_of(c, domain, client), &answer);

	if (result == SPF_PENDING)
		c->waiting = true;
	else if (result == SPF_FAIL || result == SPF_PERMERROR)
		check_fail(c, STR_NONE,
			   "By its SPF record, %.*s does not let this gateway (%.*s) send mail: "
			   "%s. "
			   "Add ip%d:%.*s to the record.",
			   STR_ARG(domain), STR_ARG(text), spf_result_name(result), client->family,
			   STR_ARG(text));
	else if (result != SPF_PASS)
		check_warn(c, STR_NONE,
			   "The SPF record of %.*s does not name this gateway (%.*s): %s. Add "
			   "ip%d:%.*s to it.",
			   STR_ARG(domain), STR_ARG(text), spf_result_name(result), client->family,
			   STR_ARG(text));
}

/* How many of the texts are records that begin with `version`. */
static size_t count_records(const struct dns_question *q, struct str version)
{
	size_t n = 0;

	for (size_t i = 0; q->status == DNS_OK && i < q->n; i++) {
		struct str text = q->records[i].text, after = str_from(text, version.n);

		n += str_istarts(text, version) && (!after.n || after.p[0] == ' ');
	}
	return n;
}

static void look_at_spf(struct check *c, struct str domain)
{
	const struct dns_question *q = check_ask(c, domain, DNS_TXT);
	size_t n = count_records(q, STR("v=spf1"));
	struct check_addrs own = { 0 };

	if (q->status == DNS_PENDING)
		return;
	if (!dns_is_known(q)) {
		check_warn(c, STR_NONE, "DNS does not tell the SPF record of %.*s (%s).",
			   STR_ARG(domain), dns_status_name(q->status));
	} else if (!n) {
		check_warn(c,
			   str_fmt(c->a, "%.*s. IN TXT \"v=spf1 mx a:%.*s -all\"", STR_ARG(domain),
				   STR_ARG(own_name(c))),
			   "%.*s has no SPF record: others cannot tell its mail from forged mail.",
			   STR_ARG(domain));
	} else if (n > 1) {
		check_fail(c, STR_NONE,
			   "%.*s has %zu SPF records, so that none of them counts. Make one of "
			   "them.",
			   STR_ARG(domain), n);
	} else {
		check_own_addresses(c, &own);
		for (size_t i = 0; i < own.list.n; i++)
			if (!check_is_private(&own.list.p[i]))
				check_spf_lets_us(c, domain, &own.list.p[i]);
	}
}

void check_sender_policy(struct check *c)
{
	each_domain(c, look_at_spf);
}

/* p= of a key record, without blanks; empty if there is none. */
static struct str public_key(struct arena *a, struct str record)
{
	while (record.p) {
		struct str tag = str_trim(str_cut(&record, ';')), value = STR(""), word;
		struct str name = str_trim(str_cut(&tag, '='));

		if (!str_eq(name, STR("p")))
			continue;
		while (str_word(&tag, &word))
			value = str_cat(a, value, word);
		return value;
	}
	return STR("");
}

static void look_at_key(struct check *c, struct str domain, struct signing_key key)
{
	struct str name = str_fmt(c->a, "%.*s._domainkey.%.*s", STR_ARG(key.selector),
				  STR_ARG(domain));
	const struct dns_question *q = check_ask(c, name, DNS_TXT);
	struct str record;

	if (q->status == DNS_PENDING)
		return;
	if (!dns_is_known(q)) {
		check_warn(c, STR_NONE, "DNS does not tell the DKIM record %.*s (%s).",
			   STR_ARG(name), dns_status_name(q->status));
		return;
	}
	for (size_t i = 0; q->status == DNS_OK && i < q->n; i++)
		if (str_eq(public_key(c->a, q->records[i].text), dkim_key_public(c->a, key.key)))
			return;
	key.domain = domain;
	record = signing_record(c->a, &key);
	check_fail(c, record,
		   "Mail from %.*s is signed with the key %.*s, but its DKIM record %s: nobody can "
		   "verify it.",
		   STR_ARG(domain), STR_ARG(key.selector),
		   q->status == DNS_OK ? "has another key" : "is missing");
}

static size_t look_at_keys(struct check *c, struct str domain, struct str owner)
{
	const struct signing_keys *keys = c->f->keys;
	size_t n = 0;

	for (size_t i = 0; i < keys->list.n; i++)
		if (str_ieq(keys->list.p[i].domain, owner)) {
			look_at_key(c, domain, keys->list.p[i]);
			n++;
		}
	return n;
}

static void look_at_dkim(struct check *c, struct str domain)
{
	if (!look_at_keys(c, domain, domain) && !look_at_keys(c, domain, STR("")))
		check_fail(c, STR_NONE,
			   "There is no DKIM key for %.*s. Make one: pmgconfig dkim %.*s --create "
			   "rsa "
			   "--selector s1",
			   STR_ARG(domain), STR_ARG(domain));
}

void check_dkim(struct check *c)
{
	for (size_t i = 0; i < c->f->keys->problems.n; i++)
		check_fail(c, STR_NONE, "A DKIM key cannot be used: %.*s.",
			   STR_ARG(c->f->keys->problems.p[i]));
	if (c->f->cfg->admin.dkim_sign)
		each_domain(c, look_at_dkim);
	else if (c->f->lists->domains.list.n)
		check_warn(c, STR_NONE,
			   "Outgoing mail is not signed (DKIM). Make a key for each domain with "
			   "pmgconfig dkim DOMAIN --create rsa --selector s1, publish the record "
			   "it "
			   "prints, and set dkim_sign in the section admin.");
}

static bool has_dmarc(struct check *c, struct str domain, const struct dns_question **q)
{
	struct dmarc_record record;

	*q = check_ask(c, str_cat(c->a, STR("_dmarc."), domain), DNS_TXT);
	for (size_t i = 0; (*q)->status == DNS_OK && i < (*q)->n; i++)
		if (dmarc_record_parse((*q)->records[i].text, &record))
			return true;
	return false;
}

static void look_at_dmarc(struct check *c, struct str domain)
{
	struct str organization = dmarc_organization(c->a, c->f->suffixes, domain);
	const struct dns_question *own, *above;

	if (has_dmarc(c, domain, &own) || has_dmarc(c, organization, &above) || c->waiting)
		return;
	if (!dns_is_known(own) || !dns_is_known(above))
		check_warn(c, STR_NONE, "DNS does not tell the DMARC record of %.*s.",
			   STR_ARG(domain));
	else
		check_warn(c,
			   str_fmt(c->a,
				   "_dmarc.%.*s. IN TXT \"v=DMARC1; p=none; "
				   "rua=mailto:postmaster@%.*s\"",
				   STR_ARG(domain), STR_ARG(domain)),
			   "%.*s has no DMARC record: others do not know what to do with mail that "
			   "is forged in its name. Begin with this one, which only asks for "
			   "reports.",
			   STR_ARG(domain));
}

void check_dmarc(struct check *c)
{
	each_domain(c, look_at_dmarc);
}
