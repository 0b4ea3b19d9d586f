/*
 * The resolver against servers on the loopback that this test plays itself, in the same process:
 * what a server does, and when, is then no matter of chance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/net.h"
#include "lib/dns/cares.h"
#include "lib/dns/health.h"

enum { SERVERS = 2, PACKET = 4096, QUESTION_AT = 12 };

static struct arena *worker, *a;
static struct dns_resolver *resolver;
static struct dns *d;
static int udp[SERVERS], tcp[SERVERS];
static int64_t skipped; /* what our clock is ahead of the real one */

static int64_t our_clock(void)
{
	return net_now() + skipped;
}

/* UDP and TCP on the same free port of 127.0.0.1. */
static uint16_t open_server(size_t i)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(addr);

	udp[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	tcp[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(tcp[i], (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(tcp[i], 5), 0);
	assert_int_equal(getsockname(tcp[i], (struct sockaddr *)&addr, &n), 0);
	assert_int_equal(bind(udp[i], (struct sockaddr *)&addr, sizeof(addr)), 0);
	return ntohs(addr.sin_port);
}

static void open_resolver(size_t servers, int attempt_ms)
{
	struct str names[SERVERS];
	struct dns_cares_config config = { names, servers, attempt_ms, 0, our_clock };
	struct err e;

	for (size_t i = 0; i < servers; i++)
		names[i] = str_fmt(worker, "127.0.0.1:%d", open_server(i));
	if (dns_cares_open(worker, &config, &resolver, &e) < 0)
		fail_msg("%s", e.msg);
	d = dns_open(a, resolver);
}

static int setup(void **state)
{
	(void)state;
	worker = arena_open("worker", 4u << 20);
	a = arena_open("test", 4u << 20);
	skipped = 0;
	for (size_t i = 0; i < SERVERS; i++)
		udp[i] = tcp[i] = -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	arena_close(worker);
	for (size_t i = 0; i < SERVERS; i++) {
		clean_fd_(&udp[i]);
		clean_fd_(&tcp[i]);
	}
	return 0;
}

/* A question that a server has received, and the answer it makes of it. */
struct exchange {
	int fd;
	struct sockaddr_in peer;
	size_t n;
	uint8_t p[PACKET];
};

static int64_t soon(void)
{
	return net_now() + 10000;
}

static void receive(size_t server, struct exchange *x)
{
	socklen_t size = sizeof(x->peer);
	ssize_t n;
	struct err e;

	x->fd = udp[server];
	assert_int_equal(net_wait(x->fd, POLLIN, soon(), &e), 0);
	n = recvfrom(x->fd, x->p, sizeof(x->p), 0, (struct sockaddr *)&x->peer, &size);
	assert_true(n > QUESTION_AT);
	x->n = (size_t)n;
}

/* Header flags and counts; the EDNS record goes. */
static void make_answer(struct exchange *x, uint8_t rcode, uint8_t answers)
{
	x->n -= 11;
	x->p[2] |= 0x80;
	x->p[3] = (uint8_t)(0x80 | rcode);
	x->p[7] = answers;
	x->p[11] = 0;
}

static void add_bytes(struct exchange *x, const void *p, size_t n)
{
	assert_true(x->n + n <= sizeof(x->p));
	memcpy(x->p + x->n, p, n);
	x->n += n;
}

static void reply(const struct exchange *x)
{
	assert_int_equal(
		sendto(x->fd, x->p, x->n, 0, (const struct sockaddr *)&x->peer, sizeof(x->peer)),
		x->n);
}

static void reply_address(size_t server)
{
	struct exchange x;

	receive(server, &x);
	make_answer(&x, 0, 1);
	add_bytes(&x, "\xc0\x0c\0\1\0\1\0\0\1\0\0\4\x7f\0\0\2", 16);
	reply(&x);
}

static void reply_error(size_t server, uint8_t rcode)
{
	struct exchange x;

	receive(server, &x);
	make_answer(&x, rcode, 0);
	reply(&x);
}

static void test_answers(void **state)
{
	const struct dns_question *yes, *no;

	(void)state;
	open_resolver(1, 5000);
	yes = dns_ask(d, STR("2.0.0.127.list.example"), DNS_A);
	no = dns_ask(d, STR("nobody.example"), DNS_A);
	reply_address(0);
	reply_error(0, 3);
	assert_true(dns_wait_all(d, soon()));
	assert_int_equal(yes->status, DNS_OK);
	assert_int_equal(no->status, DNS_NXDOMAIN);
	assert_memory_equal(yes->records[0].addr.b, "\x7f\0\0\2", 4);
}

/* Many questions are under way at once, and answered in any order. */
static void test_many(void **state)
{
	enum { MANY = 100 };
	static struct exchange x[MANY];
	const struct dns_question *q[MANY];
	char name[32];

	(void)state;
	open_resolver(1, 5000);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "host%d.example", i);
		q[i] = dns_ask(d, str_of(name), DNS_A);
	}
	for (int i = 0; i < MANY; i++)
		receive(0, &x[i]);
	for (int i = MANY - 1; i >= 0; i--) {
		make_answer(&x[i], i % 2 ? 3 : 0, 0);
		reply(&x[i]);
	}
	assert_true(dns_wait_all(d, soon()));
	for (int i = 0; i < MANY; i++)
		assert_int_equal(q[i]->status, i % 2 ? DNS_NXDOMAIN : DNS_NODATA);
}

