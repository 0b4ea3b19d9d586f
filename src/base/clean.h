/*
 * clean - release what is not memory when its scope ends.
 *
 *	CLEAN_FD int fd = open(...);
 *
 * closes the descriptor on every way out of the block. take_fd() hands it to a new owner.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "base/lint.h"

static inline void clean_fd_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void clean_file_(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void clean_dir_(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define CLEAN_FD __attribute__((cleanup(clean_fd_)))
#define CLEAN_FILE __attribute__((cleanup(clean_file_)))
#define CLEAN_DIR __attribute__((cleanup(clean_dir_)))

/* The descriptor, which the caller's new owner now closes. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
