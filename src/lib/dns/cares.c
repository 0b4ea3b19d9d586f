#include "lib/dns/cares.h"

#include <ares.h>
#include <sys/random.h>

#include "base/map.h"
#include "base/net.h"
#include "lib/dns/health.h"
#include "lib/dns/packet.h"

struct server {
	ares_channel channel;
	struct health health;
};

struct cares {
	struct dns_resolver resolver;
	struct arena *a;
	struct server servers[DNS_SERVERS_MAX];
	size_t server_count;
	int attempt_ms, attempts;
	int64_t (*clock)(void);
	struct map zones; /* to struct health */
};

/* A question under way, on the arena of whoever asked. */
struct inquiry {
	struct cares *c;
	struct arena *a;
	struct dns_question *q;
	struct server *server;
	int64_t first, asked;
	int attempts;
};

static struct cares *cares_of(struct dns_resolver *r)
{
	return (struct cares *)r;
}

/* NULL for no zone, or for one too many. */
static struct health *zone_health(struct cares *c, struct str zone)
{
	struct health *h;

	if (zone.n == 0)
		return NULL;
	h = map_get(&c->zones, zone);
	if (!h && c->zones.n < DNS_ZONES_MAX) {
		h = NEW(c->a, struct health);
		map_set(&c->zones, zone, h);
	}
	return h;
}

/* The next server in turn that is not being skipped, or NULL. */
static struct server *next_server(struct inquiry *in)
{
	struct cares *c = in->c;

	for (size_t i = 0; i < c->server_count; i++) {
		struct server *s = &c->servers[((size_t)in->attempts + i) % c->server_count];

		if (health_may_ask(&s->health, c->clock()))
			return s;
	}
	return NULL;
}

static uint16_t random_id(void)
{
	uint16_t id;

	while (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		;
	return id;
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *packet, int n);

/* False if there is nobody left to ask. */
static bool attempt(struct inquiry *in)
{
	uint8_t query[DNS_QUERY_MAX];
	size_t n;

	if (!(in->server = next_server(in)))
		return false;
	in->attempts++;
	in->asked = in->c->clock();
	n = dns_packet_query(in->q, random_id(), query);
	in->q->status = DNS_PENDING;
	/* Calls on_answer() at once if it cannot be sent. */
	ares_send(in->server->channel, query, (int)n, on_answer, in);
	return true;
}

static bool has_attempts(const struct inquiry *in)
{
	return in->attempts < in->c->attempts;
}

/* Only after silence: whoever refuses at once would be asked in circles. */
static bool is_patient(const struct inquiry *in)
{
	int64_t now = in->c->clock();

	return now - in->asked >= in->c->attempt_ms && now - in->first < in->q->patience_ms;
}

static void no_answer(struct inquiry *in)
{
	struct health *zone;

	/* That a zone known to be slow needs more attempts is not the server's fault. */
	if (in->attempts <= in->c->attempts)
		health_silent(&in->server->health, in->asked, in->c->clock());
	if ((has_attempts(in) || is_patient(in)) && attempt(in))
		return;
	zone = zone_health(in->c, in->q->zone);
	if (zone)
		health_silent(zone, in->asked, in->c->clock());
	in->q->status = DNS_TIMEOUT;
}

/* An error that another server may not give. */
static bool worth_asking_again(const struct inquiry *in)
{
	return in->q->status >= DNS_SERVFAIL && in->c->server_count > 1 && has_attempts(in);
}

static void answer(struct inquiry *in, struct str packet)
{
	struct health *zone = zone_health(in->c, in->q->zone);
	enum dns_status status;

	health_answered(&in->server->health, in->c->clock());
	dns_packet_answer(in->a, packet, in->q);
	if (zone && dns_is_known(in->q))
		health_answered(zone, in->c->clock());
	status = in->q->status;
	if (worth_asking_again(in) && !attempt(in))
		in->q->status = status;
}

/* Whoever has been waiting as long as an attempt may take has learned something all the same. */
static void given_up(struct inquiry *in)
{
	int64_t now = in->c->clock();
	struct health *zone = zone_health(in->c, in->q->zone);

	if (now - in->asked < in->c->attempt_ms)
		return;
	health_silent(&in->server->health, in->asked, now);
	if (zone)
		health_silent(zone, in->asked, now);
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *packet, int n)
{
	struct inquiry *in = arg;

	(void)timeouts;
	if (status == ARES_SUCCESS)
		answer(in, (struct str){ (const char *)packet, (size_t)n });
	else if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION)
		given_up(in);
	else
		no_answer(in);
}

static void cares_send(struct dns_resolver *r, struct arena *a, struct dns_question *q)
{
	struct cares *c = cares_of(r);
	struct health *zone = zone_health(c, q->zone);
	struct inquiry *in;

	if (zone && !health_may_ask(zone, c->clock())) {
		q->status = DNS_SKIPPED;
		return;
	}
	in = NEW(a, struct inquiry);
	*in = (struct inquiry){ .c = c, .a = a, .q = q, .first = c->clock() };
	if (!attempt(in))
		q->status = DNS_SKIPPED;
}

/* One server's sockets; *until becomes earlier if it wants to be woken earlier. */
static size_t server_fds(ares_channel channel, struct pollfd *fds, size_t max, int64_t *until)
{
	ares_socket_t socks[ARES_GETSOCK_MAXNUM];
	unsigned bits = (unsigned)ares_getsock(channel, socks, ARES_GETSOCK_MAXNUM);
	struct timeval room;
	size_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM && n < max; i++) {
		short events = 0;

		if (bits >> i & 1)
			events |= POLLIN;
		if (bits >> (i + ARES_GETSOCK_MAXNUM) & 1)
			events |= POLLOUT;
		if (events)
			fds[n++] = (struct pollfd){ socks[i], events, 0 };
	}
	if (ares_timeout(channel, NULL, &room)) {
		/* One more, lest we come a moment too early and turn in circles. */
		int64_t at = net_now() + room.tv_sec * 1000 + room.tv_usec / 1000 + 1;

		*until = at < *until ? at : *until;
	}
	return n;
}

