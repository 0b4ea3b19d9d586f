/* check_pyzor(): have many others reported this text? Spoken to directly, without its client. */
#include <errno.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/net.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/message_int.h"
#include "gw/spam/talks.h"
#include "lib/pyzor/pyzor.h"

enum {
	SERVER_FILE_MAX = 64 << 10,
	/* The digest of next to nothing has counts beyond these, whatever the mail. */
	REPORTED_MAX = 1000000,
	WELCOME_MAX = 10000,
	THREAD_MIN = 1024, /* lower ones are the server's */
	SERVERS_MAX = 4,   /* whose counts are added up */
};

struct settings {
	bool off;
	int64_t count_min, welcome_min;
	double welcome_factor;
	int64_t timeout_ms;
	struct talk_server servers[SERVERS_MAX];
	size_t n;
};

/* What one server is asked. */
struct ask {
	enum { RESOLVING, ASKED, DONE } step;
	int fd;
	uint16_t thread;
};

struct state {
	struct str digest;
	struct ask asks[SERVERS_MAX];
	struct pyzor_answer sum;
};

/* Of all parts as SpamAssassin reads them. */
static struct str digest_of(struct eval_run *r)
{
	struct pyzor_text t = { .a = r->a };
	size_t n;
	const struct spam_part *const *parts = spam_parts(r->m, &n);

	for (size_t i = 0; i < n; i++) {
		struct spam_node *node = (struct spam_node *)parts[i];

		if (!parts[i]->leaf)
			continue;
		if (str_starts(parts[i]->type, STR("text/")))
			pyzor_add(&t, spam_node_decoded(r->m, node), parts[i]->charset,
				  str_eq(parts[i]->type, STR("text/html")));
		else
			pyzor_add(&t, node->raw, STR(""), false);
	}
	return pyzor_digest(&t);
}

static uint16_t random_thread(void)
{
	uint16_t id = 0;

	while (id < THREAD_MIN)
		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			id = 0;
	return id;
}

/* False if it cannot be sent; then there is no answer. */
static bool send_question(struct eval_run *r, struct ask *ask, const struct talk_server *server,
			  const struct cidr_addr *addr)
{
	const struct settings *settings = r->conf;
	struct state *s = r->mail;
	struct str packet;

	ask->fd = talks_open(r->talks, r->a, SOCK_DGRAM, server, addr,
			     net_now() + settings->timeout_ms, r->env->network->health);
	if (ask->fd < 0)
		return false;
	if (s->digest.n == 0)
		s->digest = digest_of(r);
	ask->thread = random_thread();
	packet = pyzor_question(r->a, s->digest, ask->thread, r->env->now);
	if (send(ask->fd, packet.p, packet.n, 0) == (ssize_t)packet.n)
		return true;
	talks_end(r->talks, ask->fd, false);
	return false;
}

static void resolve(struct eval_run *r, struct ask *ask, const struct talk_server *server)
{
	struct cidr_addr addr;
	enum talk_address found = talks_address(r->dns, server->host, &addr);

	if (found == TALK_NONE || (found == TALK_FOUND && !send_question(r, ask, server, &addr)))
		ask->step = DONE;
	else if (found == TALK_FOUND)
		ask->step = ASKED;
}

static void receive(struct eval_run *r, struct ask *ask)
{
	struct pyzor_answer *sum = &((struct state *)r->mail)->sum, answer;
	char packet[PYZOR_PACKET_MAX];
	bool answered = false;
	ssize_t n = 0;

	while (!answered && (n = recv(ask->fd, packet, sizeof(packet), 0)) >= 0)
		answered =
			pyzor_answer_read((struct str){ packet, (size_t)n }, ask->thread, &answer);
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !talks_late(r->talks, ask->fd))
		return;
	ask->step = DONE;
	talks_end(r->talks, ask->fd, answered);
	if (answered) {
		sum->reported += answer.reported;
		sum->welcome += answer.welcome;
	}
}

static unsigned judged(const struct settings *settings, const struct pyzor_answer *answer)
{
	double limit = (double)answer->reported * settings->welcome_factor;

	if (answer->reported >= REPORTED_MAX || answer->welcome >= WELCOME_MAX)
		return 0;
	if (answer->welcome >= settings->welcome_min && limit > 0 &&
	    (double)answer->welcome >= limit)
		return 0;
	return answer->reported > 0 && answer->reported >= settings->count_min;
}

