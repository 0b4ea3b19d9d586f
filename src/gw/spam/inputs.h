/*
 * inputs - the rules whose patterns are held against the same text, and which of them may match.
 *
 * An input is a text of the mail that many patterns look at: the body, the URIs, the raw body, one
 * header. When the compiled sets are there (compiled.h), one scan of the text rules most of its
 * patterns out; without them every pattern may match. PCRE2 decides in both cases, so the answers
 * are the same.
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/ruleset.h"
#include "lib/re/set.h"

enum {
	INPUT_SCANNED_MIN = 4, /* fewer patterns than this are tried one by one */
	INPUT_EACH_MAX = 1 << 17, /* words of bits for telling the texts of a mail apart */
};

/* ruleset.c: gives every rule with a pattern its input. */
void inputs_make(struct spam_conf *c, struct spam_rules *rs);

/* Is it worth a set? */
bool input_is_scanned(const struct rule_input *in);

/* What one mail's text of an input has turned out to be. */
struct input_scan {
	const void *text;
	uint64_t *maybe;
	uint64_t *each; /* by text; NULL: there are one or too many */
};

/*
 * False only if the rule's pattern matches none of the texts. `scans`: one for each input of the
 * rule set, zero at first; `a` is the mail's. Texts at another address are scanned anew.
 */
bool input_may_match(struct arena *a, const struct spam_rules *rs, struct input_scan *scans,
		     const struct rule *r, const struct str *texts, size_t n);

/* The same of one of the texts; true if it is not known. */
bool input_may_match_text(const struct spam_rules *rs, const struct input_scan *scans,
			  const struct rule *r, const struct str *texts, size_t k);
