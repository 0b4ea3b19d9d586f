/*
 * pyzor - what many others have reported: the digest of a mail's text, and one question over UDP.
 *
 * The digest leaves out what differs between copies of one mail (addresses, links, long words,
 * short lines) and is SHA-1 over the rest, or over six lines of a longer text. It is the one of
 * Pyzor 1.0, whose client judges the tests.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

enum {
	PYZOR_PORT = 24441,
	PYZOR_PACKET_MAX = 8192,
	PYZOR_LINES_MAX = 100000, /* of one mail; later ones are left out */
	PYZOR_DIGEST = 40,        /* hex digits */
};

/* Starts zeroed, but for the arena. */
struct pyzor_text {
	struct arena *a;
	VEC(struct str) lines;
};

/*
 * The parts of a mail in their order: texts without their transfer encoding, `charset` empty if
 * none is named; HTML is taken apart. Other parts go in as they came, as text without a charset.
 */
void pyzor_add(struct pyzor_text *t, struct str text, struct str charset, bool is_html);

/* Hex digits in lower case. */
struct str pyzor_digest(const struct pyzor_text *t);

/*
 * The question how often `digest` was reported, of nobody in particular; `thread` (1024 and above)
 * is repeated by the answer, `now` is in seconds since 1970.
 */
struct str pyzor_question(struct arena *a, struct str digest, uint16_t thread, int64_t now);

struct pyzor_answer {
	int64_t reported, welcome;
};

/* False if `packet` is no answer to that question, or an error. */
bool pyzor_answer_read(struct str packet, uint16_t thread, struct pyzor_answer *out);
