/*
 * compiled - the sets of a rule set's inputs, kept in a file.
 *
 * Compiling the patterns of the stock rules into sets takes some seconds, so it is done once,
 * aside, and the result is kept in a directory of the caller's. The file's name is a hash of
 * everything the sets depend on: patterns, version of the compiler, features of the processor. So a
 * file that is there fits, and rules that changed find none.
 *
 * Private to gw/spam.
 */
#pragma once

#include "gw/spam/inputs.h"

enum {
	COMPILED_FILE_MAX = 1 << 30,
	COMPILED_FILES_KEPT = 8, /* of a directory; the oldest go when one is written */
};

/*
 * Gives the inputs of `rs` their sets, in `a`. ERR_NOTFOUND if nobody has compiled them yet; any
 * other error means that the file is of no use. The rule set is as good without.
 */
MUST_CHECK int compiled_load(struct arena *a, struct spam_rules *rs, const char *dir,
			     struct err *e);
