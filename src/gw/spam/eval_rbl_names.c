/* Block lists of names: of senders, of what headers tell, of the host a mail came from first. */
#include "gw/spam/auth.h"
#include "gw/spam/eval_help.h"
#include "gw/spam/eval_rbl.h"
#include "lib/uri/domains.h"

enum { NAMES_MAX = 50 /* that one rule asks about one mail */ };

/* A host as it stands in an address: without dots at its ends, and one where there are several. */
static struct str tidy(struct arena *a, struct str host)
{
	char *p = arena_alloc(a, host.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < host.n && !ascii_is_blank(host.p[i]); i++)
		if (host.p[i] != '.' || (n && p[n - 1] != '.'))
			p[n++] = ascii_lower(host.p[i]);
	if (n && p[n - 1] == '.')
		n--;
	return (struct str){ p, n };
}

/* An address or a name that could be in the DNS; whatever else it is, nobody is asked. */
static void ask_host(struct eval_run *r, const struct eval_args *args, struct str host)
{
	const struct rbl *rbl = args->prepared;
	struct cidr_addr addr;

	if (cidr_addr_parse(host, &addr)) {
		if (!(rbl->flags & RULE_DOMAINS_ONLY))
			rbl_ask(r, args, dns_reverse(r->a, &addr), host, LIST_OF_NAMES);
	} else if (!(rbl->flags & RULE_IPS_ONLY) && uri_host_is_fqdn(host) &&
		   uri_domains_has_tld(r->view->domains, host)) {
		rbl_ask(r, args, host, host, LIST_OF_NAMES);
	}
}

static void ask_hosts(struct eval_run *r, const struct eval_args *args, const struct map *hosts)
{
	for (size_t i = 0; i < hosts->n && i < NAMES_MAX; i++)
		ask_host(r, args, hosts->entries[i].key);
}

static void add(struct map *hosts, struct str host)
{
	if (host.n && hosts->n < NAMES_MAX)
		map_set(hosts, host, hosts);
}

void rbl_from_host(struct eval_run *r, const struct eval_args *args)
{
	struct spam_texts senders = eval_senders(r);
	struct map hosts;

	map_init(&hosts, r->a);
	for (size_t i = 0; i < senders.n; i++)
		add(&hosts, tidy(r->a, auth_domain(senders.v[i])));
	ask_hosts(r, args, &hosts);
}

void rbl_from_domain(struct eval_run *r, const struct eval_args *args)
{
	struct spam_texts senders = eval_senders(r);
	struct map domains;

	map_init(&domains, r->a);
	for (size_t i = 0; i < senders.n; i++)
		add(&domains, eval_domain(r, tidy(r->a, auth_domain(senders.v[i]))));
	ask_hosts(r, args, &domains);
}

void rbl_envfrom(struct eval_run *r, const struct eval_args *args)
{
	ask_host(r, args, tidy(r->a, auth_domain(auth_sender(r))));
}

/* A header with an address; or one that says, line by line, an IP address or a name. */
static void ask_header(struct eval_run *r, const struct eval_args *args, struct str name)
{
	const char *addr = str_z(r->a, str_cat(r->a, name, STR(":addr")));
	struct str domain = auth_domain(eval_first(r, addr)), lines, line;

	if (domain.n) {
		ask_host(r, args, tidy(r->a, domain));
		return;
	}
	lines = eval_header(r, str_z(r->a, name));
	for (size_t i = 0; i < NAMES_MAX && str_line(&lines, &line); i++)
		ask_host(r, args, str_lower(r->a, str_trim(line)));
}

void rbl_headers(struct eval_run *r, const struct eval_args *args)
{
	const struct rbl_settings *settings = r->conf;
	const struct rbl *rbl = args->prepared;
	struct str names = rbl->more.n ? rbl->more : settings->headers;

	for (size_t i = 0; i < NAMES_MAX && names.n; i++)
		ask_header(r, args, str_trim(str_cut(&names, ',')));
}

/* The untrusted host that is furthest away, by all that is known of it. */
void rbl_rcvd(struct eval_run *r, const struct eval_args *args)
{
	const struct spam_relays *untrusted = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);
	const struct spam_relay *first;
	struct map hosts;

	if (untrusted->n == 0)
		return;
	first = &untrusted->v[untrusted->n - 1];
	map_init(&hosts, r->a);
	add(&hosts, first->ip);
	add(&hosts, tidy(r->a, first->by));
	add(&hosts, tidy(r->a, first->helo));
	add(&hosts, tidy(r->a, first->rdns));
	ask_hosts(r, args, &hosts);
}

/* The host of the envelope sender, if it has a dot. */
static const struct dns_question *servers(struct eval_run *r)
{
	struct str host = tidy(r->a, auth_domain(auth_sender(r)));

	return str_chr(host, '.') > 0 ? dns_ask(r->dns, host, DNS_NS) : NULL;
}

void rbl_ns_from(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	servers(r);
}

/*
 * SpamAssassin takes the primary server out of what comes with a negative answer, so that it only
 * ever asks about the servers of hosts inside a zone; its rules are scored for that.
 */
unsigned rbl_ns_from_call(struct eval_run *r, const struct eval_args *args)
{
	const struct dns_question *q = servers(r);

	if (!q)
		return 0;
	if (q->status == DNS_PENDING)
		return EVAL_PENDING;
	if (uri_host_is_fqdn(q->primary) && !rbl_has_asked(r, args))
		rbl_ask(r, args, q->primary, q->primary, LIST_OF_NAMES);
	return rbl_call(r, args);
}

/* `x@a--NAME.example`, or a header `Accreditor: NAME parameter, NAME parameter`. */
bool rbl_is_accredited(struct eval_run *r, struct str by)
{
	struct str sender = auth_sender(r), list = eval_header(r, "Accreditor"), word;
	ptrdiff_t at;

	for (; (at = str_find(sender, STR("a--"))) >= 0; sender = str_from(sender, (size_t)at + 3))
		if (at > 0 && strchr("@.", sender.p[at - 1]) &&
		    str_istarts(str_from(sender, (size_t)at + 3), str_cat(r->a, by, STR("."))))
			return true;
	for (size_t i = 0; i < NAMES_MAX && list.n; i++) {
		struct str entry = str_cut(&list, ',');

		if (str_word(&entry, &word) && str_ieq(word, by))
			return true;
	}
	return false;
}
