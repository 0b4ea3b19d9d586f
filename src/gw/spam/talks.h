/*
 * talks - servers that network tests ask beside the DNS, within the same deadline.
 *
 * A test finds the server's address, opens a socket, says so, and looks at it without waiting
 * whenever it is called. A server that did not answer several mails is spared for a while
 * (lib/dns/health.h), of which one warning tells; that is remembered per worker (lists.h).
 *
 * Private to gw/spam.
 */
#pragma once

#include "base/arena.h"
#include "lib/dns/dns.h"

enum { TALKS_MAX = 8 /* of one mail */ };

struct spam_list_health; /* lists.h */

struct talk_server {
	struct str host; /* a name or an address */
	uint16_t port;
};

/* "HOST" or "HOST:PORT", or an IPv4 address instead of the name; false if it is neither. */
bool talk_server_parse(struct str text, uint16_t port, struct talk_server *out);

struct talk {
	int fd, *open; /* *open: -1 once it is closed */
	short events;
	int64_t asked, until; /* net_now() */
	struct talk_server server;
	struct health *health;
};

/* Zeroed at the start of a mail. */
struct talks {
	struct talk v[TALKS_MAX];
	size_t n;
	bool over; /* talks_over(): nothing is to be sent or read any more */
};

enum talk_address { TALK_PENDING, TALK_FOUND, TALK_NONE };

/* The address of `host`: IPv4, or IPv6 if it has no other. */
enum talk_address talks_address(struct dns *d, struct str host, struct cidr_addr *out);

/*
 * Connects a socket (SOCK_STREAM or SOCK_DGRAM) without waiting, and waits for what can be read
 * from it until `until` at most. Closed with the
 * arena at the latest. -1: the server cannot be reached or is
 * spared, or there are too many talks.
 */
int talks_open(struct talks *t, struct arena *a, int type, const struct talk_server *server,
	       const struct cidr_addr *addr, int64_t until, struct spam_list_health *health);

/* What is waited for from now on: POLLIN, POLLOUT. */
void talks_expect(struct talks *t, int fd, short events);

/* Whether its time is over. */
bool talks_late(struct talks *t, int fd);

/* Nothing more is expected from `fd`, which is closed and has given an answer or none. */
void talks_end(struct talks *t, int fd, bool answered);

/*
 * The same for servers that somebody else talks to: what is known of one, by host and port; NULL if
 * nothing is kept. Then whether it has answered a question that was asked at `asked`.
 */
struct health *talks_health(struct arena *a, struct spam_list_health *health,
			    const struct talk_server *server);
void talks_judge(const struct talk_server *server, struct health *health, int64_t asked,
		 bool answered);

/* Nobody waits any more: who has not answered by now has been silent. All are closed. */
void talks_over(struct talks *t);

/*
 * Waits until there is something to do, until something was answered in `d`, or until one of the
 * times of the talks or `deadline`.
 */
void talks_wait(const struct talks *t, struct dns *d, int64_t deadline);
