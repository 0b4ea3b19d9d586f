/* check_uridnsbl(): block lists of the hosts that the links of a mail lead to. */
#include "gw/spam/eval_table.h"
#include "gw/spam/eval_uribl.h"
#include "gw/spam/lists.h"
#include "lib/uri/domains.h"

enum {
	HOSTS_DEFAULT = 20,
	HOSTS_MAX = 200,
	SERVERS_MAX = 10, /* name servers of a domain, addresses of a host */
};

/* What of a host is asked for. */
enum subject {
	DOMAIN,         /* what was registered, or the address */
	HOST,           /* notrim: all of it */
	HOST_ADDRESS,   /* where it is */
	SERVER_ADDRESS, /* where the name servers of the domain are */
	ADDRESSES,      /* both */
	SERVER_DOMAIN,  /* their names */
	SERVER_HOST,
};

struct uri_list {
	struct str zone;
	enum dns_type type;
	enum subject subject;
	struct list_test test;
};

/* A rule's own view of such a list. */
struct uri_rule {
	struct uri_list list;
	bool names, addresses; /* hosts of which kind */
};

struct settings {
	struct map lists; /* name → struct uri_list */
	struct map skip;  /* domains */
	int64_t hosts_max;
	bool off, mailto;
};

struct host {
	struct str name, domain;
	bool is_address;
	struct cidr_addr addr;
	int rank;
};

/* A question on the way to an answer, and the host that it is about. */
struct probe {
	const struct dns_question *q;
	const struct host *host;
	bool is_answer; /* of the list; else it is to be followed */
};

/* All about one list and subject; rules share it. */
struct lookup {
	VEC(struct probe) probes;
	size_t followed;
};

struct state {
	bool made;
	struct host *hosts;
	size_t n;
	struct map lookups; /* "zone type subject" → struct lookup */
};

static bool has_text(const struct spam_uri *u)
{
	for (size_t i = 0; i < u->anchor_text.n; i++)
		if (str_trim(u->anchor_text.v[i]).n)
			return true;
	return false;
}

/*
 * What a reader is likely to follow comes first: links with a text, then what opens by itself.
 * Links without a text are often there to fill the list.
 */
static int rank_of(const struct spam_uri *u)
{
	if (u->types & SPAM_URI_A)
		return has_text(u) ? 0 : 5;
	if (u->types & SPAM_URI_FORM)
		return 1;
	if (u->types & SPAM_URI_IMG)
		return 2;
	return u->types & (SPAM_URI_PARSED | SPAM_URI_UNLINKED) ? 4 : 3;
}

static bool is_mailto(const struct spam_uri *u)
{
	return u->cleaned.n && str_istarts(u->cleaned.v[0], STR("mailto:"));
}

bool uribl_skips(const void *conf, struct str host, struct str domain)
{
	const struct settings *s = conf;

	return map_get(&s->skip, domain) || map_get(&s->skip, host);
}

static void add_host(struct eval_run *r, const struct spam_uri_host *from, int rank,
		     struct map *hosts)
{
	const struct settings *s = r->conf;
	struct host *h = map_get(hosts, from->host);

	if (h) {
		h->rank = rank < h->rank ? rank : h->rank;
		return;
	}
	if (uribl_skips(s, from->host, from->domain))
		return;
	h = NEW(r->a, struct host);
	*h = (struct host){ .name = from->host, .domain = from->domain, .rank = rank };
	h->is_address = cidr_addr_parse(h->name, &h->addr);
	map_set(hosts, h->name, h);
}

static void hosts_make(struct eval_run *r, struct state *s)
{
	const struct settings *settings = r->conf;
	struct map hosts;
	size_t n, max = (size_t)settings->hosts_max;
	const struct spam_uri *uris = spam_uri_details(r->m, &n);

	s->made = true;
	map_init(&hosts, r->a);
	map_init(&s->lookups, r->a);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < uris[i].host_count; k++)
			if (settings->mailto || !is_mailto(&uris[i]))
				add_host(r, &uris[i].hosts[k], rank_of(&uris[i]), &hosts);
	s->hosts = NEW_N(r->a, struct host, max);
	for (int rank = 0; rank <= 5; rank++)
		for (size_t i = 0; i < hosts.n && s->n < max; i++) {
			const struct host *h = hosts.entries[i].value;

			if (h->rank == rank)
				s->hosts[s->n++] = *h;
		}
}

static struct lookup *lookup_of(struct eval_run *r, const struct uri_rule *rule, bool *is_new)
{
	struct state *s = r->mail;
	struct str key = str_fmt(r->a, "%.*s %d %d %d%d", STR_ARG(rule->list.zone),
				 (int)rule->list.type, (int)rule->list.subject, rule->names,
				 rule->addresses);
	struct lookup *l;

