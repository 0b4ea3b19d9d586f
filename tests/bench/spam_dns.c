/*
 * How many mails a second 15 workers check when each asks the DNS 30 questions and every answer
 * takes 100 ms (spam_dns), and how many when no answer ever comes (spam_dns_dead).
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/net.h"
#include "gw/spam/spam.h"
#include "lib/dns/cares.h"

enum {
	WORKERS = 15,
	MAILS = 2000, /* all workers together */
	LISTS = 30,
	LATENCY_MS = 100,
	LATE_MAX = 1 << 16,
	PACKET_MAX = 512,
	HEADER = 12,
	WANTED = 90, /* mails/s */
};

struct late {
	int64_t due;
	struct sockaddr_in to;
	size_t n;
	unsigned char packet[PACKET_MAX];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* "No such name", but for what every list must have: 127.0.0.2. */
static void answer(struct late *l)
{
	static const unsigned char yes[] = { 0xc0, HEADER, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 127, 0,
					     0, 2 };
	size_t at = HEADER;
	bool listed = l->n > HEADER + 10 &&
		      memcmp(l->packet + HEADER, "\0012\0010\0010\003127", 10) == 0;

	while (at < l->n && l->packet[at])
		at += l->packet[at] + 1u;
	l->n = at + 5;
	l->packet[2] = 0x81;
	l->packet[3] = listed ? 0x80 : 0x83;
	l->packet[7] = listed;
	memset(l->packet + 8, 0, 4);
	if (listed && l->n + sizeof(yes) <= PACKET_MAX) {
		memcpy(l->packet + l->n, yes, sizeof(yes));
		l->n += sizeof(yes);
	}
}

static NORETURN void serve(int fd)
{
	static struct late late[LATE_MAX];
	size_t first = 0, next = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t now = net_now();
		int wait = first == next ? -1 : (int)(late[first % LATE_MAX].due - now);
		struct late *l = &late[next % LATE_MAX];
		socklen_t size = sizeof(l->to);
		ssize_t n;

		if (first != next && wait <= 0) {
			l = &late[first++ % LATE_MAX];
			answer(l);
			sendto(fd, l->packet, l->n, 0, (struct sockaddr *)&l->to, sizeof(l->to));
			continue;
		}
		if (poll(&p, 1, wait) <= 0 || next - first == LATE_MAX)
			continue;
		n = recvfrom(fd, l->packet, PACKET_MAX, 0, (struct sockaddr *)&l->to, &size);
		if (n <= HEADER)
			continue;
		l->n = (size_t)n;
		l->due = net_now() + LATENCY_MS;
		next++;
	}
}

static int open_server(struct arena *a, struct str *address)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), room = 8 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		die("DNS server");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	*address = str_fmt(a, "127.0.0.1:%d", ntohs(addr.sin_port));
	return fd;
}

static struct spam_rules *load(struct arena *a)
{
	struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
	struct spam_load_report report;
	struct spam_rules *rules;
	struct err e;

	paths.extra = STR("loadplugin Mail::SpamAssassin::Plugin::DNSEval\n");
	for (int i = 0; i < LISTS; i++)
		paths.extra = str_fmt(
			a, "%.*sheader L%d eval:check_rbl('l%d-lastexternal', 'l%d.example')\n",
			STR_ARG(paths.extra), i, i, i);
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
	return rules;
}

static NORETURN void work(const struct spam_rules *rules, struct str server, int worker)
{
	struct arena *a = arena_open("worker", 64 << 20), *mail = arena_open("mail", 64 << 20);
	struct dns_cares_config config = { .servers = &server, .server_count = 1 };
	struct spam_network network = { .health = spam_list_health_new(a) };
	struct spam_envelope env = { .now = 1000000000, .network = &network };
	struct spam_result r;
	struct err e;

	if (dns_cares_open(a, &config, &network.resolver, &e) < 0)
		exit(1);
	for (int i = worker; i < MAILS; i += WORKERS) {
		struct str raw = str_fmt(mail,
					 "Received: from m.example (m.example [9.9.%d.%d])"
					 " by gw.example with SMTP id 1\n\nHello.\n",
					 i / 250, i % 250);

		if (spam_check(mail, rules, raw, &env, 0, &r, &e) < 0 || r.n_hits)
			exit(1);
		arena_reset(mail);
	}
	exit(0);
}

static double mails_per_second(const struct spam_rules *rules, struct str server)
{
	int64_t start = net_now();
	int failed = 0, status;

	for (int i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0)
			work(rules, server, i);
	}
	for (int i = 0; i < WORKERS; i++)
		if (wait(&status) < 0 || status != 0)
			failed++;
	if (failed) {
		fprintf(stderr, "%d workers failed\n", failed);
		exit(1);
	}
	return MAILS * 1000.0 / (double)(net_now() - start);
}

int main(void)
{
	struct arena *a = arena_open("spam_dns", 256 << 20);
	struct spam_rules *rules = load(a);
	struct str server, silent;
	int fd = open_server(a, &server);
	double answered, dead;
	pid_t pid;

	open_server(a, &silent);
	dead = mails_per_second(rules, silent);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		serve(fd);
	/* The server is no worker: it is waited for only when it has been stopped. */
	answered = mails_per_second(rules, server);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("spam_dns: %.1f mails/s (ratio %.2f to %d mails/s)\n", answered, answered / WANTED,
	       WANTED);
	printf("spam_dns_dead: %.1f mails/s (ratio %.2f to half of that with answers)\n", dead,
	       dead / (answered / 2));
	return 0;
}
