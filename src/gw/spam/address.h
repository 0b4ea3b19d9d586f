/*
 * address - the addresses in a header as SpamAssassin reads them: names and addresses that a strict
 * parser would refuse are kept, and nested comments are not understood.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct spam_address {
	struct str phrase, addr; /* p == NULL: there is none */
};

struct spam_addresses {
	const struct spam_address *v;
	size_t n;
};

/* `value` is a raw header value. Something that is no address at all is a phrase. */
struct spam_addresses spam_addresses_read(struct arena *a, struct str value);
