/*
 * What the files of gw/report share.
 */
#pragma once

#include "gw/report/report.h"
#include "lib/tmpl/tmpl.h"

/* What the templates of a spam report see. */
MUST_CHECK int report_vars(struct arena *a, const struct report *r, const struct quar_row *rows,
			   size_t n, struct tmpl_value **out, struct err *e);

struct report_mail {
	struct str to;          /* an address */
	struct str html, plain; /* STR_NONE: there is no such part */
};

/* A message with both parts. */
struct str report_message(struct arena *a, const struct report *r, const struct report_mail *m);
