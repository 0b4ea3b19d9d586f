/*
 * archive - what types of files, under which names, an archive holds.
 *
 * Nothing is unpacked to disk. A child process (sandbox.h) that can do no more than compute and
 * write to one pipe opens the archives, and those inside them, and looks at the beginning of each
 * member. What it says is checked like any other hostile input, so that even a child that has been
 * taken over can do no more than lie about the mail it was given.
 *
 * What cannot be opened (encrypted, broken, beyond a limit, of a format that nobody can read) is
 * not an error: it is a result, with the reason in `problem`. Names and types that were found
 * before are in the result, too.
 *
 * A member is read as far as its type needs, archives inside an archive wholly. So a damaged end of
 * a large file is no problem, a damaged index, beginning or compressed stream is. filter.md §9,
 * decisions.md.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/magic/magic.h"
#include "lib/mime/mime.h"

/* Hard caps. A limit of 0 means the cap, and so does a larger one. */
enum {
	ARCHIVE_FILES_MAX = 100000,
	ARCHIVE_DEPTH_MAX = 32,
	ARCHIVE_NAME_MAX = 1024, /* bytes of a name; of a longer one the end counts */
	ARCHIVE_TYPE_MAX = 127,
	ARCHIVE_TYPES_MAX = 1000,      /* types of one archive */
	ARCHIVE_RESULT_MAX = 16 << 20, /* bytes of all names and types together */
	ARCHIVE_MEMORY_MAX = 96 << 20, /* what the child may use on top of the mail */
	ARCHIVE_HELD_MAX = 40 << 20,   /* archives inside archives, in memory at a time */
	ARCHIVE_BYTES_MAX = 250 << 20, /* unpacked sizes */
};

/* All inputs of one call share these. */
struct archive_limits {
	uint32_t files;   /* members, directories too */
	uint32_t depth;   /* 1: archives inside archives are not opened, which is a problem */
	uint64_t bytes;   /* sum of sizes, each rounded up to 4096 */
	int64_t deadline; /* net_now() time; when it passes, the child is killed */
};

struct archive_input {
	struct str type;         /* one that archive_is_type() knows */
	struct str name;         /* file name, where there is one */
	const struct mime *part; /* its decoded body is the archive; NULL: */
	struct str bytes;        /* it is this */
};

struct archive_content {
	/* Of all members at any depth; each type once. Types that a mail inside declares too. */
	struct str *types;
	struct str *names; /* without directories, UTF-8, never empty */
	size_t n_types, n_names;
	struct str problem; /* why not all could be seen, as one line; empty if all was */
	bool died;          /* the problem is that the child ended early */
	int64_t ms;
};

/* Whether content of this type can hold members: also types that only lead to a problem. */
bool archive_is_type(struct str type);

/*
 * The type to open a file as, given what its first bytes are, what its name promises (magic.h), and
 * what its sender said; STR_NONE if it is no archive. Bytes that say which archive decide. If they
 * say nothing, the other two do; and if they say something else, a name of an archive is believed,
 * as a client's desktop does: programs find a zip file behind a picture, too. So is a declaration
 * if there is no such name, or if a zip file is in the disguise of a document.
 */
struct str archive_type(struct str start, struct str magic, struct str declared, struct str glob);

/*
 * Lists `n` archives to out[0 … n - 1]; a child that dies of one goes on with the next. -1 only if
 * no child could be started and locked down (ERR_SYS). Callers need SIGCHLD to be neither ignored
 * nor handled by reaping any child.
 */
MUST_CHECK int archive_list(struct arena *a, const struct magic *magic,
			    const struct archive_input *in, size_t n,
			    const struct archive_limits *limits, struct archive_content *out,
			    struct err *e);
