/*
 * data - the message between DATA and the lone dot.
 *
 * Receiving: a line ends with CRLF and with nothing else. A bare LF or a bare CR is data, so a dot
 * between bare line feeds never ends a message (no smuggling). A leading dot is taken off
 * (RFC 5321 §4.5.2) and CRLF becomes LF in what is handed on.
 *
 * Sending is the reverse: LF becomes CRLF, a leading dot is doubled, and a message whose last line
 * is not ended gets its line end.
 */
#pragma once

#include "base/err.h"
#include "base/net.h"
#include "base/str.h"

enum smtp_data_state {
	SMTP_DATA_LINE_START,
	SMTP_DATA_DOT,
	SMTP_DATA_DOT_CR,
	SMTP_DATA_TEXT,
	SMTP_DATA_CR,
	SMTP_DATA_END,
};

struct smtp_data_in {
	enum smtp_data_state state; /* zero-initialised: at the start of the first line */
};

/*
 * Decodes `in` up to the end of the message at most; calls emit() with what belongs to the message.
 * Returns the number of bytes used, all of them unless the end was found (state SMTP_DATA_END).
 * emit() may be called with pieces of any size.
 */
size_t smtp_data_decode(struct smtp_data_in *d, struct str in, void (*emit)(void *, struct str),
			void *ctx);

struct smtp_data_out {
	bool in_line; /* something of the current line was sent */
};

/* Sends a piece of the message; smtp_data_finish() sends the end of data. */
MUST_CHECK int smtp_data_send(struct smtp_data_out *d, struct conn *c, struct str piece,
			      struct err *e);
MUST_CHECK int smtp_data_finish(struct smtp_data_out *d, struct conn *c, struct err *e);
