/*
 * set - many patterns, one look at the text: which of them may match?
 *
 * A set rules patterns out; what is left must still be asked (re_match() and its like decide).
 * Every pattern is made wider (wide.h). Those with letters in a row go into one Hyperscan database,
 * which looks for the letters first; the others, and large ones, into automata of ours (nfa.h). One
 * pass of each over the text finds the patterns that may match. What neither takes is always among
 * these.
 *
 * Compiling takes from milliseconds to a minute, so its result is bytes that can be kept in a file.
 * They depend on the version of Hyperscan and on the processor (re_set_platform()), and they are
 * not checked as strangers' bytes would have to be: load only what a trusted process has written.
 *
 * A loaded set may be shared across fork(). Scanning uses memory of the process: scratch that it
 * has once for all sets, and what the automata have learnt about texts (dfa.h). Processes have no
 * threads here.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "lib/re/re.h"

enum {
	RE_SET_PATTERNS_MAX = 1 << 20,
	RE_SET_TEXT_MAX = 256 << 20, /* bytes in one scan; beyond, everything may match */
};

struct re_set;

/* How many words of 64 bits hold a bit for each of `n` patterns. */
static inline size_t re_set_words(size_t n)
{
	return (n + 63) / 64;
}

/* What compiled sets depend on besides their patterns, as bytes to be hashed. */
void re_set_platform(struct buf *b);

/*
 * Compiles the patterns, none of which was made with RE_ONCE. ERR_LIMIT over RE_SET_PATTERNS_MAX,
 * ERR_SYS where the processor is too old for Hyperscan or memory is short.
 */
MUST_CHECK int re_set_compile(struct arena *a, const struct re *const *patterns, size_t n,
			      struct str *out, struct err *e);

/*
 * Loads what re_set_compile() has given for `n` patterns. ERR_INVALID if it was made for others,
 * for another processor or by another version, or is not whole.
 */
MUST_CHECK int re_set_load(struct arena *a, struct str bytes, size_t n, struct re_set **out,
			   struct err *e);

/*
 * Sets the bits (re_set_words() words) of the patterns that may match one of the texts and clears
 * all others. Without texts no pattern can. `each`: NULL, or room for as many words for each text,
 * which say the same of that text. `a` is used in between only.
 */
void re_set_scan(const struct re_set *set, struct arena *a, const struct str *texts, size_t n,
		 uint64_t *maybe, uint64_t *each);

/* Bit `i` of such words. */
static inline bool re_set_bit(const uint64_t *words, size_t i)
{
	return words[i >> 6] >> (i & 63) & 1;
}
