/*
 * nfa - wide patterns as one nondeterministic automaton. Private to lib/re.
 *
 * Thompson's construction: nodes that take a byte, fork, or ask what is on either side of a place.
 * The automaton is made once, kept as bytes in a file, and never changes after; dfa.h runs it.
 *
 * Octets from 80 on count in blocks of eight: whoever takes one takes all of its block. That lets
 * a little more through and keeps the classes of bytes few.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "lib/re/wide_int.h"

enum {
	NFA_NODES_MAX = 1 << 16, /* of all patterns together */
	NFA_SETS_MAX = 1 << 14,
	NFA_PATTERNS_MAX = 16,
};

enum nfa_op {
	NFA_BYTE, /* takes a byte of set `arg`, then `next` */
	NFA_FORK, /* `next` and `arg` */
	NFA_LINE_START,
	NFA_LINE_END,
	NFA_WORD_EDGE,
	NFA_NO_WORD_EDGE,
	NFA_MATCH, /* of pattern `arg` */
	NFA_OPS,
};

struct nfa_node {
	uint32_t op, next, arg;
};

/* What a byte is to the questions about places. */
enum nfa_kind { NFA_OTHER, NFA_NEWLINE, NFA_WORD, NFA_KINDS };

struct nfa {
	uint32_t n_nodes, n_sets, n_starts, n_classes;
	uint8_t class_of[256]; /* bytes that no node tells apart */
	uint8_t kind_of[256];  /* of a class: enum nfa_kind */
	const struct nfa_node *nodes;
	const struct wide_set *sets; /* of classes */
	const uint32_t *starts;	     /* the beginning of each pattern */
};

/* Patterns on their way into an automaton; zero at first. */
struct nfa_builder {
	VEC(struct nfa_node) nodes;
	VEC(struct wide_set) sets; /* of bytes */
	VEC(uint32_t) starts;
	uint32_t *slots; /* hash table of nodes */
};

/* False, and nothing has changed, if there is no room for it. */
bool nfa_add(struct nfa_builder *b, struct arena *a, const struct wide *w, uint32_t pattern);

/* The finished automaton as bytes. */
void nfa_write(const struct nfa_builder *b, struct buf *out);

/*
 * Reads it again; it refers to `bytes`, which are aligned for 64 bits. `n`: of patterns.
 * ERR_INVALID if it is not whole or refers to what is not there.
 */
MUST_CHECK int nfa_read(struct str bytes, size_t n, struct nfa *out, struct err *e);
