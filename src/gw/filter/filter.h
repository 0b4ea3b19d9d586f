/*
 * filter - the content filter daemon: from Postfix's LMTP connection to its replies.
 *
 * Here the rooms below are put in order (house.md 4.1): receive into the spool, scan, match, act,
 * deliver, reply. filter_prefork() says how generations and workers do it: a generation loads
 * settings, rules, content types and the spam rules once; its workers handle one mail at a time.
 *
 * The one promise: a final reply is given only when everything for that recipient is safe. Whatever
 * is unexpected is a 451, and Postfix keeps the mail.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define FILTER_USER "pmg-smtp-filter"
#define FILTER_RUN_DIR "/run/pmg-smtp-filter"
#define FILTER_PIDFILE "/run/pmg-smtp-filter.pid"

enum {
	FILTER_PORT_OUT = 10023, /* trusted: outgoing mail */
	FILTER_PORT_IN = 10024,
};

struct filter_options {
	const char *database; /* NULL: the product's */
	bool untrusted;	      /* mail on the port for outgoing mail is taken for incoming */
};

struct filter;

/* In the parent, still as root: directories of the spool, ports. */
MUST_CHECK int filter_open(struct arena *a, const struct filter_options *options,
			   struct filter **out, struct err *e);

/* Serves until told to stop. */
void filter_run(struct filter *f);
