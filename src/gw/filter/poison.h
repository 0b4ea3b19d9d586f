/*
 * poison - mails that kill the process that handles them.
 *
 * A worker that dies leaves its spool file behind. Its generation takes the SHA-256 of that file
 * and counts; the mail itself comes back, since Postfix got no reply. A mail that has killed
 * POISON_DEATHS workers is not parsed again (decisions.md, "Mail is never lost", 8).
 *
 * The counts are in memory shared by all generations. While there are none, which is nearly always,
 * asking costs nothing.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum {
	POISON_DEATHS = 3,  /* after so many the mail is set aside */
	POISON_MAILS = 256, /* different ones remembered; the oldest is forgotten first */
};

struct poison;

/* In the parent, before any generation. The memory is never given back. */
MUST_CHECK int poison_open(struct poison **out, struct err *e);

/* How many workers died of a mail with these bytes. */
unsigned poison_deaths(const struct poison *p, struct str mail);

/* One more died of the mail in this file. */
void poison_count(struct poison *p, const char *path);
