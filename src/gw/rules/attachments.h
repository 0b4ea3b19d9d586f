/* Which parts of a mail "remove attachments" takes away (filter.md §7.4). Private to gw/rules. */
#pragma once

#include "gw/rules/act.h"

/* Parts in `wanted`, without those inside another one of them or in a part already replaced. */
struct marks attachments_matching(struct act *x, const struct version *v,
				  const struct marks *wanted);

/* All that is not the text of the mail. */
struct marks attachments_all(struct act *x, const struct version *v);
