/*
 * http - what web servers say to one question each, many at once, until one deadline.
 *
 * Asked is HEAD or GET of an http or https URL; what is looked at is the status and the field
 * Location. No redirection is followed, no body is read, and no name looked up: the caller has
 * found the address, of the server or of a proxy, and decided that it may be asked. libcurl does
 * the talking, in the calling process and without threads.
 *
 * A server that is asked by https is believed if its certificate is valid now, for the host in the
 * URL, and signed by a CA in /etc/ssl/certs; if not, there is no answer.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/cidr/cidr.h"

enum {
	HTTP_ASKS_MAX = 32,
	HTTP_URL_MAX = 8192,
	HTTP_HEADER_MAX = 64 << 10, /* bytes of one answer's header; a longer one is no answer */
};

/*
 * Host and port that a URL names, as they will be understood when it is asked; a host in brackets
 * is given without. False if it is no http or https URL, or too long.
 */
bool http_url_host(struct arena *a, struct str url, struct str *host, uint16_t *port);

struct http_proxy {
	struct str host; /* n = 0: none; one in brackets is given without */
	uint16_t port;
	struct str login; /* "USER:PASSWORD" or "USER", as in the URL; n = 0: none */
};

/* Who is asked instead of a server, by what its URL starts with. */
struct http_proxies {
	struct http_proxy http, https;
	struct str except; /* host names, or their ends, with commas between: asked themselves */
};

/*
 * Proxies as the variables http_proxy, https_proxy and no_proxy have them (each may be empty):
 * "http://[USER[:PASSWORD]@]HOST[:PORT]", port 80 without one. ERR_INVALID: it is another URL, or
 * none.
 */
MUST_CHECK int http_proxies_read(struct arena *a, struct str http, struct str https,
				 struct str except, struct http_proxies *out, struct err *e);

/* The one for the host of that URL; NULL: it is asked itself. As LWP decides after env_proxy. */
const struct http_proxy *http_proxy_for(const struct http_proxies *p, struct str url,
					struct str host);

struct http_ask {
	struct str url;
	const struct http_proxy *proxy; /* asked instead, which looks the host up; NULL: none */
	struct cidr_addr addr;          /* of the host, or of the proxy */
	bool get;                       /* instead of HEAD */
	/* The answer. */
	int status;          /* 0: there was none in time */
	struct str location; /* n = 0: none */
};

/* All `n` (at most HTTP_ASKS_MAX) together; returns when all are answered or at `deadline`. */
void http_ask_all(struct arena *a, struct http_ask *asks, size_t n, const char *user_agent,
		  int64_t deadline);
