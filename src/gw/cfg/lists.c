#include "gw/cfg/lists.h"

#include "base/file.h"
#include "lib/schema/formats.h"

const char *const cfg_list_files[CFG_LIST_COUNT] = {
	[CFG_DOMAINS] = "domains",	 [CFG_MYNETWORKS] = "mynetworks",
	[CFG_TRANSPORT] = "transport",	 [CFG_TLS_POLICY] = "tls_policy",
	[CFG_TLS_INBOUND] = "tls_inbound_domains",
};

static int check_domain(struct str s, struct err *e)
{
	return fmt_transport_domain.check(s, e);
}

/*
 * Nobody has networks wider than these, so a wider one trusts strangers. The IPv6 addresses that
 * are no part of the internet, fc00::/7 and fe80::/10, may be trusted as a whole.
 */
enum { NETWORK_BITS_MIN4 = 8, NETWORK_BITS_MIN6 = 19 };

static bool is_too_wide(const struct cidr *net)
{
	static const struct cidr unique_local = { { 6, { 0xfc } }, 7 },
				 link_local = { { 6, { 0xfe, 0x80 } }, 10 };

	if (net->addr.family == 4)
		return net->bits < NETWORK_BITS_MIN4;
	if (cidr_contains(&unique_local, &net->addr) && net->bits >= unique_local.bits)
		return false;
	if (cidr_contains(&link_local, &net->addr) && net->bits >= link_local.bits)
		return false;
	return net->bits < NETWORK_BITS_MIN6;
}

static int check_network(struct str s, struct err *e)
{
	struct cidr net;

	if (fmt_cidr.check(s, e) < 0 || cidr_parse(s, &net, e) < 0)
		return -1;
	if (cidr_addr_unmapped(&net.addr).family != net.addr.family)
		return err_set(e, ERR_INVALID,
			       "'%.*s' are IPv4 addresses, which Postfix knows only in the form of "
			       "192.0.2.0/24",
			       STR_ARG(s));
	if (is_too_wide(&net))
		return err_set(e, ERR_INVALID,
			       "'%.*s' holds far more than networks of yours: whoever is in it "
			       "could send mail to anybody through this gateway (open relay)",
			       STR_ARG(s));
	return 0;
}

static int check_transport_key(struct str s, struct err *e)
{
	return fmt_transport_key.check(s, e);
}

static int check_tls_destination(struct str s, struct err *e)
{
	return fmt_tls_destination.check(s, e);
}

static int check_tls_policy(struct str s, struct err *e)
{
	return fmt_tls_policy.check(s, e);
}

