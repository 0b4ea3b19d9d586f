#include "gw/spam/eval_table.h"
#include "gw/spam/markup_int.h"

const struct eval_family *const eval_families[] = {
	&eval_bayes,
	&eval_body,
	&eval_freemail,
	&eval_header_family,
	&eval_html,
	&eval_image,
	&eval_lists,
	&eval_mime,
	&eval_relay,
	&eval_textcat,
	&markup_settings,
	NULL,
};