	if (!s->made)
		hosts_make(r, s);
	l = map_get(&s->lookups, key);
	*is_new = !l;
	if (!l) {
		l = NEW(r->a, struct lookup);
		map_set(&s->lookups, key, l);
	}
	return l;
}

static void ask_list(struct eval_run *r, const struct uri_list *list, struct lookup *l,
		     const struct host *h, struct str key, enum list_kind kind)
{
	const struct dns_question *q = spam_lists_ask(r->lists, key, list->zone, list->type, kind);

	if (q)
		vec_add(r->a, &l->probes, ((struct probe){ q, h, true }));
}

static void ask_first(struct eval_run *r, struct lookup *l, const struct host *h, struct str name,
		      enum dns_type type)
{
	vec_add(r->a, &l->probes, ((struct probe){ dns_ask(r->dns, name, type), h, false }));
}

static bool is_by_address(enum subject subject)
{
	return subject == HOST_ADDRESS || subject == SERVER_ADDRESS || subject == ADDRESSES;
}

static void ask_host(struct eval_run *r, const struct uri_rule *rule, struct lookup *l,
		     const struct host *h)
{
	const struct uri_list *list = &rule->list;
	bool by_name = list->subject == DOMAIN || list->subject == HOST;

	if (h->is_address ? !rule->addresses : !rule->names)
		return;
	if (h->is_address) {
		if (by_name || is_by_address(list->subject))
			ask_list(r, list, l, h, dns_reverse(r->a, &h->addr),
				 by_name ? LIST_OF_NAMES : LIST_OF_ADDRESSES);
	} else if (by_name) {
		ask_list(r, list, l, h, list->subject == HOST ? h->name : h->domain, LIST_OF_NAMES);
	} else {
		if (list->subject == HOST_ADDRESS || list->subject == ADDRESSES)
			ask_first(r, l, h, h->name, DNS_A);
		if (list->subject != HOST_ADDRESS)
			ask_first(r, l, h, h->domain, DNS_NS);
	}
}

static void uribl_start(struct eval_run *r, const struct eval_args *args)
{
	const struct settings *settings = r->conf;
	const struct uri_rule *rule = args->prepared;
	struct state *s = r->mail;
	struct lookup *l;
	bool is_new;

	if (settings->off)
		return;
	l = lookup_of(r, rule, &is_new);
	for (size_t i = 0; is_new && i < s->n; i++)
		ask_host(r, rule, l, &s->hosts[i]);
}

/* What an answer about a host or its name servers makes us ask. */
static void follow(struct eval_run *r, const struct uri_list *list, struct lookup *l,
		   struct probe p)
{
	for (size_t i = 0; p.q->status == DNS_OK && i < p.q->n && i < SERVERS_MAX; i++) {
		const struct dns_record *rec = &p.q->records[i];

		if (p.q->type == DNS_A)
			ask_list(r, list, l, p.host, dns_reverse(r->a, &rec->addr),
				 LIST_OF_ADDRESSES);
		else if (is_by_address(list->subject))
			ask_first(r, l, p.host, rec->name, DNS_A);
		else
			ask_list(r, list, l, p.host,
				 list->subject == SERVER_HOST
					 ? rec->name
					 : uri_domains_registered(r->a, r->view->domains,
								  rec->name),
				 LIST_OF_NAMES);
	}
}

/* Follows what has been answered; false if something is still to come. */
static bool advance(struct eval_run *r, const struct uri_list *list, struct lookup *l)
{
	for (; l->followed < l->probes.n; l->followed++) {
		struct probe p = l->probes.p[l->followed];

		if (p.is_answer)
			continue;
		if (p.q->status == DNS_PENDING)
			return false;
		follow(r, list, l, p);
	}
	return true;
}

static unsigned uribl_call(struct eval_run *r, const struct eval_args *args)
{
	const struct settings *settings = r->conf;
	const struct uri_rule *rule = args->prepared;
	struct lookup *l;
	bool is_new, pending;

	if (settings->off)
		return 0;
	l = lookup_of(r, rule, &is_new);
	pending = !advance(r, &rule->list, l);
	for (size_t i = 0; i < l->probes.n; i++) {
		const struct probe *p = &l->probes.p[i];
		unsigned hits = 0;

		if (p->is_answer)
			hits = spam_lists_hits(r->lists, p->q, &rule->list.test);
		if (hits == EVAL_PENDING) {
			pending = true;
		} else if (hits) {
			r->found = str_fmt(r->a, "URIs: %.*s",
					   STR_ARG(rule->list.subject == HOST ? p->host->name
									      : p->host->domain));
			return 1;
		}
	}
	return pending ? EVAL_PENDING : 0;
}

