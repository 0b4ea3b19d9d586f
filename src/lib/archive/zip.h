/*
 * zip - whether all programs would find the same members in a zip file.
 *
 * Some go by the directory at its end, some by the headers in front of the members, and the two may
 * be made to differ: two zip files one after the other, members that the directory does not name or
 * names otherwise. Private to lib/archive.
 */
#pragma once

#include "base/str.h"

/*
 * True if the directory names every byte in front of it, member by member, as their own headers do.
 * False may also mean that it is large (zip64) or not in order; then both have to be read.
 */
bool zip_is_plain(struct str bytes);

/* The directory: views of its records. Empty if there is none. */
struct str zip_directory(struct str bytes);

/* Takes the next record off the front; its name, as the directory has it. False at the end. */
bool zip_next_name(struct str *directory, struct str *name);

/* Where, after an end of a directory from `at` on, members begin again; bytes.n if they do not. */
size_t zip_next(struct str bytes, size_t at);
