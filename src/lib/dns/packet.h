/*
 * packet - questions and answers as bytes (RFC 1035, EDNS of RFC 6891).
 *
 * The reader trusts nothing: every length is held against the packet, a compressed name may only
 * point backwards, and the limits of dns.h hold before memory is taken.
 */
#pragma once

#include "lib/dns/dns.h"

enum {
	DNS_PACKET_MAX = 65535,
	DNS_QUERY_MAX = 12 + DNS_NAME_MAX + 2 + 4 + 11,
	DNS_UDP_MAX = 1232, /* what we offer to take over UDP: fits everywhere unfragmented */
};

/* The question as a packet; its name is valid. Returns the length. */
size_t dns_packet_query(const struct dns_question *q, uint16_t id, uint8_t out[DNS_QUERY_MAX]);

/*
 * Reads an answer into `q`, whose status is then anything but DNS_PENDING. Records count only if
 * they belong to the name asked for or to what its CNAMEs lead to.
 */
void dns_packet_answer(struct arena *a, struct str packet, struct dns_question *q);
