/*
 * net - sockets with an absolute deadline.
 *
 * Time is CLOCK_MONOTONIC in milliseconds (net_now). A `struct conn` is a buffered stream on one
 * socket; every wait on it ends at `deadline` with ERR_TEMP. One deadline per unit of work is set
 * once and handed down, so that waits cannot add up.
 */
#pragma once

#include "base/arena.h"
#include "base/clean.h"
#include "base/err.h"
#include "base/str.h"

enum { CONN_BUFFER = 16 * 1024 };

int64_t net_now(void);

/*
 * Listens on a numeric address; SO_REUSEADDR, close-on-exec, non-blocking accept. ERR_CONFLICT:
 * somebody listens there already.
 */
MUST_CHECK int net_listen_tcp(const char *address, uint16_t port, int *fd, struct err *e);

/* Connects to a numeric address or to a Unix socket path. Non-blocking afterwards, use a conn. */
MUST_CHECK int net_connect_tcp(const char *address, uint16_t port, int64_t deadline, int *fd,
			       struct err *e);
MUST_CHECK int net_connect_unix(const char *path, int64_t deadline, int *fd, struct err *e);

/* Waits until `fd` is readable or writable (POLLIN, POLLOUT); ERR_TEMP at the deadline. */
MUST_CHECK int net_wait(int fd, short events, int64_t deadline, struct err *e);

struct conn {
	int fd;           /* owned by the caller */
	int64_t deadline; /* net_now() time */
	size_t in_at, in_n, out_n;
	char in[CONN_BUFFER], out[CONN_BUFFER];
};

/* Takes no ownership of `fd`, and makes it non-blocking. */
void conn_init(struct conn *c, int fd, int64_t deadline);

/*
 * What has been received and not yet taken: waits for at least one byte. An empty result means that
 * the peer has closed. conn_take() consumes the first `n` bytes of it.
 */
MUST_CHECK int conn_peek(struct conn *c, struct str *out, struct err *e);
void conn_take(struct conn *c, size_t n);

/* True if input is waiting in the buffer, so that a reply may be held back (pipelining). */
bool conn_pending(const struct conn *c);

/*
 * One line without its LF or CRLF, copied to `buf` of `size` bytes. *eof is set when the peer
 * closed before a line began; inside a line that is ERR_TEMP. A longer line is ERR_LIMIT, and the
 * rest of it has been skipped.
 */
MUST_CHECK int conn_line(struct conn *c, char *buf, size_t size, struct str *line, bool *eof,
			 struct err *e);

/* Buffered; conn_flush() sends what is left. */
MUST_CHECK int conn_write(struct conn *c, struct str s, struct err *e);
MUST_CHECK int conn_printf(struct conn *c, struct err *e, const char *fmt, ...) PRINTF(3, 4);
MUST_CHECK int conn_flush(struct conn *c, struct err *e);
