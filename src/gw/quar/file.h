/*
 * file - the files of a quarantine, by the names that the database has for them.
 *
 * A name from the database is not trusted: only STORE/HH/ID and cluster/N/STORE/HH/ID below the
 * spool, with STORE one of spam, virus and attachment, HH two and ID some upper case hex digits,
 * is ever touched (filter.md §3), and no symbolic link is followed below the spool's root.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* More than spool ids have today: 64 bits of inode, 32 of seconds, 5 digits. */
enum { QUAR_FILE_ID_MAX = 32, QUAR_FILE_NAME_MAX = 96 };

/* Whether `file` is the name of a file that can be in a quarantine. */
bool quar_file_is_name(struct str file);

/*
 * The bytes of that regular file below `spool`, mapped for as long as the arena lives. ERR_INVALID
 * for any other name, ERR_NOTFOUND if there is no such file.
 */
MUST_CHECK int quar_file_map(struct arena *a, const char *spool, struct str file, struct str *out,
			     struct err *e);

/* Removes the file; it is no error if it is gone already. ERR_INVALID as above. */
MUST_CHECK int quar_file_remove(const char *spool, struct str file, struct err *e);
