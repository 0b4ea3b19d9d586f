/*
 * server - the receiving side of the content filter's SMTP and LMTP dialogue (filter.md §2).
 *
 * One connection, straight-line code: smtp_serve() reads commands and answers them until the client
 * leaves, an error ends the connection, or the handler has had enough mails. What a mail means is
 * the handler's business: it gets the data as it comes and, at the end, the envelope, and says what
 * to answer. LHLO makes the connection LMTP for good: then every RCPT gets its own final reply.
 *
 * Commands may be pipelined; replies are sent when no further command is waiting.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/net.h"
#include "lib/smtp/envelope.h"

enum {
	SMTP_COMMAND_MAX = 8192,  /* bytes of a command line; SMTPUTF8 and DSN make them long */
	SMTP_REPLY_TEXT_MAX = 1024, /* bytes of a final reply's text */
	SMTP_BAD_COMMANDS_MAX = 50, /* refused commands before the connection is closed */
};

struct smtp_reply {
	int code;
	struct str text; /* with enhanced code: "2.5.0 OK (ID)"; control characters are replaced */
};

struct smtp_handler {
	/* A message begins: make room for it. On error the reply is 451 4.5.0 with e's message. */
	int (*begin)(void *ctx, const struct smtp_envelope *env, struct err *e);
	/* The next bytes of it, LF line ends. An error is remembered; the rest is dropped. */
	int (*data)(void *ctx, struct str bytes, struct err *e);
	/* It will not be completed: the client has gone, or data() failed. */
	void (*abort)(void *ctx);
	/*
	 * It is complete. Fills replies[0 … n-1]: n is the number of recipients for LMTP, 1 for
	 * SMTP. Texts may live in `a`, which lasts until the next command. Returns 0, or -1 to end
	 * the connection after the replies.
	 */
	int (*mail)(void *ctx, struct arena *a, const struct smtp_envelope *env, bool lmtp,
		    struct smtp_reply *replies, size_t n);
	/*
	 * Follows every mail(), when its replies are with the client's system; `sent` is false if
	 * they could not be sent: then the client will come again with that mail. The place for
	 * what nobody should wait for. NULL: nothing to do.
	 */
	void (*replied)(void *ctx, bool sent);
};

/*
 * Serves one connection. `a` is reset between transactions; nothing in it survives. `mails` is how
 * many DATA commands are still allowed, and counts down; at 0 the connection ends after the reply.
 * Each wait for the client ends after `idle_ms`.
 * Returns 0 when the client has left in good order, -1 otherwise.
 */
int smtp_serve(struct conn *c, struct arena *a, const struct smtp_handler *handler, void *ctx,
	       int64_t idle_ms, int *mails, struct err *e);
