/* How a profile's file is laid out. Private to gw/people. */
#pragma once

#include <lmdb.h>

#include "base/buf.h"
#include "gw/people/people.h"

/*
 * Tables of the file. A user's number is four bytes, the most significant first; a record is the
 * account, the dn and the three lists, in the order of struct people_user.
 */
#define PEOPLE_TABLE_MAILS "mails"	 /* address → number */
#define PEOPLE_TABLE_ACCOUNTS "accounts" /* account → number */
#define PEOPLE_TABLE_USERS "users"	 /* number → record */

enum {
	PEOPLE_TABLES = 3,
	PEOPLE_NUMBER = 4,
	PEOPLE_HASH = 32,
	PEOPLE_END = 8 + PEOPLE_HASH, /* after LMDB's pages: magic, SHA-256 of all before it */
};

#define PEOPLE_MAGIC "PMGLDAP1"

/* The name of the file, or an error if that cannot be the name of a profile. */
MUST_CHECK int people_path(struct arena *a, const char *dir, struct str profile, const char **out,
			   struct err *e);
bool people_is_profile(struct str name);

/* Puts a record into words and reads it again. A record that makes no sense is ERR_INVALID. */
void people_record_add(struct buf *b, const struct people_user *u);
MUST_CHECK int people_record_read(struct arena *a, struct str record, struct people_user *out,
				  struct err *e);

/* Runs SHA-256 over `n` bytes from the start of the file. */
MUST_CHECK int people_hash(int fd, size_t n, unsigned char hash[PEOPLE_HASH], struct err *e);

static inline MDB_val people_val(struct str s)
{
	return (MDB_val){ s.n, (void *)(uintptr_t)s.p };
}

static inline struct str people_str(MDB_val v)
{
	return (struct str){ v.mv_data, v.mv_size };
}
