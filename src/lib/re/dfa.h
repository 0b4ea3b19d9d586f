/*
 * dfa - runs an automaton (nfa.h) over texts, as a deterministic one that is made as texts need it.
 * Private to lib/re.
 *
 * A state is what the patterns may be in the middle of; where a byte leads from a state is found
 * out once and then remembered, so that each further byte costs one look into a table. Ordinary
 * texts need some thousand states, most of them seldom, so only those that are seen often have a
 * row in the table. What is remembered belongs to the process, is limited, and is forgotten when it
 * is full; a text that fills it over and over is not worth the work and may match everything.
 */
#pragma once

#include "base/arena.h"
#include "lib/re/nfa.h"

enum {
	DFA_STATES_MAX = 8192,
	DFA_TABLE_MAX = 1 << 19,   /* bytes: of the rows */
	DFA_NUMBERS_MAX = 1 << 17, /* of which states are made */
	DFA_FILLED_MAX = 2,	   /* times in one scan */
};

struct dfa;

/* `nfa` stays where it is. Memory is only taken as it is used; it goes with the arena. */
struct dfa *dfa_make(struct arena *a, const struct nfa *nfa);

/*
 * Runs `n_d` automata over `n` texts. Sets the bits of their patterns that may match the first text
 * in the words at `maybe`, those of the next text `stride` words further, and so on (0: all in the
 * same). False if the texts take too much work: then nothing is known.
 */
bool dfa_scan(struct dfa *const *d, size_t n_d, const struct str *texts, size_t n,
	      uint64_t *maybe, size_t stride);
