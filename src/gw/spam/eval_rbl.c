/* check_rbl() and its like: block lists of the hosts that a mail came through. */
#include "gw/spam/eval_table.h"
#include "gw/spam/lists.h"
#include "gw/spam/networks.h"

enum {
	HOSTS_MAX = 9, /* of one mail that one list is asked about */
};

struct settings {
	bool skip;
};

/* Which of the hosts, told by the end of the set's name. */
enum place { ALL_UNTRUSTED, LAST_EXTERNAL, NOT_FIRST_HOP, FIRST_UNTRUSTED, REST_UNTRUSTED };

struct rbl {
	struct str set, zone; /* no zone: whatever was asked for the set */
	enum dns_type type;
	enum place place;
	bool nice;
	struct list_test test;
};

struct entry {
	const struct dns_question *q;
	struct str zone, ip;
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
	if (!rbl->nice && spam_networks_have(r->view->trusted, relay->ip, true))
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

static void rbl_start(struct eval_run *r, const struct eval_args *args)
{
	const struct settings *settings = r->conf;
	const struct rbl *rbl = args->prepared;
	struct set *set = set_of(r, rbl->set);
	struct hosts hosts = { .n = 0 };

	if (settings->skip)
		return;
	hosts_of(r, rbl, &hosts);
	for (size_t i = 0; i < hosts.n; i++) {
		const struct dns_question *q =
			spam_lists_ask(r->lists, dns_reverse(r->a, &hosts.v[i]), rbl->zone,
				       rbl->type, LIST_OF_ADDRESSES);

		if (q)
			vec_add(r->a, &set->entries,
				((struct entry){ q, rbl->zone,
						 cidr_addr_text(r->a, &hosts.v[i]) }));
	}
}

static struct str about(struct eval_run *r, const struct rbl *rbl, const struct entry *e)
{
	if (rbl->type == DNS_TXT && e->q->n)
		return e->q->records[0].text;
	return str_fmt(r->a, "%.*s listed in %.*s", STR_ARG(e->ip), STR_ARG(e->zone));
}

static unsigned rbl_call(struct eval_run *r, const struct eval_args *args)
{
	const struct rbl *rbl = args->prepared;
	const struct set *set = set_of(r, rbl->set);
	bool pending = false;

	for (size_t i = 0; i < set->entries.n; i++) {
		const struct entry *e = &set->entries.p[i];
		unsigned hits;

		if (rbl->zone.n && (!str_eq(rbl->zone, e->zone) || e->q->type != rbl->type))
			continue;
		hits = spam_lists_hits(r->lists, e->q, &rbl->test);
		if (hits == EVAL_PENDING) {
			pending = true;
		} else if (hits) {
			r->found = about(r, rbl, e);
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

static enum place place_of(struct str set)
{
	static const struct {
		const char *suffix;
		enum place place;
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

static int prepare(struct spam_conf *c, struct eval_args *args, struct rbl *rbl, size_t least,
		   struct err *e)
{
	const struct rule_def *d = map_get(&c->rules, args->rule);

	if (args->n < least || args->n > least + 1)
		return err_set(e, ERR_INVALID, "%zu arguments where %zu or %zu are expected",
			       args->n, least, least + 1);
	rbl->set = args->v[0];
	rbl->place = place_of(rbl->set);
	rbl->nice = d && d->flags & RULE_NICE;
	args->prepared = rbl;
	return subtest(c, args->n > least ? args->v[least] : STR_NONE, &rbl->test, e);
}

static int prepare_zone(struct spam_conf *c, struct eval_args *args, enum dns_type type,
			struct err *e)
{
	struct rbl *rbl = NEW(c->keep, struct rbl);

	if (prepare(c, args, rbl, 2, e) < 0)
		return -1;
	rbl->type = type;
	rbl->zone = str_lower(c->keep, args->v[1]);
	if (str_ends(rbl->zone, STR(".")))
		rbl->zone.n--;
	if (!dns_name_is_valid(rbl->zone))
		return err_set(e, ERR_INVALID, "'%.*s' is no zone", STR_ARG(rbl->zone));
	return 0;
}

static int prepare_rbl(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
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
	return prepare(c, args, NEW(c->keep, struct rbl), 1, e);
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct settings *s = conf;

	(void)p;
	if (!str_eq(key, STR("skip_rbl_checks")))
		return CONF_UNKNOWN;
	return conf_bool(value, &s->skip);
}

static const struct eval evals[] = {
	{ .name = "check_rbl", .start = rbl_start, .call = rbl_call, .prepare = prepare_rbl },
	{ .name = "check_rbl_txt", .start = rbl_start, .call = rbl_call, .prepare = prepare_txt },
	{ .name = "check_rbl_sub", .call = rbl_call, .prepare = prepare_sub },
	{ .name = "check_dns_sender", .call = check_dns_sender },
	{ 0 },
};

const struct eval_family eval_rbl = {
	.plugin = "DNSEval",
	.evals = evals,
	.conf_size = sizeof(struct settings),
	.mail_size = sizeof(struct state),
	.setting = setting,
};
