/* A look-up worker: requests in, answers out, DNS in between, in one poll(). */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/log.h"
#include "gw/policy/crew.h"
#include "gw/policy/lookup.h"
#include "lib/dns/cares.h"

enum {
	MEMORY_MAX = 256 << 20,
	FDS_MAX = 4096,
	ALARM_SECONDS = 15, /* between two polls; then this process is ended */
};

struct worker {
	struct lookup *lookup;
	struct conn conn;
	struct arena *a; /* of one turn */
	struct buf in;   /* what is there of a frame */
	struct buf out;
	size_t answers;
	bool lost; /* the front */
};

static void flush(struct worker *w)
{
	struct err e;

	if (!w->answers)
		return;
	wire_end(&w->out);
	if (conn_write(&w->conn, buf_str(&w->out), &e) < 0 || conn_flush(&w->conn, &e) < 0)
		w->lost = true;
	w->answers = 0;
	wire_begin(&w->out, w->a);
}

static void answer(void *ctx, const struct wire_answer *a)
{
	struct worker *w = ctx;

	wire_add_answer(&w->out, a);
	if (++w->answers == WIRE_BATCH_MAX)
		flush(w);
}

/*
 * The clock by which a resolver skips a server that was silent. One of these resolvers may see
 * nothing but a sender's slow domain, would take our own server for dead, and leave the next mail
 * without SPF; so on this clock the minute is always over.
 */
static int64_t forgetful(void)
{
	static int64_t ms;

	return ms += 10 * 60 * 1000;
}

static int resolver(void *ctx, struct arena *a, struct dns_resolver **out, struct err *e)
{
	static const struct dns_cares_config config = { .clock = forgetful };

	(void)ctx;
	return dns_cares_open(a, &config, out, e);
}

static void take_frame(struct worker *w, struct str frame)
{
	struct wire_question q;
	bool broken;

	while (wire_question(&frame, &q, &broken))
		lookup_add(w->lookup, &q);
	if (broken)
		w->lost = true;
}

/* Whole frames from what the front has sent; the beginning of another stays. */
static void take_input(struct worker *w)
{
	struct str got, in, frame;
	struct err e;
	int whole;

	if (conn_peek(&w->conn, &got, &e) < 0 || !got.n) {
		w->lost = true;
		return;
	}
	buf_add(&w->in, got);
	conn_take(&w->conn, got.n);
	in = buf_str(&w->in);
	while ((whole = wire_frame(&in, &frame)) > 0)
		take_frame(w, frame);
	if (whole < 0 || w->in.failed)
		w->lost = true;
	memmove(w->in.p, in.p, in.n);
	w->in.n = in.n;
}

static int milliseconds(int64_t until)
{
	int64_t left = until - net_now();

	return until == INT64_MAX ? -1 : left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static void turn(struct worker *w)
{
	static struct pollfd fds[1 + FDS_MAX];
	int64_t until;
	size_t n = lookup_fds(w->lookup, fds + 1, FDS_MAX, &until);

	fds[0] = (struct pollfd){ .fd = w->conn.fd, .events = POLLIN };
	alarm(0);
	if (poll(fds, 1 + n, milliseconds(until)) < 0 && errno != EINTR)
		log_err("poll: %m");
	alarm(ALARM_SECONDS);
	arena_reset(w->a);
	wire_begin(&w->out, w->a);
	if (fds[0].revents)
		take_input(w);
	lookup_ready(w->lookup, fds + 1, n);
	flush(w);
}

void lookup_run(const struct crew *c, int fd)
{
	static struct worker w;
	const struct lookup_world world = { answer, net_now, resolver, &w };
	struct arena *own = arena_open("look-ups", MEMORY_MAX);
	struct err e;

	w.a = arena_open("turn", MEMORY_MAX);
	conn_init(&w.conn, fd, INT64_MAX);
	buf_init(&w.in, own, 2 * WIRE_FRAME_MAX);
	if (lookup_new(own, &c->settings, &world, &w.lookup, &e) < 0) {
		log_err("look-ups: %s", e.msg);
		_exit(1);
	}
	while (!w.lost)
		turn(&w);
	_exit(0);
}
