/* Where short links lead: asked round by round, all links of a mail together. */
#include "base/log.h"
#include "base/net.h"
#include "gw/spam/eval_short_url.h"
#include "gw/spam/learnt.h"
#include "gw/spam/talks.h"
#include "lib/dns/health.h"
#include "lib/http/http.h"

enum { NO_ANSWER = 500 /* what SpamAssassin takes for it */ };

/* One round. */
struct round {
	struct short_link *links[SHORT_LINKS_MAX];
	struct str hosts[SHORT_LINKS_MAX]; /* to be asked: of the links, or proxies for them */
	struct talk_server servers[SHORT_LINKS_MAX];
	struct health *health[SHORT_LINKS_MAX];
	struct http_ask asks[SHORT_LINKS_MAX];
	size_t n;
};

_Static_assert((int)SHORT_LINKS_MAX <= (int)HTTP_ASKS_MAX,
	       "all links of a round are asked together");

bool short_address_ok(const struct cidr_addr *addr)
{
	static const struct str good[] = { STR_INIT("0.0.0.0/0"), STR_INIT("2000::/3") };
	/* Networks of one's own, of one machine, of many machines, and ways to reach those. */
	static const struct str bad[] = {
		STR_INIT("0.0.0.0/8"),    STR_INIT("10.0.0.0/8"),     STR_INIT("100.64.0.0/10"),
		STR_INIT("127.0.0.0/8"),  STR_INIT("169.254.0.0/16"), STR_INIT("172.16.0.0/12"),
		STR_INIT("192.0.0.0/24"), STR_INIT("192.88.99.0/24"), STR_INIT("192.168.0.0/16"),
		STR_INIT("224.0.0.0/3"),  STR_INIT("2001::/32"),      STR_INIT("2002::/16"),
	};
	struct cidr net;
	struct err e;
	bool ok = false;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ok |= cidr_parse(good[i], &net, &e) == 0 && cidr_contains(&net, addr);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ok &= cidr_parse(bad[i], &net, &e) == 0 && !cidr_contains(&net, addr);
	return ok;
}

/* False if it cannot be asked, or is spared since it has not answered lately. */
static bool add_link(struct eval_run *r, struct round *round, struct short_link *l)
{
	const struct http_proxies *proxies = r->env->network->proxies;
	struct talk_server server = { .host = l->service };
	const struct http_proxy *proxy;
	size_t i = round->n;

	if (!http_url_host(r->a, l->uri, &round->hosts[i], &server.port) ||
	    (server.port != 80 && server.port != 443))
		return false;
	round->health[i] = talks_health(r->a, r->env->network->health, &server);
	if (round->health[i] && !health_may_ask(round->health[i], net_now()))
		return false;
	round->servers[i] = server;
	round->links[i] = l;
	proxy = proxies ? http_proxy_for(proxies, l->uri, round->hosts[i]) : NULL;
	if (proxy)
		round->hosts[i] = proxy->host;
	round->asks[i] = (struct http_ask){ .url = l->uri, .proxy = proxy, .get = l->get };
	round->n++;
	return true;
}

/* A proxy is where the administrator says, and decides itself whom it asks. */
static bool may_ask(const struct http_ask *ask)
{
	return ask->proxy || short_address_ok(&ask->addr);
}

/* Those without an address that may be asked leave the round. */
static void resolve(struct eval_run *r, struct short_mail *mail, struct round *round,
		    int64_t deadline)
{
	const int64_t asked = net_now();
	enum talk_address found[SHORT_LINKS_MAX];
	bool pending = true;
	size_t kept = 0;

	while (pending) {
		pending = false;
		for (size_t i = 0; i < round->n; i++) {
			found[i] = talks_address(r->dns, round->hosts[i], &round->asks[i].addr);
			pending |= found[i] == TALK_PENDING;
		}
		if (pending && !dns_wait_any(r->dns, deadline))
			break;
	}
	for (size_t i = 0; i < round->n; i++) {
		if (found[i] == TALK_FOUND && may_ask(&round->asks[i])) {
			round->links[kept] = round->links[i];
			round->servers[kept] = round->servers[i];
			round->health[kept] = round->health[i];
			round->asks[kept++] = round->asks[i];
			continue;
		}
		if (found[i] == TALK_PENDING)
			talks_judge(&round->servers[i], round->health[i], asked, false);
		round->links[i]->over = true;
		mail->code[NO_ANSWER] |= found[i] != TALK_FOUND;
	}
	round->n = kept;
}

/* A location without a host is one on the same server, or beside the page. */
static struct str absolute(struct eval_run *r, struct str base, struct str location)
{
	const struct short_conf *s = r->conf;
	size_t host = (size_t)str_find(base, STR("://")) + 3, end = host;

	if (re_match(s->re[SHORT_RE_ABSOLUTE], location) == RE_MATCH)
		return location;
	while (end < base.n && base.p[end] != '/' && base.p[end] != '?' && base.p[end] != '#')
		end++;
	if (!str_starts(location, STR("/"))) {
		ptrdiff_t slash = str_rchr(base, '/');

		if (slash >= (ptrdiff_t)end)
			return str_cat(r->a, str_sub(base, 0, (size_t)slash + 1), location);
		location = str_cat(r->a, STR("/"), location);
	}
	return str_cat(r->a, str_sub(base, 0, end), location);
}

