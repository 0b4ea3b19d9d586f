/* A regular expression as a tree. Private to pattern.c and judge.c. */
#pragma once

#include "gw/rules/pattern.h"

#define PATTERN_ANY SIZE_MAX /* {n,} */

enum pattern_kind {
	NODE_BYTE,    /* one byte: `sample` is one it matches */
	NODE_NOTHING, /* a byte that does not exist */
	NODE_EMPTY,   /* matches without taking anything, or not: look-around, word boundary */
	NODE_START,
	NODE_END,
	NODE_GROUP,
};

struct pattern_node;

struct pattern_sequence {
	struct pattern_node *p;
	size_t n, cap;
};

struct pattern_node {
	enum pattern_kind kind;
	size_t min, max; /* how often */
	char sample;
	bool line_end; /* can match a line end */
	VEC(struct pattern_sequence) alternatives;
};

struct pattern {
	struct arena *a;
	struct rule_regex regex;
	struct pattern_node root;
};