static size_t cares_fds(struct dns_resolver *r, struct pollfd *fds, size_t max, int64_t *until)
{
	struct cares *c = cares_of(r);
	size_t n = 0;

	*until = INT64_MAX;
	for (size_t i = 0; i < c->server_count; i++)
		n += server_fds(c->servers[i].channel, fds + n, max - n, until);
	return n;
}

/* A socket of another channel means nothing to ares_process_fd(). */
static void cares_ready(struct dns_resolver *r, const struct pollfd *fds, size_t n)
{
	struct cares *c = cares_of(r);

	for (size_t i = 0; i < c->server_count; i++) {
		ares_channel channel = c->servers[i].channel;

		for (size_t k = 0; k < n; k++) {
			short got = fds[k].revents;

			if (got)
				ares_process_fd(channel,
						got & ~POLLOUT ? fds[k].fd : ARES_SOCKET_BAD,
						got & POLLOUT ? fds[k].fd : ARES_SOCKET_BAD);
		}
		ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

static void cares_wait(struct dns_resolver *r, int64_t deadline)
{
	struct pollfd fds[DNS_FDS_MAX];
	int64_t until, now = net_now();
	size_t n = cares_fds(r, fds, ARRAY_LEN(fds), &until);

	until = until < deadline ? until : deadline;
	until = until > now ? until - now : 0;
	if (poll(fds, n, until > INT32_MAX ? INT32_MAX : (int)until) < 0)
		n = 0; /* a signal: the caller looks at the clock and comes back */
	cares_ready(r, fds, n);
}

static void cares_cancel(struct dns_resolver *r)
{
	struct cares *c = cares_of(r);

	for (size_t i = 0; i < c->server_count; i++)
		ares_cancel(c->servers[i].channel);
}

static void destroy_channel(void *channel)
{
	ares_destroy(channel);
}

/* `servers` as a list with commas; NULL for those of resolv.conf. */
static int open_channel(struct cares *c, const char *servers, ares_channel *out, struct err *e)
{
	char lookups[] = "b";
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS |
			 ARES_FLAG_NOCHECKRESP,
		.timeout = c->attempt_ms,
		.tries = 1,
		.ednspsz = DNS_UDP_MAX,
		.lookups = lookups,
	};
	int status = ares_init_options(out, &options,
				       ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					       ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS);

	if (status != ARES_SUCCESS)
		return err_set(e, ERR_SYS, "DNS: %s", ares_strerror(status));
	arena_on_free(c->a, destroy_channel, *out);
	if (servers && ares_set_servers_ports_csv(*out, servers) != ARES_SUCCESS)
		return err_set(e, ERR_INVALID, "DNS: \"%s\" is no address of a server", servers);
	return 0;
}

static int add_server(struct cares *c, struct str address, struct err *e)
{
	struct server *s = &c->servers[c->server_count];

	if (c->server_count == DNS_SERVERS_MAX)
		return 0;
	if (open_channel(c, str_z(c->a, address), &s->channel, e) < 0)
		return -1;
	c->server_count++;
	return 0;
}

/* c-ares has read /etc/resolv.conf into `all`. */
static int add_from(struct cares *c, const struct ares_addr_port_node *all, struct err *e)
{
	for (; all; all = all->next) {
		bool v4 = all->family == AF_INET;
		struct cidr_addr addr = { .family = v4 ? 4 : 6 };
		struct str text;

		memcpy(addr.b, &all->addr, v4 ? 4 : 16);
		text = str_fmt(c->a, "%.*s:%d", STR_ARG(cidr_addr_bracketed(c->a, &addr)),
			       all->udp_port ? all->udp_port : 53);
		if (add_server(c, text, e) < 0)
			return -1;
	}
	return 0;
}

static int add_default_servers(struct cares *c, struct err *e)
{
	struct ares_addr_port_node *all = NULL;
	ares_channel channel;
	int status;

	if (open_channel(c, NULL, &channel, e) < 0)
		return -1;
	if (ares_get_servers_ports(channel, &all) != ARES_SUCCESS)
		return err_set(e, ERR_SYS, "DNS: no list of servers");
	status = add_from(c, all, e);
	ares_free_data(all);
	return status;
}

int dns_cares_open(struct arena *a, const struct dns_cares_config *config,
		   struct dns_resolver **out, struct err *e)
{
	struct cares *c = NEW(a, struct cares);

	*c = (struct cares){
		.resolver = { cares_send, cares_wait, cares_cancel, cares_fds, cares_ready },
		.a = a,
		.attempt_ms = config->attempt_ms ? config->attempt_ms : DNS_ATTEMPT_MS,
		.attempts = config->attempts ? config->attempts : DNS_ATTEMPTS,
		.clock = config->clock ? config->clock : net_now,
	};
	map_init(&c->zones, a);
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return err_set(e, ERR_SYS, "DNS: c-ares does not start");
	for (size_t i = 0; i < config->server_count; i++) {
		if (add_server(c, config->servers[i], e) < 0)
			return -1;
	}
	if (config->server_count == 0 && add_default_servers(c, e) < 0)
		return -1;
	*out = &c->resolver;
	return 0;
}
