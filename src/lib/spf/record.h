/*
 * record - the text of an SPF record, and the macros in it.
 */
#pragma once

#include "lib/spf/spf.h"

enum spf_mechanism {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
};

struct spf_term {
	struct str text;        /* as written */
	enum spf_result result; /* what its qualifier says */
	enum spf_mechanism mechanism;
	struct str domain;    /* a domain-spec with its macros; empty: the current domain */
	uint8_t bits4, bits6; /* a, mx */
	struct cidr net;      /* ip4, ip6 */
};

struct spf_record {
	struct spf_term *terms;
	size_t n;
	struct str redirect, exp; /* domain-specs; empty if there is none */
};

/* "v=spf1", alone or before a blank. */
bool spf_record_is(struct str text);

/* The whole record is read: what is wrong anywhere is ERR_INVALID. */
MUST_CHECK int spf_record_parse(struct arena *a, struct str text, struct spf_record *out,
				struct err *e);

/* What the letters of macros stand for. `host` finds the validated name of the client (%{p}). */
struct spf_macros {
	struct str sender, local, origin, domain, helo, receiver;
	struct cidr_addr client;
	int64_t now;
	enum spf_result (*host)(void *ctx, struct str *out); /* SPF_NONE, or SPF_PENDING */
	void *ctx;
};

/* Whether a text with macros is written as the grammar says; `exp` allows blanks, c, r and t. */
bool spf_macro_is_valid(struct str text, bool exp);

/*
 * Expands a valid text. SPF_PENDING if DNS has to answer first, SPF_PERMERROR if the result is
 * longer than `max`, else SPF_NONE.
 */
enum spf_result spf_macro_expand(struct arena *a, struct str text, const struct spf_macros *m,
				 size_t max, struct str *out);
