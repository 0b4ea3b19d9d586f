#include "gw/spam/eval_table.h"
#include "gw/spam/markup_int.h"

const struct eval_family *const eval_families[] = {
	&eval_askdns,
	&eval_bayes,
	&eval_body,
	&eval_bounce,
	&eval_dkim,
	&eval_dmarc,
	&eval_freemail,
	&eval_header_family,
	&eval_html,
	&eval_https,
	&eval_image,
	&eval_lists,
	&eval_mime,
	&eval_rbl,
	&eval_relay,
	&eval_short_url,
	&eval_spf,
	&eval_subject,
	&eval_textcat,
	&eval_uri,
	&eval_uri_detail,
	&eval_uribl,
	&markup_settings,
	NULL,
};
