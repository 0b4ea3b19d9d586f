#include "lib/smtp/client.h"

#include "base/log.h"
#include "lib/smtp/data.h"

enum {
	REPLY_LINE_MAX = 4096,
	REPLY_LINES_MAX = 128,
	/* More at once could fill both sides' socket buffers, each waiting for the other. */
	PIPELINED_RCPT_MAX = 500,
};

struct client {
	struct conn *c;
	struct arena *a;
	const struct smtp_send *mail;
	struct smtp_outcome *out;
	bool pipelining, xforward, smtputf8, dsn;
};

static int bad_reply(struct client *k, struct str line, struct err *e)
{
	k->out->code = 0;
	return err_set(e, ERR_TEMP, "unexpected SMTP result - got: %.*s", STR_ARG(line));
}

static bool reply_code(struct str line, int64_t *code)
{
	return line.n >= 3 && str_int(str_sub(line, 0, 3), 200, 599, code) &&
	       (line.n == 3 || line.p[3] == ' ' || line.p[3] == '-');
}

static void note_extension(struct client *k, struct str text)
{
	struct str word;

	if (!str_word(&text, &word))
		return;
	if (str_ieq(word, STR("PIPELINING")))
		k->pipelining = true;
	else if (str_ieq(word, STR("XFORWARD")))
		k->xforward = true;
	else if (str_ieq(word, STR("SMTPUTF8")))
		k->smtputf8 = true;
	else if (str_ieq(word, STR("DSN")))
		k->dsn = true;
}

/* Reads one reply, all its lines; its code and last text become the outcome. */
static int read_reply(struct client *k, bool greeting, struct err *e)
{
	char buf[REPLY_LINE_MAX];

	for (int lines = 0; lines < REPLY_LINES_MAX; lines++) {
		struct str line;
		int64_t code;
		bool eof;

		if (conn_line(k->c, buf, sizeof(buf), &line, &eof, e) < 0)
			return -1;
		if (eof)
			return err_set(e, ERR_TEMP, "connection closed by the server");
		if (!reply_code(line, &code))
			return bad_reply(k, line, e);
		if (greeting)
			note_extension(k, str_from(line, 4));
		if (line.n == 3 || line.p[3] == ' ') {
			k->out->code = (int)code;
			k->out->text = str_copy(k->a, str_from(line, 4));
			return 0;
		}
	}
	return err_set(e, ERR_TEMP, "reply of more than %d lines", REPLY_LINES_MAX);
}

/* The next reply must be of this class (2 or 3). */
static int expect(struct client *k, int class, const char *what, bool greeting, struct err *e)
{
	if (read_reply(k, greeting, e) < 0)
		return err_wrap(e, "%s", what);
	if (k->out->code / 100 != class)
		return err_set(e, k->out->code >= 500 ? ERR_INVALID : ERR_TEMP,
			       "%s error - got: %d %.*s", what, k->out->code,
			       STR_ARG(k->out->text));
	return 0;
}

/* Whose mail it is may be unknown to the server; that is no reason to keep it from anybody. */
static int expect_xforward(struct client *k, struct err *e)
{
	if (read_reply(k, false, e) < 0)
		return err_wrap(e, "smtp xforward");
	if (k->out->code / 100 != 2)
		k->out->xforward_error = str_fmt(k->a, "%d %.*s", k->out->code,
						 STR_ARG(k->out->text));
	k->out->code = 0;
	return 0;
}

/* After a command: at once wait for its reply, unless replies are collected later. */
static int sent(struct client *k, int class, const char *what, struct err *e)
{
	if (k->pipelining)
		return 0;
	if (conn_flush(k->c, e) < 0)
		return -1;
	return expect(k, class, what, false, e);
}

/* Whether a value can stand in a command line without ending or splitting it. */
static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

