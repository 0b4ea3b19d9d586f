/* The connections of Postfix: requests in, one answer for each. */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <event2/buffer.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "gw/policy/front_int.h"

static void client_read(struct client *c);

struct client *client_find(struct policy_front *f, uint32_t id)
{
	struct client *c = &f->clients[id % FRONT_CLIENTS_MAX];

	return client_id(c) == id ? c : NULL;
}

uint32_t client_id(const struct client *c)
{
	return c->serial * FRONT_CLIENTS_MAX + (uint32_t)(c - c->front->clients);
}

void client_accepting(struct policy_front *f, bool on)
{
	if (on && !f->stopping && f->n_clients < FRONT_CLIENTS_MAX)
		event_add(f->accepting, NULL);
	else
		event_del(f->accepting);
}

static void enqueue(struct client *c, struct client_queue *q, enum client_state state)
{
	c->state = state;
	c->at = NULL;
	c->since = net_now();
	c->next = NULL;
	*q->end = c;
	q->end = &c->next;
}

static void unqueue(struct client *c, struct client_queue *q)
{
	struct client **p = &q->first;

	while (*p && *p != c)
		p = &(*p)->next;
	if (!*p)
		return;
	*p = c->next;
	if (q->end == &c->next)
		q->end = p;
}

struct client *client_next(struct client_queue *q)
{
	struct client *c = q->first;

	if (c)
		unqueue(c, q);
	return c;
}

static void look_up(struct client *c)
{
	enqueue(c, &c->front->new, CLIENT_NEW);
}

void client_ask_store(struct client *c)
{
	c->tries = 0;
	enqueue(c, &c->front->waiting, CLIENT_WAITING);
}

static void client_close(struct client *c)
{
	struct policy_front *f = c->front;

	unqueue(c, c->state == CLIENT_NEW ? &f->new : &f->waiting);
	bufferevent_free(c->bev);
	c->bev = NULL;
	c->state = CLIENT_FREE;
	c->at = NULL;
	c->serial++; /* whoever has its request in hand answers nobody */
	f->n_clients--;
	client_accepting(f, true);
}

/* Which mails have been given a header: by a hash, since forgetting one does little harm. */
static uint64_t *mail_place(const struct client *c, uint64_t *hash)
{
	struct str s = c->request.instance;
	uint64_t h = c->front->seed;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	*hash = h ^ h >> 29;
	return &c->front->mails[(h ^ h >> 32) % FRONT_MAILS_MAX];
}

bool client_header_given(const struct client *c)
{
	uint64_t hash;

	return *mail_place(c, &hash) == hash;
}

static void answer(struct client *c, struct str action)
{
	struct policy_front *f = c->front;
	struct buf b;
	uint64_t hash;

	if (str_starts(action, STR("prepend "))) {
		uint64_t *place = mail_place(c, &hash);

		*place = hash;
	}
	buf_init(&b, f->scratch, POLICY_TEXT_MAX + 64);
	delegate_answer(&b, action);
	front_send(c->bev, buf_str(&b));
	c->state = CLIENT_READING;
	c->at = NULL;
	c->serial++;
	delegate_again(&c->reader);
}

/* What is known so far is the answer. */
static void answer_now(struct client *c)
{
	answer(c, (struct str){ c->text, c->text_n });
}

void client_answered(struct client *c, enum policy_step step, struct str text)
{
	c->step = step;
	c->text_n = text.n;
	memcpy(c->text, text.p, text.n);
	if (step != POLICY_ANSWER) {
		client_ask_store(c);
		return;
	}
	answer_now(c);
	client_read(c);
}

void client_worker_died(struct client *c)
{
	bool again = ++c->tries < FRONT_TRIES_MAX;

	if (!again)
		log_err("a request from %.*s has ended %d workers", STR_ARG(c->request.client),
			FRONT_TRIES_MAX);
	if (c->state == CLIENT_LOOKUP && again) {
		look_up(c);
	} else if (c->state == CLIENT_LOOKUP) {
		client_ask_store(c);
	} else if (again) {
		enqueue(c, &c->front->waiting, CLIENT_WAITING);
	} else {
		answer_now(c);
		client_read(c);
	}
}

/* In place, as everything is compared; a NUL could not be stored. */
static struct str lower(struct client *c, enum delegate_attribute which)
{
	struct delegate_value *v = &c->reader.values[which];

	for (size_t i = 0; i < v->n; i++)
		v->p[i] = v->p[i] ? ascii_lower(v->p[i]) : ' ';
	return (struct str){ v->p, v->n };
}

static int64_t time_of(const struct client *c)
{
	int64_t t;

	if (c->front->options.testmode &&
	    str_int(delegate_value(&c->reader, DELEGATE_TESTTIME), 0, INT32_MAX, &t))
		return t;
	return time(NULL);
}

static bool is_complete(const struct client *c)
{
	return c->request.instance.n && c->request.recipient.n && c->request.client.n &&
	       str_eq(delegate_value(&c->reader, DELEGATE_REQUEST), STR("smtpd_access_policy"));
}

