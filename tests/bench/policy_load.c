/*
 * policy_load: many connections that ask a policy server, one request at a time on each, as Postfix
 * does.
 *
 *	policy_load ADDRESS PORT CONNECTIONS REQUESTS TRIPLES KIND RATE
 *
 * The triples are numbered; which one is asked about next follows from its number alone, so that
 * every server gets the same requests. KIND: "greylist" (each triple has its own client network and
 * sender) or "spf" (one client that may send for sender.example, a sender for each triple). Each
 * request is a mail of its own. RATE is how many begin in a second, spread evenly over time and
 * connections; one that is late because its connection waits for an answer counts from when it was
 * due. 0: each connection asks as soon as it is answered. Prints what it saw, NAME VALUE on each
 *line, its own CPU apart.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/net.h"

enum { CONNECTIONS_MAX = 1000, ANSWER_MAX = 4096, PATIENCE_MS = 60 * 1000, STEP = 7919 };

struct connection {
	int fd;
	bool waits;  /* for an answer */
	double sent; /* when its request was due */
	size_t n;
	char answer[ANSWER_MAX];
};

static struct load {
	struct connection connections[CONNECTIONS_MAX];
	size_t n_connections, requests, triples, sent, answered;
	bool spf;
	double start, interval; /* ms; interval 0: no pace */
	size_t dunno, defer, prepend, reject, other;
	float *ms; /* of each answer */
	int epoll;
} load;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static NORETURN PRINTF(1, 2) void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static size_t request(char *buf, size_t size, size_t number)
{
	size_t t = number * STEP % load.triples;
	char client[32] = "198.18.25.10", domain[32] = "sender.example";

	if (!load.spf) {
		snprintf(client, sizeof(client), "10.%zu.%zu.%zu", t >> 8 & 255, t & 255,
			 t >> 16 & 255);
		snprintf(domain, sizeof(domain), "d%zu.example", t % 1000);
	}
	return (size_t)snprintf(buf, size,
				"request=smtpd_access_policy\nprotocol_state=RCPT\n"
				"protocol_name=ESMTP\nhelo_name=mx.sender.example\nqueue_id=\n"
				"sender=s.%zux@%s\nrecipient=user.%zux@inside.test\n"
				"recipient_count=0\nclient_address=%s\nclient_name=unknown\n"
				"reverse_client_name=unknown\ninstance=%zx.%x.0\nsasl_method=\n"
				"sasl_username=\nsasl_sender=\nsize=0\nccert_subject=\n"
				"ccert_issuer=\nccert_fingerprint=\nencryption_protocol=\n"
				"encryption_cipher=\nencryption_keysize=0\netrn_domain=\n\n",
				t, domain, t % 50, client, number, (unsigned)getpid());
}

static void send_next(struct connection *c)
{
	char buf[2048];
	size_t n;

	if (load.sent == load.requests)
		return;
	c->sent = load.interval > 0 ? load.start + (double)load.sent * load.interval : now();
	n = request(buf, sizeof(buf), load.sent++);
	c->n = 0;
	c->waits = true;
	if (send(c->fd, buf, n, MSG_NOSIGNAL) != (ssize_t)n)
		fail("send: %s", strerror(errno));
}

static void count(struct str answer)
{
	if (str_starts(answer, STR("action=dunno")) || str_starts(answer, STR("action=DUNNO")))
		load.dunno++;
	else if (str_istarts(answer, STR("action=prepend")))
		load.prepend++;
	else if (str_istarts(answer, STR("action=defer")))
		load.defer++;
	else if (str_istarts(answer, STR("action=reject")))
		load.reject++;
	else
		load.other++;
}

static void receive(struct connection *c)
{
	ssize_t n = recv(c->fd, c->answer + c->n, sizeof(c->answer) - c->n, 0);
	struct str answer;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		fail("closed by the server after %zu answers", load.answered);
	c->n += (size_t)n;
	answer = (struct str){ c->answer, c->n };
	if (!str_ends(answer, STR("\n\n")))
		return;
	count(answer);
	load.ms[load.answered++] = (float)(now() - c->sent);
	c->waits = false;
	if (load.interval <= 0)
		send_next(c);
}

static void connect_all(const char *address, uint16_t port)
{
	struct err e;

	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < load.n_connections; i++) {
		struct connection *c = &load.connections[i];
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

		if (net_connect_tcp(address, port, net_now() + PATIENCE_MS, &c->fd, &e) < 0)
			fail("%s", e.msg);
		epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &ev);
	}
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double next_due(void)
{
	return load.start + (double)load.sent * load.interval;
}

/* What is due, on connections that are free, in turn. */
static void send_due(void)
{
	static size_t turn;

	for (size_t i = 0; i < load.n_connections && load.sent < load.requests; i++) {
		struct connection *c = &load.connections[turn++ % load.n_connections];

		if (load.interval > 0 && next_due() > now())
			return;
		if (!c->waits)
			send_next(c);
	}
}

static void run(void)
{
	struct epoll_event events[256];
	double heard = load.start = now();

	send_due();
	while (load.answered < load.requests) {
		int wait = load.interval > 0 ? 1 : PATIENCE_MS;
		int n = epoll_wait(load.epoll, events, ARRAY_LEN(events), wait);

		if (n > 0)
			heard = now();
		else if (now() - heard > PATIENCE_MS)
			fail("no answer in %d ms", PATIENCE_MS);
		for (int i = 0; i < n; i++)
			receive(events[i].data.ptr);
		if (load.interval > 0)
			send_due();
	}
}

static void report(double ms)
{
	struct rusage used;
	double cpu;

	getrusage(RUSAGE_SELF, &used);
	cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
	      (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
	qsort(load.ms, load.answered, sizeof(*load.ms), compare);
	printf("rate %.1f\np50 %.3f\np99 %.3f\nmax %.3f\ncpu_share %.3f\n",
	       (double)load.answered / ms * 1e3, (double)load.ms[load.answered / 2],
	       (double)load.ms[load.answered * 99 / 100], (double)load.ms[load.answered - 1],
	       cpu / ms);
	printf("dunno %zu\ndefer %zu\nprepend %zu\nreject %zu\nother %zu\n", load.dunno, load.defer,
	       load.prepend, load.reject, load.other);
}

static size_t number(const char *text, int64_t max)
{
	int64_t n;

	if (!str_int(str_of(text), 1, max, &n))
		fail("%s is no number from 1 to %lld", text, (long long)max);
	return (size_t)n;
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *a = arena_open("load", (size_t)1 << 30);
	int64_t rate;

	if (argc != 8 || !str_int(str_of(argv[7]), 0, 1000000, &rate))
		fail("usage: policy_load ADDRESS PORT CONNECTIONS REQUESTS TRIPLES greylist|spf "
		     "RATE");
	load.interval = rate ? 1e3 / (double)rate : 0;
	load.n_connections = number(argv[3], CONNECTIONS_MAX);
	load.requests = number(argv[4], 100000000);
	load.triples = number(argv[5], 100000000);
	load.spf = strcmp(argv[6], "spf") == 0;
	load.ms = NEW_N(a, float, load.requests);
	connect_all(argv[1], (uint16_t)number(argv[2], 65535));
	run();
	report(now() - load.start);
	return 0;
}
