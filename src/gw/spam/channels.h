/*
 * channels - what sa-update fetched, taken over only when it is sound.
 *
 * sa-update keeps each channel in one directory: NAME.cf, which includes the files of NAME/ beside
 * it, and perhaps NAME.pre (spam-engine.md 2.1). It replaces them while we run, and what a channel
 * brings may be wrong. So rules are read from a copy of ours: channels_adopt() copies what has
 * changed, checks the copy, and makes it the set in use. A channel with a mistake in it keeps the
 * rules it had, and one that never had any is left out; without the official channel there is no
 * set, and the rules of the package count.
 *
 * A set is a directory below the store; `current` there is a symbolic link to the one in use, and
 * changes by one rename, when the new set is on disk as a whole.
 */
#pragma once

#include "gw/spam/spam.h"

#define CHANNELS_STORE "/var/lib/pmg/spamassassin/channels"
#define CHANNELS_CURRENT CHANNELS_STORE "/current"

enum {
	CHANNELS_MAX = 64,
	CHANNELS_FILES_MAX = SPAM_CONF_FILES_MAX, /* of all together */
	CHANNELS_FILE_MAX = SPAM_CONF_FILE_MAX,   /* octets of one */
	CHANNELS_TOTAL_MAX = SPAM_CONF_TOTAL_MAX, /* octets of all */
};

struct channel {
	struct str name;	  /* updates_spamassassin_org */
	bool used;		  /* the set in use has it, as it was before if it is wrong now */
	size_t mistakes;	  /* 0: it is sound */
	struct spam_note mistake; /* the first of them */
};

struct channels {
	struct channel p[CHANNELS_MAX];
	size_t n;
};

/*
 * What sa-update has there by now, as a number that changes when a file does; 0: no directory.
 */
uint64_t channels_fingerprint(const char *state_dir);

/*
 * Brings the set in `store` up to date with paths->state_dir, read with the other paths as the
 * rules are; to be called by one process at a time, who may write there. `out` tells of each
 * channel that was looked at, in `a`; none if nothing has changed since all were sound. -1: the set
 * in use is what it was (ERR_LIMIT: more than the numbers above).
 */
MUST_CHECK int channels_adopt(struct arena *a, const char *store,
			      const struct spam_conf_paths *paths, struct channels *out,
			      struct err *e);
