/*
 * mails - the real and the malformed mails beside the checkout (../shared/data), for tests and
 * benchmarks that can do without them: who lacks the archives is told so and skips.
 *
 * PMG_SHARED names the directory if it is not ../shared from the top of the checkout.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { SKIPPED = 77 }; /* exit status that Meson understands */

struct mail_file {
	struct str name, bytes; /* the name within the archive; bytes exactly as they are there */
};

struct mail_files {
	struct mail_file *p;
	size_t n;
};

/*
 * Unpacks data/NAME.tar.zst into memory: regular files, empty ones too. ERR_NOTFOUND, with the
 * reason in `e`, if the archive or zstd is not there.
 */
MUST_CHECK int mails_read(struct arena *a, const char *name, struct mail_files *out, struct err *e);

/* True if it begins like a mail: a header field, or the line that mailbox files begin with. */
bool mails_is_mail(struct str bytes);
