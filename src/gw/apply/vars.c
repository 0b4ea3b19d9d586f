#include "base/buf.h"
#include "gw/apply/apply_int.h"
#include "lib/schema/formats.h"

enum { NETWORKS_TEXT_MAX = 16 * 1024 * 1024 };

struct names {
	VEC(struct str) list;
};

static void set(struct arena *a, struct tmpl_value *vars, const char *path, struct str value)
{
	tmpl_set_path(a, vars, path, tmpl_text(a, value));
}

static bool has_value(const struct cfg *c, const struct cfg_section *s, const struct prop *p,
		      struct str text)
{
	if (p->type == PROP_INT && !p->def && !(p->flags & PROP_COMPUTED))
		return cfg_given(c, s->name, p->name);
	return text.p != NULL;
}

static void add_settings(struct arena *a, struct tmpl_value *vars, const struct cfg *c)
{
	for (const struct cfg_section *s = cfg_sections; s->name; s++)
		for (const struct prop *p = s->props; p->type != PROP_END; p++) {
			struct str text = prop_print(a, p, (const char *)c + s->off);

			if (has_value(c, s, p, text))
				set(a, vars, str_z(a, str_fmt(a, "pmg.%s.%s", s->name, p->name)),
				    text);
		}
}

static int by_bytes(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

/* Sorted, each once. */
static struct str join(struct arena *a, struct names *names, const char *between)
{
	struct buf b;

	buf_init(&b, a, NETWORKS_TEXT_MAX);
	if (names->list.n)
		qsort(names->list.p, names->list.n, sizeof(*names->list.p), by_bytes);
	for (size_t i = 0; i < names->list.n; i++) {
		if (i > 0 && str_eq(names->list.p[i], names->list.p[i - 1]))
			continue;
		if (b.n)
			buf_addz(&b, between);
		buf_add(&b, names->list.p[i]);
	}
	return buf_str(&b);
}

static void add_network(struct arena *a, struct names *names, const struct cidr *net)
{
	struct cidr n = cidr_network(net);

	vec_add(a, &names->list, cidr_text(a, &n, true));
}

static void add_if_address(struct arena *a, struct names *names, struct str host)
{
	struct cidr_addr addr;
	struct cidr net;

	if (!cidr_addr_parse(host, &addr))
		return;
	net = cidr_host(&addr);
	add_network(a, names, &net);
}

static void add_transport_hosts(struct arena *a, struct names *names, const struct cfg_lists *l)
{
	struct cfg_transport t;
	struct err e;

	for (size_t i = 0; i < l->transport.list.n; i++)
		if (cfg_transport_parse(l->transport.list.p[i].value, &t, &e) == 0)
			add_if_address(a, names, t.host);
}

static struct str trusted_networks(struct arena *a, const struct apply_env *env,
				   const struct apply_state *s)
{
	struct names names = { 0 };
	struct cidr net;
	struct err e;

	vec_add(a, &names.list, STR("127.0.0.0/8"));
	vec_add(a, &names.list, STR("[::1]/128"));
	add_network(a, &names, &env->facts.network);
	add_transport_hosts(a, &names, &s->lists);
	add_if_address(a, &names, s->cfg->mail.relay);
	for (size_t i = 0; i < s->lists.mynetworks.list.n; i++)
		if (cidr_parse(s->lists.mynetworks.list.p[i].key, &net, &e) == 0)
			add_network(a, &names, &net);
	return join(a, &names, " ");
}

static struct str transport_networks(struct arena *a, const struct cfg_lists *l)
{
	struct names names = { 0 };

	add_transport_hosts(a, &names, l);
	return join(a, &names, " ");
}

/* As Postfix's next hop: an address always in brackets, a name where no MX is wanted. */
static struct str next_hop(struct arena *a, struct str host, bool use_mx)
{
	struct cidr_addr addr;

	if (!host.p)
		return STR("");
	if (use_mx && !cidr_addr_parse(host, &addr))
		return host;
	return str_fmt(a, "[%.*s]", STR_ARG(host));
}

static struct str dnsbl_sites(struct arena *a, struct str list)
{
	struct str site;
	struct buf b;

	buf_init(&b, a, PROP_VALUE_MAX * 2);
	while (format_list_next(&list, &site)) {
		if (b.n)
			buf_addc(&b, ',');
		buf_add(&b, site);
	}
	return buf_str(&b);
}

/* Whether a destination's key comes from DNS (RFC 7672), so that its answers must be secured. */
static bool has_dane(const struct cfg_lists *l)
{
	for (size_t i = 0; i < l->tls_policy.list.n; i++)
		if (str_starts(l->tls_policy.list.p[i].value, STR("dane")))
			return true;
	return false;
}

static void add_postfix(struct arena *a, struct tmpl_value *vars, const struct apply_env *env,
			const struct apply_state *s)
{
	const struct cfg_mail *m = &s->cfg->mail;
	int64_t mailbox = 2 * m->maxsize > 51200000 ? 2 * m->maxsize : 51200000;
	bool relay_mx = !m->relaynomx || m->relayprotocol == RELAY_LMTP;

	set(a, vars, "postfix.mynetworks", trusted_networks(a, env, s));
	set(a, vars, "postfix.transportnets", transport_networks(a, &s->lists));
	set(a, vars, "postfix.dnsbl_sites", dnsbl_sites(a, m->dnsbl_sites));
	tmpl_set_path(a, vars, "postfix.dnsbl_threshold", tmpl_int(a, m->dnsbl_threshold));
	set(a, vars, "postfix.usepolicy",
	    m->greylist || m->greylist6 || m->spf ? STR("1") : STR("0"));
	set(a, vars, "postfix.dane", has_dane(&s->lists) ? STR("1") : STR("0"));
	set(a, vars, "postfix.int_ip", cidr_addr_bracketed(a, &env->facts.int_ip));
	set(a, vars, "postfix.relay", next_hop(a, m->relay, relay_mx));
	set(a, vars, "postfix.smarthost", next_hop(a, m->smarthost, true));
	/* Postfix waits a minute longer than the filter may take. */
	tmpl_set_path(a, vars, "postfix.filter_timeout", tmpl_int(a, m->filter_timeout + 60));
	tmpl_set_path(a, vars, "postfix.mailbox_size_limit", tmpl_int(a, mailbox));
	tmpl_set_path(a, vars, "postfix.reinject_size_limit", tmpl_int(a, 2 * m->maxsize));
}

/* http://user:password@host:port/ */
static void add_proxy(struct arena *a, struct tmpl_value *vars, struct str url)
{
	struct str rest = str_from(url, 7), authority = str_cut(&rest, '/'), port, host, login;
	ptrdiff_t at = str_rchr(authority, '@'), colon;
	int64_t number = 8080;
	struct err e;

	login = at < 0 ? STR_NONE : str_sub(authority, 0, (size_t)at);
	authority = str_from(authority, at < 0 ? 0 : (size_t)at + 1);
	colon = str_rchr(authority, ':');
	host = colon < 0 ? authority : str_sub(authority, 0, (size_t)colon);
	port = colon < 0 ? STR_NONE : str_from(authority, (size_t)colon + 1);
	if (!url.p || fmt_address.check(host, &e) < 0 ||
	    (port.n && !str_int(port, 1, 65535, &number)))
		return;
	set(a, vars, "proxy.host", host);
	tmpl_set_path(a, vars, "proxy.port", tmpl_int(a, number));
	if (login.p) {
		set(a, vars, "proxy.username", str_cut(&login, ':'));
		if (login.p)
			set(a, vars, "proxy.password", login);
	}
}

struct tmpl_value *apply_vars(struct arena *a, const struct apply_env *env,
			      const struct apply_state *s)
{
	struct tmpl_value *vars = tmpl_hash(a);
	const struct cfg_dns *dns = &s->cfg->dns;
	struct str relays = s->cfg->spam.wl_bounce_relays;

	add_settings(a, vars, s->cfg);
	set(a, vars, "dns.hostname", dns->hostname);
	set(a, vars, "dns.domain", dns->domain);
	set(a, vars, "dns.fqdn", dns->fqdn);
	set(a, vars, "ipconfig.int_ip", cidr_addr_text(a, &env->facts.int_ip));
	add_postfix(a, vars, env, s);
	set(a, vars, "composed.wl_bounce_relays",
	    relays.n ? str_fmt(a, "%.*s %.*s", STR_ARG(dns->fqdn), STR_ARG(relays)) : dns->fqdn);
	add_proxy(a, vars, s->cfg->admin.http_proxy);
	set(a, vars, "postgres.version", env->facts.postgres);
	return vars;
}

static void collect(struct arena *a, const struct tmpl_value *v, struct str path,
		    struct names *lines)
{
	if (v->type == TMPL_TEXT)
		vec_add(a, &lines->list,
			str_fmt(a, "%.*s = %.*s", STR_ARG(path), STR_ARG(v->text)));
	for (size_t i = 0; v->type == TMPL_HASH && i < v->hash.n; i++) {
		struct str key = v->hash.entries[i].key;

		collect(a, v->hash.entries[i].value,
			path.n ? str_fmt(a, "%.*s.%.*s", STR_ARG(path), STR_ARG(key)) : key, lines);
	}
}

struct str apply_dump(struct arena *a, const struct tmpl_value *vars)
{
	struct names lines = { 0 };

	collect(a, vars, STR_NONE, &lines);
	return str_cat(a, join(a, &lines, "\n"), STR("\n"));
}
