/*
 * journal - what one program has written to the system's journal (systemd-journald), oldest first.
 *
 * A place in the journal is a cursor, a text that stays right when the machine starts again. Where
 * the reading process may see no journal, or there is none, it is empty.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	JOURNAL_MESSAGE_MAX =
		2048, /* bytes of a message that are read; more than this may be cut */
	JOURNAL_CURSOR_MAX = 1000,
};

struct journal;

/* Messages whose SYSLOG_IDENTIFIER is `program`; closed with the arena. */
MUST_CHECK int journal_open(struct arena *a, const char *program, struct journal **out,
			    struct err *e);

/*
 * What is next comes behind the cursor; behind where it was, if that entry is gone. Without a
 * cursor, or with what is none: at `since` (seconds since 1970).
 */
MUST_CHECK int journal_seek(struct journal *j, struct str cursor, int64_t since, struct err *e);

/* 1, the message and the time (seconds since 1970) when it came; 0 at the end; -1. The message is
 * valid until the next call. */
MUST_CHECK int journal_next(struct journal *j, struct str *message, int64_t *time, struct err *e);

/* The place of the last message that was read. */
MUST_CHECK int journal_cursor(struct journal *j, struct arena *a, struct str *out, struct err *e);
