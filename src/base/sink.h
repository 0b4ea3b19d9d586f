/*
 * sink - where a writer puts its bytes.
 *
 * Writers that need not hold their whole output in memory (a message with its edits, a decoded
 * attachment) hand it over span by span. A sink that fails ends the writing, and its error is what
 * the writer returns.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct sink {
	/* Takes all of `bytes`, which are valid during the call only; 0, or -1 with `e` set. */
	int (*write)(void *ctx, struct str bytes, struct err *e);
	void *ctx;
};

static inline int sink_write(const struct sink *to, struct str bytes, struct err *e)
{
	return bytes.n ? to->write(to->ctx, bytes, e) : 0;
}
