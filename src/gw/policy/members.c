/* Generations and their workers, as the front sees them. */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/buffer.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "gw/policy/front_int.h"
#include "gw/policy/lookup.h"
#include "gw/store/store.h"

enum { RETRY_FIRST_MS = 500, RETRY_LAST_MS = 10000 };

/* The requests that the worker has in hand find out. */
static void member_remove(struct member *m, bool died)
{
	struct policy_front *f = m->front;

	bufferevent_free(m->bev);
	m->bev = NULL;
	for (size_t i = 0; died && i < FRONT_CLIENTS_MAX; i++) {
		struct client *c = &f->clients[i];

		if ((c->state == CLIENT_LOOKUP || c->state == CLIENT_STORE) && c->at == m)
			client_worker_died(c);
	}
}

static bool is_leaving(const struct member *m)
{
	return m->crew != m->front->current;
}

/* One of an older generation goes when it has nothing left to do. */
static void release(struct member *m)
{
	if (m->bev && is_leaving(m) && m->in_hand == 0)
		member_remove(m, false);
}

static void take_answer(struct member *m, const struct wire_answer *w)
{
	struct client *c = client_find(m->front, w->id);

	if (m->in_hand)
		m->in_hand--;
	if (c && c->at == m && (c->state == CLIENT_LOOKUP || c->state == CLIENT_STORE))
		client_answered(c, m->kind == CREW_STORE ? POLICY_ANSWER : w->step, w->text);
}

static void on_answers(struct bufferevent *bev, void *arg)
{
	struct member *m = arg;
	struct policy_front *f = m->front;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in);
	struct str all = { (const char *)evbuffer_pullup(in, -1), n }, rest = all, frame;
	struct wire_answer w;
	bool broken = false;
	int whole;

	arena_reset(f->scratch);
	while (!broken && (whole = wire_frame(&rest, &frame)) > 0)
		while (wire_answer(&frame, &w, &broken))
			take_answer(m, &w);
	if (broken || whole < 0) {
		log_err("a worker says what makes no sense");
		member_remove(m, true);
	} else {
		evbuffer_drain(in, all.n - rest.n);
		release(m);
	}
}

static void on_gone(struct bufferevent *bev, short what, void *arg)
{
	struct member *m = arg;

	(void)bev;
	(void)what;
	arena_reset(m->front->scratch);
	member_remove(m, true);
}

static void member_add(struct front_crew *crew, enum crew_kind kind, int fd)
{
	struct policy_front *f = crew->front;
	struct member *m = f->members;

	while (m < f->members + FRONT_MEMBERS_MAX && m->bev)
		m++;
	if (m == f->members + FRONT_MEMBERS_MAX || crew->leaving || kind >= CREW_KINDS) {
		close(fd);
		return;
	}
	evutil_make_socket_nonblocking(fd);
	*m = (struct member){ .front = f, .kind = kind, .crew = crew->pid };
	m->bev = bufferevent_socket_new(f->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ASSERT(m->bev);
	bufferevent_setcb(m->bev, on_answers, NULL, on_gone, m);
	bufferevent_enable(m->bev, EV_READ | EV_WRITE);
}

static void crew_close(struct front_crew *crew)
{
	if (crew->control < 0)
		return;
	event_free(crew->event);
	close(crew->control);
	crew->control = -1;
}

/* From now on requests go to this one. */
static void crew_is_ready(struct front_crew *crew)
{
	struct policy_front *f = crew->front;

	crew->ready = true;
	f->retry_ms = 0;
	f->current = crew->pid;
	for (size_t i = 0; i < FRONT_CREWS_MAX; i++) {
		struct front_crew *o = &f->crews[i];

		if (!o->pid || o == crew || !o->ready)
			continue;
		o->leaving = true;
		crew_close(o);
	}
	for (size_t i = 0; i < FRONT_MEMBERS_MAX; i++)
		release(&f->members[i]);
	log_info("Policy daemon (re)started");
	client_accepting(f, true);
}

static void on_control(evutil_socket_t control, short what, void *arg)
{
	struct front_crew *crew = arg;
	enum crew_kind kind;
	int fd;

	(void)what;
	arena_reset(crew->front->scratch);
	if (crew_receive(control, &kind, &fd) < 0) {
		crew_close(crew); /* why, tells front_reap() */
		return;
	}
	if (fd >= 0)
		member_add(crew, kind, fd);
	else if (kind == CREW_READY)
		crew_is_ready(crew);
}

static void retry_later(struct policy_front *f)
{
	f->retry_ms = f->retry_ms ? f->retry_ms * 2 : RETRY_FIRST_MS;
	if (f->retry_ms > RETRY_LAST_MS)
		f->retry_ms = RETRY_LAST_MS;
	f->retry_at = net_now() + f->retry_ms;
}

static void crew_start(struct policy_front *f)
{
	struct front_crew *crew = f->crews;
	int ends[2];
	sigset_t all, before;

	f->retry_at = 0;
	while (crew < f->crews + FRONT_CREWS_MAX && crew->pid)
		crew++;
	if (crew == f->crews + FRONT_CREWS_MAX) {
		log_err("reload refused: %d generations are still there", FRONT_CREWS_MAX);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		log_err("socketpair: %m");
		return;
	}
	*crew = (struct front_crew){ .front = f, .control = ends[0] };
	/* No signal may reach the child while it still has our way of handling it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	crew->pid = fork();
	if (crew->pid == 0)
		crew_run(&f->options, crew_leave_parent(ends[1]));
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (crew->pid < 0) {
		log_err("fork: %m");
		crew->pid = 0;
		close(ends[0]);
		return;
	}
	crew->event = event_new(f->base, ends[0], EV_READ | EV_PERSIST, on_control, crew);
	ASSERT(crew->event && event_add(crew->event, NULL) == 0);
}

void front_reload(struct policy_front *f)
{
	log_info("reloading configuration %s",
		 f->options.database ? f->options.database : STORE_DATABASE);
	f->retry_ms = 0;
	crew_start(f);
}

void front_retry(struct policy_front *f)
{
	if (f->retry_at && net_now() >= f->retry_at)
		crew_start(f);
}

static void crew_ended(struct front_crew *crew, int status)
{
	struct policy_front *f = crew->front;
	bool too_early = WIFEXITED(status) && WEXITSTATUS(status) == EX_TEMPFAIL;

	if (WIFSIGNALED(status) && !f->stopping)
		log_err("generation %ld ended by signal %d", (long)crew->pid, WTERMSIG(status));
	crew_close(crew);
	/* Its workers serve on, but nobody replaces them any more. */
	if (!f->stopping && !crew->leaving && (too_early || crew->ready || !f->current))
		retry_later(f);
	if (!f->current)
		client_accepting(f, true); /* they are answered without us knowing anything */
	crew->pid = 0;
}

void front_reap(struct policy_front *f)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < FRONT_CREWS_MAX; i++)
			if (f->crews[i].pid == pid)
				crew_ended(&f->crews[i], status);
}

