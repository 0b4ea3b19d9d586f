/*
 * http - what web servers say to one question each, many at once, until one deadline.
 *
 * Asked is HEAD or GET of an http or https URL; what is looked at is the status and the field
 * Location. No redirection is followed, no body is read, no proxy used, and no name looked up: the
 * caller has found the address and decided that it may be asked. libcurl does the talking, in the
 * calling process and without threads.
 */
#pragma once

#include "base/arena.h"
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

struct http_ask {
	struct str url;
	struct cidr_addr addr; /* of its host */
	bool get;              /* instead of HEAD */
	/* The answer. */
	int status;          /* 0: there was none in time */
	struct str location; /* n = 0: none */
};

/* All `n` (at most HTTP_ASKS_MAX) together; returns when all are answered or at `deadline`. */
void http_ask_all(struct arena *a, struct http_ask *asks, size_t n, const char *user_agent,
		  int64_t deadline);
