/* check_rbl() and its like: block lists of the hosts that a mail came through. */
#include "gw/spam/eval_rbl.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/networks.h"

enum {
	HOSTS_MAX = 9, /* of one mail that one list is asked about */
};

struct entry {
	const struct dns_question *q;
	struct str rule, zone, subject;
};

struct set {
	VEC(struct entry) entries;
};

struct state {
	struct map sets; /* name → struct set */
	bool made;
};

struct hosts {
	struct cidr_addr v[HOSTS_MAX];
	size_t n;
};

static void add_host(struct eval_run *r, const struct rbl *rbl, const struct spam_relay *relay,
		     struct hosts *hosts)
{
	struct cidr_addr addr;

	if (hosts->n == HOSTS_MAX || relay->ip_private || !cidr_addr_parse(relay->ip, &addr))
		return;
	if (!(rbl->flags & RULE_NICE) && spam_networks_have(r->view->trusted, relay->ip, true))
		return;
	for (size_t i = 0; i < hosts->n; i++)
		if (memcmp(&hosts->v[i], &addr, sizeof(addr)) == 0)
			return;
	hosts->v[hosts->n++] = addr;
}

/* The hosts of that place, those nearest to the sender first. */
static void hosts_of(struct eval_run *r, const struct rbl *rbl, struct hosts *hosts)
{
	const struct spam_relays *untrusted = spam_relays(r->m, SPAM_RELAYS_UNTRUSTED);
	const struct spam_relays *external = spam_relays(r->m, SPAM_RELAYS_EXTERNAL), *list;
	size_t from = 0, to;

	if (untrusted->n == 0)
		return;
	list = rbl->place == LAST_EXTERNAL || rbl->place == NOT_FIRST_HOP ? external : untrusted;
	to = list->n;
	if (rbl->place == LAST_EXTERNAL || rbl->place == FIRST_UNTRUSTED)
		to = to ? 1 : 0;
	else if (rbl->place == NOT_FIRST_HOP && to > 1)
		to--;
	else if (rbl->place == REST_UNTRUSTED)
		from = 1;
	while (to > from)
		add_host(r, rbl, &list->v[--to], hosts);
}

static struct set *set_of(struct eval_run *r, struct str name)
{
	struct state *s = r->mail;
	struct set *set;

	if (!s->made) {
		map_init(&s->sets, r->a);
		s->made = true;
	}
	set = map_get(&s->sets, name);
	if (!set) {
		set = NEW(r->a, struct set);
		map_set(&s->sets, name, set);
	}
	return set;
}

void rbl_ask(struct eval_run *r, const struct eval_args *args, struct str key, struct str subject,
	     enum list_kind kind)
{
	const struct rbl_settings *settings = r->conf;
	const struct rbl *rbl = args->prepared;
	const struct dns_question *q;

	if (settings->skip)
		return;
	q = spam_lists_ask(r->lists, key, rbl->zone, rbl->type, kind);
	if (q)
		vec_add(r->a, &set_of(r, rbl->set)->entries,
			((struct entry){ q, args->rule, rbl->zone, subject }));
}

bool rbl_has_asked(struct eval_run *r, const struct eval_args *args)
{
	const struct rbl *rbl = args->prepared;
	const struct set *set = set_of(r, rbl->set);

	for (size_t i = 0; i < set->entries.n; i++)
		if (str_eq(args->rule, set->entries.p[i].rule))
			return true;
	return false;
}

static void rbl_start(struct eval_run *r, const struct eval_args *args)
{
	struct hosts hosts = { .n = 0 };

	hosts_of(r, args->prepared, &hosts);
	for (size_t i = 0; i < hosts.n; i++)
		rbl_ask(r, args, dns_reverse(r->a, &hosts.v[i]), cidr_addr_text(r->a, &hosts.v[i]),
			LIST_OF_ADDRESSES);
}

static void accreditor_start(struct eval_run *r, const struct eval_args *args)
{
	const struct rbl *rbl = args->prepared;

	if (rbl_is_accredited(r, rbl->more))
		rbl_start(r, args);
}

static struct str about(struct eval_run *r, const struct entry *e)
{
	if (e->q->type == DNS_TXT && e->q->n)
		return e->q->records[0].text;
	return str_fmt(r->a, "%.*s listed in %.*s", STR_ARG(e->subject), STR_ARG(e->zone));
}

unsigned rbl_call(struct eval_run *r, const struct eval_args *args)
{
	const struct rbl *rbl = args->prepared;
	const struct set *set = set_of(r, rbl->set);
	bool pending = false;

	for (size_t i = 0; i < set->entries.n; i++) {
		const struct entry *e = &set->entries.p[i];
		unsigned hits;

		if (rbl->zone.n && !str_eq(args->rule, e->rule))
			continue;
		hits = spam_lists_hits(r->lists, e->q, &rbl->test);
		if (hits == EVAL_PENDING) {
			pending = true;
		} else if (hits) {
			r->found = about(r, e);
			return 1;
		}
	}
	return pending ? EVAL_PENDING : 0;
}

/* SpamAssassin's hits only if a failure comes with an answer, which it never does. */
static unsigned check_dns_sender(struct eval_run *r, const struct eval_args *args)
{
	(void)r;
	(void)args;
	return 0;
}

