/*
 * escape - ways to write a character or an address other than plainly. Private to lib/uri.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* &#65; and &#x41; of printable characters, and other dots than the full stop, plain. */
struct str uri_entities(struct arena *a, struct str s);

/*
 * A host written as four octal, hexadecimal or decimal numbers, or one number: as the dotted quad
 * it means. False if it is not written so.
 */
bool uri_host_as_ip(struct arena *a, struct str host, struct str *out);
