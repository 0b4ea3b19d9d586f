#include "lib/smtp/server.h"

#include "base/map.h"
#include "base/vec.h"
#include "lib/smtp/command.h"
#include "lib/smtp/data.h"

struct session {
	struct conn *c;
	struct arena *a;
	const struct smtp_handler *handler;
	void *ctx;
	int64_t idle_ms;
	int *mails;
	bool lmtp, quit;
	int bad_commands;

	struct smtp_envelope env; /* of the transaction in hand; strings in `a` */
	VEC(struct smtp_rcpt) rcpt;
	struct map seen; /* address -> 1 + index of its first RCPT */
	bool has_sender;
};

static int reply(struct session *s, struct err *e, const char *line)
{
	return conn_printf(s->c, e, "%s\r\n", line);
}

static int refuse(struct session *s, struct err *e, const char *line)
{
	if (++s->bad_commands > SMTP_BAD_COMMANDS_MAX)
		s->quit = true;
	return reply(s, e, line);
}

/* Forgets sender, recipients and everything else the client said since its greeting. */
static void transaction_reset(struct session *s)
{
	s->env = (struct smtp_envelope){ 0 };
	s->rcpt.p = NULL;
	s->rcpt.n = s->rcpt.cap = 0;
	s->has_sender = false;
	arena_reset(s->a);
	map_init(&s->seen, s->a);
}

static int greeting(struct session *s, struct str argument, struct err *e)
{
	(void)argument;
	transaction_reset(s);
	return reply(s, e,
		     "250-PIPELINING\r\n"
		     "250-ENHANCEDSTATUSCODES\r\n"
		     "250-8BITMIME\r\n"
		     "250-SMTPUTF8\r\n"
		     "250-DSN\r\n"
		     "250-XFORWARD NAME ADDR PROTO HELO\r\n"
		     "250 OK.");
}

static int cmd_lhlo(struct session *s, struct str argument, struct err *e)
{
	s->lmtp = true;
	return greeting(s, argument, e);
}

static int cmd_xforward(struct session *s, struct str argument, struct err *e)
{
	struct {
		struct str name;
		struct str *value;
	} known[] = {
		{ STR("NAME"), &s->env.xforward_name },
		{ STR("ADDR"), &s->env.xforward_addr },
		{ STR("PROTO"), &s->env.xforward_proto },
		{ STR("HELO"), &s->env.xforward_helo },
	};
	struct str key, value;

	while (smtp_param(&argument, &key, &value))
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if (str_ieq(key, known[i].name) && value.n <= SMTP_PARAM_MAX)
				*known[i].value = str_copy(s->a, value);
	return reply(s, e, "250 2.5.0 OK");
}

static int cmd_noop(struct session *s, struct str argument, struct err *e)
{
	(void)argument;
	return reply(s, e, "250 2.5.0 OK");
}

static int cmd_rset(struct session *s, struct str argument, struct err *e)
{
	(void)argument;
	transaction_reset(s);
	return reply(s, e, "250 2.5.0 OK");
}

static int cmd_quit(struct session *s, struct str argument, struct err *e)
{
	(void)argument;
	s->quit = true;
	return reply(s, e, "221 2.2.0 OK");
}

static struct str kept(struct session *s, struct str value)
{
	return value.n <= SMTP_PARAM_MAX ? str_copy(s->a, value) : STR_NONE;
}

static int cmd_mail(struct session *s, struct str argument, struct err *e)
{
	struct str address, params, key, value;

	if (!smtp_path(argument, STR("from"), &address, &params))
		return refuse(s, e, "501 5.5.2 Syntax: MAIL FROM: <address>");
	s->env.sender = str_copy(s->a, address);
	s->env.ret = s->env.envid = STR_NONE;
	s->env.smtputf8 = false;
	s->rcpt.n = 0;
	map_init(&s->seen, s->a);
	s->has_sender = true;
	while (smtp_param(&params, &key, &value)) {
		if (str_ieq(key, STR("RET")))
			s->env.ret = kept(s, value);
		else if (str_ieq(key, STR("ENVID")))
			s->env.envid = kept(s, value);
		else if (str_ieq(key, STR("SMTPUTF8")))
			s->env.smtputf8 = true;
	}
	return reply(s, e, "250 2.5.0 OK");
}

