#include <sys/socket.h>
#include <unistd.h>

#include "base/net.h"
#include "lib/smtp/client.h"
#include "lib/smtp/server.h"

/* The first byte chooses the side; the rest is what the peer says. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int begin(void *ctx, const struct smtp_envelope *env, struct err *e)
{
	(void)ctx;
	(void)e;
	ASSERT(env->n_rcpt > 0);
	return 0;
}

static int more(void *ctx, struct str bytes, struct err *e)
{
	(void)ctx;
	(void)e;
	ASSERT(bytes.n > 0);
	return 0;
}

static void aborted(void *ctx)
{
	(void)ctx;
}

static int mail(void *ctx, struct arena *a, const struct smtp_envelope *env, bool lmtp,
		struct smtp_reply *replies, size_t n)
{
	(void)ctx;
	(void)a;
	ASSERT(n == (lmtp ? env->n_rcpt : 1));
	for (size_t i = 0; i < n; i++)
		replies[i] = (struct smtp_reply){ 250, env->rcpt[i].address };
	return 0;
}

static int write_little(void *ctx, const struct sink *to, struct err *e)
{
	(void)ctx;
	return sink_write(to, STR("Subject: x\n\n.\n"), e);
}

static void play_server(struct arena *a, int fd)
{
	static const struct smtp_handler handler = { begin, more, aborted, mail, NULL };
	static struct conn c;
	struct err e;
	int mails = 5;

	conn_init(&c, fd, 0);
	(void)!smtp_serve(&c, a, &handler, NULL, 100, &mails, &e);
}

static void play_client(struct arena *a, int fd)
{
	static const struct smtp_rcpt rcpt[] = { { STR_INIT("a@b"), STR_NONE, STR_NONE, 0 } };
	struct smtp_send send = { STR("gw"), STR("s@x"), rcpt, NULL, 1, NULL, false };
	struct smtp_source source = { write_little, NULL };
	struct smtp_outcome out;
	struct err e;

	(void)!smtp_send(a, fd, net_now() + 100, &send, &source, &out, &e);
	arena_reset(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *a;
	int pair[2];

	if (!a)
		a = arena_open("fuzz", 64u << 20);
	if (size == 0 || size > 100000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	if (send(pair[1], data + 1, size - 1, MSG_DONTWAIT) == (ssize_t)(size - 1)) {
		shutdown(pair[1], SHUT_WR);
		if (data[0] & 1)
			play_server(a, pair[0]);
		else
			play_client(a, pair[0]);
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}
