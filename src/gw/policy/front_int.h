/* Between the files of the policy daemon's front. */
#pragma once

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/types.h>

#include "gw/policy/crew.h"
#include "lib/delegate/delegate.h"

enum {
	FRONT_CLIENTS_MAX = 1024,     /* connections; further ones wait in the listening queue */
	FRONT_MEMBERS_MAX = 64,       /* workers, those of old generations included */
	FRONT_CREWS_MAX = 8,          /* generations */
	FRONT_MAILS_MAX = 8192,       /* mails whose header is remembered */
	FRONT_BUFFER_MAX = 64 * 1024, /* bytes of a connection that wait for us, or for Postfix */
	FRONT_IDLE_SECONDS = 1800,    /* then a connection is closed; Postfix's own limit is 300 */
	FRONT_TRIES_MAX = 2,          /* workers that may die over one request */
	FRONT_TURN_US = 500,          /* from turn to turn of the loop, under load */
	/* Workers have deadlines of their own, so these are for what cannot be. */
	FRONT_LOOKUP_MS = 15 * 1000,
	FRONT_STORE_MS = 12 * 1000,
	FRONT_STOP_MS = 15 * 1000, /* for requests in hand */
};

enum client_state {
	CLIENT_FREE,
	CLIENT_READING, /* the next request */
	CLIENT_NEW,     /* waits for the end of the turn, to go to a look-up worker */
	CLIENT_LOOKUP,  /* a worker has its request */
	CLIENT_WAITING, /* for a store worker */
	CLIENT_STORE,   /* a worker has its request */
};

struct member;

/* A connection, and its request while it is being answered. */
struct client {
	struct policy_front *front;
	enum client_state state;
	struct bufferevent *bev;
	bool eof; /* it will send no more */
	struct delegate_reader reader;
	struct policy_request request; /* views into the reader */
	uint32_t serial;               /* of the request; tells late answers apart */
	enum policy_step step;
	int tries;           /* workers that died over it, at this step */
	int64_t since;       /* net_now(), when it came to this step */
	struct member *at;   /* LOOKUP, STORE */
	struct client *next; /* NEW, WAITING */
	size_t text_n;
	char text[POLICY_TEXT_MAX]; /* the answer, if nobody has a better one */
};

/* A worker. */
struct member {
	struct policy_front *front;
	struct bufferevent *bev; /* NULL: a free place */
	enum crew_kind kind;
	pid_t crew;
	size_t in_hand;   /* requests */
	struct buf frame; /* what it gets at the end of the turn */
	size_t frame_n;   /* requests */
};

/* A generation, by the process that looks after it. */
struct front_crew {
	struct policy_front *front;
	pid_t pid;   /* 0: a free place */
	int control; /* -1: closed */
	struct event *event;
	bool ready, leaving;
};

/* Clients in the order in which they came. */
struct client_queue {
	struct client *first, **end;
};

struct policy_front {
	struct policy_options options;
	struct arena *a, *scratch, *turn; /* for good, for an event, for the frames of a turn */
	int listener;
	struct event_base *base;
	struct event *accepting, *tick, *signals[5];
	struct client *clients; /* FRONT_CLIENTS_MAX */
	size_t n_clients;
	struct member members[FRONT_MEMBERS_MAX];
	struct front_crew crews[FRONT_CREWS_MAX];
	pid_t current; /* the generation that serves; 0: none */
	struct client_queue new, waiting;
	uint64_t *mails; /* FRONT_MAILS_MAX: hashes of instances */
	uint64_t seed;
	bool stopping;
	int64_t retry_at, retry_ms, stop_at; /* net_now(); 0: not */
};

/* members.c: generations and workers. */
void front_reload(struct policy_front *f);
void front_reap(struct policy_front *f);
void front_retry(struct policy_front *f);
void front_close_members(struct policy_front *f);

/*
 * The end of a turn. Look-up workers get what is new, each in one frame; store workers that have
 * nothing to do get what is waiting for them.
 */
void front_dispatch(struct policy_front *f);

/* At once where it can be, since a turn of the loop for each message costs more than the message.
 */
void front_send(struct bufferevent *bev, struct str bytes);

/* clients.c: what members.c tells about a request. */
void client_answered(struct client *c, enum policy_step step, struct str text);
void client_worker_died(struct client *c);
void client_accepting(struct policy_front *f, bool on);
struct client *client_find(struct policy_front *f, uint32_t id);
uint32_t client_id(const struct client *c);
bool client_header_given(const struct client *c);
void client_on_listener(evutil_socket_t fd, short what, void *arg);
void client_watch(struct policy_front *f);
size_t client_busy(const struct policy_front *f);

/* Takes the first out of a queue, NULL if it is empty; puts it into the one for store workers. */
struct client *client_next(struct client_queue *q);
void client_ask_store(struct client *c);
void client_close_all(struct policy_front *f);