void front_close_members(struct policy_front *f)
{
	for (size_t i = 0; i < FRONT_CREWS_MAX; i++)
		if (f->crews[i].pid)
			crew_close(&f->crews[i]);
	for (size_t i = 0; i < FRONT_MEMBERS_MAX; i++)
		if (f->members[i].bev)
			member_remove(&f->members[i], false);
}

void front_send(struct bufferevent *bev, struct str bytes)
{
	ssize_t n = 0;

	if (!evbuffer_get_length(bufferevent_get_output(bev)))
		n = send(bufferevent_getfd(bev), bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	bytes = str_from(bytes, n < 0 ? 0 : (size_t)n);
	if (bytes.n)
		bufferevent_write(bev, bytes.p, bytes.n);
}

static void send_frame(struct member *m)
{
	if (!m->frame_n)
		return;
	wire_end(&m->frame);
	m->frame_n = 0;
	front_send(m->bev, buf_str(&m->frame));
}

static void give(struct member *m, struct client *c, enum client_state state)
{
	if (!m->frame_n++)
		wire_begin(&m->frame, m->front->turn);
	wire_add_question(&m->frame, &(struct wire_question){
					     .id = client_id(c),
					     .step = c->step,
					     .header_given = client_header_given(c),
					     .request = c->request,
					     .text = { c->text, c->text_n },
				     });
	c->state = state;
	c->at = m;
	m->in_hand++;
	if (m->frame_n == WIRE_BATCH_MAX)
		send_frame(m);
}

/* The same for everything of one sender's domain, so that its answers are remembered there and its
 * cap holds. */
static struct member *lookup_member(struct policy_front *f, const struct policy_request *r)
{
	struct member *found[FRONT_MEMBERS_MAX];
	struct str domain = lookup_domain(r);
	uint64_t h = f->seed;
	size_t n = 0;

	for (size_t i = 0; i < FRONT_MEMBERS_MAX; i++) {
		struct member *m = &f->members[i];

		if (m->bev && m->kind == CREW_LOOKUP && !is_leaving(m))
			found[n++] = m;
	}
	for (size_t i = 0; i < domain.n; i++)
		h = (h ^ (unsigned char)domain.p[i]) * 0x100000001b3u;
	return n ? found[(h ^ h >> 32) % n] : NULL;
}

static void give_new(struct policy_front *f)
{
	struct client *c;

	while ((c = client_next(&f->new))) {
		struct member *m = lookup_member(f, &c->request);

		if (m)
			give(m, c, CLIENT_LOOKUP);
		else
			client_ask_store(c);
	}
	for (size_t i = 0; i < FRONT_MEMBERS_MAX; i++)
		send_frame(&f->members[i]);
}

static void give_batch(struct member *m)
{
	struct policy_front *f = m->front;
	struct client *c;

	for (int n = 0; n < WIRE_BATCH_MAX && (c = client_next(&f->waiting)); n++)
		give(m, c, CLIENT_STORE);
	send_frame(m);
}

void front_dispatch(struct policy_front *f)
{
	arena_reset(f->turn);
	give_new(f);
	for (size_t i = 0; i < FRONT_MEMBERS_MAX && f->waiting.first; i++) {
		struct member *m = &f->members[i];

		if (m->bev && m->kind == CREW_STORE && !is_leaving(m) && m->in_hand == 0)
			give_batch(m);
	}
}
