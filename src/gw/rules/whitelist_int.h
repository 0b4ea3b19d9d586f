/* Between the files of the SMTP whitelist. */
#pragma once

#include "gw/rules/whitelist.h"

/* The who object that a kind is like: a receiver kind's has another number than its own. */
int64_t whitelist_kind(int64_t otype);

/* Can the object be understood? */
bool whitelist_usable(struct arena *a, const struct whitelist_row *row);
