/*
 * talks - sockets that network tests wait for beside the DNS, within the same deadline.
 *
 * A test opens one, says so, and looks at it without waiting whenever it is called; what it reads
 * does not block. Private to gw/spam.
 */
#pragma once

#include "base/arena.h"
#include "lib/dns/dns.h"

enum { TALKS_MAX = 8 /* of one mail */ };

/* Zeroed at the start of a mail. */
struct talks {
	int fds[TALKS_MAX];
	size_t n;
};

/* `fd` is closed with the arena; false, and closed now, if there are too many. */
bool talks_add(struct talks *t, struct arena *a, int fd);

/* Nothing more is expected from `fd`. */
void talks_end(struct talks *t, int fd);

/* Waits until there is something to read, or something was answered in `d`, or until `deadline`. */
void talks_wait(const struct talks *t, struct dns *d, int64_t deadline);