/* Answers with another id, to another question, from another port: the right one comes later. */
static void test_forged(void **state)
{
	const struct dns_question *q;
	struct exchange x, forged;

	(void)state;
	open_resolver(2, 5000);
	q = dns_ask(d, STR("victim.example"), DNS_A);
	receive(0, &x);
	make_answer(&x, 3, 0);
	forged = x;
	forged.p[0] ^= 1;
	reply(&forged);
	forged = x;
	forged.p[QUESTION_AT + 1] ^= 1;
	reply(&forged);
	forged = x;
	forged.fd = udp[1];
	reply(&forged);
	assert_false(dns_wait(d, q, net_now() + 50));
	make_answer(&x, 3, 0);
	x.n += 11;
	x.p[3] = 0x80;
	x.p[7] = 1;
	add_bytes(&x, "\xc0\x0c\0\1\0\1\0\0\1\0\0\4\x7f\0\0\2", 16);
	reply(&x);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_OK);
}

static void test_broken_answer(void **state)
{
	const struct dns_question *q;
	struct exchange x;

	(void)state;
	open_resolver(1, 5000);
	q = dns_ask(d, STR("loop.example"), DNS_A);
	receive(0, &x);
	make_answer(&x, 0, 1);
	add_bytes(&x, (uint8_t[]){ 0xc0, (uint8_t)x.n }, 2);
	reply(&x);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_BROKEN);
}

/* One turn of a caller's own poll() loop. */
static void turn(void)
{
	struct pollfd fds[DNS_FDS_MAX];
	int64_t until;
	size_t n = dns_poll_fds(d, fds, ARRAY_LEN(fds), &until);

	assert_true(n > 0 && until <= soon());
	assert_true(poll(fds, n, 1000) >= 0);
	dns_poll_ready(d, fds, n);
}