static enum rbl_place place_of(struct str set)
{
	static const struct {
		const char *suffix;
		enum rbl_place place;
	} places[] = {
		{ "-lastexternal", LAST_EXTERNAL },
		{ "-notfirsthop", NOT_FIRST_HOP },
		{ "-firsttrusted", FIRST_UNTRUSTED },
		{ "-untrusted", REST_UNTRUSTED },
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (str_ends(set, str_of(places[i].suffix)))
			return places[i].place;
	return ALL_UNTRUSTED;
}

/* A number is a mask, an address is itself, anything else is a pattern. */
static int subtest(struct spam_conf *c, struct str text, struct list_test *t, struct err *e)
{
	struct cidr_addr addr;
	struct re *re;
	int64_t mask;

	if (text.n == 0) {
		t->op = LIST_ANY;
	} else if (ascii_is_digit(text.p[0]) && str_int(text, 0, UINT32_MAX, &mask)) {
		*t = (struct list_test){ .op = LIST_MASK, .from = (uint32_t)mask };
	} else if (cidr_addr_parse(text, &addr) && addr.family == 4) {
		t->op = LIST_RANGE;
		t->from = t->to = list_number(&addr);
	} else {
		if (re_compile_perl(c->keep, text, 0, &re, e) < 0)
			return -1;
		*t = (struct list_test){ .op = LIST_REGEX, .re = re };
	}
	return 0;
}

static int prepare(struct spam_conf *c, struct eval_args *args, struct rbl *rbl, struct str test,
		   struct err *e)
{
	const struct rule_def *d = map_get(&c->rules, args->rule);

	rbl->set = args->v[0];
	rbl->place = place_of(rbl->set);
	rbl->flags = d ? d->flags : 0;
	args->prepared = rbl;
	return subtest(c, test, &rbl->test, e);
}

static int prepare_zone(struct spam_conf *c, struct eval_args *args, enum dns_type type,
			struct err *e)
{
	struct rbl *rbl = NEW(c->keep, struct rbl);

	if (args->n < 2 || args->n > 4)
		return err_set(e, ERR_INVALID, "%zu arguments where 2 to 4 are expected", args->n);
	rbl->type = type;
	rbl->zone = str_lower(c->keep, args->v[1]);
	if (str_ends(rbl->zone, STR(".")))
		rbl->zone.n--;
	if (!dns_name_is_valid(rbl->zone))
		return err_set(e, ERR_INVALID, "'%.*s' is no zone", STR_ARG(rbl->zone));
	rbl->more = args->n > 3 ? args->v[3] : STR("");
	return prepare(c, args, rbl, args->n > 2 ? args->v[2] : STR_NONE, e);
}

int rbl_prepare(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return prepare_zone(c, args, DNS_A, e);
}

static int prepare_txt(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	return prepare_zone(c, args, DNS_TXT, e);
}

static int prepare_sub(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	(void)conf;
	if (args->n < 1 || args->n > 2)
		return err_set(e, ERR_INVALID, "%zu arguments where 2 are expected", args->n);
	return prepare(c, args, NEW(c->keep, struct rbl), args->n > 1 ? args->v[1] : STR_NONE, e);
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct rbl_settings *s = conf;

	if (str_eq(key, STR("skip_rbl_checks")))
		return conf_bool(value, &s->skip);
	if (!str_eq(key, STR("rbl_headers")))
		return CONF_UNKNOWN;
	s->headers = str_copy(p->conf->keep, value);
	return value.n ? CONF_OK : CONF_MISSING;
}

static void conf_init(struct spam_conf *c, void *conf)
{
	struct rbl_settings *s = conf;

	(void)c;
	s->headers = STR("EnvelopeFrom,Reply-To,Disposition-Notification-To,X-WebmailclientIP,"
			 "X-Source-IP");
}

/* What asks by names. */
#define NAMES(function)                                                                            \
	{                                                                                          \
		.name = "check_rbl_" #function, .start = rbl_##function, .call = rbl_call,         \
		.prepare = rbl_prepare                                                             \
	}

static const struct eval evals[] = {
	{ .name = "check_rbl", .start = rbl_start, .call = rbl_call, .prepare = rbl_prepare },
	{ .name = "check_rbl_txt", .start = rbl_start, .call = rbl_call, .prepare = prepare_txt },
	{ .name = "check_rbl_sub", .call = rbl_call, .prepare = prepare_sub },
	{ .name = "check_rbl_accreditor",
	  .start = accreditor_start,
	  .call = rbl_call,
	  .prepare = rbl_prepare },
	NAMES(from_host),
	NAMES(from_domain),
	NAMES(envfrom),
	NAMES(headers),
	NAMES(rcvd),
	{ .name = "check_rbl_ns_from",
	  .start = rbl_ns_from,
	  .call = rbl_ns_from_call,
	  .prepare = rbl_prepare },
	{ .name = "check_dns_sender", .call = check_dns_sender },
	{ 0 },
};

const struct eval_family eval_rbl = {
	.plugin = "DNSEval",
	.evals = evals,
	.conf_size = sizeof(struct rbl_settings),
	.mail_size = sizeof(struct state),
	.conf_init = conf_init,
	.setting = setting,
};
