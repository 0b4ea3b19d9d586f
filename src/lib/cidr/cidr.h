/*
 * cidr - IP addresses and networks.
 *
 * Text is read strictly: IPv4 as four octets without leading zeros, IPv6 as in RFC 4291 without
 * zone and without brackets. Output is canonical (RFC 5952).
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct cidr_addr {
	uint8_t family; /* 4 or 6 */
	uint8_t b[16];  /* network order; IPv4 uses the first four */
};

struct cidr {
	struct cidr_addr addr;
	uint8_t bits; /* 0..32 or 0..128 */
};

bool cidr_addr_parse(struct str s, struct cidr_addr *out);
struct str cidr_addr_text(struct arena *a, const struct cidr_addr *addr);

/* ::ffff:192.0.2.1, an IPv4 address written as an IPv6 one, as itself; others as they are. */
struct cidr_addr cidr_addr_unmapped(const struct cidr_addr *addr);

/* "[2001:db8::1]" or "192.0.2.1": as Postfix wants it. */
struct str cidr_addr_bracketed(struct arena *a, const struct cidr_addr *addr);

/* "ADDRESS/BITS"; host bits are kept. Says what is wrong with anything else. */
MUST_CHECK int cidr_parse(struct str s, struct cidr *out, struct err *e);

/* "192.0.2.0/24" or "[2001:db8::]/32"; without brackets if not `bracketed`. */
struct str cidr_text(struct arena *a, const struct cidr *net, bool bracketed);

/* The network with all host bits zero. */
struct cidr cidr_network(const struct cidr *net);

bool cidr_has_host_bits(const struct cidr *net);

/* Whether the address lies in the network; addresses of the other family never do. */
bool cidr_contains(const struct cidr *net, const struct cidr_addr *addr);

/* The network that holds this address alone. */
struct cidr cidr_host(const struct cidr_addr *addr);
