/*
 * delegate - Postfix's policy delegation protocol (SMTPD_POLICY_README), the server's side.
 *
 * A request is lines `name=value`, ended by an empty one; the answer is `action=TEXT` and an empty
 * line. The reader below takes the bytes in whatever pieces they come and needs the same memory
 * whatever is sent: it keeps the attributes that somebody asks for, and of each as much as fits. An
 * unknown attribute is skipped, one that is sent twice counts as last sent, and a line that is no
 * attribute is reported and skipped.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	DELEGATE_VALUE_MAX = 255,  /* bytes of a value; the rest is cut off between characters */
	DELEGATE_NAME_MAX = 255,   /* bytes of a name */
	DELEGATE_LINES_MAX = 1000, /* in one request */
};

enum delegate_attribute {
	DELEGATE_REQUEST,
	DELEGATE_INSTANCE,
	DELEGATE_CLIENT_ADDRESS,
	DELEGATE_HELO_NAME,
	DELEGATE_SENDER,
	DELEGATE_RECIPIENT,
	DELEGATE_TESTTIME, /* not Postfix's: see the manual of pmgpolicy, --testmode */
	DELEGATE_ATTRIBUTES,
};

/* Starts as all zeros, and is all zeros again before the first byte of each request. */
struct delegate_reader {
	struct delegate_value {
		size_t n;
		char p[DELEGATE_VALUE_MAX];
	} values[DELEGATE_ATTRIBUTES];
	size_t lines;
	bool reported; /* the line is one that delegate_read() has told about */
	size_t line_n; /* bytes of the line so far, those that did not fit included */
	char line[DELEGATE_NAME_MAX + 1 + DELEGATE_VALUE_MAX +
		  1]; /* one more to see that it is cut */
};

enum delegate_event {
	DELEGATE_MORE,     /* everything was taken, the request goes on */
	DELEGATE_BAD_LINE, /* delegate_line() is no attribute; go on reading */
	DELEGATE_COMPLETE, /* take the values, then delegate_again() */
	DELEGATE_TOO_LONG, /* more than DELEGATE_LINES_MAX lines: there is no way on */
};

/* Takes bytes from the front of *in up to the next event. */
enum delegate_event delegate_read(struct delegate_reader *r, struct str *in);
void delegate_again(struct delegate_reader *r);

/* Whether a request has begun. */
bool delegate_inside(const struct delegate_reader *r);

/* Views into the reader; of a value that was not sent, an empty one. */
struct str delegate_value(const struct delegate_reader *r, enum delegate_attribute which);
struct str delegate_line(const struct delegate_reader *r);

/* Appends the answer. Line ends and other controls in `action` become blanks. */
void delegate_answer(struct buf *to, struct str action);
