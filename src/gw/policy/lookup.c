#include "gw/policy/lookup.h"

#include "base/log.h"
#include "gw/policy/cache.h"
#include "lib/cidr/cidr.h"

enum { JOB_MEMORY_MAX = 16 << 20, MX_HOSTS_MAX = 16 };

enum job_state { JOB_FREE, JOB_WAITING, JOB_RUNNING };

struct job {
	enum job_state state;
	struct arena *a; /* of the request; NULL until the place is first used */
	struct wire_question q;
	struct policy_facts facts;
	struct cidr network; /* the client's, for the cap */
	struct str domain;
	int64_t until, mx_until;
	/* while it runs */
	size_t resolver;
	struct dns *dns;
	const struct dns_question *mx, *hosts[MX_HOSTS_MAX];
	size_t n_hosts;
	struct spf *spf;
	struct spf_query spf_query;
};

struct lookup {
	struct arena *a; /* of all this */
	const struct policy_settings *s;
	struct lookup_world world;
	struct cache *cache;
	struct arena *scratch;
	struct dns_resolver *resolvers[LOOKUP_JOBS];
	bool taken[LOOKUP_JOBS]; /* resolvers */
	struct job jobs[LOOKUP_WAITING_MAX];
	struct job *order[LOOKUP_WAITING_MAX]; /* those that are not free, as they came */
	size_t n, running;
};

static void close_arena(void *arena)
{
	arena_close(arena);
}

/* One that goes with all the rest. */
static struct arena *request_arena(struct lookup *l)
{
	struct arena *a = arena_open("request", JOB_MEMORY_MAX);

	arena_on_free(l->a, close_arena, a);
	return a;
}

int lookup_new(struct arena *a, const struct policy_settings *s, const struct lookup_world *world,
	       struct lookup **out, struct err *e)
{
	struct lookup *l = NEW(a, struct lookup);

	l->a = a;
	l->s = s;
	l->world = *world;
	l->cache = cache_new(a);
	l->scratch = request_arena(l);
	for (size_t i = 0; i < LOOKUP_JOBS; i++)
		if (world->resolver(world->ctx, a, &l->resolvers[i], e) < 0)
			return -1;
	*out = l;
	return 0;
}

size_t lookup_running(const struct lookup *l)
{
	return l->running;
}

size_t lookup_waiting(const struct lookup *l)
{
	return l->n - l->running;
}

static struct str domain_of(struct str address)
{
	ptrdiff_t at = str_rchr(address, '@');

	return at < 0 ? STR_NONE : str_from(address, (size_t)at + 1);
}

struct str lookup_domain(const struct policy_request *r)
{
	return r->sender.n ? domain_of(r->sender) : r->helo;
}

static enum policy_mx mx_fact(const struct cache_mx *mx, struct str client)
{
	if (cache_mx_has(mx, client))
		return POLICY_MX_YES;
	return mx->known ? POLICY_MX_NO : POLICY_MX_UNKNOWN;
}

/* Fills in what is known without asking anybody. */
static void recall(struct lookup *l, const struct policy_request *r, struct policy_facts *f)
{
	struct str domain = domain_of(r->recipient);
	const struct cache_mx *mx = cache_mx_get(l->cache, domain, l->world.now());
	struct cidr_addr client;

	/* Mail servers are known by their IPv4 addresses only. */
	if (!cidr_addr_parse(r->client, &client) || client.family != 4 || !domain.n)
		f->mx = POLICY_MX_NO;
	else if (mx)
		f->mx = mx_fact(mx, r->client);
	if (l->s->spf && !f->spf_asked)
		f->spf_asked = cache_spf_get(l->cache, r, l->world.now(), &f->spf);
}

/* True when it is answered. */
static bool decide(struct lookup *l, struct arena *a, const struct wire_question *q,
		   const struct policy_facts *f)
{
	struct policy_verdict v;

	policy_decide(a, l->s, &q->request, f, &v);
	if (v.step == POLICY_NEED_MX || v.step == POLICY_NEED_SPF)
		return false;
	if (v.log.n)
		log_info("%.*s", STR_ARG(v.log));
	l->world.answer(l->world.ctx, &(struct wire_answer){ q->id, v.step, v.text });
	return true;
}

/* What is not known by now will not be. */
static void give_up(struct policy_facts *f)
{
	if (f->mx == POLICY_MX_UNASKED)
		f->mx = POLICY_MX_UNKNOWN;
	f->spf_asked = true;
}

