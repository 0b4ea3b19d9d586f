#include "gw/cfg/tables.h"

#define T struct cfg_mail
#define LATER .flags = PROP_LATER
#define COMPUTED .flags = PROP_COMPUTED
const struct prop cfg_mail_props[] = {
	P_BOOL_AS(T, accept_broken_mime, "accept-broken-mime", "1",
		  "Accept mails with broken or ambiguous MIME structure and mark them. When off, "
		  "they are refused before the queue and quarantined after it.",
		  LATER),
	P_TEXT(T, banner, 1024, "ESMTP Proxmox", "ESMTP banner.", .fmt = &fmt_banner),
	P_BOOL(T, before_queue_filtering, "0", "Enable before queue filtering by pmg-smtp-filter.",
	       LATER),
	P_INT(T, conn_count_limit, 0, INT32_MAX, "50",
	      "How many simultaneous connections any client is allowed to make to this service. To "
	      "disable this feature, specify a limit of 0."),
	P_INT(T, conn_rate_limit, 0, INT32_MAX, "0",
	      "The maximal number of connection attempts any client is allowed to make to this "
	      "service per minute. To disable this feature, specify a limit of 0."),
	P_STR(T, dnsbl_sites, &fmt_dnsbl_sites, NULL,
	      "Optional list of DNS white/blacklist domains (see postscreen_dnsbl_sites "
	      "parameter)."),
	P_INT(T, dnsbl_threshold, 0, INT32_MAX, "1",
	      "The inclusive lower bound for blocking a remote SMTP client, based on its combined "
	      "DNSBL score (see postscreen_dnsbl_threshold parameter)."),
	P_INT(T, dwarning, 0, PROP_N, "4", "SMTP delay warning time (in hours)."),
	P_INT(T, ext_port, 1, 65535, "25",
	      "SMTP port number for incoming mail (untrusted). This must be a different number "
	      "than int_port."),
	P_INT_AS(T, filter_timeout, "filter-timeout", 2, 86400, "600",
		 "Timeout for processing one mail (in seconds).", LATER),
	P_BOOL(T, greylist, "1", "Use Greylisting."),
	P_BOOL(T, greylist6, "0", "Use Greylisting for IPv6.", LATER),
	P_INT(T, greylistmask4, 0, 32, "24", "Netmask to apply for greylisting IPv4 hosts.", LATER),
	P_INT(T, greylistmask6, 0, 128, "64", "Netmask to apply for greylisting IPv6 hosts.",
	      LATER),
	P_BOOL(T, helotests, "0", "Use SMTP HELO tests."),
	P_BOOL(T, hide_received, "0", "Hide received header in outgoing mails."),
	P_INT(T, int_port, 1, 65535, "26", "SMTP port number for outgoing mail (trusted)."),
	P_BOOL_AS(T, log_headers, "log-headers", "0",
		  "Log the From, To and Subject headers of every mail.", LATER),
	P_INT(T, max_filters, 3, 40, NULL, "Maximum number of pmg-smtp-filter processes.",
	      COMPUTED),
	P_INT(T, max_policy, 2, 10, NULL, "Maximum number of pmgpolicy processes.", COMPUTED),
	P_INT(T, max_smtpd_in, 3, 100, NULL, "Maximum number of SMTP daemon processes (in).",
	      COMPUTED),
	P_INT(T, max_smtpd_out, 3, 100, NULL, "Maximum number of SMTP daemon processes (out).",
	      COMPUTED),
	P_INT(T, maxsize, 1024, INT64_MAX / 4, "10485760",
	      "Maximum email size. Larger mails are rejected."),
	P_INT(T, message_rate_limit, 0, INT32_MAX, "0",
	      "The maximal number of message delivery requests that any client is allowed to make "
	      "to this service per minute. To disable this feature, specify a limit of 0."),
	P_BOOL(T, ndr_on_block, "0", "Send out NDR when mail gets blocked.", LATER),
	P_INT_AS(T, queue_lifetime, "queue-lifetime", 1, 100, NULL,
		 "How long a mail stays in the queue before it is returned (in days).", LATER),
	P_BOOL(T, rejectunknown, "0", "Reject unknown clients."),
	P_BOOL(T, rejectunknownsender, "0", "Reject unknown senders."),
	P_STR(T, relay, &fmt_address, NULL,
	      "The default mail delivery transport (incoming mails)."),
	P_BOOL(T, relaynomx, "0", "Disable MX lookups for default relay."),
	P_INT(T, relayport, 1, 65535, "25", "SMTP port number for relay host."),
	P_ENUM(T, relayprotocol, "smtp|lmtp", "smtp", "Transport protocol for relay host.", LATER),
	P_STR(T, smarthost, &fmt_address, NULL,
	      "When set, all outgoing mails are delivered to the specified smarthost."),
	P_INT(T, smarthostport, 1, 65535, "25", "SMTP port number for smarthost."),
	P_BOOL(T, smtputf8, "1",
	       "Enable SMTPUTF8 support in Postfix and detection for locally "
	       "generated mail.",
	       LATER),
	P_BOOL(T, spf, "1", "Use Sender Policy Framework."),
	P_BOOL(T, tls, "0", "Enable TLS."),
	P_BOOL(T, tlsheader, "0", "Add TLS received header."),
	P_BOOL(T, tlslog, "0", "Enable TLS Logging."),
	P_ENUM(T, verifyreceivers, "450|550", NULL,
	       "Enable receiver verification. The value specifies the numerical reply code when "
	       "the Postfix SMTP server rejects a recipient address."),
	P_END
};
