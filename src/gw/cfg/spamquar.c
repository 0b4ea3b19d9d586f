#include "gw/cfg/tables.h"

#define T struct cfg_spamquar
const struct prop cfg_spamquar_props[] = {
	P_BOOL(T, allowhrefs, "1", "Allow to view hyperlinks."),
	P_ENUM(T, authmode, "ticket|ldap|ldapticket", "ticket",
	       "Authentication mode to access the quarantine interface. Mode ticket allows login "
	       "using "
	       "tickets sent with the daily spam report. Mode ldap requires to login using an LDAP "
	       "account. Finally, mode ldapticket allows both ways."),
	P_STR(T, hostname, &fmt_address, NULL,
	      "Quarantine Host. Useful if you run a Cluster and want users to connect to a "
	      "specific host."),
	P_INT(T, lifetime, 1, PROP_N, "7", "Quarantine life time (days)"),
	P_TEXT(T, mailfrom, 998, NULL, "Text for From header in daily spam report mails."),
	P_INT(T, port, 1, 65535, "8006",
	      "Quarantine Port. Useful if you have a reverse proxy or port forwarding for the "
	      "webinterface. Only used for the generated Spam report."),
	P_ENUM(T, protocol, "http|https", "https",
	       "Quarantine Webinterface Protocol. Useful if you have a reverse proxy for the "
	       "webinterface. Only used for the generated Spam report."),
	P_BOOL(T, quarantinelink, "0", "Enables user self-service for Quarantine Links.",
	       .flags = PROP_LATER),
	P_ENUM(T, reportstyle, "none|short|verbose|custom", "verbose", "Spam report style."),
	P_ENUM(T, viewimages, "0|1|on-demand", "1", "Allow to view images."),
	P_END
};
