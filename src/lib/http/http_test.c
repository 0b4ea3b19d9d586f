#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/net.h"
#include "lib/http/http.h"

enum { PATIENCE_MS = 30000, SHORT_MS = 300 };

static struct arena *a;
static pid_t server;
static uint16_t port;

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		_exit(0);
}

/* What is said to which path; every connection has a process of its own. */
static void serve(int fd)
{
	char request[4096] = "";
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(request) - 1 && !strstr(request, "\r\n\r\n") &&
	       (got = read(fd, request + n, sizeof(request) - 1 - n)) > 0)
		n += (size_t)got;
	if (strstr(request, " /moved "))
		say(fd, "HTTP/1.1 302 Found\r\nlocation:  http://example.com/x \r\n"
			"Location: /second\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(request, "GET /method ") && strstr(request, "User-Agent: tester\r\n"))
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbody");
	else if (strstr(request, "HEAD /method ") && strstr(request, "Host: short.example:"))
		say(fd, "HTTP/1.1 404 Gone\r\nContent-Length: 1000\r\n\r\n");
	else if (strstr(request, "HEAD http://far.example/x HTTP") &&
		 strstr(request, "Proxy-Authorization: Basic am9lOmFAYg==\r\n"))
		say(fd, "HTTP/1.1 301 Moved\r\nLocation: /through\r\n\r\n");
	else if (strstr(request, "GET http://far.example/y HTTP") &&
		 !strstr(request, "Proxy-Authorization"))
		say(fd, "HTTP/1.1 404 Gone\r\n\r\n");
	else if (strstr(request, "CONNECT no.example:443 HTTP"))
		say(fd, "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n");
	else if (strstr(request, "CONNECT yes.example:443 HTTP"))
		say(fd, "HTTP/1.1 200 Tunnel\r\nLocation: http://evil.example/\r\n\r\nno TLS");
	else if (strstr(request, " /early "))
		say(fd, "HTTP/1.1 103 Early\r\nLocation: /no\r\n\r\n");
	else if (strstr(request, " /junk "))
		say(fd, "no HTTP at all\r\n\r\n");
	else if (strstr(request, " /endless "))
		say(fd, "HTTP/1.1 302 Found\r\n");
	while (strstr(request, " /endless "))
		say(fd,
		    "X-More: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
	while (strstr(request, " /hang "))
		pause();
	_exit(0);
}

static void listen_forever(int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	while (true) {
		int client = accept(fd, NULL, NULL);

		if (client >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(client);
		}
		if (client >= 0)
			close(client);
	}
}

static int start(void **state)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);
	struct err e;
	int fd;

	(void)state;
	a = arena_open("test", 64u << 20);
	if (net_listen_tcp("127.0.0.1", 0, &fd, &e) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		return -1;
	port = ntohs(addr.sin_port);
	server = fork();
	if (server == 0)
		listen_forever(fd);
	close(fd);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	arena_close(a);
	return 0;
}

static struct http_ask question(const char *path, bool get)
{
	return (struct http_ask){
		.url = str_fmt(a, "http://short.example:%d%s", port, path),
		.addr = { 4, { 127, 0, 0, 1 } },
		.get = get,
	};
}

