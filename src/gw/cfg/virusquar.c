#include "gw/cfg/tables.h"

#define T struct cfg_virusquar
const struct prop cfg_virusquar_props[] = {
	P_BOOL(T, allowhrefs, "1", "Allow to view hyperlinks."),
	P_INT(T, lifetime, 1, PROP_N, "7", "Quarantine life time (days)"),
	P_ENUM(T, viewimages, "0|1|on-demand", "1", "Allow to view images."),
	P_END
};
