/*
 * spamd - the protocol by which spamc and its kin ask a spam engine about mails.
 *
 * One connection is one request: `CHECK SPAMC/1.5`, header lines, an empty line, a mail; then one
 * answer. Commands are CHECK, SYMBOLS, REPORT, REPORT_IFSPAM, PROCESS, HEADERS (what is said about
 * the mail differs), TELL (learn or forget it), PING and SKIP. Answers are those of SpamAssassin
 * 4.0.1 (spam-engine.md section 6). Mails may be compressed (zlib, up to SPAM_MAIL_MAX either way).
 * There is one set of settings, so whose mail it is (`User`) changes nothing.
 */
#pragma once

#include "base/arena.h"
#include "base/net.h"
#include "gw/spam/spam.h"

enum {
	SPAMD_LINE_MAX = 8192,   /* bytes of a command or header line */
	SPAMD_HEADERS_MAX = 255, /* lines */
	SPAMD_IDLE_MS = 30 * 1000, /* for the next bytes of a request, or to take the answer */
	SPAMD_CHECK_MS = 300 * 1000, /* for one mail, from its last byte */
	SPAMD_LEARN_MS = 30 * 1000,
};

enum spamd_command {
	SPAMD_CHECK, SPAMD_SYMBOLS, SPAMD_REPORT, SPAMD_REPORT_IFSPAM, SPAMD_PROCESS,
	SPAMD_HEADERS, SPAMD_TELL, SPAMD_PING, SPAMD_SKIP,
};

/* A request without its mail. */
struct spamd_request {
	enum spamd_command command;
	unsigned version; /* 1.5 is 105 */
	bool has_length, compressed;
	size_t length; /* up to SPAM_MAIL_MAX */
	bool has_class, is_spam;	     /* Message-class */
	bool set_local, set_remote, remove_local, remove_remote; /* TELL */
};

/* The first line. False: it is none. */
bool spamd_command_line(struct str line, struct spamd_request *out);
/* A header line, without its line end. NULL, or what is wrong with it. */
const char *spamd_header_line(struct str line, struct spamd_request *r);

/* What a worker serves with. */
struct spamd {
	const struct spam_rules *rules;
	const struct spam_network *network; /* NULL: local tests only */
	const char *hostname;
	bool allow_tell;
};

/*
 * Serves the connection; `a` is reset at its end. -1: it ended before the answer was sent. A mail
 * is learnt from after its answer.
 */
int spamd_serve(struct conn *c, struct arena *a, const struct spamd *s, struct err *e);
