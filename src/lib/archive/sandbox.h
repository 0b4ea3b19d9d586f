/*
 * sandbox - make the calling process one that can only compute and write to one descriptor.
 *
 * For a child that reads hostile input with other people's code. Private to lib/archive.
 */
#pragma once

#include "base/err.h"

enum { SANDBOX_FD = 1 }; /* the one descriptor that is left, for writing only */

struct sandbox {
	int fd;        /* becomes SANDBOX_FD */
	size_t memory; /* bytes of address space on top of what the process has now */
	int seconds;   /* of CPU time */
};

/*
 * Default signals, none blocked; dies with its parent; no other descriptors. From then on the
 * kernel refuses (EPERM) every call but those for memory, for writing to SANDBOX_FD and for ending:
 * no file, no socket, no process, no signal can be reached. Time zone (UTC) and character set
 * (UTF-8) are set before, as the C library would want to read files for them.
 *
 * There is no way back. -1 if any of it failed; the caller must then end.
 */
MUST_CHECK int sandbox_enter(const struct sandbox *s, struct err *e);
