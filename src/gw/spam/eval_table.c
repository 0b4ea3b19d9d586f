#include "gw/spam/eval_table.h"
#include "gw/spam/markup_int.h"

const struct eval_family *const eval_families[] = {
	&eval_bayes,
	&eval_relay,
	&markup_settings,
	&eval_textcat,
	&eval_html,
	&eval_mime,
	&eval_body,
	&eval_image,
	NULL,
};
