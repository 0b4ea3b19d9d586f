/* eval_uribl - what other families need to know of URIDNSBL's settings. Private to gw/spam. */
#pragma once

#include "gw/spam/eval.h"

/* uridnsbl_skip_domain: is that host of no interest? `conf`: settings of the family. */
bool uribl_skips(const void *conf, struct str host, struct str domain);
