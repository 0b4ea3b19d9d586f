/*
 * who_index - which of thousands of addresses, domains and expressions have to do with somebody.
 * Private to gw/rules.
 *
 * Built once for a rule set. Asked about a person, it says at once in which groups an address or a
 * domain is the person's, and which expressions can match at all; matching still asks those. It
 * changes no answer, only what it costs to find it.
 */
#pragma once

#include "gw/rules/rules_int.h"

struct who_index;

/* Bits: groups by their place in the set, expressions by rule_object.index. */
struct who_hits {
	const uint64_t *groups, *patterns;
};

struct who_index *who_index_make(struct arena *a, const struct rules *r);

struct who_hits who_index_ask(const struct who_index *x, struct arena *a, struct str address);

static inline bool who_bit(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}
