#include "gw/spam/gate.h"

#include "base/log.h"
#include "gw/spam/lists.h"
#include "gw/spam/net_time.h"

/* What the map of restrictions points to. */
static const bool allowed = true, denied = false;

struct gate {
	struct dns_resolver resolver, *inner;
	const struct gate_rules *rules;
	const struct net_times *times;
	const struct spam_list_health *health;
	int64_t now;
};

void gate_conf_init(struct spam_conf *c)
{
	c->gate = NEW(c->keep, struct gate_rules);
	map_init(&c->gate->restrictions, c->keep);
	c->gate->block_s = GATE_BLOCK_S;
}

/* A word as a domain: lower case, without a dot at either end; false if it is none. */
static bool domain_of(struct spam_conf *c, struct str word, struct str *out)
{
	if (str_starts(word, STR(".")))
		word = str_from(word, 1);
	if (str_ends(word, STR(".")))
		word.n--;
	*out = str_lower(c->keep, word);
	return dns_name_is_valid(word);
}

enum conf_verdict gate_restriction(struct conf_parser *p, struct str value)
{
	struct map *known = &p->conf->gate->restrictions;
	struct str word = STR(""), domain;
	const bool *verdict = &denied;

	str_word(&value, &word);
	if (str_ieq(word, STR("allow")))
		verdict = &allowed;
	else if (!str_ieq(word, STR("deny")))
		return CONF_INVALID;
	while (str_word(&value, &word)) {
		if (!domain_of(p->conf, word, &domain) || known->n == GATE_DOMAINS_MAX)
			return CONF_INVALID;
		map_set(known, domain, (void *)verdict);
	}
	return CONF_OK;
}

enum conf_verdict gate_clear(struct conf_parser *p, struct str value)
{
	map_init(&p->conf->gate->restrictions, p->conf->keep);
	return value.n ? CONF_INVALID : CONF_OK;
}

enum conf_verdict gate_block_rule(struct conf_parser *p, struct str value)
{
	struct gate_rules *g = p->conf->gate;
	struct gate_block b = { .rule = 0 };
	struct str word;

	if (!str_word(&value, &b.name) || !conf_rule_name_ok(b.name))
		return CONF_INVALID;
	b.name = str_copy(p->conf->keep, b.name);
	if (str_trim(value).n == 0)
		return CONF_MISSING;
	while (str_word(&value, &word)) {
		if (!domain_of(p->conf, word, &b.domain) || g->blocks.n == GATE_DOMAINS_MAX)
			return CONF_INVALID;
		vec_add(p->conf->keep, &g->blocks, b);
	}
	return CONF_OK;
}

enum conf_verdict gate_block_time(struct conf_parser *p, struct str value)
{
	if (value.n == 0)
		return CONF_MISSING;
	return str_int(value, 0, GATE_BLOCK_MAX_S, &p->conf->gate->block_s) ? CONF_OK
									    : CONF_INVALID;
}

void gate_bind(struct spam_conf *c)
{
	struct gate_rules *g = c->gate;
	size_t n = 0;

	for (size_t i = 0; i < g->blocks.n; i++) {
		const struct rule_def *d = map_get(&c->rules, g->blocks.p[i].name);

		if (!d)
			continue;
		g->blocks.p[n] = g->blocks.p[i];
		g->blocks.p[n++].rule = d->index;
	}
	g->blocks.n = n;
}

/* The tightest restriction counts: of the name itself, of the domains above it, then of "*". */
static bool may_ask(const struct gate *g, struct str name)
{
	const bool *verdict = NULL;

	while (name.n && !verdict) {
		if (spam_list_health_shut(g->health, name, g->now))
			return false;
		verdict = map_get(&g->rules->restrictions, name);
		str_cut(&name, '.');
	}
	if (!verdict)
		verdict = map_get(&g->rules->restrictions, STR("*"));
	return !verdict || *verdict;
}

static struct gate *gate_of(struct dns_resolver *r)
{
	return (struct gate *)r;
}

static void gate_send(struct dns_resolver *r, struct arena *a, struct dns_question *q)
{
	struct gate *g = gate_of(r);
	const struct net_time *own = net_time_of(g->times, q->name);

	if (own)
		q->patience_ms = own->most_ms;
	if (may_ask(g, q->name))
		g->inner->send(g->inner, a, q);
	else
		q->status = DNS_SKIPPED;
}

static void gate_wait(struct dns_resolver *r, int64_t deadline)
{
	struct dns_resolver *inner = gate_of(r)->inner;

	inner->wait(inner, deadline);
}

static void gate_cancel(struct dns_resolver *r)
{
	struct dns_resolver *inner = gate_of(r)->inner;

	inner->cancel(inner);
}

static size_t gate_fds(struct dns_resolver *r, struct pollfd *fds, size_t max, int64_t *until)
{
	struct dns_resolver *inner = gate_of(r)->inner;

	return inner->fds ? inner->fds(inner, fds, max, until) : 0;
}

static void gate_ready(struct dns_resolver *r, const struct pollfd *fds, size_t n)
{
	struct dns_resolver *inner = gate_of(r)->inner;

	if (inner->ready)
		inner->ready(inner, fds, n);
}

struct dns_resolver *gate_open(struct arena *a, const struct gate_rules *rules,
			       const struct net_times *times, const struct spam_network *net,
			       int64_t now)
{
	struct gate *g = NEW(a, struct gate);

	*g = (struct gate){
		.resolver = { gate_send, gate_wait, gate_cancel, gate_fds, gate_ready },
		.inner = net->resolver,
		.rules = rules,
		.times = times,
		.health = net->health,
		.now = now,
	};
	return &g->resolver;
}

void gate_shut(const struct gate_rules *rules, const struct gate_block *b,
	       struct spam_list_health *health, int64_t now)
{
	if (rules->block_s == 0 || spam_list_health_shut(health, b->domain, now))
		return;
	spam_list_health_shut_until(health, b->domain, now + rules->block_s);
	log_warn("%.*s has hit: %.*s is not asked for %lld seconds, since it does not serve us; "
		 "ask it through a DNS server of your own, or set "
		 "\"dns_query_restriction deny %.*s\"",
		 STR_ARG(b->name), STR_ARG(b->domain), (long long)rules->block_s,
		 STR_ARG(b->domain));
}
