/* check_razor2(): have others reported a part of this mail? See lib/razor. */
#include <errno.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "gw/spam/eval_razor2.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/message_int.h"

#define SERVER_LIST "servers.catalogue.lst"

enum {
	LIST_FILE_MAX = 64 << 10,
	READ_SIZE = 4096,
	KEPT_S = 60, /* a server's settings are not written more often */
	CONFIDENCE_MAX = 100,
};

struct servers {
	VEC(struct talk_server) v;
};

struct state {
	enum { FRESH, FINDING, TALKING, DONE } step;
	int64_t until; /* for all servers together */
	struct razor_parts parts;
	struct servers servers;
	size_t next; /* of them to be asked */
	bool discovering, discovered;
	struct talk_server server; /* that is being asked */
	struct razor_talk talk;
	int fd;
	struct razor_signatures answers;
	bool spam;
};

static char *home_path(struct eval_run *r, struct str name)
{
	const struct razor2_settings *settings = r->conf;

	return str_z(r->a, str_fmt(r->a, "%.*s/%.*s", STR_ARG(settings->home), STR_ARG(name)));
}

static char *server_path(struct eval_run *r, const struct talk_server *server)
{
	return home_path(r, str_fmt(r->a, "server.%.*s.conf", STR_ARG(server->host)));
}

/* Seconds since it was written; false if there is none. */
static bool file_age(const char *path, int64_t now, int64_t *out)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	*out = now - st.st_mtime;
	return true;
}

