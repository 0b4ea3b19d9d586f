/*
 * The first line says what the rest is: HEAD, GET or CONNECT: what a server, or a proxy that is to
 * make a tunnel, answers; anything else: a URL on the first line, and proxies on those below.
 */
#include <stdint.h>

#include "lib/http/http.h"
#include "lib/http/http_testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATIENCE_MS = 10000 };

static void ask(struct arena *a, struct str method, struct str said)
{
	const bool tunnel = str_eq(method, STR("CONNECT"));
	struct http_proxy proxy = { .host = STR("127.0.0.1") };
	struct http_ask question = { .addr = { 4, { 127, 0, 0, 1 } },
				     .get = str_eq(method, STR("GET")) };

	if (said.n > HTTP_SAID_MAX)
		return;
	http_server_say(said);
	proxy.port = http_server.port;
	question.proxy = tunnel ? &proxy : NULL;
	question.url = tunnel ? STR("https://a.example/x")
			      : str_fmt(a, "http://a.example:%d/x", http_server.port);
	http_ask_all(a, &question, 1, "fuzzer", net_now() + PATIENCE_MS);
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
