/*
 * client - hand one message to an SMTP server, as Postfix's content filter interface wants it.
 *
 * One call is one connection and one transaction: EHLO, XFORWARD, MAIL, RCPT, DATA, QUIT. When the
 * server announces PIPELINING everything from XFORWARD to DATA goes out in one piece. A recipient
 * that is refused fails the whole transaction, before any message is sent; a refused XFORWARD is
 * only reported.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/net.h"
#include "base/sink.h"
#include "lib/smtp/envelope.h"

/* Who writes the message, with LF line ends. */
struct smtp_source {
	int (*write)(void *ctx, const struct sink *to, struct err *e);
	void *ctx;
};

struct smtp_send {
	struct str helo;
	struct str sender;
	const struct smtp_rcpt *rcpt; /* rcpt[order[0 … n_rcpt-1]], or rcpt[0 …] if order is NULL */
	const size_t *order;
	size_t n_rcpt;
	const struct smtp_envelope *forward; /* RET, ENVID, SMTPUTF8, XFORWARD of it; or NULL */
	bool smtputf8;			     /* as well, for mails of our own */
};

struct smtp_outcome {
	int code;	     /* of the reply that decided: 250, or why it failed; 0: no reply */
	struct str text;     /* that reply's text, its last line, without the code */
	struct str queue_id; /* from "queued as ID"; empty if the server named none */
	struct str xforward_error; /* code and text of a refused XFORWARD; empty if it was not */
};

/*
 * Sends one message over `fd`, a fresh connection to the server, before `deadline`. 0: the server
 * has taken responsibility. -1: it has not, or it is not known; *out says what the server answered,
 * if it did (its strings live in `a`).
 */
MUST_CHECK int smtp_send(struct arena *a, int fd, int64_t deadline, const struct smtp_send *mail,
			 const struct smtp_source *message, struct smtp_outcome *out,
			 struct err *e);
