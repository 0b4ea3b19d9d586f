/*
 * text - octets of declared, wrong or no charset as text, the way SpamAssassin guesses (§3.2, 3.3),
 * and the encoded words of headers.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum spam_text_trust {
	SPAM_TEXT_GUESS,  /* UTF-8 comes first, and a declared charset must fit */
	SPAM_TEXT_INSIST, /* the declared charset if it is known at all, with U+FFFD where it fails
			   */
};

/*
 * `octets`, declared to be in `charset` (STR_NONE: us-ascii), as UTF-8; `octets` itself if nothing
 * had to be decoded. Returns whether something was: see struct spam_text.
 */
bool spam_text_decode(struct arena *a, struct str octets, struct str charset,
		      enum spam_text_trust trust, struct str *out);

/*
 * The value of header field `name` as rules see it: `raw` without folds and without white space at
 * its ends, valid UTF-8, RFC 2047 words decoded unless the field is one that has none.
 */
struct str spam_header_decoded(struct arena *a, struct str name, struct str raw);

/* The same for a value that is not folded: a display name. */
struct str spam_words_decoded(struct arena *a, struct str name, struct str value);

/*
 * Length of the white space character at the front of the UTF-8 text `s`, 0 if there is none; only
 * ASCII counts unless `wide`.
 */
size_t spam_space_at(struct str s, bool wide);

/* Characters in the UTF-8 text `s`; octets that hold the first `n` of them. */
size_t spam_chars(struct str s);
size_t spam_chars_end(struct str s, size_t n);

/*
 * Characters 80 to FF as one octet each, in place: text that was never decoded. Returns the new
 * length.
 */
size_t spam_narrow(char *p, size_t n);
