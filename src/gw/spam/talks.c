#include "gw/spam/talks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/net.h"
#include "gw/spam/lists.h"
#include "lib/dns/cares.h"
#include "lib/dns/health.h"

bool talk_server_parse(struct str text, uint16_t port, struct talk_server *out)
{
	struct str rest = text, host = str_cut(&rest, ':');
	int64_t number = port;

	/* It may come from another server, and becomes the name of a file. */
	for (size_t i = 0; i < host.n; i++)
		if (!ascii_is_alpha(host.p[i]) && !ascii_is_digit(host.p[i]) &&
		    str_chr(STR("-."), host.p[i]) < 0)
			return false;
	if (!dns_name_is_valid(host) || (rest.p && !str_int(rest, 1, UINT16_MAX, &number)))
		return false;
	*out = (struct talk_server){ host, (uint16_t)number };
	return true;
}

enum talk_address talks_address(struct dns *d, struct str host, struct cidr_addr *out)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	if (cidr_addr_parse(host, out))
		return TALK_FOUND;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const struct dns_question *q = dns_ask(d, host, types[i]);

		if (q->status == DNS_PENDING)
			return TALK_PENDING;
		if (q->status == DNS_OK) {
			*out = q->records[0].addr;
			return TALK_FOUND;
		}
	}
	return TALK_NONE;
}

static socklen_t socket_address(const struct cidr_addr *addr, uint16_t port,
				struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (addr->family == 4) {
		memcpy(&v4.sin_addr, addr->b, sizeof(v4.sin_addr));
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(&v6.sin6_addr, addr->b, sizeof(v6.sin6_addr));
	memcpy(out, &v6, sizeof(v6));
	return sizeof(v6);
}

static void close_fd(void *arg)
{
	int *fd = arg;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* False if it cannot be opened; that it cannot be connected may show later. */
static bool connect_to(struct arena *a, int type, const struct cidr_addr *addr, struct talk *t)
{
	struct sockaddr_storage to;
	socklen_t size = socket_address(addr, t->server.port, &to);

	t->fd = socket(to.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return false;
	t->open = NEW(a, int);
	*t->open = t->fd;
	arena_on_free(a, close_fd, t->open);
	return connect(t->fd, (struct sockaddr *)&to, size) == 0 || errno == EINPROGRESS;
}

struct health *talks_health(struct arena *a, struct spam_list_health *health,
			    const struct talk_server *server)
{
	return spam_list_health_server(health,
				       str_fmt(a, "%.*s:%d", STR_ARG(server->host), server->port));
}

void talks_judge(const struct talk_server *server, struct health *health, int64_t asked,
		 bool answered)
{
	int before = health ? health->silences : 0;
	int64_t now = net_now();

	if (!health)
		return;
	if (answered) {
		health_answered(health, now);
		return;
	}
	health_silent(health, asked, now);
	if (before < HEALTH_SILENCES && health->silences == HEALTH_SILENCES)
		log_warn("%.*s, port %d, does not answer as it should: it is not asked for %d "
			 "seconds",
			 STR_ARG(server->host), server->port, HEALTH_SKIP_MS / 1000);
}

static void judge(const struct talk *t, bool answered)
{
	talks_judge(&t->server, t->health, t->asked, answered);
}

int talks_open(struct talks *t, struct arena *a, int type, const struct talk_server *server,
	       const struct cidr_addr *addr, int64_t until, struct spam_list_health *health)
{
	struct talk talk = { .events = POLLIN, .until = until, .server = *server };

	if (t->over || t->n == TALKS_MAX)
		return -1;
	talk.asked = net_now();
	talk.health = talks_health(a, health, server);
	if (talk.health && !health_may_ask(talk.health, talk.asked))
		return -1;
	if (!connect_to(a, type, addr, &talk)) {
		judge(&talk, false);
		return -1;
	}
	t->v[t->n++] = talk;
	return talk.fd;
}

static struct talk *talk_of(struct talks *t, int fd)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].fd == fd)
			return &t->v[i];
	return NULL;
}

void talks_expect(struct talks *t, int fd, short events)
{
	struct talk *talk = talk_of(t, fd);

	if (talk)
		talk->events = events;
}

bool talks_late(struct talks *t, int fd)
{
	const struct talk *talk = talk_of(t, fd);

	return !talk || net_now() >= talk->until;
}

void talks_end(struct talks *t, int fd, bool answered)
{
	struct talk *talk = talk_of(t, fd);

	if (!talk)
		return;
	judge(talk, answered);
	close_fd(talk->open);
	*talk = t->v[--t->n];
}

void talks_over(struct talks *t)
{
	t->over = true;
	while (t->n)
		talks_end(t, t->v[0].fd, false);
}

void talks_wait(const struct talks *t, struct dns *d, int64_t deadline)
{
	struct pollfd fds[DNS_FDS_MAX + TALKS_MAX];
	int64_t until, now = net_now();
	size_t n;

	if (t->n == 0) {
		dns_wait_any(d, deadline);
		return;
	}
	n = dns_poll_fds(d, fds, DNS_FDS_MAX, &until);
	/* A resolver without sockets answers when it is asked to. */
	if (n == 0 && dns_pending(d)) {
		dns_wait_any(d, now);
		return;
	}
	until = until < deadline ? until : deadline;
	for (size_t i = 0; i < t->n; i++) {
		fds[n + i] = (struct pollfd){ t->v[i].fd, t->v[i].events, 0 };
		until = until < t->v[i].until ? until : t->v[i].until;
	}
	until = until > now ? until - now : 0;
	if (poll(fds, n + t->n, until > INT32_MAX ? INT32_MAX : (int)until) < 0)
		n = 0; /* a signal: the caller looks at the clock and comes back */
	dns_poll_ready(d, fds, n);
}
