/*
 * awl - what mails of a sender used to score: SpamAssassin's auto-whitelist.
 *
 * A sender is an address and the network that the mail came from first. From the scores of its
 * earlier mails comes a mean, and a mail is pulled some way towards it (../shared/spec/
 * spam-engine.md §4.2). What a mail adds is collected in the process and written in one go; a crash
 * loses the last few mails' scores, which nobody will notice.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/sink.h"
#include "base/str.h"
#include "gw/spam/views.h"

enum {
	AWL_KEY_MAX = 400,         /* octets; longer addresses have no entry */
	AWL_ENTRIES_MAX = 2000000, /* new senders are not remembered then */
	AWL_PENDING_MAX = 64,      /* scores collected before they are written … */
	AWL_PENDING_AGE = 10,      /* … or seconds that the first of them waits */
	AWL_IPV4_BITS = 16,        /* defaults of auto_welcomelist_ipv4_mask_len and …ipv6… */
	AWL_IPV6_BITS = 48,
};

#define AWL_FACTOR 0.5 /* default of auto_welcomelist_factor */
#define AWL_PATH "/var/lib/pmg/spamassassin/auto-whitelist"

struct awl;

/* As learnt_open(). */
MUST_CHECK int awl_open(struct arena *a, const char *path, bool create, struct awl **out,
			struct err *e);

/* The key of the mail's sender, "joe@example.com|ip=192.0"; STR_NONE if it has no address. */
struct str awl_key(struct arena *a, struct spam_message *m, unsigned ipv4_bits, unsigned ipv6_bits);

/* The masked form of an address as it stands in keys: "192.0", "2001:0DB8::". */
struct str awl_network(struct arena *a, struct str ip, unsigned ipv4_bits, unsigned ipv6_bits);

struct awl_entry {
	double total; /* of the scores of `count` mails */
	uint64_t count;
};

/*
 * What is known of a sender; count 0: nothing. One that was met without an IP only (`|ip=none`)
 * passes that on to the first mail that has one.
 */
MUST_CHECK int awl_find(struct awl *w, struct str key, struct awl_entry *out, struct err *e);

/* Counts a mail of the sender in. `now` in seconds since 1970. */
void awl_add(struct awl *w, struct str key, double score, int64_t now);

/* Writes what was collected, if nobody else is writing before `deadline`. */
void awl_flush(struct awl *w, int64_t deadline);

/* What is to be added to the score of a mail: (mean - score) * factor; 0 of a new sender. */
double awl_pull(const struct awl_entry *entry, double score, double factor);

/*
 * Lines as `sa-awl` prints them, which may be read back:
 *
 *	    AVG         (TOTAL/COUNT)  --  KEY
 *
 * Reading replaces entries of the same key and keeps others; *skipped lines were wrong.
 */
MUST_CHECK int awl_export(struct awl *w, const struct sink *to, struct err *e);
MUST_CHECK int awl_import(struct awl *w, struct str text, int64_t deadline, size_t *skipped,
			  struct err *e);
