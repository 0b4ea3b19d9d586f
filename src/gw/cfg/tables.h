/* The property tables of the sections of pmg.conf; private to gw/cfg. */
#pragma once

#include "gw/cfg/cfg.h"
#include "lib/schema/formats.h"

extern const struct prop cfg_admin_props[];
extern const struct prop cfg_mail_props[];
extern const struct prop cfg_spam_props[];
extern const struct prop cfg_spamquar_props[];
extern const struct prop cfg_virusquar_props[];
extern const struct prop cfg_clamav_props[];
