/*
 * log - one event, one line.
 *
 * Daemons log to syslog, commands to stderr. Control characters are replaced by blanks, so that
 * what a sender wrote cannot make a line of its own. While a mail is handled every line starts with
 * its id (log_id).
 */
#pragma once

#include <stdbool.h>

#include "base/lint.h"

/* `ident` is kept by reference. Before this call, lines go to stderr. */
void log_open(const char *ident, int facility);

/* For commands and tests: lines go to stderr as "ident: text". */
void log_open_stderr(const char *ident);

/*
 * Which debug lines are wanted; none are until this is called. The area of a line is what its
 * format has before the first ": ". `areas` names them, with commas between: "all" is every one,
 * "noX" leaves X out of what stands with it ("all,nodns"). Kept by reference; NULL: none.
 */
void log_debug_areas(const char *areas);

/* Whether lines of the area are wanted: for what takes time to find out. */
bool log_debug_wants(const char *area);

/* Notices and what is less are dropped: for commands that have an output of their own. */
void log_quiet(bool on);

/* From now on lines start with "ID: "; NULL or "" ends that. Copied, at most 40 bytes. */
void log_id(const char *id);

void log_err(const char *fmt, ...) PRINTF(1, 2);
void log_warn(const char *fmt, ...) PRINTF(1, 2);
void log_notice(const char *fmt, ...) PRINTF(1, 2);
void log_info(const char *fmt, ...) PRINTF(1, 2);
void log_debug(const char *fmt, ...) PRINTF(1, 2);
