#include "gw/spam/talks.h"

#include <unistd.h>

#include "base/net.h"
#include "lib/dns/cares.h"

static void close_fd(void *arg)
{
	int *fd = arg;

	close(*fd);
}

bool talks_add(struct talks *t, struct arena *a, int fd)
{
	int *kept;

	if (t->n == TALKS_MAX) {
		close(fd);
		return false;
	}
	kept = NEW(a, int);
	*kept = fd;
	arena_on_free(a, close_fd, kept);
	t->fds[t->n++] = fd;
	return true;
}

void talks_end(struct talks *t, int fd)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->fds[i] == fd)
			t->fds[i--] = t->fds[--t->n];
}

void talks_wait(const struct talks *t, struct dns *d, int64_t deadline)
{
	struct pollfd fds[DNS_FDS_MAX + TALKS_MAX];
	int64_t until, now = net_now();
	size_t n;

	if (t->n == 0) {
		dns_wait_any(d, deadline);
		return;
	}
	n = dns_poll_fds(d, fds, DNS_FDS_MAX, &until);
	/* A resolver without sockets answers when it is asked to. */
	if (n == 0 && dns_pending(d)) {
		dns_wait_any(d, now);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		fds[n + i] = (struct pollfd){ t->fds[i], POLLIN, 0 };
	until = until < deadline ? until : deadline;
	until = until > now ? until - now : 0;
	if (poll(fds, n + t->n, until > INT32_MAX ? INT32_MAX : (int)until) < 0)
		n = 0; /* a signal: the caller looks at the clock and comes back */
	dns_poll_ready(d, fds, n);
}
