/*
 * What "remove attachments" takes away (filter.md §7.4). Private to gw/rules.
 *
 * A file that only some clients find goes with the part that holds its bytes. Where that is a
 * multipart with nothing but a preamble or an epilogue to blame, those are trimmed and its parts
 * stay; else it is replaced as a whole, even if that is the mail.
 */
#pragma once

#include "gw/rules/act.h"

struct attachments {
	struct marks replaced; /* parts, none of them inside another one or in one already gone */
	struct marks trimmed;  /* multiparts that lose preamble and epilogue */
};

/* Those in `wanted`. */
struct attachments attachments_matching(struct act *x, const struct version *v,
					const struct marks *wanted);

/* All that is not the text of the mail. */
struct attachments attachments_all(struct act *x, const struct version *v);

/* The name that the part has, in whichever reading it has one; or empty. */
struct str attachments_name(struct act *x, const struct mime *part);