static void copy_question(struct arena *a, const struct wire_question *from,
			  struct wire_question *to)
{
	const struct policy_request *r = &from->request;

	*to = *from;
	to->request = (struct policy_request){
		.instance = str_copy(a, r->instance),
		.client = str_copy(a, r->client),
		.helo = str_copy(a, r->helo),
		.sender = str_copy(a, r->sender),
		.recipient = str_copy(a, r->recipient),
		.now = r->now,
	};
}

/* A /24 or a /64, whatever greylisting's mask is: this is about who can have addresses to waste. */
static struct cidr network_of(struct str client)
{
	struct cidr net = { 0 };

	if (cidr_addr_parse(client, &net.addr))
		net.bits = net.addr.family == 4 ? 24 : 64;
	return cidr_network(&net);
}

static struct job *free_place(struct lookup *l)
{
	for (size_t i = 0; i < LOOKUP_WAITING_MAX; i++)
		if (l->jobs[i].state == JOB_FREE)
			return &l->jobs[i];
	return NULL;
}

static struct job *new_job(struct lookup *l, const struct wire_question *q,
			   const struct policy_facts *f)
{
	struct job *j = free_place(l);
	struct arena *a;

	if (!j)
		return NULL;
	a = j->a ? j->a : request_arena(l);
	*j = (struct job){ .state = JOB_WAITING, .a = a, .facts = *f };
	copy_question(a, q, &j->q);
	/* A recalled answer lies in the cache, whose place another may take. */
	j->facts.spf.header = str_copy(a, f->spf.header);
	j->facts.spf.explanation = str_copy(a, f->spf.explanation);
	j->network = network_of(j->q.request.client);
	j->domain = lookup_domain(&j->q.request);
	j->until = l->world.now() + LOOKUP_MS;
	l->order[l->n++] = j;
	return j;
}

static void end_job(struct lookup *l, struct job *j)
{
	size_t i = 0;

	if (j->state == JOB_RUNNING) {
		l->taken[j->resolver] = false;
		l->running--;
	}
	j->state = JOB_FREE;
	arena_reset(j->a); /* forgets its questions, too */
	while (l->order[i] != j)
		i++;
	memmove(&l->order[i], &l->order[i + 1], (l->n - i - 1) * sizeof(l->order[0]));
	l->n--;
}

static bool fits(const struct lookup *l, const struct job *j)
{
	size_t network = 0, domain = 0;

	if (l->running == LOOKUP_JOBS)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		const struct job *o = l->order[i];

		if (o->state != JOB_RUNNING)
			continue;
		network += cidr_contains(&j->network, &o->network.addr);
		domain += str_eq(j->domain, o->domain);
	}
	return network < LOOKUP_PER_NETWORK && domain < LOOKUP_PER_DOMAIN;
}

static void add_addresses(struct cache_mx *mx, const struct dns_question *q)
{
	for (size_t i = 0; i < q->n && mx->n < CACHE_MX_ADDRESSES_MAX; i++)
		memcpy(mx->addresses[mx->n++], q->records[i].addr.b, 4);
}

static void ask_hosts(struct job *j)
{
	for (size_t i = 0; i < j->mx->n && j->n_hosts < MX_HOSTS_MAX; i++)
		j->hosts[j->n_hosts++] = dns_ask(j->dns, j->mx->records[i].name, DNS_A);
}

static bool hosts_pending(const struct job *j)
{
	for (size_t i = 0; i < j->n_hosts; i++)
		if (j->hosts[i]->status == DNS_PENDING)
			return true;
	return false;
}

static bool all_known(const struct job *j)
{
	for (size_t i = 0; i < j->n_hosts; i++)
		if (!dns_is_known(j->hosts[i]))
			return false;
	return dns_is_known(j->mx);
}

/* True when the recipient's mail servers are known, or will not be; they are in the cache then. */
static bool find_mx(struct lookup *l, struct job *j)
{
	struct str domain = domain_of(j->q.request.recipient);
	struct cache_mx *mx;
	bool late = l->world.now() >= j->mx_until;

	if (!j->mx)
		j->mx = dns_ask(j->dns, domain, DNS_MX);
	if (j->mx->status == DNS_PENDING && !late)
		return false;
	if (j->mx->status == DNS_OK && !j->n_hosts)
		ask_hosts(j);
	if (hosts_pending(j) && !late)
		return false;
	mx = NEW(j->a, struct cache_mx);
	mx->known = all_known(j);
	for (size_t i = 0; i < j->n_hosts; i++)
		add_addresses(mx, j->hosts[i]);
	cache_mx_put(l->cache, domain, mx, l->world.now());
	j->facts.mx = mx_fact(mx, j->q.request.client);
	return true;
}

