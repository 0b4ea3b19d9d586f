/*
 * magic - the content type of bytes and of file names.
 *
 * Reads the two files that Debian's shared-mime-info compiles from every installed package: `magic`
 * (which bytes at which offset mean which type) and `globs2` (which file names do). The database is
 * loaded once per generation, never changes and is shared by the workers after fork. The types are
 * those of shared-mime-info, which rules are written with, after magic_canonical().
 *
 * What is looked at is hostile, what is loaded need not be right either: a broken file is an error
 * that names the file and the offset or line.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define MAGIC_DIR "/usr/share/mime"

enum {
	MAGIC_FILE_MAX = 8 << 20,   /* bytes of either file */
	MAGIC_EXTENT_MAX = 1 << 20, /* a rule may look no further into the content than this */
	MAGIC_DEPTH_MAX = 32,       /* nesting of rules */
	MAGIC_NAME_MAX = 1024,      /* of a longer file name only the last bytes count */
};

struct magic;

/* Reads `dir`/magic and `dir`/globs2. ERR_INVALID says where a file is broken. */
MUST_CHECK int magic_load(struct arena *a, const char *dir, struct magic **out, struct err *e);

/* How many leading bytes of a content the loaded rules can look at; never more than the limit. */
size_t magic_head(const struct magic *m);

/*
 * The type of content that begins with `head`, which should hold magic_head() bytes or all there
 * are; further ones do no harm. The first rule that matches wins, in the file's order, that is by
 * falling priority. Where none does: "application/x-zerosize" for no bytes at all, "text/plain" if
 * none of the first 128 bytes is a control character other than tab, LF, FF, CR and ESC, else
 * "application/octet-stream". Never empty; the result lives as long as the database.
 */
struct str magic_of_bytes(const struct magic *m, struct str head);

/*
 * The type that a file name (without directories) promises, or STR_NONE. Of the patterns that match
 * those with the highest weight count, of these the longest, of these one where case matters, of
 * these the first in the file. Case does not matter (ASCII only) unless the pattern says so.
 */
struct str magic_of_name(const struct magic *m, struct str filename);

/*
 * The name in use today of a type that has an old one: Debian 12 calls a PE file
 * "application/x-ms-dos-executable", rules say "application/vnd.microsoft.portable-executable". All
 * old names that rule sets know (filter.md 5.4) are mapped, any other type is returned as it is.
 * Both functions above have applied it; here it is for types from elsewhere.
 */
struct str magic_canonical(struct str type);
