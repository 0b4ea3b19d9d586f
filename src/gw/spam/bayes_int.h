/*
 * What the makers of tokens share. Private to gw/spam.
 */
#pragma once

#include "gw/spam/bayes.h"

/* Tokens on their way into the set. */
struct bayes_collector {
	struct arena *a;
	const struct bayes_conf *c;
	struct map *out;
	char *scratch; /* a line while it is taken apart */
	size_t scratch_cap;
};

/* How the words of a text become tokens. */
struct bayes_style {
	const char *prefix;
	bool sentences; /* a capital at the start of one is as good as a small letter */
	bool addresses; /* parts of addresses and host names are tokens too */
	bool whole;     /* long words are kept */
	bool variants;  /* without punctuation and in small letters too */
	size_t max;     /* tokens of this source */
};

/* bayes_line.c: the tokens of one line or header value. `left`: how many more may come. */
void bayes_line(struct bayes_collector *bc, struct str line, const struct bayes_style *style,
		struct str prefix, size_t *left);

/* bayes_chew.c: header values in the form that makes good tokens. */
struct str bayes_chew_addresses(struct arena *a, struct str raw);
struct str bayes_chew_message_id(struct arena *a, struct str value);
struct str bayes_chew_received(struct arena *a, struct str value);
struct str bayes_chew_content_type(struct arena *a, struct str value);
struct str bayes_chew_relays(struct arena *a, struct str value);

/* bayes_header.c */
void bayes_headers(struct bayes_collector *bc, struct spam_message *m);