/* Truncated over UDP, whole over TCP: driven by a loop of the caller's. */
static void test_truncated(void **state)
{
	const struct dns_question *q;
	struct exchange x;
	uint8_t head[2];
	CLEAN_FD int c = -1;
	struct err e;

	(void)state;
	open_resolver(1, 5000);
	q = dns_ask(d, STR("long.example"), DNS_TXT);
	receive(0, &x);
	make_answer(&x, 0, 0);
	x.p[2] |= 2;
	reply(&x);
	turn();
	assert_int_equal(net_wait(tcp[0], POLLIN, soon(), &e), 0);
	c = accept(tcp[0], NULL, NULL);
	turn();
	assert_int_equal(recv(c, head, 2, MSG_WAITALL), 2);
	x.n = head[1];
	assert_int_equal(recv(c, x.p, x.n, MSG_WAITALL), x.n);
	make_answer(&x, 0, 1);
	add_bytes(&x, "\xc0\x0c\0\x10\0\1\0\0\1\0\0\4\3abc", 16);
	head[1] = (uint8_t)x.n;
	assert_int_equal(send(c, head, 2, 0), 2);
	assert_int_equal(send(c, x.p, x.n, 0), x.n);
	while (q->status == DNS_PENDING)
		turn();
	assert_int_equal(q->status, DNS_OK);
	assert_true(str_eq(q->records[0].text, STR("abc")));
}

static void test_deadline(void **state)
{
	const struct dns_question *q;
	int64_t began;

	(void)state;
	open_resolver(1, 5000);
	q = dns_ask(d, STR("slow.example"), DNS_A);
	began = net_now();
	assert_false(dns_wait(d, q, began + 30));
	assert_true(net_now() - began < 3000);
	assert_int_equal(q->status, DNS_PENDING);
	dns_finish(d);
	assert_int_equal(q->status, DNS_TIMEOUT);
}

/* What arrives after its mail has gone touches nothing. */
static void test_late(void **state)
{
	const struct dns_question *q;
	struct exchange x;

	(void)state;
	open_resolver(1, 5000);
	dns_ask(d, STR("late.example"), DNS_A);
	receive(0, &x);
	make_answer(&x, 3, 0);
	arena_reset(a);
	d = dns_open(a, resolver);
	q = dns_ask(d, STR("other.example"), DNS_A);
	reply(&x);
	reply_address(0);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_OK);
}

/* Goes on until that server has been asked. */
static void wait_until_asked(size_t server)
{
	int64_t end = soon();
	struct err e;

	while (net_wait(udp[server], POLLIN, net_now(), &e) < 0) {
		assert_true(net_now() < end);
		resolver->wait(resolver, net_now() + 10);
	}
}

static void test_second_server(void **state)
{
	const struct dns_question *timeout, *servfail;

	(void)state;
	open_resolver(2, 300);
	timeout = dns_ask(d, STR("timeout.example"), DNS_A);
	wait_until_asked(1);
	reply_address(1);
	assert_true(dns_wait(d, timeout, soon()));
	assert_int_equal(timeout->status, DNS_OK);
	servfail = dns_ask(d, STR("servfail.example"), DNS_A);
	reply_error(0, 2); /* this answers the first question, too late */
	reply_error(0, 2);
	wait_until_asked(1);
	reply_address(1);
	assert_true(dns_wait(d, servfail, soon()));
	assert_int_equal(servfail->status, DNS_OK);
}

static void ask_in_vain(const char *name, const char *zone)
{
	const struct dns_question *q = dns_ask_in(d, str_of(name), DNS_A, str_of(zone));

	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_TIMEOUT);
}

static void test_dead_server(void **state)
{
	const struct dns_question *q;
	struct exchange x;
	char name[32];

	(void)state;
	open_resolver(1, 5);
	for (int i = 0; i < (HEALTH_SILENCES + 1) / DNS_ATTEMPTS; i++) {
		snprintf(name, sizeof(name), "%d.example", i);
		ask_in_vain(name, "");
	}
	assert_int_equal(dns_ask(d, STR("skipped.example"), DNS_A)->status, DNS_SKIPPED);
	/* A minute later one question goes out, and when it is answered, so do others. */
	skipped = HEALTH_SKIP_MS + 1000;
	for (int i = 0; i < HEALTH_SILENCES; i++)
		receive(0, &x);
	q = dns_ask(d, STR("probe.example"), DNS_A);
	assert_int_equal(q->status, DNS_PENDING);
	assert_int_equal(dns_ask(d, STR("other.example"), DNS_A)->status, DNS_SKIPPED);
	reply_address(0);
	assert_true(dns_wait(d, q, soon()));
	assert_int_equal(q->status, DNS_OK);
	assert_int_equal(dns_ask(d, STR("more.example"), DNS_A)->status, DNS_PENDING);
}