/* What cannot be kept is asked for again with the next mail. */
static void keep(struct eval_run *r, const char *path, struct str content)
{
	const struct razor2_settings *settings = r->conf;
	struct file_attr attr = { .mode = 0640, .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct err e;

	if (mkdir(str_z(r->a, settings->home), 0750) < 0 && errno != EEXIST)
		log_debug("razor2: create %.*s: %m", STR_ARG(settings->home));
	else if (file_replace(path, content, &attr, &e) < 0)
		log_debug("razor2: %s", e.msg);
}

/* In any order, so that all are asked equally often. */
static void shuffle(struct servers *s)
{
	for (size_t i = s->v.n; i > 1; i--) {
		struct talk_server swapped = s->v.p[i - 1];
		uint32_t k;

		if (getrandom(&k, sizeof(k), 0) != (ssize_t)sizeof(k))
			return;
		s->v.p[i - 1] = s->v.p[k % i];
		s->v.p[k % i] = swapped;
	}
}

static void add_server(struct eval_run *r, struct servers *out, struct str text)
{
	struct talk_server server;

	if (out->v.n < RAZOR_SERVERS_MAX && talk_server_parse(text, RAZOR_PORT, &server))
		vec_add(r->a, &out->v, server);
}

/* Those known by now; true if it is time to ask who there is. */
static bool known_servers(struct eval_run *r, struct servers *out)
{
	const struct razor2_settings *settings = r->conf;
	const char *path = home_path(r, STR(SERVER_LIST));
	struct str text, line;
	struct err e;
	int64_t age;

	if (settings->server.host.n) {
		vec_add(r->a, &out->v, settings->server);
		return false;
	}
	if (file_read(r->a, path, LIST_FILE_MAX, &text, &e) == 0)
		while (str_line(&text, &line))
			add_server(r, out, str_trim(line));
	shuffle(out);
	return out->v.n == 0 || !file_age(path, r->env->now, &age) || age > settings->rediscovery_s;
}

static bool may_discover(const struct eval_run *r, const struct state *s)
{
	const struct razor2_settings *settings = r->conf;

	return !s->discovered && !settings->server.host.n && settings->discovery.host.n;
}

static void next_server(struct eval_run *r, struct state *s, bool discover)
{
	const struct razor2_settings *settings = r->conf;

	s->step = FINDING;
	s->discovering = false;
	if (!discover && s->next < s->servers.v.n) {
		s->server = s->servers.v.p[s->next++];
	} else if (may_discover(r, s)) {
		s->discovering = s->discovered = true;
		s->server = settings->discovery;
	} else if (s->next < s->servers.v.n) {
		s->server = s->servers.v.p[s->next++];
	} else {
		log_debug("razor2: no server answers");
		s->step = DONE;
	}
}

static void begin(struct eval_run *r, struct state *s)
{
	const struct razor2_settings *settings = r->conf;

	if (razor_whitelisted(r->a, &settings->whitelist, spam_full(r->m))) {
		log_debug("razor2: the mail is whitelisted");
		s->step = DONE;
		return;
	}
	s->until = net_now() + settings->timeout_ms;
	s->parts = razor_parts(r->a, spam_full(r->m));
	if (s->parts.v.n == 0)
		s->step = DONE;
	else
		next_server(r, s, known_servers(r, &s->servers));
}

/* True: the next one is to be asked, if there is one. */
static bool failed(struct eval_run *r, struct state *s, const char *why)
{
	log_debug("razor2: %.*s: %s", STR_ARG(s->server.host), why);
	if (s->step == TALKING)
		talks_end(r->talks, s->fd, false);
	next_server(r, s, false);
	return true;
}

static struct razor_server server_of(struct eval_run *r, const struct talk_server *server)
{
	struct str text;
	struct err e;

	if (file_read(r->a, server_path(r, server), RAZOR_STATE_MAX, &text, &e) < 0)
		return razor_server_default();
	return razor_server_read(r->a, text);
}

/* Half of the time that is left, so that another one can be asked. */
static int64_t until_next(const struct state *s)
{
	int64_t now = net_now();

	return now + (s->until - now) / 2;
}

/* False if there is nothing to do but wait; here and below. */
static bool find(struct eval_run *r, struct state *s)
{
	struct razor_server server;
	struct cidr_addr addr;
	enum talk_address found = talks_address(r->dns, s->server.host, &addr);

	if (found == TALK_PENDING)
		return false;
	if (found == TALK_NONE)
		return failed(r, s, "no address");
	s->fd = talks_open(r->talks, r->a, SOCK_STREAM, &s->server, &addr, until_next(s),
			   r->env->network->health);
	if (s->fd < 0)
		return failed(r, s, "it cannot be asked now");
	s->step = TALKING;
	if (s->discovering) {
		razor_talk_discover(&s->talk, r->a);
		return true;
	}
	server = server_of(r, &s->server);
	razor_talk_check(&s->talk, r->a, &s->parts, &server);
	return true;
}

static void discovered(struct eval_run *r, struct state *s)
{
	struct str list = STR("");

	s->servers.v.n = s->next = 0;
	for (size_t i = 0; i < s->talk.servers.n; i++)
		add_server(r, &s->servers, s->talk.servers.p[i]);
	for (size_t i = 0; i < s->servers.v.n; i++)
		list = str_fmt(r->a, "%.*s%.*s:%d\n", STR_ARG(list),
			       STR_ARG(s->servers.v.p[i].host), s->servers.v.p[i].port);
	if (list.n)
		keep(r, home_path(r, STR(SERVER_LIST)), list);
	shuffle(&s->servers);
	next_server(r, s, false);
}

static void judged(struct eval_run *r, struct state *s)
{
	const struct razor2_settings *settings = r->conf;
	const struct razor_talk *t = &s->talk;
	int64_t least = settings->least + (settings->relative ? t->server.sure : 0), age;
	const char *path = server_path(r, &s->server);

	least = least < 0 ? 0 : least < CONFIDENCE_MAX ? least : CONFIDENCE_MAX;
	s->answers = t->signatures;
	s->spam = razor_is_spam(&s->answers, least, settings->logic);
	s->step = DONE;
	for (size_t i = 0; i < s->answers.v.n; i++) {
		const struct razor_signature *sig = &s->answers.v.p[i];

		log_debug("razor2: part=%zu engine=%d contested=%d confidence=%lld", sig->part,
			  sig->engine, sig->contested, (long long)sig->confidence);
	}
	log_debug("razor2: spam=%d, from confidence %lld on", s->spam, (long long)least);
	if (t->learnt && (!file_age(path, r->env->now, &age) || age > KEPT_S))
		keep(r, path, razor_server_write(r->a, &t->server));
}

/* Sends what is to be sent; false if the server is gone. */
static bool send_out(struct eval_run *r, struct state *s)
{
	struct str *out = &s->talk.out;

	while (out->n) {
		ssize_t n = send(s->fd, out->p, out->n, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n < 0)
			break;
		*out = str_from(*out, (size_t)n);
	}
	talks_expect(r->talks, s->fd, out->n ? POLLIN | POLLOUT : POLLIN);
	return true;
}

static bool over(struct eval_run *r, struct state *s)
{
	talks_end(r->talks, s->fd, true);
	if (s->discovering)
		discovered(r, s);
	else
		judged(r, s);
	return true;
}

/* What one read has brought. */
static bool heard(struct eval_run *r, struct state *s, struct str bytes)
{
	enum razor_step step = razor_talk_read(&s->talk, bytes);
	bool sent = send_out(r, s);

	if (step == RAZOR_FAULT)
		return failed(r, s, s->talk.fault);
	if (step == RAZOR_OVER)
		return over(r, s);
	return sent || failed(r, s, "it does not listen");
}

static bool talk(struct eval_run *r, struct state *s)
{
	char bytes[READ_SIZE];
	ssize_t n;

	if (!send_out(r, s))
		return failed(r, s, "it does not listen");
	n = recv(s->fd, bytes, sizeof(bytes), 0);
	if (n > 0)
		return heard(r, s, (struct str){ bytes, (size_t)n });
	if (n == 0)
		return failed(r, s, "it has closed the connection");
	if (errno != EAGAIN && errno != EINTR)
		return failed(r, s, "it cannot be reached");
	return talks_late(r->talks, s->fd) && failed(r, s, "it says nothing");
}

static void give_up(struct eval_run *r, struct state *s)
{
	log_debug("razor2: out of time");
	if (s->step == TALKING)
		talks_end(r->talks, s->fd, false);
	s->step = DONE;
}

static unsigned call(struct eval_run *r, const struct eval_args *args)
{
	const struct razor2_settings *settings = r->conf;
	struct state *s = r->mail;
	bool goes_on = true;

	(void)args;
	if (settings->off)
		return 0;
	if (r->talks->over)
		return s->spam;
	if (s->step == FRESH)
		begin(r, s);
	while (s->step != DONE && goes_on) {
		if (net_now() >= s->until)
			give_up(r, s);
		else
			goes_on = s->step == FINDING ? find(r, s) : talk(r, s);
	}
	return s->step == DONE ? s->spam : EVAL_PENDING;
}

static void start(struct eval_run *r, const struct eval_args *args)
{
	call(r, args);
}

/* check_razor2_range(ENGINE, LEAST, MOST): without an engine, of all of them. */
struct range {
	int64_t engine, least, most;
};

static int prepare_range(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct range *range = NEW(c->keep, struct range);

	(void)conf;
	if (args->n != 3 || (args->v[0].n && !str_int(args->v[0], 0, INT32_MAX, &range->engine)) ||
	    !str_int(args->v[1], 0, INT32_MAX, &range->least) ||
	    !str_int(args->v[2], 0, INT32_MAX, &range->most))
		return err_set(e, ERR_INVALID,
			       "check_razor2_range: give an engine ('', 4, 8) and "
			       "the least and the highest confidence");
	args->prepared = range;
	return 0;
}

/* As in SpamAssassin only check_razor2() asks; what nobody has asked for does not hit. */
static unsigned range_call(struct eval_run *r, const struct eval_args *args)
{
	const struct range *range = args->prepared;
	const struct state *s = r->mail;
	int64_t confidence;

	if (s->step == FRESH)
		return 0;
	if (s->step != DONE)
		return EVAL_PENDING;
	confidence = razor_confidence(&s->answers, (enum razor_engine)range->engine);
	if (confidence < range->least || confidence > range->most ||
	    (range->engine && confidence == 0))
		return 0;
	r->found = str_fmt(r->a, "cf: %3lld", (long long)confidence);
	return 1;
}

static const struct eval evals[] = {
	{ .name = "check_razor2", .start = start, .call = call },
	{ .name = "check_razor2_range", .call = range_call, .prepare = prepare_range },
	{ 0 },
};

const struct eval_family eval_razor2 = {
	.plugin = "Razor2",
	.evals = evals,
	.conf_size = sizeof(struct razor2_settings),
	.mail_size = sizeof(struct state),
	.conf_init = razor2_conf_init,
	.conf_done = razor2_conf_done,
	.setting = razor2_setting,
};
