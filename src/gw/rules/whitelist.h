/*
 * whitelist - the SMTP whitelist: senders, clients and receivers that are spared all tests before
 * a mail is accepted (manual 4.7; database.md §3, groups of class greylist).
 *
 * Sender kinds are the who objects of the rules, held against the sender's address and the client's
 * IP address; receiver kinds are the same patterns under numbers of their own.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/cidr/cidr.h"

struct db;
struct whitelist;

enum {
	WHITELIST_OBJECTS_MAX = 100000,
	WHITELIST_LINE_MAX = 8192,              /* bytes of a line of Postfix's tables */
	WHITELIST_TABLE_MAX = 16 * 1024 * 1024, /* bytes of such a table */
};

struct whitelist_row {
	int64_t id, otype;
	struct str value; /* the exact bytes; must live as long as the whitelist */
};

/*
 * An object that cannot be understood whitelists nobody: there is a warning in the log, and the
 * others count. ERR_LIMIT over WHITELIST_OBJECTS_MAX.
 */
MUST_CHECK int whitelist_build(struct arena *a, const struct whitelist_row *rows, size_t n,
			       struct whitelist **out, struct err *e);

/* All objects as they are in the database; fails as db_run() does. */
MUST_CHECK int whitelist_read(struct arena *a, struct db *db, struct whitelist_row **rows,
			      size_t *n, struct err *e);

/* Both. */
MUST_CHECK int whitelist_load(struct arena *a, struct db *db, struct whitelist **out,
			      struct err *e);

/*
 * The same objects as tables of Postfix (policy.md section 7): addresses as `regexp`, clients as
 * `cidr`, each line once, sorted. Patterns see addresses as they are, not as greylisting does. What
 * cannot be said in a table (LDAP; what only Perl's expressions can) is left out, with a notice.
 */
struct whitelist_tables {
	struct str senders, receivers; /* KEY OK */
	struct str clients;            /* KEY OK */
	struct str postscreen;         /* KEY permit, for the same keys */
};

MUST_CHECK int whitelist_tables(struct arena *a, const struct whitelist_row *rows, size_t n,
				struct whitelist_tables *out, struct err *e);

/* `client` is NULL if the address is none. The empty sender is an address, too. */
bool whitelist_has_sender(const struct whitelist *w, struct str sender, struct str client_text,
			  const struct cidr_addr *client);
bool whitelist_has_receiver(const struct whitelist *w, struct str receiver);
