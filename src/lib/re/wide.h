/*
 * wide - a pattern made simpler, so that it matches all texts it did and perhaps more. Private to
 * lib/re.
 *
 * Hyperscan knows neither look-around nor references nor possessive quantifiers, and large patterns
 * take it minutes to compile. It need only rule texts out, so it gets a wider pattern:
 *
 * - what it does not know is left out (assertions) or stands for anything (references);
 * - many repetitions become "or more", and of a large pattern the beginning is enough;
 * - anchors at the text mean its lines, since several texts are scanned at once, one per line;
 * - letters are written in all their cases and every set as its bytes, so that the meaning of
 *   caseless octets is ours (re.h) and no flag is needed but HS_FLAG_MULTILINE.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum {
	RE_WIDE_BYTES_MAX = 1000, /* of a pattern, repetitions counted; a larger one is cut */
	RE_WIDE_CUT_TO = 300,
	RE_WIDE_DEPTH_MAX = 250, /* nested groups */
};

/*
 * `pattern` and `flags` as of re_compile(), which has taken them. `edges`: with anchors and word
 * boundaries, which Hyperscan does not take everywhere. False if nothing useful is left: it would
 * match the empty text, or has something in it that is not understood.
 */
bool re_widen(struct arena *a, struct str pattern, unsigned flags, bool edges, struct str *out);
