/* Addresses in the text of an action. Private to gw/rules. */
#pragma once

#include "gw/rules/act.h"

enum { TARGETS_MAX = 1000 }; /* further ones are left out */

struct targets {
	struct str *p;
	size_t n;
};

/* What stands between any of these separators; each address once, and what is none not at all. */
struct targets targets_of(struct arena *a, struct str text, const char *separators);