static bool is_path(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static int write_param(struct client *k, const char *key, struct str value, struct err *e)
{
	if (!is_word(value))
		return 0;
	return conn_printf(k->c, e, " %s=%.*s", key, STR_ARG(value));
}

static bool has_xforward(const struct smtp_envelope *f)
{
	return f && (f->xforward_name.n || f->xforward_addr.n || f->xforward_proto.n ||
		     f->xforward_helo.n);
}

static int write_xforward(struct client *k, struct err *e)
{
	const struct smtp_envelope *f = k->mail->forward;

	if (conn_write(k->c, STR("XFORWARD"), e) < 0 ||
	    write_param(k, "NAME", f->xforward_name, e) < 0 ||
	    write_param(k, "ADDR", f->xforward_addr, e) < 0 ||
	    write_param(k, "PROTO", f->xforward_proto, e) < 0 ||
	    write_param(k, "HELO", f->xforward_helo, e) < 0)
		return -1;
	return conn_write(k->c, STR("\r\n"), e);
}

static int write_mail(struct client *k, struct err *e)
{
	const struct smtp_envelope *f = k->mail->forward;
	bool utf8 = k->mail->smtputf8 || (f && f->smtputf8);

	if (!is_path(k->mail->sender))
		return err_set(e, ERR_INVALID, "control character in the sender's address");
	if (conn_printf(k->c, e, "MAIL FROM:<%.*s> BODY=8BITMIME", STR_ARG(k->mail->sender)) < 0)
		return -1;
	if (utf8 && k->smtputf8 && conn_write(k->c, STR(" SMTPUTF8"), e) < 0)
		return -1;
	if (f && k->dsn &&
	    (write_param(k, "RET", f->ret, e) < 0 || write_param(k, "ENVID", f->envid, e) < 0))
		return -1;
	return conn_write(k->c, STR("\r\n"), e);
}

static const struct smtp_rcpt *recipient(const struct client *k, size_t i)
{
	return &k->mail->rcpt[k->mail->order ? k->mail->order[i] : i];
}

static int write_rcpt(struct client *k, const struct smtp_rcpt *r, struct err *e)
{
	if (!is_path(r->address))
		return err_set(e, ERR_INVALID, "control character in a recipient's address");
	if (conn_printf(k->c, e, "RCPT TO:<%.*s>", STR_ARG(r->address)) < 0)
		return -1;
	if (k->dsn && (write_param(k, "NOTIFY", r->notify, e) < 0 ||
		       write_param(k, "ORCPT", r->orcpt, e) < 0))
		return -1;
	return conn_write(k->c, STR("\r\n"), e);
}

static int write_transaction(struct client *k, bool xforward, struct err *e)
{
	if (xforward && write_xforward(k, e) < 0)
		return -1;
	if (xforward && !k->pipelining && (conn_flush(k->c, e) < 0 || expect_xforward(k, e) < 0))
		return -1;
	if (write_mail(k, e) < 0 || sent(k, 2, "smtp from", e) < 0)
		return -1;
	for (size_t i = 0; i < k->mail->n_rcpt; i++)
		if (write_rcpt(k, recipient(k, i), e) < 0 || sent(k, 2, "smtp to", e) < 0)
			return -1;
	if (conn_write(k->c, STR("DATA\r\n"), e) < 0)
		return -1;
	return sent(k, 3, "smtp data", e);
}

/* The replies to what write_transaction() sent in one piece. */
static int collect_replies(struct client *k, bool xforward, struct err *e)
{
	if (conn_flush(k->c, e) < 0)
		return -1;
	if (xforward && expect_xforward(k, e) < 0)
		return -1;
	if (expect(k, 2, "smtp from", false, e) < 0)
		return -1;
	for (size_t i = 0; i < k->mail->n_rcpt; i++)
		if (expect(k, 2, "smtp to", false, e) < 0)
			return -1;
	return expect(k, 3, "smtp data", false, e);
}

struct put_to {
	struct smtp_data_out out;
	struct conn *c;
};

static int put_piece(void *ctx, struct str piece, struct err *e)
{
	struct put_to *p = ctx;

	return smtp_data_send(&p->out, p->c, piece, e);
}

static int send_message(struct client *k, const struct smtp_source *message, struct err *e)
{
	struct put_to put = { .c = k->c };
	const struct sink to = { put_piece, &put };

	k->out->code = 0;
	if (message->write(message->ctx, &to, e) < 0 || smtp_data_finish(&put.out, k->c, e) < 0)
		return err_wrap(e, "sending data failed");
	return expect(k, 2, "sending data", false, e);
}

static struct str queue_id_in(struct str text)
{
	const struct str mark = STR("queued as ");
	ptrdiff_t at = str_find(text, mark);
	size_t n = 0;

	if (at < 0)
		return STR_NONE;
	text = str_from(text, (size_t)at + mark.n);
	while (n < text.n && (ascii_is_alpha(text.p[n]) || ascii_is_digit(text.p[n])))
		n++;
	return str_sub(text, 0, n);
}

static int converse(struct client *k, const struct smtp_source *message, struct err *e)
{
	bool xforward;

	if (expect(k, 2, "smtp connect", false, e) < 0)
		return -1;
	if (conn_printf(k->c, e, "EHLO %.*s\r\n", STR_ARG(k->mail->helo)) < 0 ||
	    conn_flush(k->c, e) < 0 || expect(k, 2, "smtp ehlo", true, e) < 0)
		return -1;
	k->pipelining = k->pipelining && k->mail->n_rcpt <= PIPELINED_RCPT_MAX;
	xforward = k->xforward && has_xforward(k->mail->forward);
	k->out->code = 0;
	if (write_transaction(k, xforward, e) < 0)
		return -1;
	if (k->pipelining && collect_replies(k, xforward, e) < 0)
		return -1;
	return send_message(k, message, e);
}

int smtp_send(struct arena *a, int fd, int64_t deadline, const struct smtp_send *mail,
	      const struct smtp_source *message, struct smtp_outcome *out, struct err *e)
{
	struct client k = { .c = NEW(a, struct conn), .a = a, .mail = mail, .out = out };
	struct err ignored;

	*out = (struct smtp_outcome){ 0 };
	conn_init(k.c, fd, deadline);
	if (converse(&k, message, e) < 0)
		return -1;
	out->queue_id = queue_id_in(out->text);
	/* The mail is safe; whether the goodbye arrives is of no importance. */
	if (conn_write(k.c, STR("QUIT\r\n"), &ignored) == 0 && conn_flush(k.c, &ignored) < 0)
		log_debug("after the message: %s", ignored.msg);
	return 0;
}
