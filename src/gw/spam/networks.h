/*
 * networks - asking the lists of networks of views.h. Private to gw/spam.
 */
#pragma once

#include "gw/spam/message_int.h"

/* n may be NULL: an empty list. `with_loopback`: 127/8 and ::1 belong to it unless excluded. */
bool spam_networks_have(const struct spam_networks *n, struct str ip, bool with_loopback);