static void begin_request(struct client *c)
{
	c->request = (struct policy_request){
		.instance = lower(c, DELEGATE_INSTANCE),
		.client = lower(c, DELEGATE_CLIENT_ADDRESS),
		.helo = lower(c, DELEGATE_HELO_NAME),
		.sender = lower(c, DELEGATE_SENDER),
		.recipient = lower(c, DELEGATE_RECIPIENT),
		.now = time_of(c),
	};
	c->step = POLICY_NEED_MX;
	c->tries = 0;
	c->text_n = POLICY_DUNNO.n;
	memcpy(c->text, POLICY_DUNNO.p, POLICY_DUNNO.n);
	if (!is_complete(c) || !c->front->current)
		answer_now(c);
	else
		look_up(c);
}

/* One event out of what has come; false when there is none left, or the client has gone. */
static bool read_one(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t n = evbuffer_get_contiguous_space(in);
	struct str all = { (const char *)evbuffer_pullup(in, (ev_ssize_t)n), n }, rest = all;
	enum delegate_event event;

	if (!n)
		return false;
	event = delegate_read(&c->reader, &rest);
	evbuffer_drain(in, all.n - rest.n);
	switch (event) {
	case DELEGATE_BAD_LINE:
		log_err("greylist policy protocol error - got '%.*s'",
			STR_ARG(delegate_line(&c->reader)));
		break;
	case DELEGATE_TOO_LONG:
		log_err("greylist policy protocol error - request without end");
		client_close(c);
		return false;
	case DELEGATE_COMPLETE:
		begin_request(c);
		break;
	case DELEGATE_MORE:
		break;
	}
	return true;
}

static bool must_wait(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) >= FRONT_BUFFER_MAX;
}

static void end_if_done(struct client *c)
{
	if (!c->eof || c->state != CLIENT_READING ||
	    evbuffer_get_length(bufferevent_get_input(c->bev)) ||
	    evbuffer_get_length(bufferevent_get_output(c->bev)))
		return;
	if (delegate_inside(&c->reader))
		log_err("greylist policy protocol error - unused data '%.*s'",
			STR_ARG(delegate_line(&c->reader)));
	client_close(c);
}

static void client_read(struct client *c)
{
	while (c->state == CLIENT_READING && !must_wait(c) && !c->front->stopping && read_one(c))
		;
	if (c->state == CLIENT_READING)
		end_if_done(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	(void)bev;
	arena_reset(c->front->scratch);
	client_read(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	(void)bev;
	if (!(what & BEV_EVENT_EOF)) { /* an error, or nothing said for a long time */
		if (!(what & BEV_EVENT_TIMEOUT) || c->state == CLIENT_READING)
			client_close(c);
		return;
	}
	c->eof = true;
	end_if_done(c);
}

static struct client *free_client(struct policy_front *f)
{
	for (size_t i = 0; i < FRONT_CLIENTS_MAX; i++)
		if (f->clients[i].state == CLIENT_FREE)
			return &f->clients[i];
	return NULL;
}

static void add_client(struct policy_front *f, int fd)
{
	const struct timeval idle = { FRONT_IDLE_SECONDS, 0 };
	struct client *c = free_client(f);
	struct bufferevent *bev = bufferevent_socket_new(f->base, fd, BEV_OPT_CLOSE_ON_FREE);

	ASSERT(c && bev);
	*c = (struct client){
		.front = f, .bev = bev, .state = CLIENT_READING, .serial = c->serial
	};
	f->n_clients++;
	/* When an answer has left, there may be more to read, or the connection at its end. */
	bufferevent_setcb(bev, on_read, on_read, on_event, c);
	bufferevent_setwatermark(bev, EV_READ, 0, FRONT_BUFFER_MAX);
	bufferevent_set_timeouts(bev, &idle, &idle);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

void client_on_listener(evutil_socket_t listener, short what, void *arg)
{
	struct policy_front *f = arg;
	int fd;

	(void)what;
	while (f->n_clients < FRONT_CLIENTS_MAX) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		add_client(f, fd);
	}
	client_accepting(f, false);
}

/* Requests that nobody has answered though everybody should have. */
void client_watch(struct policy_front *f)
{
	int64_t now = net_now();

	arena_reset(f->scratch);
	for (size_t i = 0; i < FRONT_CLIENTS_MAX; i++) {
		struct client *c = &f->clients[i];

		if (c->state == CLIENT_LOOKUP && now - c->since >= FRONT_LOOKUP_MS) {
			c->serial++; /* whoever has it is too late */
			client_ask_store(c);
		} else if ((c->state == CLIENT_WAITING || c->state == CLIENT_STORE) &&
			   now - c->since >= FRONT_STORE_MS) {
			unqueue(c, &f->waiting);
			answer_now(c);
			client_read(c);
		}
	}
}

size_t client_busy(const struct policy_front *f)
{
	size_t n = 0;

	for (size_t i = 0; i < FRONT_CLIENTS_MAX; i++) {
		const struct client *c = &f->clients[i];

		n += c->state > CLIENT_READING ||
		     (c->state == CLIENT_READING &&
		      evbuffer_get_length(bufferevent_get_output(c->bev)));
	}
	return n;
}

void client_close_all(struct policy_front *f)
{
	for (size_t i = 0; i < FRONT_CLIENTS_MAX; i++)
		if (f->clients[i].state != CLIENT_FREE)
			client_close(&f->clients[i]);
}
