/* razor_int - what the files of lib/razor share. */
#pragma once

#include "lib/razor/razor.h"

enum {
	RAZOR_HASH = 20,        /* bytes of SHA-1 */
	RAZOR_HASH_DIGITS = 40, /* hex digits of it, all of which engine 4 takes */
};

/*
 * parts.c: header and body, divided by the first empty line, which carriage returns may be in;
 * without one all is header.
 */
void razor_halves(struct str text, struct str *header, struct str *body);
/* A header without its line ends before blanks. */
struct str razor_unfolded(struct arena *a, struct str header);

/* clean.c, html.c: a body without its transfer encoding, without tags, without its last ends. */
struct str razor_decoded(struct arena *a, struct str header, struct str body);
struct str razor_without_tags(struct arena *a, struct str header, struct str body);
struct str razor_without_end(struct str body);

/*
 * encode.c: SHA-1 of both together; the first `digits` hex digits of `hash` in the letters of
 * signatures; `s` with every `mark` that two hex digits follow as the byte that these name.
 */
void razor_hash(struct str x, struct str y, unsigned char hash[RAZOR_HASH]);
struct str razor_encode(struct arena *a, const unsigned char *hash, size_t digits);
struct str razor_unescaped(struct arena *a, struct str s, char mark);

/* text.c: engine 4; n = 0 if `ep4` makes no sense. */
struct str razor_text_signature(struct arena *a, struct str plain, struct str ep4);

/* hosts.c: the domains that `text` links to, as engine 8 sees them, each in the order found. */
struct razor_hosts {
	VEC(struct str) v;
};
struct razor_hosts razor_hosts(struct arena *a, struct str text);
struct str razor_host_signature(struct arena *a, struct str host, size_t length);

/* domains.c: of a host name, what was registered with a registry of its time. */
struct str razor_domain(struct str host);

/*
 * server.c: the value of `key` in `key=value&key=value`, of the last one if it is there several
 * times; false if it is not. Settings of a server, one by one; others are ignored.
 */
bool razor_value(struct arena *a, struct str line, const char *key, struct str *out);
void razor_server_set(struct arena *a, struct razor_server *s, struct str key, struct str value);