static size_t first_same(struct session *s, struct str address)
{
	size_t first = (size_t)(uintptr_t)map_get(&s->seen, address);

	if (first)
		return first - 1;
	map_set(&s->seen, address, (void *)(uintptr_t)(s->rcpt.n + 1));
	return s->rcpt.n;
}

static int cmd_rcpt(struct session *s, struct str argument, struct err *e)
{
	struct str address, params, key, value;
	struct smtp_rcpt *rcpt;
	size_t same;

	if (!smtp_path(argument, STR("to"), &address, &params) || address.n == 0)
		return refuse(s, e, "501 5.5.2 Syntax: RCPT TO: <address>");
	if (s->rcpt.n == SMTP_RCPT_MAX)
		return refuse(s, e, "452 4.5.3 Too many recipients");
	same = first_same(s, address);
	rcpt = vec_push(s->a, &s->rcpt);
	rcpt->address = str_copy(s->a, address);
	rcpt->same_as = same;
	while (smtp_param(&params, &key, &value)) {
		if (str_ieq(key, STR("NOTIFY")))
			rcpt->notify = kept(s, value);
		else if (str_ieq(key, STR("ORCPT")))
			rcpt->orcpt = kept(s, value);
	}
	return reply(s, e, "250 2.5.0 OK");
}

struct message {
	struct session *s;
	bool failed;
	struct err err;
};

static void take_bytes(void *ctx, struct str bytes)
{
	struct message *m = ctx;

	if (!m->failed && m->s->handler->data(m->s->ctx, bytes, &m->err) < 0)
		m->failed = true;
}

/* Reads to the end of the message. A client that said its last word before it failed to send. */
static int receive_message(struct session *s, struct message *m, struct err *e)
{
	struct smtp_data_in decoder = { 0 };

	while (decoder.state != SMTP_DATA_END) {
		struct str got;

		s->c->deadline = net_now() + s->idle_ms;
		if (conn_peek(s->c, &got, e) < 0)
			return -1;
		if (got.n == 0) {
			(void)err_set(&m->err, ERR_TEMP, "unfinished data");
			m->failed = s->quit = true;
			return 0;
		}
		conn_take(s->c, smtp_data_decode(&decoder, got, take_bytes, m));
	}
	return 0;
}

/* A failure while the message was stored; the code is temporary unless it was too large. */
static int refuse_message(struct session *s, const struct err *why, struct err *e)
{
	const char *status = why->code == ERR_LIMIT ? "552 5.3.4" : "451 4.5.0";
	size_t n = s->lmtp ? s->rcpt.n : 1;

	while (n--)
		if (conn_printf(s->c, e, "%s Local delivery failed: %.400s\r\n", status,
				why->msg) < 0)
			return -1;
	return 0;
}

static int send_replies(struct session *s, const struct smtp_reply *replies, size_t n,
			struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct str text = str_sub(replies[i].text, 0, SMTP_REPLY_TEXT_MAX);
		char *line = str_z(s->a, text);

		for (char *p = line; *p; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				*p = ' ';
		if (conn_printf(s->c, e, "%d %s\r\n", replies[i].code, line) < 0)
			return -1;
	}
	return 0;
}

static int finish_message(struct session *s, const struct message *m, struct err *e)
{
	void (*replied)(void *ctx, bool sent) = s->handler->replied;
	size_t n = s->lmtp ? s->rcpt.n : 1;
	struct smtp_reply *replies = NEW_N(s->a, struct smtp_reply, n);
	bool sent;

	if (m->failed) {
		s->handler->abort(s->ctx);
		return refuse_message(s, &m->err, e);
	}
	if (s->handler->mail(s->ctx, s->a, &s->env, s->lmtp, replies, n) < 0)
		s->quit = true;
	s->c->deadline = net_now() + s->idle_ms;
	sent = send_replies(s, replies, n, e) == 0 && (!replied || conn_flush(s->c, e) == 0);
	if (replied)
		replied(s->ctx, sent);
	return sent ? 0 : -1;
}

