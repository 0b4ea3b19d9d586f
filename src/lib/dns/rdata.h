/*
 * rdata - the types of records: their names, and what their data look like. Private to lib/dns.
 */
#pragma once

#include "lib/dns/wire.h"

/*
 * Reads the data of a record of that type, which `w` is before and which end at `end`. False if
 * they are not what the type promises; *cut if they are too long.
 */
bool rdata_read(struct arena *a, struct wire *w, size_t end, enum dns_type type,
		struct dns_record *out, bool *cut);
