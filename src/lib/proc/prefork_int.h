/* What the parent (prefork.c) and a generation (generation.c) share. */
#pragma once

#include <signal.h>

#include "lib/proc/prefork.h"

/* The body of a generation process: never returns. Writes one byte to `ready` when it is up. */
NORETURN void generation_run(const struct prefork *p, int ready);

/* Blocks the signals that the loops below wait for; children inherit that. */
void prefork_block_signals(sigset_t *set);

/* Ends this process by SIGTERM when `parent` is gone, so that nothing is ever left behind. */
void prefork_follow(pid_t parent);
