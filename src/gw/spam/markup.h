/*
 * markup - what SpamAssassin writes into a mail it has checked, and how that is taken out again.
 *
 * Which header fields, which report and how spam is wrapped is said by the rule files (add_header,
 * report, report_safe, rewrite_header and their kin); spam-engine.md section 6 is the reference.
 * The gateway marks mails by rules of its own; this is for `pmgspam` and tools that speak to it.
 */
#pragma once

#include "gw/spam/spam.h"

enum {
	SPAM_REPORT_MAX = 1 << 20,  /* bytes of one report, or of one header field */
	SPAM_MARKUP_HEADERS_MAX = 100,
};

/* A mail and the verdict on it. */
struct spam_checked {
	struct str raw;
	const struct spam_rules *rules;
	const struct spam_result *result;
	struct str hostname;
	int64_t now;    /* seconds since 1970 */
	uint64_t unique; /* so that no boundary is guessed */
};

/*
 * The mail with its header fields, or for spam with report_safe the new mail that wraps it. Line
 * ends are the mail's. With `append` the report follows the body, as `spamassassin -t` has it:
 * directly, with its own line ends.
 */
MUST_CHECK int spam_markup(struct arena *a, const struct spam_checked *c, bool append,
			   struct str *out, struct err *e);

/* The report, as text. */
MUST_CHECK int spam_report(struct arena *a, const struct spam_checked *c, struct str *out,
			   struct err *e);

/* `text` with the tags of SpamAssassin's templates replaced, "_SCORE_ of _REQD_". */
MUST_CHECK int spam_expand(struct arena *a, const struct spam_checked *c, struct str text,
			   struct str *out, struct err *e);

/* The beginning of a mail up to the empty line that ends its header, and that line. */
struct str spam_mail_header(struct str raw);

/* The mail as it was before; of a mail without markup a copy. */
MUST_CHECK int spam_markup_remove(struct arena *a, struct str raw, struct str *out, struct err *e);
