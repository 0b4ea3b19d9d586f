/*
 * resolve - a reference in a document as an absolute URI (RFC 3986 section 5).
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/*
 * `ref` seen from `base` (which may be empty). Without strictness: a reference with the scheme of
 * the base is relative all the same. A reference that starts with //www. or //ftp. and has no base
 * gets http: or ftp:.
 */
struct str uri_resolve(struct arena *a, struct str base, struct str ref);
