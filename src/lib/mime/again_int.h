/*
 * again_int - a search for readings under way: again.c (trees), leaves.c (what is new in them),
 * hidden.c (what leaves hide).
 */
#pragma once

#include "base/map.h"
#include "lib/mime/mime_int.h"
#include "lib/mime/readings.h"

struct again {
	struct arena *a;
	const struct mime *root;
	const struct mime_limits *lim;
	struct mime_readings *out;
	struct map contents; /* key of a body -> struct mime, the first leaf that has it */
	struct map leaves;   /* the same with type and names */
	struct str raw_lf;   /* the message with an LF for each bare CR */
	uint32_t queue[MIME_READ_AGAIN_MAX];
	unsigned queued;
	size_t bytes; /* still to be looked at in leaves */
	int64_t work; /* still to be done in parses */
	VEC(struct mime_reading) found;
	const struct mime *from; /* what is looked into */
	struct str place;	 /* where what is found there stands in the message */
};

/* leaves.c: a leaf of the tree itself. */
void again_know(struct again *x, const struct mime *m);

/* Adds a leaf of another tree, or made of one, unless it is known; false then. */
bool again_add(struct again *x, const struct mime *m, struct str place, const char *how);

/* Where a part of another tree, or what it was decoded from, stands in the message. */
struct str again_place(const struct again *x, const struct mime *m);

/* hidden.c: the other contents of a leaf; files in texts, preambles and epilogues. */
void again_look_into(struct again *x, const struct mime *m, struct str place);
