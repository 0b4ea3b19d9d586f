#define _GNU_SOURCE /* accept4, ppoll */
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

enum { QUEUE_FULL_MS = 5 };

int64_t net_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un un;
	} u;
	socklen_t n;
};

static int tcp_address(const char *address, uint16_t port, struct address *out, struct err *e)
{
	*out = (struct address){ 0 };
	if (inet_pton(AF_INET, address, &out->u.v4.sin_addr) == 1) {
		out->u.v4.sin_family = AF_INET;
		out->u.v4.sin_port = htons(port);
		out->n = sizeof(out->u.v4);
		return 0;
	}
	if (inet_pton(AF_INET6, address, &out->u.v6.sin6_addr) == 1) {
		out->u.v6.sin6_family = AF_INET6;
		out->u.v6.sin6_port = htons(port);
		out->n = sizeof(out->u.v6);
		return 0;
	}
	return err_set(e, ERR_INVALID, "'%s' is not an IP address", address);
}

int net_listen_tcp(const char *address, uint16_t port, int *fd, struct err *e)
{
	struct address to;
	int on = 1;

	if (tcp_address(address, port, &to, e) < 0)
		return -1;

	CLEAN_FD int s = socket(to.u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (s < 0)
		return err_sys(e, "socket");
	if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return err_sys(e, "set socket options");
	if (bind(s, &to.u.any, to.n) < 0 || listen(s, SOMAXCONN) < 0) {
		bool taken = errno == EADDRINUSE;

		err_sys(e, "listen on %s port %u", address, port);
		if (taken)
			e->code = ERR_CONFLICT;
		return -1;
	}
	*fd = take_fd(&s);
	return 0;
}

/*
 * As connect(), but while a Unix socket's queue is full, which is EAGAIN and cannot be polled for,
 * it tries again every few milliseconds until the deadline.
 */
static int connect_patiently(int s, const struct address *to, int64_t deadline)
{
	while (connect(s, &to->u.any, to->n) < 0) {
		if (errno != EAGAIN || net_now() >= deadline)
			return -1;
		poll(NULL, 0, QUEUE_FULL_MS);
	}
	return 0;
}

static int connect_to(const struct address *to, int64_t deadline, int *fd, struct err *e)
{
	CLEAN_FD int s = socket(to->u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0, on = 1;
	socklen_t n = sizeof(error);

	if (s < 0)
		return err_sys(e, "socket");
	if (connect_patiently(s, to, deadline) < 0) {
		if (errno == EAGAIN)
			return err_set(e, ERR_TEMP, "connect: no answer in time");
		if (errno != EINPROGRESS)
			return err_sys(e, "connect");
		if (net_wait(s, POLLOUT, deadline, e) < 0)
			return err_wrap(e, "connect");
		if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error) {
			errno = error ? error : errno;
			return err_sys(e, "connect");
		}
	}
	if (to->u.any.sa_family != AF_UNIX)
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*fd = take_fd(&s);
	return 0;
}

int net_connect_tcp(const char *address, uint16_t port, int64_t deadline, int *fd, struct err *e)
{
	struct address to;

	if (tcp_address(address, port, &to, e) < 0)
		return -1;
	if (connect_to(&to, deadline, fd, e) < 0)
		return err_wrap(e, "%s port %u", address, port);
	return 0;
}

int net_connect_unix(const char *path, int64_t deadline, int *fd, struct err *e)
{
	struct address to = { .n = sizeof(to.u.un) };
	size_t n = strlen(path);

	if (n >= sizeof(to.u.un.sun_path))
		return err_set(e, ERR_INVALID, "socket path too long: %s", path);
	to.u.un.sun_family = AF_UNIX;
	memcpy(to.u.un.sun_path, path, n + 1);
	if (connect_to(&to, deadline, fd, e) < 0)
		return err_wrap(e, "%s", path);
	return 0;
}

int net_wait(int fd, short events, int64_t deadline, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - net_now();
		int n = poll(&p, 1, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (left <= 0)
			return err_set(e, ERR_TEMP, "no answer in time");
	}
}

void conn_init(struct conn *c, int fd, int64_t deadline)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	c->fd = fd;
	c->deadline = deadline;
	c->in_at = c->in_n = c->out_n = 0;
}

static int receive(struct conn *c, struct err *e)
{
	for (;;) {
		ssize_t n = recv(c->fd, c->in, sizeof(c->in), 0);

		if (n >= 0) {
			c->in_at = 0;
			c->in_n = (size_t)n;
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_sys(e, "receive");
		if (net_wait(c->fd, POLLIN, c->deadline, e) < 0)
			return err_wrap(e, "receive");
	}
}

int conn_peek(struct conn *c, struct str *out, struct err *e)
{
	if (c->in_at == c->in_n && receive(c, e) < 0)
		return -1;
	*out = (struct str){ c->in + c->in_at, c->in_n - c->in_at };
	return 0;
}

void conn_take(struct conn *c, size_t n)
{
	ASSERT(n <= c->in_n - c->in_at);
	c->in_at += n;
}

bool conn_pending(const struct conn *c)
{
	return c->in_at < c->in_n;
}

int conn_line(struct conn *c, char *buf, size_t size, struct str *line, bool *eof, struct err *e)
{
	size_t n = 0;
	bool whole = false, too_long = false;

	*eof = false;
	while (!whole) {
		struct str got;
		ptrdiff_t lf;
		size_t take;

		if (conn_peek(c, &got, e) < 0)
			return -1;
		if (got.n == 0 && n == 0) {
			*eof = true;
			return 0;
		}
		if (got.n == 0)
			return err_set(e, ERR_TEMP, "connection closed inside a line");
		lf = str_chr(got, '\n');
		whole = lf >= 0;
		take = whole ? (size_t)lf + 1 : got.n;
		if (take > size - n)
			too_long = true;
		else
			memcpy(buf + n, got.p, take);
		n = too_long ? size : n + take;
		conn_take(c, take);
	}
	if (too_long)
		return err_set(e, ERR_LIMIT, "line longer than %zu bytes", size);
	n--;
	if (n && buf[n - 1] == '\r')
		n--;
	*line = (struct str){ buf, n };
	return 0;
}

static int send_all(struct conn *c, struct str s, struct err *e)
{
	while (s.n) {
		ssize_t n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);

		if (n >= 0) {
			s = str_from(s, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_sys(e, "send");
		if (net_wait(c->fd, POLLOUT, c->deadline, e) < 0)
			return err_wrap(e, "send");
	}
	return 0;
}

int conn_flush(struct conn *c, struct err *e)
{
	struct str waiting = { c->out, c->out_n };

	c->out_n = 0;
	return send_all(c, waiting, e);
}

int conn_write(struct conn *c, struct str s, struct err *e)
{
	if (s.n > sizeof(c->out) - c->out_n && conn_flush(c, e) < 0)
		return -1;
	if (s.n > sizeof(c->out))
		return send_all(c, s, e);
	if (s.n)
		memcpy(c->out + c->out_n, s.p, s.n);
	c->out_n += s.n;
	return 0;
}

int conn_printf(struct conn *c, struct err *e, const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		return err_set(e, ERR_LIMIT, "line longer than %zu bytes", sizeof(line) - 1);
	return conn_write(c, (struct str){ line, (size_t)n }, e);
}
