/*
 * check - what an administrator has to put right, in plain words: `pmgconfig check`.
 *
 * What there is to know about the machine is gathered first (check_facts_read()), what others see
 * of it is asked of DNS. Each check is a function over both, one row of a table: it asks what it
 * needs, and when an answer is missing it is called again later. So all questions are under way
 * together, and tests need neither a machine nor a network.
 *
 * A finding is a warning (mail flows, but worse than it could, or not for long) or an error (mail
 * is lost, refused or let through). Where a record is missing in DNS, it comes with it.
 */
#pragma once

#include "gw/cfg/lists.h"
#include "gw/signing/signing.h"
#include "lib/dmarc/dmarc.h"
#include "lib/dns/dns.h"

enum {
	CHECK_DOMAINS_MAX = 100, /* relay domains that are looked at */
	CHECK_CERT_DAYS = 21,    /* a certificate that expires within so many is a warning */
	CHECK_DISK_WARNING = 15, /* percent that are free */
	CHECK_DISK_ERROR = 5,
	CHECK_BACKUP_DAYS = 31, /* an older backup is a warning */
	CHECK_OUTPUT_MAX = 4 * 1024 * 1024,
};

enum check_level { CHECK_OK, CHECK_WARNING, CHECK_ERROR };

struct check_finding {
	const char *check; /* the row's name */
	enum check_level level;
	struct str text;   /* one or more sentences */
	struct str record; /* to paste into a zone file; may be empty */
};

struct check_findings {
	VEC(struct check_finding) list;
};

struct check_cert {
	const char *path;
	struct str problem; /* why it cannot be read; else empty */
	int64_t expires;    /* seconds since 1970 */
};

struct check_disk {
	const char *path;
	unsigned spare; /* percent for those without privileges; of bytes or inodes, what is less */
};

struct check_facts {
	int64_t now; /* seconds since 1970 */
	const struct cfg *cfg;
	const struct cfg_lists *lists;
	const struct signing_keys *keys;
	const struct dmarc_suffixes *suffixes;
	VEC(struct check_cert) certs;
	VEC(struct check_disk) disks;
	bool clock_adrift; /* nothing keeps it right */
	int64_t backup;    /* when the newest was made; 0: there is none */
};

/* Of this machine; what cannot be found out is a fact too. `cfg_env` as for cfg_load(). */
MUST_CHECK int check_facts_read(struct arena *a, const struct cfg_env *cfg_env, int64_t now,
				struct check_facts *out, struct err *e);

/* All checks, until `deadline` (net_now()). *out is in the order of the table. */
void check_run(struct arena *a, const struct check_facts *f, struct dns *d, int64_t deadline,
	       struct check_findings *out);

/* The worst of them. */
enum check_level check_worst(const struct check_findings *found);

/*
 * For people: a paragraph each, and "ok" for each check that found nothing. For programs: one
 * object {"status", "checks": {NAME: LEVEL}, "findings": [{"check", "level", "text", "record"}]}.
 */
struct str check_text(struct arena *a, const struct check_findings *found);
struct str check_json(struct arena *a, const struct check_findings *found);
