#include "lib/clamd/clamd.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/net.h"
#include "lib/clamd/clamd_int.h"

/* A name goes into logs, headers and the database: it must be one line of visible characters. */
static bool is_visible(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

static struct str without_end(struct str s, struct str end)
{
	return str_sub(s, 0, s.n - end.n);
}

int clamd_parse(struct str reply, enum clamd_answer *answer, struct str *name, struct err *e)
{
	ptrdiff_t colon = str_find(reply, STR(": "));
	struct str rest = colon < 0 ? reply : str_from(reply, (size_t)colon + 2);

	if (!is_visible(reply) || reply.n > CLAMD_REPLY_MAX)
		return err_set(e, ERR_TEMP, "no readable answer");
	if (colon > 0 && str_eq(rest, STR("OK"))) {
		*answer = CLAMD_CLEAN;
		*name = STR_NONE;
	} else if (colon > 0 && str_ends(rest, STR(" FOUND")) &&
		   str_trim(without_end(rest, STR(" FOUND"))).n) {
		*answer = CLAMD_FOUND;
		*name = str_trim(without_end(rest, STR(" FOUND")));
	} else if (str_ends(rest, STR(" ERROR")) || str_eq(reply, STR("UNKNOWN COMMAND"))) {
		*answer = CLAMD_REFUSED;
		*name = rest;
	} else {
		return err_set(e, ERR_TEMP, "unexpected answer: %.*s", STR_ARG(reply));
	}
	return 0;
}

/* The answer up to its NUL byte, which must be the last thing said. */
static int read_reply(struct conn *c, char *buf, struct str *reply, struct err *e)
{
	size_t n = 0;

	for (;;) {
		struct str got;
		ptrdiff_t end;

		if (conn_peek(c, &got, e) < 0)
			return -1;
		if (got.n == 0)
			return err_set(e, ERR_TEMP, "closed before a complete answer");
		end = str_chr(got, '\0');
		if (end >= 0 && (size_t)end + 1 < got.n)
			return err_set(e, ERR_TEMP, "more than one answer");
		if (end >= 0)
			got.n = (size_t)end;
		if (got.n > CLAMD_REPLY_MAX - n)
			return err_set(e, ERR_TEMP, "answer too long");
		memcpy(buf + n, got.p, got.n);
		n += got.n;
		conn_take(c, got.n);
		if (end >= 0)
			break;
	}
	*reply = (struct str){ buf, n };
	return 0;
}

/* One byte that carries the descriptor. */
static int pass_descriptor(struct conn *c, int fd, struct err *e)
{
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
			      .msg_controllen = sizeof(control.space) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	while (sendmsg(c->fd, &msg, MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(e, "pass a descriptor");
		if (net_wait(c->fd, POLLOUT, c->deadline, e) < 0)
			return -1;
	}
	return 0;
}

static int send_descriptor(struct conn *c, int fd, struct err *e)
{
	if (conn_write(c, STR("zFILDES\0"), e) < 0 || conn_flush(c, e) < 0)
		return -1;
	return pass_descriptor(c, fd, e);
}

static int send_chunk(struct conn *c, struct str chunk, struct err *e)
{
	unsigned char length[4] = { (unsigned char)(chunk.n >> 24), (unsigned char)(chunk.n >> 16),
				    (unsigned char)(chunk.n >> 8), (unsigned char)chunk.n };

	if (conn_write(c, (struct str){ (const char *)length, sizeof(length) }, e) < 0)
		return -1;
	return conn_write(c, chunk, e);
}

static int send_content(struct conn *c, int fd, struct err *e)
{
	char chunk[CLAMD_CHUNK];
	off_t at = 0;
	ssize_t n;

	if (conn_write(c, STR("zINSTREAM\0"), e) < 0)
		return -1;
	while ((n = pread(fd, chunk, sizeof(chunk), at)) > 0) {
		if (send_chunk(c, (struct str){ chunk, (size_t)n }, e) < 0)
			return -1;
		at += n;
	}
	if (n < 0) {
		err_sys(e, "read the file");
		e->code = ERR_TEMP; /* not for early_refusal(): the daemon still waits for more */
		return -1;
	}
	if (send_chunk(c, STR_NONE, e) < 0)
		return -1;
	return conn_flush(c, e);
}

/*
 * A daemon that refuses before it has read everything says why and hangs up, so that sending fails.
 * Anything but a refusal is then no answer: it cannot be about the whole file.
 */
static int early_refusal(struct conn *c, char *buf, enum clamd_answer *answer, struct str *name,
			 const struct err *e)
{
	struct err ignored;
	struct str reply;

	if (e->code == ERR_TEMP || read_reply(c, buf, &reply, &ignored) < 0 ||
	    clamd_parse(reply, answer, name, &ignored) < 0 || *answer != CLAMD_REFUSED)
		return -1;
	return 0;
}

/* One connection, one question. The answer's text is in `buf` of CLAMD_REPLY_MAX bytes. */
static int ask(const char *socket, int (*send)(struct conn *, int, struct err *), int fd,
	       int64_t deadline, char *buf, enum clamd_answer *answer, struct str *name,
	       struct err *e)
{
	CLEAN_FD int s = -1;
	struct str reply;
	struct conn c;

	if (net_connect_unix(socket, deadline, &s, e) < 0)
		return -1;
	conn_init(&c, s, deadline);
	if (send(&c, fd, e) < 0)
		return early_refusal(&c, buf, answer, name, e);
	if (read_reply(&c, buf, &reply, e) < 0)
		return -1;
	return clamd_parse(reply, answer, name, e);
}

static int ask_both_ways(const char *socket, int fd, int64_t deadline, char *buf,
			 enum clamd_answer *answer, struct str *name, struct err *e)
{
	if (ask(socket, send_descriptor, fd, deadline, buf, answer, name, e) < 0)
		return -1;
	if (*answer == CLAMD_REFUSED &&
	    ask(socket, send_content, fd, deadline, buf, answer, name, e) < 0)
		return -1;
	if (*answer == CLAMD_REFUSED)
		return err_set(e, ERR_TEMP, "refused: %.*s", STR_ARG(*name));
	return 0;
}

int clamd_scan(struct arena *a, const char *socket, int fd, int64_t deadline, struct str *virus,
	       struct err *e)
{
	char buf[CLAMD_REPLY_MAX];
	enum clamd_answer answer;
	struct str name;

	if (ask_both_ways(socket, fd, deadline, buf, &answer, &name, e) < 0) {
		e->code = ERR_TEMP;
		return err_wrap(e, "clamd");
	}
	*virus = answer == CLAMD_FOUND ? str_copy(a, name) : STR_NONE;
	return 0;
}
