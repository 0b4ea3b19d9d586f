#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/smtp/client.h"
#include "lib/smtp/command.h"
#include "lib/smtp/data.h"
#include "lib/smtp/server.h"

static struct arena *a, *transaction;

static int open_arenas(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	transaction = arena_open("transaction", 64u << 20);
	return 0;
}

static int close_arenas(void **state)
{
	(void)state;
	arena_close(a);
	arena_close(transaction);
	return 0;
}

static void collect(void *ctx, struct str s)
{
	buf_add(ctx, s);
}

static struct str decode_in_pieces(struct str in, size_t piece, size_t *used, bool *end)
{
	struct smtp_data_in d = { 0 };
	struct buf b;

	buf_init(&b, a, 1 << 20);
	*used = 0;
	while (*used < in.n && d.state != SMTP_DATA_END)
		*used += smtp_data_decode(&d, str_sub(in, *used, piece), collect, &b);
	*end = d.state == SMTP_DATA_END;
	return buf_str(&b);
}

/* RFC 5321 §4.5.2, and the smuggling variants: only CRLF.CRLF ends a message. */
static void test_data_decode(void **state)
{
	static const struct {
		struct str in, out;
		bool end;
		size_t rest; /* bytes after the end */
	} cases[] = {
		{ STR_INIT(".\r\n"), STR_INIT(""), true, 0 },
		{ STR_INIT("a\r\n.\r\nQUIT"), STR_INIT("a\n"), true, 4 },
		{ STR_INIT("..\r\n.\r\n"), STR_INIT(".\n"), true, 0 },
		{ STR_INIT("..a\r\n.b\r\n.\r\n"), STR_INIT(".a\nb\n"), true, 0 },
		{ STR_INIT("a\n.\n.\r\n"), STR_INIT("a\n.\n.\n"), false, 0 },
		{ STR_INIT("a\n.\r\nb\r\n.\r\n"), STR_INIT("a\n.\nb\n"), true, 0 },
		{ STR_INIT("a\r.\r\r\n.\r\n"), STR_INIT("a\r.\r\n"), true, 0 },
		{ STR_INIT("a\r\n.\rb\r\n.\r\n"), STR_INIT("a\n\rb\n"), true, 0 },
		{ STR_INIT("a\r\n.\n\r\n.\r\n"), STR_INIT("a\n\n\n"), true, 0 },
		{ STR_INIT("\r\n\r\n.\r\n"), STR_INIT("\n\n"), true, 0 },
		{ STR_INIT("a\0b\r\n.\r\n"), STR_INIT("a\0b\n"), true, 0 },
		{ STR_INIT("a\r\n."), STR_INIT("a\n"), false, 0 },
		{ STR_INIT("a\r\n.\r"), STR_INIT("a\n"), false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t piece = 1; piece <= cases[i].in.n; piece++) {
			size_t used;
			bool end;
			struct str out = decode_in_pieces(cases[i].in, piece, &used, &end);

			if (!str_eq(out, cases[i].out) || end != cases[i].end)
				fail_msg("case %zu piece %zu: '%.*s'", i, piece, STR_ARG(out));
			assert_int_equal(used, cases[i].in.n - cases[i].rest);
		}
}

static void test_paths(void **state)
{
	static const struct {
		struct str in, address, params;
		bool ok;
	} cases[] = {
		{ STR_INIT("FROM:<>"), STR_INIT(""), STR_INIT(""), true },
		{ STR_INIT("from:  <a@b> SIZE=3"), STR_INIT("a@b"), STR_INIT(" SIZE=3"), true },
		{ STR_INIT("FROM:<\"a> b\"@c>"), STR_INIT("\"a> b\"@c"), STR_INIT(""), true },
		{ STR_INIT("FROM:<\"a\\\">\"@c>"), STR_INIT("\"a\\\">\"@c"), STR_INIT(""), true },
		{ STR_INIT("FROM:a@b"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("FROM <a@b>"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("FROM:<a b@c>"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("FROM:<a@b>x"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("FROM:<a@b"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("FROM:<a\1@b>"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("FROM:<\"\\\1\"@b>"), STR_INIT(""), STR_INIT(""), false },
		{ STR_INIT("FROM:<\"\\\\\"@b>"), STR_INIT("\"\\\\\"@b"), STR_INIT(""), true },
		{ STR_INIT("TO:<a@b>"), STR_INIT(""), STR_INIT(""), false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str address, params;

		assert_int_equal(smtp_path(cases[i].in, STR("from"), &address, &params),
				 cases[i].ok);
		if (!cases[i].ok)
			continue;
		assert_true(str_eq(address, cases[i].address));
		assert_true(str_eq(params, cases[i].params));
	}
}

/* A handler that writes down what it was told. */
struct notebook {
	struct buf text;
	bool refuse_begin, fail_data;
	enum err_code fail_with;
	bool hang_up; /* the client goes before it has the replies */
	int client;
};

static int note_begin(void *ctx, const struct smtp_envelope *env, struct err *e)
{
	struct notebook *n = ctx;

	(void)env;
	if (n->refuse_begin)
		return err_set(e, ERR_SYS, "no space");
	buf_addz(&n->text, "begin|");
	return 0;
}

static int note_data(void *ctx, struct str bytes, struct err *e)
{
	struct notebook *n = ctx;

	if (n->fail_data)
		return err_set(e, n->fail_with, "disk full");
	buf_add(&n->text, bytes);
	return 0;
}

static void note_abort(void *ctx)
{
	buf_addz(&((struct notebook *)ctx)->text, "|abort");
}

static int note_mail(void *ctx, struct arena *arena, const struct smtp_envelope *env, bool lmtp,
		     struct smtp_reply *replies, size_t n)
{
	struct notebook *book = ctx;

	buf_addf(&book->text, "|%s %.*s", lmtp ? "lmtp" : "smtp", STR_ARG(env->sender));
	for (size_t i = 0; i < env->n_rcpt; i++)
		buf_addf(&book->text, " %.*s=%zu", STR_ARG(env->rcpt[i].address),
			 env->rcpt[i].same_as);
	if (env->n_rcpt)
		buf_addf(&book->text, " %.*s/%.*s", STR_ARG(env->rcpt[0].notify),
			 STR_ARG(env->rcpt[0].orcpt));
	buf_addf(&book->text, " %.*s/%.*s/%d %.*s,%.*s", STR_ARG(env->ret), STR_ARG(env->envid),
		 env->smtputf8, STR_ARG(env->xforward_addr), STR_ARG(env->xforward_helo));
	for (size_t i = 0; i < n; i++)
		replies[i] = (struct smtp_reply){ 250, str_fmt(arena, "2.5.0 OK\n(%zu)", i) };
	if (book->hang_up)
		shutdown(book->client, SHUT_RD);
	return 0;
}

static void note_replied(void *ctx, bool sent)
{
	buf_addz(&((struct notebook *)ctx)->text, sent ? "|replied" : "|not replied");
}

static const struct smtp_handler note_handler = {
	note_begin, note_data, note_abort, note_mail, note_replied,
};

static struct str read_all(int fd)
{
	char *p = arena_alloc(a, 1 << 20);
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, p + n, (1 << 20) - n)) > 0)
		n += (size_t)got;
	return (struct str){ p, n };
}

/* What the server answers to `dialogue`, without its greeting line. */
static struct str serve(struct notebook *book, struct str dialogue, int mails)
{
	static struct conn c;
	struct str answer;
	struct err e;
	int pair[2];

	buf_init(&book->text, a, 1 << 20);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], dialogue.p, dialogue.n), (ssize_t)dialogue.n);
	assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
	book->client = pair[1];
	conn_init(&c, pair[0], 0);
	(void)!smtp_serve(&c, transaction, &note_handler, book, 1000, &mails, &e);
	close(pair[0]);
	answer = read_all(pair[1]);
	close(pair[1]);
	assert_true(str_starts(answer, STR("220 Proxmox SMTP Ready.\r\n")));
	return str_from(answer, 25);
}

static void assert_str(struct str got, const char *want)
{
	if (!str_eq(got, str_of(want)))
		fail_msg("got  \"%.*s\"\nwant \"%s\"", STR_ARG(got), want);
}

static void test_lmtp_mail_with_everything(void **state)
{
	struct notebook book = { 0 };
	struct str answer;

	(void)state;
	answer = serve(&book,
		       STR("LHLO x\r\nXFORWARD NAME=n ADDR=IPv6:::1 HELO=h+20i\r\n"
			   "MAIL FROM:<s@x> SIZE=1 RET=HDRS ENVID=q+3D SMTPUTF8 BODY=8BITMIME\r\n"
			   "RCPT TO:<a@y> NOTIFY=SUCCESS ORCPT=rfc822;a@y\r\nRCPT TO:<b@y>\r\n"
			   "RCPT TO:<a@y>\r\nDATA\r\n..hello\r\n.\r\nQUIT\r\n"),
		       10);
	assert_str(buf_str(&book.text),
		   "begin|.hello\n|lmtp s@x a@y=0 b@y=1 a@y=0 SUCCESS/rfc822;a@y"
		   " HDRS/q+3D/1 IPv6:::1,h+20i|replied");
	assert_str(answer,
		   "250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
		   "250-DSN\r\n250-XFORWARD NAME ADDR PROTO HELO\r\n250 OK.\r\n"
		   "250 2.5.0 OK\r\n250 2.5.0 OK\r\n250 2.5.0 OK\r\n250 2.5.0 OK\r\n250 2.5.0 "
		   "OK\r\n354 End data with <CR><LF>.<CR><LF>.\r\n"
		   "250 2.5.0 OK (0)\r\n250 2.5.0 OK (1)\r\n250 2.5.0 OK (2)\r\n221 2.2.0 OK\r\n");
}

static void test_smtp_has_one_reply_and_forgets_afterwards(void **state)
{
	struct notebook book = { 0 };
	struct str answer;

	(void)state;
	answer = serve(&book,
		       STR("XFORWARD ADDR=1.2.3.4\r\nMAIL FROM:<>\r\nRCPT TO:<a@y>\r\n"
			   "RCPT TO:<b@y>\r\nDATA\r\n.\r\nDATA\r\n"),
		       10);
	assert_str(buf_str(&book.text), "begin||smtp  a@y=0 b@y=1 / //0 1.2.3.4,|replied");
	assert_str(answer,
		   "250 2.5.0 OK\r\n250 2.5.0 OK\r\n250 2.5.0 OK\r\n250 2.5.0 OK\r\n"
		   "354 End data with <CR><LF>.<CR><LF>.\r\n250 2.5.0 OK (0)\r\n"
		   "503 5.5.1 Tell me who you are.\r\n");
}

static void test_wrong_commands(void **state)
{
	struct notebook book = { 0 };
	struct str answer;

	(void)state;
	answer = serve(&book,
		       STR("\r\nVRFY x\r\nMAIL a@b\r\nRCPT TO:<>\r\nMAIL FROM:<a@b>\r\nDATA\r\n"
			   "rset\r\nnoop\r\nquit\r\n"),
		       10);
	assert_str(answer, "500 5.5.1 Error: bad syntax\r\n500 5.5.1 Error: unknown command\r\n"
			   "501 5.5.2 Syntax: MAIL FROM: <address>\r\n"
			   "501 5.5.2 Syntax: RCPT TO: <address>\r\n250 2.5.0 OK\r\n"
			   "503 5.5.1 Tell me who to send it.\r\n250 2.5.0 OK\r\n250 2.5.0 OK\r\n"
			   "221 2.2.0 OK\r\n");
}

static void test_floods_are_cut(void **state)
{
	struct notebook book = { 0 };
	struct buf many;
	struct str answer;

	(void)state;
	buf_init(&many, a, 1 << 20);
	for (int i = 0; i < 20000; i++)
		buf_addc(&many, 'x');
	buf_addz(&many, "\r\n");
	for (int i = 0; i < SMTP_BAD_COMMANDS_MAX + 10; i++)
		buf_addz(&many, "bad\r\n");
	answer = serve(&book, buf_str(&many), 10);
	assert_true(str_starts(answer, STR("500 5.5.2 Error: command line too long\r\n500 5.5.1")));
	/* 33 bytes each for the unknown commands that were still answered */
	assert_int_equal(answer.n, 40 + SMTP_BAD_COMMANDS_MAX * 34);
}

static void test_failures_while_storing(void **state)
{
	struct notebook refuse = { .refuse_begin = true };
	struct notebook full = { .fail_data = true, .fail_with = ERR_SYS };
	struct notebook large = { .fail_data = true, .fail_with = ERR_LIMIT };
	struct str mail = STR("LHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\n"
			      "DATA\r\nx\r\n.\r\n");

	(void)state;
	assert_true(str_ends(serve(&refuse, str_sub(mail, 0, mail.n - 6), 10),
			     STR("451 4.5.0 Local delivery failed: no space\r\n")));
	assert_true(str_ends(serve(&full, mail, 10),
			     STR("451 4.5.0 Local delivery failed: disk full\r\n"
				 "451 4.5.0 Local delivery failed: disk full\r\n")));
	assert_str(buf_str(&full.text), "begin||abort");
	assert_true(str_ends(serve(&large, mail, 10),
			     STR("552 5.3.4 Local delivery failed: disk full\r\n")));
}

static void test_client_gone_inside_data_and_budget(void **state)
{
	struct notebook book = { 0 };
	struct str answer;

	(void)state;
	answer = serve(&book, STR("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\n"), 10);
	assert_str(buf_str(&book.text), "begin|x\n\n|abort");
	assert_true(str_ends(answer, STR("451 4.5.0 Local delivery failed: unfinished data\r\n")));
	answer = serve(&book, STR("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n"),
		       1);
	assert_true(str_ends(answer, STR("250 2.5.0 OK (0)\r\n"))); /* and NOOP is not answered */
}

static void test_client_gone_before_the_reply(void **state)
{
	struct notebook book = { .hang_up = true };

	(void)state;
	serve(&book, STR("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n"), 10);
	assert_true(str_ends(buf_str(&book.text), STR("|not replied")));
}

static int write_message(void *ctx, const struct sink *to, struct err *e)
{
	struct str s = *(struct str *)ctx;

	/* in odd pieces, so that dots and line ends fall on borders */
	for (size_t i = 0; i < s.n; i += 3)
		if (sink_write(to, str_sub(s, i, 3), e) < 0)
			return -1;
	return 0;
}

/* Sends one mail to a server that answers `script`; returns what it was told. */
static struct str converse(struct str script, struct smtp_send *mail, struct smtp_outcome *out,
			   int *ret)
{
	static struct str message = STR_INIT(".a\n..\n\nb\rc\nend");
	struct smtp_source source = { write_message, &message };
	struct str said;
	struct err e;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], script.p, script.n), (ssize_t)script.n);
	assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
	*ret = smtp_send(a, pair[0], net_now() + 1000, mail, &source, out, &e);
	close(pair[0]);
	said = read_all(pair[1]);
	close(pair[1]);
	return said;
}

