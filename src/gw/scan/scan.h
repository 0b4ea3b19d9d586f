/*
 * scan - everything that is known about one mail, each fact found out once.
 *
 * scan_open() parses, in every reading that clients are known to have (lib/mime/readings.h): rules
 * are asked about all of them. scan_content() runs the custom check and the virus scanners, whose
 * answers every mail needs. What only some rules ask for (content types of parts, what is in
 * archives, the spam analysis) is computed at the first question and kept. Nothing here changes the
 * mail, the disk or the database, so the same code serves the daemon, tests and `pmgdb explain`.
 *
 * filter.md §4, §5.4, §5.6; failures as decided in decisions.md: whatever is unexpected is an
 * error, and the caller answers 451.
 */
#pragma once

#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "gw/cfg/cfg.h"
#include "gw/spam/spam.h"
#include "lib/magic/magic.h"
#include "lib/mime/readings.h"
#include "lib/smtp/envelope.h"

/* What a generation has loaded before its first mail; immutable, shared by its workers. */
struct scan_context {
	const struct cfg *cfg;
	const struct magic *magic;
	const struct spam_rules *spam; /* NULL: no spam analysis (tests) */
	const struct spam_network *network; /* of the worker; NULL: the engine asks nobody */
	const char *clamd_socket;
};

enum {
	SCAN_READINGS_BYTES_MAX = 128 << 20, /* decoded content that is scanned beside the mail */
};

/*
 * The types of a part in one reading, by one of its names. One that is not known is empty. Each is
 * complete in itself.
 */
struct scan_types {
	struct str header; /* type/subtype as written in Content-Type, empty if there is none */
	struct str magic;  /* by the bytes of the body; application/octet-stream if unknown */
	struct str glob;   /* by the recommended file name, empty if no name or unknown */
	struct scan_types *next; /* by another name, or as another client reads the part */
};

/* Among the types of an archive that could not be opened, or not all of it. */
#define SCAN_UNREADABLE "proxmox/unreadable-archive"

/* What is in an archive, and in archives inside it. */
struct scan_archive {
	struct str *types; /* by content, by name, and declared by mails inside; each once */
	struct str *names; /* without directories, UTF-8 */
	size_t n_types, n_names;
	struct str problem; /* why not all could be seen; empty: all was */
};

struct scan_hit {
	struct str name, description;
	double score;
};

struct scan_spam {
	int64_t level; /* truncated to an integer, never negative */
	struct scan_hit *hits;
	size_t n_hits;
	double required; /* 5 when the rule engine did not run */
	double bayes; /* 0 … 1; negative: not known */
	struct str autolearn;
	int64_t ms;
};

struct scan {
	struct arena *a;
	const struct scan_context *ctx;
	const struct smtp_envelope *env;
	const char *id, *path; /* spool id and file of the mail as received */
	struct str raw;
	bool trusted;	     /* came in on the internal port: an outgoing mail */
	struct str client_ip; /* XFORWARD ADDR without "IPv6:"; empty if unknown */
	time_t now;
	int64_t deadline; /* net_now() time, for the whole mail */

	struct mime *mime;	 /* never NULL after scan_open() */
	struct mime **parts;	 /* parts[aid - 1], n_parts of them, depth first */
	uint32_t n_parts;
	struct mime_readings readings; /* what other clients see in it */
	uint32_t anomalies;	 /* enum mime_anomaly, of the mail and of its readings */
	bool ambiguous;		 /* clients see different mails, or too many for us to tell */
	struct str message_id;	 /* as received, with its angle brackets; empty if none */
	struct str broken;	 /* text for X-Proxmox-Broken-Message, empty if the mail is sound */
	struct str virus;	 /* "NAME (clamav)", "NAME (avast)", custom text; empty: clean */
	struct str heuristic;	 /* "NAME (clamav)" without "Heuristics.", empty: none */
	struct str custom_score; /* as printed by the custom check, empty: none */
	int64_t ms_clam, ms_custom;

	/* filled by the functions below, do not touch */
	struct scan_types **types;
	struct scan_archive **archives;
	struct scan_spam *spam;
	struct spam_check *check; /* that has begun */
};

/*
 * Parses `raw` (the bytes of the file at `path`), which must outlive the scan. Logs the line
 * "new mail message-id=…". The strings of `s` that describe the transaction are the caller's.
 */
MUST_CHECK int scan_open(struct arena *a, const struct scan_context *ctx, const char *id,
			 const char *path, struct str raw, const struct smtp_envelope *env,
			 bool trusted, time_t now, int64_t deadline, struct scan **out,
			 struct err *e);

/*
 * Custom check (fails open), then Avast and ClamAV as configured (a failure is an error). The
 * scanners get the mail as it was received. If anything is odd about it, or it is deeply nested,
 * they may read it in yet another way or not to its end. So then they get a second mail, written by
 * us and plain to read, to which every leaf of the tree and of its readings is attached. Beyond
 * SCAN_READINGS_BYTES_MAX, and if there are more readings than were looked for, the mail has the
 * heuristic find "Limits.Readings (mime)".
 *
 * For a mail from outside the spam analysis begins here: what it asks the DNS is then answered
 * while the scanners work. Mail from inside is analysed only where a rule asks, so it waits.
 */
MUST_CHECK int scan_content(struct scan *s, struct err *e);

/* Types of one part in all its readings, computed at the first question; never NULL. */
const struct scan_types *scan_part_types(struct scan *s, const struct mime *part);

/*
 * What is in a part, if that is an archive; otherwise, and in a mail with a virus, nothing. The
 * first question lists all archives of the mail, in a process of its own (lib/archive), and logs
 * what came of it. An archive that cannot be read is no error, that the lister cannot be started is
 * one. filter.md 9.
 */
MUST_CHECK int scan_part_archive(struct scan *s, const struct mime *part,
				 const struct scan_archive **out, struct err *e);

/* The spam analysis, run at the first question; logs its "SA score=…" line then. */
MUST_CHECK int scan_spam(struct scan *s, const struct scan_spam **out, struct err *e);

/* Lets the engine learn from the mail, if it was asked about it: spam_learn(). */
void scan_learn(struct scan *s, int64_t deadline);
