/*
 * lister - the walk through archives and the archives inside them. Runs in the child only.
 *
 * A member comes to lister_member() with its names and its beginning; that tells what it is, and if
 * it is an archive itself, opens it. Nothing here fails: what cannot be read is reported as a
 * problem of the archive that the mail carries. Private to lib/archive.
 */
#pragma once

#include "lib/archive/archive.h"
#include "lib/archive/kinds.h"
#include "lib/archive/result.h"

struct lister {
	struct arena *a;
	const struct magic *magic;
	struct archive_limits limits;
	struct result_out out;
	struct result_used used;
	size_t held;       /* bytes of archives inside archives, in memory now */
	bool over;         /* a limit that all inputs share is reached: nothing more is read */
	struct str *types; /* of this input, ARCHIVE_TYPES_MAX at most */
	size_t n_types;
};

/* The bytes of a member, front to back. */
struct content {
	struct str start;        /* the beginning, or all there is */
	struct archive *rest;    /* what follows comes from here; NULL: nothing does */
	const struct mime *part; /* instead of both: the body of this part, not decoded yet */
	uint64_t charged;        /* bytes that the limits have been charged with already */
};

struct member {
	struct str name;     /* with directories; may be empty */
	struct str declared; /* type that a header says it has; may be empty */
	unsigned depth;      /* 1: directly in an archive of the mail */
};

/* Opens the archive that the mail carries and walks through it. */
void lister_run(struct lister *l, const struct archive_input *in);

/* Says under which name a member is known, and which type that promises. */
struct str lister_name(struct lister *l, struct str name);

/* What a member is; if it is an archive, what is inside. */
void lister_member(struct lister *l, const struct member *m, struct content *c);

void lister_problem(struct lister *l, const char *fmt, ...) PRINTF(2, 3);

/* Charges a member of `size` bytes (0 if that is not known); false if that is too much. */
bool lister_charge(struct lister *l, uint64_t size);

/* Next bytes of a content, at most `n`; charges what was not foreseen. 0 at its end, -1: broken. */
ssize_t lister_read(struct lister *l, struct content *c, char *to, size_t n);

/* The readers: `c` is the archive, `m` what it is itself known as. */
void lister_library(struct lister *l, const struct archive_kind *k, const struct member *m,
		    struct content *c);
void lister_tnef(struct lister *l, const struct member *m, struct str bytes);
void lister_mail(struct lister *l, const struct member *m, struct str bytes);