static void test_answers(void **state)
{
	static const struct {
		const char *path;
		bool get;
		int status;
		const char *location;
	} cases[] = {
		{ "/moved", false, 302, "http://example.com/x" },
		{ "/moved", true, 302, "http://example.com/x" },
		{ "/method", false, 404, "" },
		{ "/method", true, 200, "" },
		{ "/early", false, 0, "" },
		{ "/junk", false, 0, "" },
		{ "/endless", false, 0, "" },
		{ "/silent", false, 0, "" },
	};
	struct http_ask asks[ARRAY_LEN(cases)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		asks[i] = question(cases[i].path, cases[i].get);
	http_ask_all(a, asks, ARRAY_LEN(asks), "tester", net_now() + PATIENCE_MS);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (asks[i].status != cases[i].status ||
		    !str_eq(asks[i].location, str_of(cases[i].location)))
			fail_msg("%s: %d %.*s", cases[i].path, asks[i].status,
				 STR_ARG(asks[i].location));
}

static void test_deadline(void **state)
{
	struct http_ask asks[3] = { question("/hang", false), question("/moved", false),
				    question("/hang", true) };
	int64_t began = net_now();

	(void)state;
	http_ask_all(a, asks, 3, "tester", began + SHORT_MS);
	assert_in_range(net_now() - began, SHORT_MS, PATIENCE_MS);
	assert_int_equal(asks[0].status, 0);
	assert_int_equal(asks[1].status, 302);
	assert_int_equal(asks[2].status, 0);
	http_ask_all(a, &asks[1], 1, "tester", net_now());
	assert_int_equal(asks[1].status, 0);
}

static void test_cannot_be_asked(void **state)
{
	struct http_ask asks[2] = { question("/moved", false), question("/moved", false) };

	(void)state;
	asks[0].url = str_fmt(a, "file:///etc/passwd");
	asks[1].url = str_fmt(a, "https://short.example:%d/moved", port); /* no TLS there */
	http_ask_all(a, asks, 2, "tester", net_now() + SHORT_MS);
	assert_int_equal(asks[0].status, 0);
	assert_int_equal(asks[1].status, 0);
}

/* Asked is the proxy alone; what it says of its own accord is no answer. */
static void test_proxy(void **state)
{
	struct http_proxy plain = { STR("127.0.0.1"), port, STR_NONE };
	struct http_proxy login = { STR("127.0.0.1"), port, STR("joe:a%40b") };
	static const struct {
		const char *url;
		bool login, get;
		int status;
		const char *location;
	} cases[] = {
		{ "http://far.example/x", true, false, 301, "/through" },
		{ "http://far.example/x", false, false, 0, "" },
		{ "http://far.example/y", false, true, 404, "" },
		{ "https://no.example/", false, false, 0, "" },
		{ "https://yes.example/", true, false, 0, "" },
	};
	struct http_ask asks[ARRAY_LEN(cases)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		asks[i] = (struct http_ask){ .url = str_of(cases[i].url),
					     .proxy = cases[i].login ? &login : &plain,
					     .addr = { 4, { 127, 0, 0, 1 } },
					     .get = cases[i].get };
	http_ask_all(a, asks, ARRAY_LEN(asks), "tester", net_now() + PATIENCE_MS);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (asks[i].status != cases[i].status ||
		    !str_eq(asks[i].location, str_of(cases[i].location)))
			fail_msg("%s: %d %.*s", cases[i].url, asks[i].status,
				 STR_ARG(asks[i].location));
}

static void expect_proxy(const struct http_proxies *p, const char *url, const char *host,
			 const char *want)
{
	const struct http_proxy *proxy = http_proxy_for(p, str_of(url), str_of(host));
	struct str got = proxy ? str_fmt(a, "%.*s:%d %.*s", STR_ARG(proxy->host), proxy->port,
					 STR_ARG(proxy->login))
			       : STR("");

	if (!str_eq(got, str_of(want)))
		fail_msg("%s: %.*s", url, STR_ARG(got));
}

static void test_which_proxy(void **state)
{
	static const char *const wrong[] = { "proxy.example", "https://proxy.example/",
					     "http://",       "socks5://proxy.example",
					     "http://a b/",   "http://proxy.example:99999" };
	struct http_proxies p;
	struct err e;

	(void)state;
	assert_int_equal(http_proxies_read(a, STR("http://joe:a%40b@proxy.example:3128/"), STR(""),
					   STR(""), &p, &e),
			 0);
	expect_proxy(&p, "http://a.example/", "a.example", "proxy.example:3128 joe:a%40b");
	expect_proxy(&p, "HTTP://a.example/", "a.example", "proxy.example:3128 joe:a%40b");
	expect_proxy(&p, "https://a.example/", "a.example", "");
	assert_int_equal(http_proxies_read(a, STR(""), STR("HTTP://[::1]"),
					   STR("localhost, b.Example ,,"), &p, &e),
			 0);
	expect_proxy(&p, "http://a.example/", "a.example", "");
	expect_proxy(&p, "HTTPS://a.example/", "a.example", "::1:80 ");
	expect_proxy(&p, "https://b.example/", "b.example", "");
	expect_proxy(&p, "https://c.b.example/", "c.B.example", "");
	expect_proxy(&p, "https://b.example.org/", "b.example.org", "::1:80 ");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (http_proxies_read(a, STR(""), str_of(wrong[i]), STR(""), &p, &e) == 0)
			fail_msg("%s is a proxy", wrong[i]);
}

static void test_hosts(void **state)
{
	static const struct {
		const char *url, *host;
		uint16_t port;
	} cases[] = {
		{ "http://a.example/x", "a.example", 80 },
		{ "https://a.example", "a.example", 443 },
		{ "HTTP://b@a.example:81/x", "a.example", 81 },
		{ "http://[2001:db8::1]/", "2001:db8::1", 80 },
		{ "http://0x7f000001/", "127.0.0.1", 80 },
		{ "ftp://a.example/", NULL, 0 },
		{ "a.example/", NULL, 0 },
		{ "http://", NULL, 0 },
		{ "http://a b/", NULL, 0 },
		{ "http://a.example:99999/", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str host = STR("");
		uint16_t n = 0;
		bool ok = http_url_host(a, str_of(cases[i].url), &host, &n);

		if (ok != !!cases[i].host ||
		    (ok && (!str_eq(host, str_of(cases[i].host)) || n != cases[i].port)))
			fail_msg("%s: %.*s %d", cases[i].url, STR_ARG(host), n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),         cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_cannot_be_asked), cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_which_proxy),     cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