static bool check_spf(struct lookup *l, struct job *j)
{
	struct spf_answer answer;
	struct cidr_addr client;

	if (!j->spf) {
		cidr_addr_parse(j->q.request.client,
				&client); /* decide.c has seen that it is one */
		j->spf_query = policy_spf_query(l->s, &j->q.request, &client);
		if (!j->q.request.sender.n && !j->q.request.helo.n) {
			j->facts.spf_asked = true; /* nobody to ask about */
			return true;
		}
		j->spf = spf_open(j->a, j->dns, &j->spf_query);
	}
	if (spf_check(j->spf, &answer) == SPF_PENDING)
		return false;
	j->facts.spf = policy_spf_of(j->a, &j->spf_query, &j->q.request, &answer);
	j->facts.spf_asked = true;
	cache_spf_put(l->cache, &j->q.request, &j->facts.spf, l->world.now());
	return true;
}

/* Goes on as far as answers are there; ends the job when it can be answered. */
static void advance(struct lookup *l, struct job *j)
{
	for (;;) {
		recall(l, &j->q.request, &j->facts);
		if (decide(l, j->a, &j->q, &j->facts)) {
			end_job(l, j);
			return;
		}
		if (j->facts.mx == POLICY_MX_UNASKED ? !find_mx(l, j) : !check_spf(l, j))
			return;
	}
}

static void end_late(struct lookup *l, struct job *j)
{
	if (j->spf && !j->facts.spf_asked) {
		log_err("SPF timeout");
		/* The other recipients of this mail need not wait as long. */
		cache_spf_put(l->cache, &j->q.request, &j->facts.spf, l->world.now());
	}
	give_up(&j->facts);
	decide(l, j->a, &j->q, &j->facts);
	end_job(l, j);
}

static void start_job(struct lookup *l, struct job *j)
{
	size_t i = 0;

	while (l->taken[i])
		i++;
	l->taken[i] = true;
	j->resolver = i;
	j->state = JOB_RUNNING;
	l->running++;
	j->dns = dns_open(j->a, l->resolvers[i]);
	j->mx_until = l->world.now() + LOOKUP_MX_MS;
	if (j->mx_until > j->until)
		j->mx_until = j->until;
	advance(l, j);
}

/* In the order in which they came, those for whom there is room. */
static void start_waiting(struct lookup *l)
{
	for (size_t i = 0; i < l->n;) {
		struct job *j = l->order[i];

		if (l->running == LOOKUP_JOBS)
			return;
		if (j->state == JOB_WAITING && fits(l, j))
			start_job(l, j);
		i += i < l->n && l->order[i] == j; /* else it has ended already */
	}
}

void lookup_add(struct lookup *l, const struct wire_question *q)
{
	struct policy_facts f = { .header_given = q->header_given };
	struct job *j;

	arena_reset(l->scratch);
	recall(l, &q->request, &f);
	if (decide(l, l->scratch, q, &f))
		return;
	j = new_job(l, q, &f);
	if (!j) {
		give_up(&f);
		decide(l, l->scratch, q, &f);
	} else if (fits(l, j)) {
		start_job(l, j);
	}
}

size_t lookup_fds(struct lookup *l, struct pollfd *fds, size_t max, int64_t *until)
{
	size_t n = 0;

	*until = INT64_MAX;
	for (size_t i = 0; i < l->n; i++) {
		const struct job *j = l->order[i];
		int64_t own = INT64_MAX, end = j->until;

		if (j->state == JOB_RUNNING)
			n += dns_poll_fds(j->dns, fds + n, max - n, &own);
		if (j->state == JOB_RUNNING && j->facts.mx == POLICY_MX_UNASKED)
			end = j->mx_until;
		own = own < end ? own : end;
		*until = own < *until ? own : *until;
	}
	return n;
}

void lookup_ready(struct lookup *l, const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < l->n;) {
		struct job *j = l->order[i];

		if (j->state == JOB_RUNNING) {
			dns_poll_ready(j->dns, fds, n);
			advance(l, j);
		}
		if (j->state != JOB_FREE && l->world.now() >= j->until)
			end_late(l, j);
		i += i < l->n && l->order[i] == j;
	}
	start_waiting(l);
}