static bool has_been(const struct short_link *l, struct str uri)
{
	for (size_t i = 0; i < l->been.n; i++)
		if (str_eq(l->been.p[i], uri))
			return true;
	return false;
}

/* Goes on where the service says, if that is another service. */
static void go_on(struct eval_run *r, struct short_mail *mail, struct short_link *l,
		  struct str location)
{
	struct short_link next;

	mail->redirected = true;
	mail->chained |= l->been.n > 0;
	location = absolute(r, l->uri, location);
	if (has_been(l, location)) {
		mail->loop = true;
		return;
	}
	vec_add(r->a, &l->been, location);
	spam_add_uri(r->m, location);
	if (!short_link_read(r, location, &next))
		return;
	l->uri = next.uri;
	l->get = next.get;
	l->over = false;
}

static void take_answer(struct eval_run *r, struct short_mail *mail, struct short_link *l,
			int status, struct str location)
{
	l->over = true;
	if (status < 300 || status >= 400)
		mail->code[status > 0 && status < SHORT_CODES ? status : NO_ANSWER] = true;
	else if (location.n && location.n <= HTTP_URL_MAX && !str_eq(location, l->uri))
		go_on(r, mail, l, location);
}

static bool has_cache(const struct short_conf *s)
{
	return s->cache && s->cache_path.n && s->ttl;
}

/* What was answered before, to this mail or an earlier one. */
static bool remembered(struct eval_run *r, const struct short_mail *mail, struct short_cache *cache,
		       const struct short_link *l, struct short_answer *out)
{
	const struct short_conf *s = r->conf;
	struct err e;

	for (size_t i = 0; has_cache(s) && i < mail->learnt.n; i++)
		if (str_eq(mail->learnt.p[i].url, l->uri)) {
			*out = mail->learnt.p[i];
			return true;
		}
	if (!cache)
		return false;
	if (short_cache_find(cache, r->a, l->uri, r->env->now, s->ttl, out, &e) < 0) {
		log_err(SHORT_CACHE_NAME " cannot be read: %s", e.msg);
		return false;
	}
	return out->status != 0;
}

static bool is_open(struct eval_run *r, struct short_mail *mail, struct short_link *l)
{
	const struct short_conf *s = r->conf;

	if (!l->over && (int64_t)l->been.n >= s->redirections)
		mail->longest = l->over = true;
	return !l->over;
}

/* Those of which nobody knows where they lead from where they are. */
static void add_open_links(struct eval_run *r, struct short_mail *mail, struct round *round)
{
	const struct short_conf *s = r->conf;
	struct short_cache *cache =
		has_cache(s) ? learnt_worker_store(s->worker, s->cache_path, false) : NULL;
	struct short_answer known;

	for (size_t i = 0; i < mail->links.n && round->n < SHORT_LINKS_MAX; i++) {
		struct short_link *l = &mail->links.p[i];

		while (is_open(r, mail, l) && remembered(r, mail, cache, l, &known))
			take_answer(r, mail, l, known.status, known.location);
		if (!l->over)
			l->over = !add_link(r, round, l);
	}
}

/* 407: a proxy wants a name. 408, 429: ask later. */
bool short_answer_lasts(int status)
{
	return status > 0 && status < 500 && status != 407 && status != 408 && status != 429;
}

static void heard(struct eval_run *r, struct short_mail *mail, const struct round *round, size_t i)
{
	const struct http_ask *ask = &round->asks[i];
	struct short_answer answer = { ask->url, ask->status, ask->location };

	if (short_answer_lasts(ask->status))
		vec_add(r->a, &mail->learnt, answer);
	take_answer(r, mail, round->links[i], ask->status, ask->location);
}

void short_links_keep(struct eval_run *r, int64_t deadline)
{
	const struct short_conf *s = r->conf;
	const struct short_mail *mail = r->mail;
	struct short_cache *cache;
	struct err e;

	if (!has_cache(s) || mail->learnt.n == 0)
		return;
	cache = learnt_worker_store(s->worker, s->cache_path, true);
	if (cache && short_cache_add(cache, mail->learnt.p, mail->learnt.n, r->env->now, s->ttl,
				     deadline, &e) < 0)
		log_debug(SHORT_CACHE_NAME ": %s", e.msg);
}

void short_links_follow(struct eval_run *r, struct short_mail *mail)
{
	const struct short_conf *s = r->conf;
	const int64_t deadline = net_now() + s->seconds * 1000;

	while (net_now() < deadline) {
		struct round round = { .n = 0 };
		int64_t asked;

		add_open_links(r, mail, &round);
		resolve(r, mail, &round, deadline);
		if (round.n == 0)
			return;
		asked = net_now();
		http_ask_all(r->a, round.asks, round.n, s->user_agent, deadline);
		for (size_t i = 0; i < round.n; i++) {
			talks_judge(&round.servers[i], round.health[i], asked,
				    round.asks[i].status > 0);
			heard(r, mail, &round, i);
		}
	}
}
