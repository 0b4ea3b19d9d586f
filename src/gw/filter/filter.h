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
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define FILTER_USER "pmg-smtp-filter"
#define FILTER_RUN_DIR "/run/pmg-smtp-filter"
#define FILTER_PIDFILE "/run/pmg-smtp-filter.pid"
#define FILTER_SETS_DIR "/var/cache/pmg-smtp-filter" /* compiled sets of the spam rules */

enum {
	FILTER_PORT_OUT = 10023, /* trusted: outgoing mail */
	FILTER_PORT_IN = 10024,
	FILTER_MAINTENANCE = 120, /* seconds */
	FILTER_MAINTENANCE_MAX = 24 * 3600,
};

struct filter_options {
	const char *database; /* NULL: the product's */
	bool untrusted;	      /* mail on the port for outgoing mail is taken for incoming */
	int maintenance;      /* seconds between two rounds */
};

struct filter;

/*
 * Compiles the sets of the spam rules as a generation would load them now, unless they are there:
 * *made tells. It takes a minute. Call this as FILTER_USER, whose directory it is.
 */
MUST_CHECK int filter_compile(struct arena *a, bool *made, struct err *e);

/* In the parent, still as root: directories of the spool, ports. */
MUST_CHECK int filter_open(struct arena *a, const struct filter_options *options,
			   struct filter **out, struct err *e);

/* Serves until told to stop. */
void filter_run(struct filter *f);

/* A mail, and what is known about how it came or would come. */
struct filter_question {
	struct str mail;       /* as in a file; lines may end with CRLF */
	struct str sender;     /* STR_NONE: as the header says; empty: a bounce */
	const struct str *rcpt; /* none: as the header says */
	size_t n_rcpt;
	struct str client; /* address; empty: unknown */
	bool trusted;	   /* an outgoing mail */
	time_t now;
	const char *database; /* NULL: the product's */
};

/*
 * Tells what the filter would do with the mail now: rules_explain() with settings, rules and spam
 * rules as a generation loads them, scanners and lists as a worker asks them. Nothing is delivered,
 * stored or counted; a temporary file is there for scanners while the arena lives. A scanner that
 * fails is told about and left out. The mail is a stranger's, so call this as FILTER_USER.
 */
MUST_CHECK int filter_explain(struct arena *a, const struct filter_question *q, struct buf *out,
			      struct err *e);
