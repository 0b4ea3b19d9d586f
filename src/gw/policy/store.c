/* A store worker: all requests of a frame at once, by the greylist. */
#include <unistd.h>

#include "base/log.h"
#include "gw/policy/crew.h"
#include "gw/policy/greylist.h"

enum {
	MEMORY_MAX = 64 << 20,
	DATABASE_MS = 5 * 1000, /* for one frame */
	ALARM_SECONDS = 20,     /* then this process is ended */
};

struct store {
	const struct crew *crew;
	struct arena *a; /* of the frame */
	struct db *db;
	bool broken; /* the database; told once */
};

struct store_batch {
	struct store_item {
		struct wire_question q;
		struct policy_verdict verdict; /* of a request that no look-up worker has seen */
	} items[WIRE_BATCH_MAX];
	size_t n;
	struct greylist_question ask[WIRE_BATCH_MAX], note[WIRE_BATCH_MAX];
	struct store_item *asked[WIRE_BATCH_MAX];
	size_t n_ask, n_note;
};

/* Without look-ups: whitelist and settings only. */
static void decide_alone(struct store *s, struct store_item *it)
{
	const struct policy_facts unknown = { .mx = POLICY_MX_UNKNOWN, .spf_asked = true };

	policy_decide(s->a, &s->crew->settings, &it->q.request, &unknown, &it->verdict);
	if (it->verdict.log.n)
		log_info("%.*s", STR_ARG(it->verdict.log));
}

static struct greylist_question question_of(struct store *s, const struct policy_request *r)
{
	return (struct greylist_question){
		.network = policy_network(s->a, &s->crew->settings, r->client),
		.sender = policy_normal_sender(s->a, r->sender),
		.receiver = r->recipient,
		.instance = r->instance,
		.now = r->now,
	};
}

static void sort_out(struct store *s, struct store_batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct store_item *it = &b->items[i];

		it->verdict = (struct policy_verdict){ it->q.step, it->q.text, STR_NONE };
		if (it->q.step == POLICY_NEED_MX || it->q.step == POLICY_NEED_SPF)
			decide_alone(s, it);
		if (it->verdict.step == POLICY_SPF_FAILED) {
			b->note[b->n_note++] = question_of(s, &it->q.request);
		} else if (it->verdict.step == POLICY_GREYLIST) {
			b->asked[b->n_ask] = it;
			b->ask[b->n_ask++] = question_of(s, &it->q.request);
		}
	}
}

static void told_by_database(struct store *s, const struct err *e)
{
	if (!s->broken && e->code == ERR_TEMP) {
		log_err("Database connection broken - trying to reconnect");
		log_err("unable to reconnect to database server: %s", e->msg);
	} else if (!s->broken) {
		log_err("%s", e->msg);
	}
	s->broken = true;
}

/* A second time where it may only have been the moment: a lost connection, a deadlock. */
static int ask_twice(struct store *s, struct greylist_question *q, size_t n, struct err *e)
{
	if (greylist_ask(s->a, s->db, s->crew->cid, q, n, e) == 0)
		return 0;
	return e->code == ERR_TEMP ? greylist_ask(s->a, s->db, s->crew->cid, q, n, e) : -1;
}

/* What the database refuses to take is one request's fault, so the others are asked without it. */
static void ask_one_by_one(struct store *s, struct store_batch *b)
{
	struct err e;

	for (size_t i = 0; i < b->n_ask; i++)
		if (ask_twice(s, &b->ask[i], 1, &e) < 0)
			told_by_database(s, &e);
}

static void ask_greylist(struct store *s, struct store_batch *b)
{
	struct err e;

	if (ask_twice(s, b->ask, b->n_ask, &e) == 0) {
		if (s->broken)
			log_notice("database connection works again");
		s->broken = false;
	} else {
		told_by_database(s, &e);
		if (e.code != ERR_TEMP && b->n_ask > 1)
			ask_one_by_one(s, b);
	}
	for (size_t i = 0; i < b->n_ask; i++) {
		if (b->ask[i].answer == GREYLIST_DEFER)
			b->asked[i]->verdict.text = POLICY_DEFER;
		if (b->ask[i].is_news)
			log_info("defer greylisted mail");
	}
}

static void note_rejected(struct store *s, const struct store_batch *b)
{
	struct err e;

	if (greylist_note_spf(s->a, s->db, s->crew->cid, b->note, b->n_note, &e) < 0)
		told_by_database(s, &e);
}

static void handle(struct store *s, struct str frame, struct buf *out)
{
	struct store_batch *b = NEW(s->a, struct store_batch);
	bool broken;

	while (b->n < WIRE_BATCH_MAX && wire_question(&frame, &b->items[b->n].q, &broken))
		b->n++;
	sort_out(s, b);
	db_deadline(s->db, net_now() + DATABASE_MS);
	if (b->n_ask)
		ask_greylist(s, b);
	if (b->n_note)
		note_rejected(s, b);
	for (size_t i = 0; i < b->n; i++)
		wire_add_answer(out, &(struct wire_answer){ b->items[i].q.id, POLICY_ANSWER,
							    b->items[i].verdict.text });
}

void store_run(const struct crew *c, int fd)
{
	static struct conn conn;
	struct store s = { .crew = c, .a = arena_open("frame", MEMORY_MAX) };
	struct err e;

	conn_init(&conn, fd, INT64_MAX);
	s.db = crew_database(c, arena_open("database", MEMORY_MAX));
	for (;;) {
		struct str frame;
		struct buf out;
		bool eof;

		alarm(0);
		arena_reset(s.a);
		if (wire_receive(&conn, s.a, &frame, &eof, &e) < 0 || eof)
			break;
		alarm(ALARM_SECONDS);
		wire_begin(&out, s.a);
		handle(&s, frame, &out);
		wire_end(&out);
		if (conn_write(&conn, buf_str(&out), &e) < 0 || conn_flush(&conn, &e) < 0)
			break;
	}
	db_disconnect(s.db);
	_exit(0);
}