static int prepare(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	const struct settings *s = conf;
	const struct uri_list *list = args->n ? map_get(&s->lists, args->v[0]) : NULL;
	const struct rule_def *d = map_get(&c->rules, args->rule);
	unsigned flags = d ? d->flags : 0;
	struct uri_rule *rule = NEW(c->keep, struct uri_rule);

	if (!list)
		return err_set(e, ERR_INVALID, "no uridnsbl or urirhsbl line of that name");
	rule->list = *list;
	rule->names = !(flags & RULE_IPS_ONLY);
	rule->addresses = !(flags & RULE_DOMAINS_ONLY);
	if (list->subject == DOMAIN && flags & RULE_NOTRIM)
		rule->list.subject = HOST;
	if (list->subject == SERVER_ADDRESS && flags & RULE_URI_A)
		rule->list.subject = flags & RULE_URI_NS ? ADDRESSES : HOST_ADDRESS;
	args->prepared = rule;
	return 0;
}

static enum conf_verdict add_list(struct conf_parser *p, struct settings *s, enum subject subject,
				  bool has_subtest, struct str value)
{
	struct spam_conf *c = p->conf;
	struct str name, zone, type, text = STR_NONE, rest;
	struct uri_list *list = NEW(c->keep, struct uri_list);

	if (!str_word(&value, &name) || !str_word(&value, &zone) || !str_word(&value, &type) ||
	    (has_subtest && !str_word(&value, &text)))
		return CONF_MISSING;
	if (str_ends(zone, STR(".")))
		zone.n--;
	if (str_word(&value, &rest) || !dns_name_is_valid(zone))
		return CONF_INVALID;
	if (!str_eq(type, STR("A")) && !str_eq(type, STR("TXT")))
		return CONF_INVALID;
	if (has_subtest && !list_test_parse(c->tmp, text, &list->test))
		return CONF_INVALID;
	list->zone = str_lower(c->keep, zone);
	list->type = str_eq(type, STR("A")) ? DNS_A : DNS_TXT;
	list->subject = subject;
	map_set(&s->lists, name, list);
	return CONF_OK;
}

static enum conf_verdict skip_domains(struct settings *s, struct conf_parser *p, struct str value)
{
	struct str word;

	if (value.n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word))
		map_set(&s->skip, str_lower(p->conf->tmp, word), s);
	return CONF_OK;
}

static enum conf_verdict keep_domains(struct settings *s, struct conf_parser *p, struct str value)
{
	struct str word;

	if (value.n == 0)
		map_init(&s->skip, p->conf->keep);
	while (str_word(&value, &word))
		map_set(&s->skip, str_lower(p->conf->tmp, word), NULL);
	return CONF_OK;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	static const struct {
		const char *key;
		enum subject subject;
		bool has_subtest;
	} kinds[] = {
		{ "uridnsbl", SERVER_ADDRESS, false },
		{ "uridnssub", SERVER_ADDRESS, true },
		{ "urirhsbl", DOMAIN, false },
		{ "urirhssub", DOMAIN, true },
		{ "urinsrhsbl", SERVER_DOMAIN, false },
		{ "urinsrhssub", SERVER_DOMAIN, true },
		{ "urifullnsrhsbl", SERVER_HOST, false },
		{ "urifullnsrhssub", SERVER_HOST, true },
	};
	struct settings *s = conf;
	bool skip;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(key, str_of(kinds[i].key)))
			return add_list(p, s, kinds[i].subject, kinds[i].has_subtest, value);
	if (str_eq(key, STR("uridnsbl_skip_domain")))
		return skip_domains(s, p, value);
	if (str_eq(key, STR("clear_uridnsbl_skip_domain")))
		return keep_domains(s, p, value);
	if (str_eq(key, STR("skip_uribl_checks")))
		return conf_bool(value, &s->off);
	if (str_eq(key, STR("uridnsbl_skip_mailto"))) {
		if (conf_bool(value, &skip) != CONF_OK)
			return CONF_INVALID;
		s->mailto = !skip;
		return CONF_OK;
	}
	if (str_eq(key, STR("uridnsbl_max_domains")))
		return str_int(value, 0, HOSTS_MAX, &s->hosts_max) ? CONF_OK : CONF_INVALID;
	return CONF_UNKNOWN;
}

static void conf_init(struct spam_conf *c, void *conf)
{
	struct settings *s = conf;

	map_init(&s->lists, c->keep);
	map_init(&s->skip, c->keep);
	s->hosts_max = HOSTS_DEFAULT;
}

static const struct eval evals[] = {
	{ .name = "check_uridnsbl", .start = uribl_start, .call = uribl_call, .prepare = prepare },
	{ 0 },
};

const struct eval_family eval_uribl = {
	.plugin = "URIDNSBL",
	.evals = evals,
	.conf_size = sizeof(struct settings),
	.mail_size = sizeof(struct state),
	.conf_init = conf_init,
	.setting = setting,
};
