/* Between the files of gw/check. */
#pragma once

#include "gw/check/check.h"
#include "lib/spf/spf.h"

/* An SPF check that is under way. */
struct check_spf {
	struct str domain;
	struct cidr_addr client;
	struct spf *spf;
};

struct check {
	struct arena *a;
	const struct check_facts *f;
	struct dns *d;
	const char *name; /* of the running row */
	bool waiting;     /* an answer is missing: it will be called again */
	VEC(struct check_spf) spf;
	struct check_findings *out;
};

struct check_row {
	const char *name;
	void (*run)(struct check *c);
};

extern const struct check_row check_rows[]; /* ends with name NULL */

void check_settings(struct check *c);
void check_relay(struct check *c);
void check_certs(struct check *c);
void check_clock(struct check *c);
void check_disks(struct check *c);
void check_backup(struct check *c);
void check_hostname(struct check *c);
void check_dns_lists(struct check *c);
void check_mx(struct check *c);
void check_sender_policy(struct check *c);
void check_dkim(struct check *c);
void check_dmarc(struct check *c);

void check_warn(struct check *c, struct str record, const char *fmt, ...) PRINTF(3, 4);
void check_fail(struct check *c, struct str record, const char *fmt, ...) PRINTF(3, 4);

/* Asks, and notes that the check waits if there is no answer yet. */
const struct dns_question *check_ask(struct check *c, struct str name, enum dns_type type);

/* Addresses that nobody outside can reach. */
bool check_is_private(const struct cidr_addr *addr);

/* The addresses that DNS gives to the gateway's name; only complete if the check does not wait. */
struct check_addrs {
	VEC(struct cidr_addr) list;
};
void check_own_addresses(struct check *c, struct check_addrs *out);
