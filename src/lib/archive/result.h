/*
 * result - what the child says to its parent, and how the parent makes sure that it may be said.
 *
 * Records of a kind (one byte), a length (two bytes, low one first) and that many bytes. The order
 * of the inputs is that of the call; an end record closes each. Private to lib/archive.
 */
#pragma once

#include "lib/archive/archive.h"

enum { RESULT_BUFFER = 8192, RESULT_PROBLEM_MAX = 300 };

/* What all inputs so far have used of the limits. */
struct result_used {
	uint64_t files, bytes;
};

/* The writing end. Whoever cannot write any more ends the process. */
struct result_out {
	int fd;
	size_t n;
	char buf[RESULT_BUFFER];
};

void result_type(struct result_out *o, struct str type); /* one that is none is left out */
void result_name(struct result_out *o, struct str name); /* of a longer one, the end */
void result_problem(struct result_out *o, struct str text);
void result_end(struct result_out *o, int64_t ms, const struct result_used *used);
void result_flush(struct result_out *o);

/*
 * The last component of a path, whichever way its slashes lean, without blanks around it and dots
 * at its end: Windows ignores them, so a program is one whatever follows its extension.
 */
struct str result_basename(struct str path);

/*
 * Reads what was said about the first `n` inputs to out[]. *done is how many of them were closed;
 * what was said about the next one is in its place, too. ERR_INVALID if it was no child of ours
 * that spoke; what came before is in `out`. Views are into `bytes` where possible.
 */
MUST_CHECK int result_read(struct arena *a, struct str bytes, struct archive_content *out, size_t n,
			   size_t *done, struct result_used *used, struct err *e);