static struct smtp_rcpt two[] = {
	{ STR_INIT("a@y"), STR_INIT("NEVER"), STR_INIT("rfc822;a"), 0 },
	{ STR_INIT("b@y"), STR_INIT("bad value"), STR_INIT(""), 1 },
};
static struct smtp_envelope forwarded = { .ret = STR_INIT("FULL"),
					  .envid = STR_INIT("x"),
					  .smtputf8 = true,
					  .xforward_addr = STR_INIT("1.2.3.4") };

static void test_client_passes_everything_on(void **state)
{
	struct smtp_send mail = { STR("gw.test"), STR("s@x"), two, NULL, 2, &forwarded, false };
	struct smtp_outcome out;
	struct str said;
	int ret;

	(void)state;
	said = converse(STR("220 hi\r\n250-x\r\n250-PIPELINING\r\n250-XFORWARD NAME ADDR\r\n"
			    "250-SMTPUTF8\r\n250 DSN\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"
			    "354 go\r\n250 2.0.0 Ok: queued as 4XbQ7z1kzGz\r\n221 bye\r\n"),
			&mail, &out, &ret);
	assert_int_equal(ret, 0);
	assert_str(out.queue_id, "4XbQ7z1kzGz");
	assert_str(said, "EHLO gw.test\r\nXFORWARD ADDR=1.2.3.4\r\n"
			 "MAIL FROM:<s@x> BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=x\r\n"
			 "RCPT TO:<a@y> NOTIFY=NEVER ORCPT=rfc822;a\r\nRCPT TO:<b@y>\r\nDATA\r\n"
			 "..a\r\n...\r\n\r\nb\rc\r\nend\r\n.\r\nQUIT\r\n");
}

