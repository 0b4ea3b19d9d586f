/*
 * transfer - quoted-printable and base64 as tolerantly as SpamAssassin decodes them (§3.1).
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct str spam_qp_decode(struct arena *a, struct str s);
struct str spam_base64_decode(struct arena *a, struct str s);

/* CRLF to LF; `s` itself if there is none. */
struct str spam_lf(struct arena *a, struct str s);
