/*
 * rar5 - whether a RAR 5 archive is encrypted or cut short, which libarchive 3.6 does not notice.
 *
 * Private to lib/archive.
 */
#pragma once

#include "base/str.h"

enum rar5_state {
	RAR5_FINE,      /* also: no RAR 5 archive at all */
	RAR5_ENCRYPTED, /* its headers, or the data of any file in it */
	RAR5_CUT,
};

enum rar5_state rar5_check(struct str bytes);
