/*
 * people - whose address is this: what the LDAP servers said, from a copy on this machine.
 *
 * Each LDAP profile has one file, PEOPLE_DIR/<profile>.mdb, which a synchronisation writes aside
 * and renames into place; it is never changed afterwards. No mail waits for a server: questions are
 * answered from these files alone, and people_refresh() takes up those that were replaced.
 *
 * A file is LMDB's, followed by its length and SHA-256. It is held against them before anything in
 * it is followed, because LMDB trusts what it maps. One that is cut, damaged or of another kind is
 * an err line, and its profile is PEOPLE_BROKEN until the next synchronisation: neither does it
 * have an address nor can anybody say that it has not.
 *
 * Addresses and accounts know no case and are kept in lower case; names of groups are compared
 * byte by byte (config.md §10).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define PEOPLE_DIR "/var/lib/pmg/ldap"

enum {
	PEOPLE_PROFILES_MAX = 64,      /* files that are looked at */
	PEOPLE_PROFILE_NAME_MAX = 64,  /* bytes of a profile's name */
	PEOPLE_KEY_MAX = 320,	       /* bytes of an address or an account */
	PEOPLE_NAME_MAX = 4096,	       /* bytes of a distinguished name */
	PEOPLE_LIST_MAX = 10000,       /* addresses, accounts or groups of one user */
	PEOPLE_RECORD_MAX = 4 << 20,   /* bytes of all that is known about one user */
	PEOPLE_FILE_MAX = 1 << 30,     /* bytes of one file */
};

struct people;

struct people_list {
	struct str *p;
	size_t n;
};

struct people_user {
	struct str account, dn;	       /* as the server writes them */
	struct people_list addresses;  /* the first is the primary one; at least one */
	struct people_list accounts;   /* all names that the user can be called by in a rule */
	struct people_list groups;     /* distinguished names */
};

enum people_answer {
	PEOPLE_NO,
	PEOPLE_YES,
	PEOPLE_ABSENT, /* there is no such profile */
	PEOPLE_BROKEN, /* the file of the profile cannot be used */
};

/* Lives as long as `a`, and asks nothing before the first refresh. Not to be shared by fork(). */
struct people *people_open(struct arena *a, const char *dir);

/* Takes up what came, changed or went. Cheap where nothing did. Logs files that cannot be used. */
void people_refresh(struct people *p);

/*
 * In every profile if `profile` is empty: one that has the address is enough for PEOPLE_YES, but
 * only if all of them could be asked, and there is one, is the answer PEOPLE_NO.
 */
enum people_answer people_has(const struct people *p, struct str profile, struct str address);

/* Whether the user with that address is a member of the group; has that account. */
enum people_answer people_in_group(const struct people *p, struct str profile, struct str group,
				   struct str address);
enum people_answer people_has_account(const struct people *p, struct str profile,
				      struct str account, struct str address);

/* The user with that address of the first profile, by name, that knows it; false: none does. */
bool people_find(const struct people *p, struct arena *a, struct str address,
		 struct str *profile, struct people_user *out);

/* The user's primary address, or the address itself in lower case if nobody is known by it. */
struct str people_primary(const struct people *p, struct arena *a, struct str address);

/*
 * A new file for a profile. Until people_write_end() nothing changes for readers; if the arena goes
 * before that, what was written goes, too.
 */
struct people_writer;
MUST_CHECK int people_write(struct arena *a, const char *dir, struct str profile,
			    struct people_writer **out, struct err *e);

/*
 * ERR_INVALID, with the reason, if such a user cannot be kept; the others still can. An address or
 * account that an earlier user has stays with that one.
 */
MUST_CHECK int people_write_user(struct people_writer *w, const struct people_user *u,
				 struct err *e);

/* Makes the file durable and puts it in its place, mode 0640. */
MUST_CHECK int people_write_end(struct people_writer *w, struct err *e);
