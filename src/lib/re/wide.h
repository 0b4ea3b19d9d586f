/*
 * wide - a pattern made simpler, so that it matches all texts it did and perhaps more. Private to
 * lib/re.
 *
 * A set (set.h) need only rule texts out, so it can do with a wider pattern:
 *
 * - look-around is left out, references stand for anything, possessive quantifiers give back;
 * - many repetitions become "or more";
 * - anchors at the text mean its lines, since several texts are scanned at once, one per line;
 * - letters are written in all their cases and every set as its bytes, so that the meaning of
 *   caseless octets is ours (re.h).
 *
 * What it is then good for depends on its shape. Hyperscan looks for rows of letters first, and
 * takes anything that has them; it is slow with many patterns that have none, and large ones it
 * refuses or compiles for minutes. A deterministic automaton of ours (nfa.h) takes those, but not
 * patterns that may go on for long with any text. What is neither is left to Hyperscan if it is
 * small, else to our automaton.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum {
	WIDE_PATTERN_BYTES_MAX = 1000, /* for Hyperscan, repetitions counted */
	WIDE_DEPTH_MAX = 250,	       /* nested groups */
};

struct wide;

enum wide_way {
	WIDE_NEITHER,
	WIDE_PATTERN,	   /* wide_write(), for Hyperscan with HS_FLAG_MULTILINE */
	WIDE_WEAK_PATTERN, /* the same, but better in an automaton if there are several */
	WIDE_AUTOMATON,	   /* wide_for_automaton() and nfa_add(), with others */
	WIDE_LARGE_AUTOMATON, /* the same, only with large ones */
	WIDE_WAYS,
};

/*
 * `pattern` and `flags` as of re_compile(), which has taken them. NULL and WIDE_NEITHER if nothing
 * useful is left: it would match the empty text, or has something in it that is not understood.
 */
struct wide *wide_read(struct arena *a, struct str pattern, unsigned flags, enum wide_way *way);

/* Counts repetitions less far, which spares an automaton states. */
void wide_for_automaton(struct wide *w, enum wide_way way);

/*
 * In Hyperscan's syntax. `edges`: with anchors and word boundaries, which it does not take
 * everywhere. False if it is too long.
 */
bool wide_write(struct arena *a, const struct wide *w, bool edges, struct str *out);
