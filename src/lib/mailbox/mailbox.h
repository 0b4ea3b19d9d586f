/*
 * mailbox - files that hold many mails.
 *
 *	struct mailbox b;
 *	struct str mail;
 *
 *	if (mailbox_open(&b, MAILBOX_MBX, text, &e) < 0) …
 *	while (mailbox_next(&b, &mail)) …
 *
 * Mails are views of the text. There is no limit but its size: each call reads on from the last.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum mailbox_kind {
	/* Each mail begins with a line "From …", which belongs to it; a blank line is before it. */
	MAILBOX_MBOX,
	/*
	 * That of the IMAP server of the University of Washington: a header of 2048 bytes, then
	 * each mail behind a line with its date, length, flags and number. Mails that are marked as
	 * deleted are mails too.
	 */
	MAILBOX_MBX,
};

struct mailbox {
	enum mailbox_kind kind;
	struct str rest;
};

/*
 * Any text is an mbox. ERR_INVALID, with the place, for a text that is no mbx or damaged within;
 * the last mail of one may be cut short.
 */
MUST_CHECK int mailbox_open(struct mailbox *b, enum mailbox_kind kind, struct str text,
			    struct err *e);

/* False at the end. */
bool mailbox_next(struct mailbox *b, struct str *mail);
