/*
 * wire - reading the bytes of a packet: numbers and names (RFC 1035, 4.1.4).
 *
 * Nothing is trusted: every length is held against the packet, and a compressed name may only
 * point backwards. A reader that returns false leaves the cursor anywhere. Private to lib/dns.
 */
#pragma once

#include "base/buf.h"
#include "lib/dns/dns.h"

enum {
	WIRE_HEADER = 12,                 /* no name begins before its end */
	WIRE_NAME_MAX = DNS_NAME_MAX + 2, /* bytes, those for lengths and the root included */
};

/* A place in the packet. */
struct wire {
	struct str packet;
	size_t at;
};

/* A name: labels, each behind its length. */
struct wire_name {
	uint8_t p[WIRE_NAME_MAX];
	size_t n;
};

bool wire_bytes(struct wire *w, size_t n, const uint8_t **out);
bool wire_8(struct wire *w, uint8_t *out);
bool wire_16(struct wire *w, uint16_t *out);
bool wire_32(struct wire *w, uint32_t *out);

/* The cursor moves behind the name, wherever its pointers lead. */
bool wire_name(struct wire *w, struct wire_name *out);

/* A valid name of ours (dns.h). */
struct wire_name wire_name_of(struct str text);

/* Letters match in both cases. */
bool wire_name_eq(const struct wire_name *x, const struct wire_name *y);

/*
 * As dns.h has names: lower case, no dot at the end; bytes that are no printable ASCII, a dot or a
 * backslash within a label come out as \DDD.
 */
struct str wire_name_host(struct arena *a, const struct wire_name *name);

/* As a master file has it (RFC 1035, 5.1): case kept, a dot at the end, "\." for one in a label. */
void wire_name_add(struct buf *b, const struct wire_name *name);
