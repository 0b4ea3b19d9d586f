/*
 * scan_int - what the files of gw/scan share.
 */
#pragma once

#include "base/sink.h"
#include "gw/scan/scan.h"

/* Types of a part or of a reading, by all its names; computed each time. */
struct scan_types *scan_types_of(struct scan *s, const struct mime *part);

/*
 * readings.c: whether scanners may see something else in the mail than clients do, and the mail
 * that shows them all there is: MIME without a doubt, every leaf of the tree and of the readings
 * attached once, as base64. *complete is false if some of it had no room.
 */
bool readings_wanted(const struct scan *s);
MUST_CHECK int readings_write(struct scan *s, const struct sink *to, bool *complete, struct err *e);

/* The same in a file without a name. */
MUST_CHECK int readings_file(struct scan *s, int *fd, bool *complete, struct err *e);
