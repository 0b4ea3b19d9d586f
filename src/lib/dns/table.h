/*
 * table - a resolver for tests, which knows what it has been told.
 *
 * Nothing is answered before somebody waits, and then one question at a time, the oldest first, so
 * that whoever cannot be called twice is found out. It never waits for real.
 */
#pragma once

#include "base/vec.h"
#include "lib/dns/dns.h"

struct dns_table_row {
	struct str name;
	enum dns_type type;
	enum dns_status status; /* DNS_OK: `record`; else what the question ends with */
	bool any_type;
	struct str primary;
	struct dns_record record;
};

struct dns_table {
	struct dns_resolver resolver; /* &t->resolver is what dns_open() wants */
	struct arena *a;
	VEC(struct dns_table_row) rows;
	VEC(struct dns_question *) asked; /* everything, in order; the first `answered` have been */
	struct arena *asker;
	size_t answered;
};

void dns_table_init(struct dns_table *t, struct arena *a);

/*
 * One row: a type and its value as a master file has it (MX "10 host."; a text without quotation
 * marks; a dot at the end of names may be left out), or a failure of all types of the name:
 * "TIMEOUT", "SERVFAIL", "REFUSED", "NXDOMAIN". Texts are copied. A name with rows of other types
 * only has no data, one without rows does not exist; an empty value makes a name exist (and is a
 * text of its own with TXT). "SOA" also names the primary server in negative answers. CNAMEs are
 * followed. False for a type or value that is none of these.
 */
bool dns_table_add(struct dns_table *t, struct str name, struct str type, struct str value);
