/*
 * cage - make the calling process one that can read programs and libraries, compute, and write to
 * the descriptors it has; and so whatever it executes.
 *
 * For programs of others that read hostile documents. Private to lib/proc.
 */
#pragma once

#include "lib/proc/spawn.h"

/*
 * Limits memory and CPU time as `c` says, core files and written files to nothing, processes of
 * its user to CAGE_PROCESSES_MAX. No system call that makes a socket, looks into another process
 * or signals one, leaves the process group, or changes what is mounted works any more (EPERM).
 * Where the kernel has Landlock, no file can be written but /dev/null, and none read but
 * `program`, the operating system's directories and open descriptors; where it has not, the rights
 * of the user are the limit.
 *
 * There is no way back. -1, with errno, if any of it failed; the caller must then end.
 */
enum { CAGE_PROCESSES_MAX = 512 };
MUST_CHECK int cage_enter(const struct spawn_cage *c, const char *program);
