/*
 * pattern - what can be told about a regular expression by reading it and by trying it: that it can
 * match nothing, that it takes far too long. Private to gw/rules.
 *
 * Only what is certain is told. A pattern with something in it that is not understood here (options
 * in the middle, conditions, recursion) is simply not judged.
 */
#pragma once

#include "gw/rules/rules_int.h"

enum {
	PATTERN_NODES_MAX = 4096,  /* pieces of a pattern that is judged */
	PATTERN_DEPTH_MAX = 50,	   /* nested groups */
	PATTERN_ATTACKS_MAX = 100, /* texts that are tried */
};

struct pattern;

/* NULL if it is not understood. */
struct pattern *pattern_read(struct arena *a, const struct rule_regex *regex);

/* No text at all can match. */
bool pattern_matches_nothing(const struct pattern *p);

/*
 * Finds a text of at most regex->max bytes on which matching gives up: repetitions are fed with
 * what they repeat, as often as there is room, and with an end that does not fit. False: none was
 * found.
 */
bool pattern_gives_up(const struct pattern *p, struct str *text);