static int check_anything(struct str s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

static int check_transport(struct str s, struct err *e)
{
	struct cfg_transport t;

	return cfg_transport_parse(s, &t, e);
}

/* Postfix's access tables (access(5)), as main.cf has them, know no names with a dot in front. */
static int check_inbound_domain(struct str s, struct err *e)
{
	if (str_starts(s, STR(".")))
		return err_set(e, ERR_INVALID,
			       "'%.*s' would have no effect: leave the dot out, a domain stands "
			       "here for those below it, too",
			       STR_ARG(s));
	return check_domain(s, e);
}

static int check_inbound(struct str s, struct err *e)
{
	if (str_eq(s, STR("reject_plaintext_session")))
		return 0;
	return err_set(e, ERR_INVALID, "must be reject_plaintext_session");
}

const struct conf_lines *cfg_list_kind(enum cfg_list list)
{
	static const struct conf_lines kinds[CFG_LIST_COUNT] = {
		[CFG_DOMAINS] = { CONF_TABLE, check_domain, check_anything },
		[CFG_MYNETWORKS] = { CONF_LIST, check_network, NULL },
		[CFG_TRANSPORT] = { CONF_TABLE, check_transport_key, check_transport },
		[CFG_TLS_POLICY] = { CONF_TABLE, check_tls_destination, check_tls_policy },
		[CFG_TLS_INBOUND] = { CONF_TABLE, check_inbound_domain, check_inbound },
	};

	return &kinds[list];
}

/* "[ipv6:2001:db8::1]", "[host]" or "host" in front of the last ":port" */
static int take_host(struct str s, struct cfg_transport *t, struct err *e)
{
	bool in_brackets = str_starts(s, STR("["));

	t->use_mx = !t->lmtp;
	if (in_brackets) {
		if (!str_ends(s, STR("]")))
			return err_set(e, ERR_INVALID, "no ']' after the host");
		s = str_sub(s, 1, s.n - 2);
		t->use_mx = false;
	}
	if (fmt_transport_address.check(s, e) < 0)
		return -1;
	if (str_istarts(s, STR("ipv6:")) && !in_brackets)
		return err_set(e, ERR_INVALID, "'%.*s' must stand in brackets: [%.*s]", STR_ARG(s),
			       STR_ARG(s));
	t->host = str_istarts(s, STR("ipv6:")) ? str_from(s, 5) : s;
	return 0;
}

int cfg_transport_parse(struct str value, struct cfg_transport *out, struct err *e)
{
	struct cfg_transport t = { 0 };
	ptrdiff_t colon;

	if (str_starts(value, STR("lmtp:inet:"))) {
		t.lmtp = true;
		value = str_from(value, 10);
	} else if (str_starts(value, STR("smtp:"))) {
		value = str_from(value, 5);
	} else {
		return err_set(e, ERR_INVALID, "must start with smtp: or lmtp:inet:");
	}
	colon = str_rchr(value, ':');
	if (colon < 0 || !str_int(str_from(value, (size_t)colon + 1), 1, 65535, &t.port))
		return err_set(e, ERR_INVALID, "must end in a colon and a port from 1 to 65535");
	if (take_host(str_sub(value, 0, (size_t)colon), &t, e) < 0)
		return -1;
	*out = t;
	return 0;
}

static int load_one(struct arena *a, const char *dir, enum cfg_list list, struct conf_entries *out,
		    struct cfg_problems *problems, struct err *e)
{
	struct str path = str_fmt(a, "%s/%s", dir, cfg_list_files[list]), text;

	if (file_read(a, str_z(a, path), CFG_LIST_MAX, &text, e) < 0) {
		if (e->code != ERR_NOTFOUND)
			return -1;
		text = STR_NONE;
	}
	conf_lines_parse(a, cfg_list_kind(list), text, out);
	for (size_t i = 0; i < out->problems.n; i++)
		vec_add(a, &problems->list,
			((struct cfg_problem){ .file = path,
					       .line = out->problems.p[i].line,
					       .value = out->problems.p[i].text,
					       .reason = out->problems.p[i].reason }));
	return 0;
}

int cfg_lists_load(struct arena *a, const char *dir, struct cfg_lists *out,
		   struct cfg_problems *problems, struct err *e)
{
	struct conf_entries *const lists[CFG_LIST_COUNT] = {
		[CFG_DOMAINS] = &out->domains,	       [CFG_MYNETWORKS] = &out->mynetworks,
		[CFG_TRANSPORT] = &out->transport,     [CFG_TLS_POLICY] = &out->tls_policy,
		[CFG_TLS_INBOUND] = &out->tls_inbound_domains,
	};

	*out = (struct cfg_lists){ 0 };
	for (int i = 0; i < CFG_LIST_COUNT; i++)
		if (load_one(a, dir, (enum cfg_list)i, lists[i], problems, e) < 0)
			return -1;
	return 0;
}

static bool is_plain_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '-' &&
		    s.p[i] != '.')
			return false;
	return s.n > 0;
}

static bool covers(struct str name, struct str domain)
{
	if (str_starts(name, STR(".")) && str_iends(domain, name))
		return true;
	return str_ieq(domain, str_from(name, str_starts(name, STR("."))));
}

bool cfg_is_ours(const struct cfg_lists *lists, struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	if (at < 0)
		return false;
	for (size_t i = 0; i < lists->domains.list.n; i++) {
		struct str name = lists->domains.list.p[i].key;

		if (is_plain_name(name) && covers(name, str_from(address, (size_t)at + 1)))
			return true;
	}
	return false;
}