static int accept_message(struct session *s, struct err *e)
{
	struct message m = { .s = s };

	s->env.rcpt = s->rcpt.p;
	s->env.n_rcpt = s->rcpt.n;
	if (s->handler->begin(s->ctx, &s->env, &m.err) < 0)
		return conn_printf(s->c, e, "451 4.5.0 Local delivery failed: %.400s\r\n",
				   m.err.msg);
	if (reply(s, e, "354 End data with <CR><LF>.<CR><LF>.") < 0 || conn_flush(s->c, e) < 0 ||
	    receive_message(s, &m, e) < 0) {
		s->handler->abort(s->ctx);
		return -1;
	}
	return finish_message(s, &m, e);
}

/* Every DATA, a refused one too, ends the transaction and counts against the mails allowed. */
static int cmd_data(struct session *s, struct str argument, struct err *e)
{
	int ret;

	(void)argument;
	if (!s->has_sender)
		ret = refuse(s, e, "503 5.5.1 Tell me who you are.");
	else if (s->rcpt.n == 0)
		ret = refuse(s, e, "503 5.5.1 Tell me who to send it.");
	else
		ret = accept_message(s, e);
	transaction_reset(s);
	if (--*s->mails <= 0)
		s->quit = true;
	return ret;
}

static const struct {
	struct str verb;
	int (*run)(struct session *s, struct str argument, struct err *e);
} commands[] = {
	{ STR_INIT("HELO"), greeting },	 { STR_INIT("EHLO"), greeting },
	{ STR_INIT("LHLO"), cmd_lhlo },	 { STR_INIT("XFORWARD"), cmd_xforward },
	{ STR_INIT("NOOP"), cmd_noop },	 { STR_INIT("RSET"), cmd_rset },
	{ STR_INIT("QUIT"), cmd_quit },	 { STR_INIT("MAIL"), cmd_mail },
	{ STR_INIT("RCPT"), cmd_rcpt },	 { STR_INIT("DATA"), cmd_data },
};

static int run_command(struct session *s, struct str line, struct err *e)
{
	struct str verb;

	if (!str_word(&line, &verb))
		return refuse(s, e, "500 5.5.1 Error: bad syntax");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (str_ieq(verb, commands[i].verb))
			return commands[i].run(s, str_trim(line), e);
	return refuse(s, e, "500 5.5.1 Error: unknown command");
}

/* Reads and runs one command; 1 when the client has gone. */
static int next_command(struct session *s, struct err *e)
{
	char buf[SMTP_COMMAND_MAX];
	struct str line;
	bool eof;

	if (!conn_pending(s->c) && conn_flush(s->c, e) < 0)
		return -1;
	s->c->deadline = net_now() + s->idle_ms;
	if (conn_line(s->c, buf, sizeof(buf), &line, &eof, e) < 0) {
		if (e->code != ERR_LIMIT)
			return -1;
		return refuse(s, e, "500 5.5.2 Error: command line too long");
	}
	if (eof)
		return 1;
	return run_command(s, line, e);
}

int smtp_serve(struct conn *c, struct arena *a, const struct smtp_handler *handler, void *ctx,
	       int64_t idle_ms, int *mails, struct err *e)
{
	struct session s = {
		.c = c, .a = a, .handler = handler, .ctx = ctx, .idle_ms = idle_ms, .mails = mails
	};
	int ret;

	transaction_reset(&s);
	ret = reply(&s, e, "220 Proxmox SMTP Ready.");
	while (ret == 0 && !s.quit)
		ret = next_command(&s, e);
	if (ret == 0)
		ret = conn_flush(c, e);
	arena_reset(a);
	return ret < 0 ? -1 : 0;
}
