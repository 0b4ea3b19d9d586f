/*
 * outbox - what is to be done about one mail: an ordered list of effects.
 *
 * rules_act() makes it, gw/deliver carries it out:
 *
 *  1. all OUTBOX_QUARANTINE effects: files, rows, commit. One that fails settles the fate of all
 *     its recipients: 451 for them, and nothing else of the list is done for them. That is how a
 *     part is only removed when the copy of the whole mail is safe: the quarantine effect of that
 *     copy has the same recipients as the later delivery.
 *  2. the list in its order, for those recipients who have not failed: deliveries, copies and
 *     notifications are sent, log lines written (for a quarantine effect too, now that its id is
 *     known). An effect all of whose recipients have failed is left out, notes included; so a
 *     second try does not notify twice. A failing delivery settles its own recipients; a failing
 *     copy or notification is logged and changes nothing else.
 *  3. statistics, replies: from `rcpt` and `counted`.
 *
 * The mail of an effect is the scan's tree with `edit` on top; without edit it is the bytes
 * received. The fields Delivered-To and Return-Path of a quarantined copy are not in it: whoever
 * writes the file adds them.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "gw/scan/scan.h"
#include "lib/mime/build.h"
#include "lib/mime/edit.h"

enum outbox_kind {
	OUTBOX_NOTE,	   /* only a log line */
	OUTBOX_QUARANTINE, /* a copy into a quarantine; final but for attachments */
	OUTBOX_DELIVER,	   /* the mail itself to its recipients; final */
	OUTBOX_BLOCK,	   /* nothing but a log line; final */
	OUTBOX_BCC,	   /* the mail to others */
	OUTBOX_NOTIFY,	   /* a mail of our own */
};

/* The letter is CMailStore.QType. */
enum outbox_store {
	OUTBOX_SPAM = 'S',
	OUTBOX_VIRUS = 'V',
	OUTBOX_ATTACHMENT = 'A',
};

enum outbox_line {
	LINE_WHITELISTED,	 /* text: the user */
	LINE_BLACKLISTED,	 /* text: the user */
	LINE_HEADER_MODIFIED,	 /* text: field, more: recipients */
	LINE_ATTACHMENT_REMOVED, /* number: part, text: file name */
	LINE_DISCLAIMER_ADDED,
	LINE_DISCLAIMER_FAILED,
	LINE_DISCLAIMER_SEALED, /* number: the part that was left alone */
	LINE_BCC_IGNORED,
	LINE_NOTIFY_IGNORED,
	LINE_REGEX_GAVE_UP, /* number: the first object of the rule whose expression did */
	LINE_NO_LDAP_PROFILE, /* text: its name */
};

struct outbox_effect {
	enum outbox_kind kind;
	struct str rule; /* name, for log lines; of OUTBOX_DELIVER see rcpt[] below */

	/* Envelope indices, rising, first occurrences only. Empty: concerns the mail as a whole. */
	const size_t *rcpt;
	size_t n_rcpt;

	const struct mime_edit *edit; /* QUARANTINE, DELIVER, BCC; NULL: as received */

	/* QUARANTINE: what goes into the row of CMailStore */
	enum outbox_store store;
	int64_t spam_level;
	struct str info;   /* virus or "RULE:score,RULE:score"; may be empty: NULL */
	struct str header; /* the lines Subject, From and Sender of this version */

	/*
	 * BCC: envelope sender as received, each target with NOTIFY=never. NOTIFY: envelope sender
	 * "postmaster", the mail is `draft` (mime_draft_write()).
	 */
	const struct str *target;
	size_t n_target;
	struct mime_draft draft;
	bool smtputf8; /* NOTIFY: targets or headers need it, and the settings allow it */

	/* NOTE */
	enum outbox_line line;
	struct str text, more;
	int64_t number;
};

struct outbox_rcpt {
	enum outbox_kind fate; /* OUTBOX_DELIVER, OUTBOX_QUARANTINE or OUTBOX_BLOCK */
	struct str rule;       /* whose final action it was */
	size_t effect;	       /* index of that effect */
};

struct outbox {
	struct outbox_effect *effects;
	size_t n_effects;
	struct outbox_rcpt *rcpt; /* for every RCPT of the envelope; a duplicate has its first's */
	const int64_t *counted;	  /* ids of the rules that matched anybody: Rule.Count */
	size_t n_counted;
};

/* Writes the log line of an OUTBOX_NOTE. */
void outbox_log(const struct outbox_effect *effect);

/*
 * The outbox as text. For tests it is all of it, byte by byte; for people what a terminal can show,
 * and of each mail the first lines.
 */
enum outbox_reader { OUTBOX_FOR_TESTS, OUTBOX_FOR_PEOPLE };
enum { OUTBOX_LINES_MAX = 30 }; /* of a mail, for people */
MUST_CHECK int outbox_print(const struct outbox *o, const struct scan *s,
			    enum outbox_reader reader, struct buf *out, struct err *e);