/* A question to be asked for that long, without a `struct dns` around it. */
static struct dns_question patient(int64_t ms)
{
	return (struct dns_question){ .name = STR("slow.example"), .type = DNS_A,
				      .patience_ms = ms };
}

static void wait_for(const struct dns_question *q, int64_t end)
{
	while (q->status == DNS_PENDING && net_now() < end)
		resolver->wait(resolver, end);
}

/* Beyond the usual two attempts, until its time is over; other questions are none the worse. */
static void test_patience(void **state)
{
	struct dns_question q = patient(3600 * 1000);
	struct exchange x;

	(void)state;
	open_resolver(1, 5);
	resolver->send(resolver, a, &q);
	for (int i = 0; i < 3 * DNS_ATTEMPTS; i++) {
		wait_until_asked(0);
		receive(0, &x);
		assert_int_equal(q.status, DNS_PENDING);
	}
	wait_until_asked(0);
	reply_address(0);
	wait_for(&q, soon());
	assert_int_equal(q.status, DNS_OK);
	q = patient(3600 * 1000);
	resolver->send(resolver, a, &q);
	skipped = 3600 * 1000;
	wait_for(&q, soon());
	assert_int_equal(q.status, DNS_TIMEOUT);
}

/* Who refuses at once is not asked again and again. */
static void test_patience_of_the_refused(void **state)
{
	struct dns_question q = patient(3600 * 1000);

	(void)state;
	open_resolver(1, 5000);
	clean_fd_(&udp[0]);
	resolver->send(resolver, a, &q);
	wait_for(&q, soon());
	assert_int_equal(q.status, DNS_TIMEOUT);
}

/* A list whose names time out is spared while the server answers about others. */
static void test_dead_zone(void **state)
{
	const struct dns_question *q;
	struct exchange x;
	char name[32];

	(void)state;
	open_resolver(1, 5);
	for (int i = 0; i < HEALTH_SILENCES; i++) {
		snprintf(name, sizeof(name), "%d.list.example", i);
		ask_in_vain(name, "List.example");
		receive(0, &x);
		receive(0, &x);
		q = dns_ask(d, str_fmt(a, "alive%d.example", i), DNS_A);
		reply_address(0);
		assert_true(dns_wait(d, q, soon()));
	}
	q = dns_ask_in(d, STR("9.list.example"), DNS_A, STR("list.example"));
	assert_int_equal(q->status, DNS_SKIPPED);
	assert_int_equal(dns_ask(d, STR("else.example"), DNS_A)->status, DNS_PENDING);
	skipped += HEALTH_SKIP_MS + 1000;
	q = dns_ask_in(d, STR("10.list.example"), DNS_A, STR("list.example"));
	assert_int_equal(q->status, DNS_PENDING);
}

static void test_config(void **state)
{
	struct dns_cares_config config = { (struct str[]){ STR("nonsense") }, 1, 0, 0, NULL };
	struct err e;

	(void)state;
	assert_int_equal(dns_cares_open(worker, &config, &resolver, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	config.server_count = 0;
	assert_int_equal(dns_cares_open(worker, &config, &resolver, &e), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),       TEST(test_many),          TEST(test_forged),
		TEST(test_broken_answer), TEST(test_truncated),     TEST(test_deadline),
		TEST(test_late),          TEST(test_second_server), TEST(test_dead_server),
		TEST(test_patience), TEST(test_patience_of_the_refused),
		TEST(test_dead_zone),     TEST(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
