/*
 * The first line says what the rest is: HEAD, GET or CONNECT: what a server, or a proxy that is to
 * make a tunnel, answers; anything else: a URL on the first line, and proxies on those below.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/net.h"
#include "lib/http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATIENCE_MS = 10000, ANSWER_MAX = 200000 };

/* Answers one connection after the other, whatever is asked, and hangs up. */
static struct {
	int fd;
	uint16_t port;
	sem_t over;
	char answer[ANSWER_MAX];
	size_t n;
} server;

static void answer(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };
	char asked[4096];

	for (size_t sent = 0; sent < server.n;) {
		ssize_t n = send(fd, server.answer + sent, server.n - sent, MSG_NOSIGNAL);

		if (n < 0)
			break;
		sent += (size_t)n;
	}
	shutdown(fd, SHUT_WR);
	while (recv(fd, asked, sizeof(asked), 0) > 0)
		;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

static void *serve(void *arg)
{
	(void)arg;
	while (true) {
		int fd = accept(server.fd, NULL, NULL);

		if (fd < 0)
			continue;
		answer(fd);
		sem_post(&server.over);
	}
	return NULL;
}

static void start(void)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);
	pthread_t thread;
	struct err e;

	ASSERT(net_listen_tcp("127.0.0.1", 0, &server.fd, &e) == 0);
	ASSERT(getsockname(server.fd, (struct sockaddr *)&addr, &size) == 0);
	server.port = ntohs(addr.sin_port);
	ASSERT(sem_init(&server.over, 0, 0) == 0);
	ASSERT(pthread_create(&thread, NULL, serve, NULL) == 0);
}

static void ask(struct arena *a, struct str method, struct str said)
{
	const bool tunnel = str_eq(method, STR("CONNECT"));
	struct http_proxy proxy = { .host = STR("127.0.0.1") };
	struct http_ask question = { .addr = { 4, { 127, 0, 0, 1 } },
				     .get = str_eq(method, STR("GET")) };

	if (!server.port)
		start();
	if (said.n > ANSWER_MAX)
		return;
	if (said.n)
		memcpy(server.answer, said.p, said.n);
	server.n = said.n;
	proxy.port = server.port;
	question.proxy = tunnel ? &proxy : NULL;
	question.url = tunnel ? STR("https://a.example/x")
			      : str_fmt(a, "http://a.example:%d/x", server.port);
	http_ask_all(a, &question, 1, "fuzzer", net_now() + PATIENCE_MS);
	while (sem_wait(&server.over) < 0)
		;
	ASSERT(question.status == 0 || question.status >= 200);
	ASSERT(question.status || question.location.n == 0);
	ASSERT(!tunnel || question.status == 0);
	ASSERT(question.location.n <= HTTP_HEADER_MAX && str_chr(question.location, '\n') < 0);
}

static void read_urls(struct arena *a, struct str url, struct str proxies)
{
	struct str http, https, host = STR("a.example");
	struct http_proxies p;
	const struct http_proxy *proxy;
	uint16_t port;
	struct err e;

	if (http_url_host(a, url, &host, &port))
		ASSERT(port > 0 && host.n <= HTTP_URL_MAX);
	if (!str_line(&proxies, &http) || !str_line(&proxies, &https) ||
	    http_proxies_read(a, http, https, proxies, &p, &e) < 0)
		return;
	proxy = http_proxy_for(&p, url, host);
	ASSERT(!proxy || (proxy->host.n && proxy->port > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 64u << 20);
	struct str rest = { (const char *)data, size }, first;

	if (!str_line(&rest, &first))
		return 0;
	if (str_eq(first, STR("HEAD")) || str_eq(first, STR("GET")) ||
	    str_eq(first, STR("CONNECT")))
		ask(a, first, rest);
	else
		read_urls(a, first, rest);
	return 0;
}