static unsigned call(struct eval_run *r, const struct eval_args *args)
{
	const struct settings *settings = r->conf;
	struct state *s = r->mail;
	bool done = true;

	(void)args;
	if (settings->off)
		return 0;
	for (size_t i = 0; i < settings->n && !r->talks->over; i++) {
		struct ask *ask = &s->asks[i];

		if (ask->step == RESOLVING)
			resolve(r, ask, &settings->servers[i]);
		if (ask->step == ASKED)
			receive(r, ask);
		done &= ask->step == DONE;
	}
	return done ? judged(settings, &s->sum) : EVAL_PENDING;
}

static void start(struct eval_run *r, const struct eval_args *args)
{
	call(r, args);
}

/* `HOST:PORT` in each line that is no comment. */
static enum conf_verdict server_file(struct conf_parser *p, struct settings *s, struct str path)
{
	struct talk_server servers[SERVERS_MAX];
	struct str text, line;
	struct err e;
	size_t n = 0;

	if (path.n == 0)
		return CONF_MISSING;
	if (file_read(p->conf->tmp, str_z(p->conf->tmp, path), SERVER_FILE_MAX, &text, &e) < 0) {
		conf_note(p, "pyzor_server_file: %s", e.msg);
		return CONF_NOTED;
	}
	while (n < SERVERS_MAX && str_line(&text, &line)) {
		line = str_trim(line);
		if (line.n == 0 || str_starts(line, STR("#")))
			continue;
		if (!talk_server_parse(line, 0, &servers[n]) || servers[n].port == 0) {
			conf_note(p, "pyzor_server_file: \"%.*s\" in %.*s should be HOST:PORT",
				  STR_ARG(line), STR_ARG(path));
			return CONF_NOTED;
		}
		servers[n].host = str_copy(p->conf->keep, servers[n].host);
		n++;
	}
	if (n == 0) {
		conf_note(p, "pyzor_server_file: no line HOST:PORT in %.*s", STR_ARG(path));
		return CONF_NOTED;
	}
	memcpy(s->servers, servers, n * sizeof(*servers));
	s->n = n;
	return CONF_OK;
}

static enum conf_verdict factor(struct str value, double *out)
{
	char text[32], *end;

	if (value.n == 0 || value.n >= sizeof(text))
		return value.n ? CONF_INVALID : CONF_MISSING;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	*out = strtod(text, &end);
	return *end || !(*out >= 0) ? CONF_INVALID : CONF_OK;
}

static enum conf_verdict count(struct str value, int64_t *out)
{
	if (value.n == 0)
		return CONF_MISSING;
	return str_int(value, 0, INT32_MAX, out) ? CONF_OK : CONF_INVALID;
}

static enum conf_verdict setting(struct conf_parser *p, void *conf, struct str key,
				 struct str value)
{
	struct settings *s = conf;
	enum conf_verdict v;
	bool on;

	if (str_eq(key, STR("use_pyzor"))) {
		v = conf_bool(value, &on);
		if (v == CONF_OK)
			s->off = !on;
		return v;
	}
	if (str_eq(key, STR("pyzor_count_min")))
		return count(value, &s->count_min);
	if (str_eq(key, STR("pyzor_welcomelist_min")) || str_eq(key, STR("pyzor_whitelist_min")))
		return count(value, &s->welcome_min);
	if (str_eq(key, STR("pyzor_welcomelist_factor")) ||
	    str_eq(key, STR("pyzor_whitelist_factor")))
		return factor(value, &s->welcome_factor);
	if (str_eq(key, STR("pyzor_timeout")))
		return conf_duration(p, value, &s->timeout_ms) ? CONF_OK : CONF_INVALID;
	if (str_eq(key, STR("pyzor_server_file")))
		return server_file(p, s, value);
	return CONF_UNKNOWN;
}

static void conf_init(struct spam_conf *c, void *conf)
{
	struct settings *s = conf;

	(void)c;
	*s = (struct settings){ .count_min = 5,
				.welcome_min = 10,
				.welcome_factor = 0.2,
				.timeout_ms = 5000,
				.servers = { { STR("public.pyzor.org"), PYZOR_PORT } },
				.n = 1 };
}

static const struct eval evals[] = {
	{ .name = "check_pyzor", .start = start, .call = call },
	{ 0 },
};

const struct eval_family eval_pyzor = {
	.plugin = "Pyzor",
	.evals = evals,
	.conf_size = sizeof(struct settings),
	.mail_size = sizeof(struct state),
	.conf_init = conf_init,
	.setting = setting,
};
