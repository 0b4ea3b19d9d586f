/* eval_table - all families of eval functions, a file each. Private to gw/spam. */
#pragma once

#include "gw/spam/eval.h"

extern const struct eval_family eval_antivirus;
extern const struct eval_family eval_askdns;
extern const struct eval_family eval_awl;
struct str eval_awl_path(const void *conf); /* auto_welcomelist_path, of its settings */
extern const struct eval_family eval_bayes;
extern const struct eval_family eval_body;
extern const struct eval_family eval_bounce;
extern const struct eval_family eval_dkim;
extern const struct eval_family eval_dmarc;
extern const struct eval_family eval_extract;
extern const struct eval_family eval_freemail;
extern const struct eval_family eval_fromname;
extern const struct eval_family eval_hashbl;
extern const struct eval_family eval_header_family;
extern const struct eval_family eval_html;
extern const struct eval_family eval_https;
extern const struct eval_family eval_image;
extern const struct eval_family eval_lists;
extern const struct eval_family eval_mime;
extern const struct eval_family eval_ole;
extern const struct eval_family eval_pdf;
extern const struct eval_family eval_pyzor;
extern const struct eval_family eval_razor2;
extern const struct eval_family eval_rbl;
extern const struct eval_family eval_relay;
extern const struct eval_family eval_short_url;
extern const struct eval_family eval_shortcircuit;
extern const struct eval_family eval_spf;
extern const struct eval_family eval_subject;
extern const struct eval_family eval_textcat;
extern const struct eval_family eval_uri;
extern const struct eval_family eval_uri_detail;
extern const struct eval_family eval_uribl;