static void test_client_says_only_what_was_offered(void **state)
{
	static const size_t second[] = { 1 };
	struct smtp_send mail = { STR("gw.test"), STR(""), two, second, 1, &forwarded, false };
	struct smtp_outcome out;
	struct str said;
	int ret;

	(void)state;
	said = converse(STR("220 hi\r\n250 x\r\n250 ok\r\n250 ok\r\n354 go\r\n"
			    "250 2.0.0 Ok: queued as 3F2A\r\n"),
			&mail, &out, &ret);
	assert_int_equal(ret, 0);
	assert_str(out.queue_id, "3F2A");
	assert_true(str_starts(said, STR("EHLO gw.test\r\nMAIL FROM:<> BODY=8BITMIME\r\n"
					 "RCPT TO:<b@y>\r\nDATA\r\n")));
}

static void test_client_refusals(void **state)
{
	struct smtp_send mail = { STR("g"), STR("s@x"), two, NULL, 2, NULL, false };
	struct smtp_outcome out;
	struct str said;
	int ret;

	(void)state;
	said = converse(STR("220 hi\r\n250-x\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n"
			    "554 5.7.1 no b\r\n354 go\r\n"),
			&mail, &out, &ret);
	assert_int_equal(ret, -1);
	assert_int_equal(out.code, 554);
	assert_str(out.text, "5.7.1 no b");
	assert_int_equal(str_find(said, STR("..a")), -1); /* no message after a refusal */
	converse(STR("220 hi\r\n250 x\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"
		     "452 4.3.1 full\r\n"),
		 &mail, &out, &ret);
	assert_int_equal(ret, -1);
	assert_int_equal(out.code, 452);
	converse(STR("220 hi\r\n250 x\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"), &mail, &out,
		 &ret);
	assert_int_equal(ret, -1);
	assert_int_equal(out.code, 0); /* it is not known whether it was taken */
	converse(STR("hello?\r\n"), &mail, &out, &ret);
	assert_int_equal(ret, -1);
	assert_int_equal(out.code, 0);
}

