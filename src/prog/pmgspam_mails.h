/*
 * The mails that the arguments of `pmgspam learn` name: files, directories, maildirs, mailboxes,
 * and lists of them.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "gw/spam/bayes.h"

enum mails_format {
	MAILS_DETECT, /* a mailbox if its name has "mbox" in it */
	MAILS_FILE,   /* one mail in each file */
	MAILS_MBOX,
	MAILS_MBX,
};

struct mails {
	struct arena *a; /* for one file at a time */
	enum mails_format format;
	enum bayes_class as; /* what they are; a list may say otherwise */
	bool as_listed;      /* whether it may; else everything is `as` */
	/* One mail; what happened to a file is passed on, and the rest goes on. */
	void (*mail)(void *ctx, const char *path, enum bayes_class as, struct str raw);
	void (*failed)(void *ctx, const char *path, const struct err *e);
	void *ctx;
};

/* Walks through a file ("-": standard input), a directory, or what a pattern (glob(7)) matches. */
void mails_walk(const struct mails *m, const char *path);

/*
 * The same for each line of a file: `PATH`, or `CLASS:FORMAT:PATH` with ham or spam, and mbox, mbx,
 * dir, file or detect. Without `as_listed` the class is not looked at; BAYES_IS_UNKNOWN together
 * with it means that a line must name its class. ERR_INVALID, before any mail, names file and line.
 */
MUST_CHECK int mails_walk_list(const struct mails *m, const char *list, struct err *e);
