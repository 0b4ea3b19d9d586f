#include "gw/cfg/tables.h"

#define T struct cfg_admin
const struct prop cfg_admin_props[] = {
	P_TEXT_AS(T, consent_text, "consent-text", 65536, "",
		  "Consent text that is displayed before logging in (base64).",
		  .flags = PROP_LATER),
	P_STR_AS(T, admin_mail_from, "admin-mail-from", &fmt_printable,
		 "Proxmox Mail Gateway <postmaster>",
		 "Text for 'From' header in admin mails and bounces.", .flags = PROP_LATER),
	P_BOOL(T, advfilter, "1", "Use advanced filters for statistic."),
	P_BOOL(T, avast, "0",
	       "Use Avast Virus Scanner (/bin/scan). You need to buy and install Avast Core "
	       "Security before you can enable this feature."),
	P_BOOL(T, clamav, "1",
	       "Use ClamAV Virus Scanner. This is the default virus scanner and is enabled by "
	       "default."),
	P_BOOL(T, custom_check, "0",
	       "Use the custom check executable, which is called before the virus scanner."),
	P_STR(T, custom_check_path, &fmt_path, "/usr/local/bin/pmg-custom-check",
	      "Absolute path of the custom check executable."),
	P_BOOL(T, dailyreport, "1", "Send daily reports."),
	P_BOOL(T, demo, "0", "Demo mode - do not start SMTP filter."),
	P_ENUM_AS(T, dkim_use_domain, "dkim-use-domain", "header|envelope", "envelope",
		  "Whether to sign using the domain of the header or of the envelope sender.",
		  .flags = PROP_LATER),
	P_STR(T, dkim_selector, &fmt_dns_name, NULL, "Default DKIM selector.", .flags = PROP_LATER),
	P_BOOL(T, dkim_sign, "0", "DKIM sign outbound mails with the configured selector.",
	       .flags = PROP_LATER),
	P_BOOL(T, dkim_sign_all_mail, "0",
	       "DKIM sign all outgoing mails irrespective of the envelope sender's domain.",
	       .flags = PROP_LATER),
	P_STR(T, email, &fmt_email, "admin@domain.tld", "Administrator E-Mail address."),
	P_STR(T, http_proxy, &fmt_http_proxy, NULL,
	      "Specify external http proxy which is used for downloads (example: "
	      "http://username:password@host:port/)"),
	P_INT(T, statlifetime, 1, PROP_N, "7", "User Statistics Lifetime (days)"),
	P_END
};