/* The sheet (filter.md 7.9): a refused XFORWARD is logged, and the mail goes on. */
static void test_client_goes_on_without_xforward(void **state)
{
	struct smtp_send mail = { STR("g"), STR("s@x"), two, NULL, 1, &forwarded, false };
	struct smtp_outcome out;
	struct str said;
	int ret;

	(void)state;
	said = converse(STR("220 hi\r\n250-x\r\n250 XFORWARD ADDR\r\n501 5.5.4 Bad ADDR\r\n"
			    "250 ok\r\n250 ok\r\n354 go\r\n250 queued as 1A\r\n"),
			&mail, &out, &ret);
	assert_int_equal(ret, 0);
	assert_str(out.queue_id, "1A");
	assert_str(out.xforward_error, "501 5.5.4 Bad ADDR");
	assert_true(str_find(said, STR("XFORWARD ADDR=1.2.3.4\r\n")) > 0);
	converse(STR("220 hi\r\n250-PIPELINING\r\n250 XFORWARD ADDR\r\n550 5.7.0 no\r\n"),
		 &mail, &out, &ret);
	assert_int_equal(ret, -1);
	assert_int_equal(out.code, 0); /* the mail itself was not refused */
}

static void test_client_does_not_inject_commands(void **state)
{
	struct smtp_send mail = { STR("g"), STR("s@x>\r\nRCPT TO:<evil@z"), two, NULL, 2, NULL,
				  false };
	struct smtp_outcome out;
	struct str said;
	int ret;

	(void)state;
	said = converse(STR("220 hi\r\n250 x\r\n250 ok\r\n"), &mail, &out, &ret);
	assert_int_equal(ret, -1);
	assert_int_equal(str_find(said, STR("evil")), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data_decode),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_lmtp_mail_with_everything),
		cmocka_unit_test(test_smtp_has_one_reply_and_forgets_afterwards),
		cmocka_unit_test(test_wrong_commands),
		cmocka_unit_test(test_floods_are_cut),
		cmocka_unit_test(test_failures_while_storing),
		cmocka_unit_test(test_client_gone_inside_data_and_budget),
		cmocka_unit_test(test_client_gone_before_the_reply),
		cmocka_unit_test(test_client_passes_everything_on),
		cmocka_unit_test(test_client_says_only_what_was_offered),
		cmocka_unit_test(test_client_refusals),
		cmocka_unit_test(test_client_goes_on_without_xforward),
		cmocka_unit_test(test_client_does_not_inject_commands),
	};

	return cmocka_run_group_tests(tests, open_arenas, close_arenas);
}
