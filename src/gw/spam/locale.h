/*
 * locale - which character sets the languages of `ok_locales` make one expect.
 *
 * Private to gw/spam.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/*
 * Is `charset`, as a mail declares it, one that every reader knows or one of a language in
 * `locales` (words of two letters; more than that of each is ignored)? Empty: anything goes.
 */
bool spam_charset_expected(struct arena *a, struct str charset, struct str locales);
