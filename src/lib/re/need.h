/*
 * need - what a text must contain for a pattern to match it. Private to lib/re.
 *
 * A walk over the pattern finds sets of literals: every match contains at least one of each. Case
 * and all assertions are ignored, which can only make the sets too generous. Each literal is kept
 * as the hashes of its three-byte sequences, to be looked up in a `struct re_grams`.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Sets: how many numbers follow; in them literals: how many hashes, and these. `n` in all. */
struct re_need {
	const uint16_t *p;
	size_t n;
};

/* An empty need (n = 0) if nothing useful was found: then everything is possible. */
struct re_need re_need_find(struct arena *a, struct str pattern, bool extended);

/* The case that literals and texts are compared in: ASCII and Latin-1 letters are lower. */
static inline uint8_t re_fold(uint8_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7))
		return c + 0x20;
	return c;
}

/* Which bit stands for three folded bytes. */
static inline uint16_t re_gram(uint32_t three)
{
	return (uint16_t)((three * 0x9e3779b1u) >> 16);
}
