/* HeaderEval: its table; the functions themselves are in eval_header_*.c. */
#include "gw/spam/eval_header.h"

#include "gw/spam/eval_table.h"

#define OCTET "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]\\d|\\d)"
#define IPV4 OCTET "(?:\\." OCTET "){3}"

static const char *const patterns[HEADER_PATTERNS] = {
	[HEADER_RECEIVED_DATE] = "(\\s.?\\d+ \\S\\S\\S \\d+ \\d+:\\d+:\\d+ \\S+)",
	[HEADER_LOCAL_HOP] = "\\bfrom (?:localhost\\s|(?:\\S+ ){1,2}\\S*\\b127\\.0\\.0\\.1\\b)|"
			     "qmail \\d+ invoked by uid \\d+",
	[HEADER_FETCHMAIL] = "\\bby localhost with \\w+ \\(fetchmail-[\\d.]+",
	[HEADER_OUTLOOK_ID] = "^<[0-9a-f]{4}([0-9a-f]{8})\\$[0-9a-f]{8}\\$[0-9a-f]{8}@",

	[HEADER_EZMLM_LIST] = "(?m)^contact \\S+@\\S+; run by ezmlm$",
	[HEADER_EZMLM_TO] = "(?m)^mailing list \\S+@\\S+",
	[HEADER_EZMLM_QMAIL] = "qmail \\d+ invoked (?:from network|by .{3,20})\\); \\d+ ... \\d+",
	[HEADER_MSN_GROUPS] = "from groups\\.msn\\.com \\(\\S+\\.msn\\.com ",
	[HEADER_LEAVE_LIST] = "(?i)<mailto:(?:leave-\\S+|\\S+-unsubscribe)@\\S+>$",
	[HEADER_SENDMAIL_DCE] = "/CWT/DCE\\)|iPlanet Messaging Server",
	[HEADER_GW05] = "\\nfrom\\s\\S+\\sby\\s([^\\s.]+)\\swith\\sESMTP;\\s+\\S\\S\\S,\\s+"
			"\\d+\\s+\\S\\S\\S\\s+\\d{4}\\s+\\d\\d:\\d\\d:\\d\\d\\s+[-+]*\\d{4}\\n$",
	[HEADER_AOL_RELAY] = "(?i)\\srly-[a-z][a-z]\\d\\d\\.",
	[HEADER_AOL_OWN] = "/AOL-\\d+\\.\\d+\\.\\d+\\)|ESMTP\\sid\\s(?:RELAY|MAILRELAY|MAILIN)",
	[HEADER_IP] = IPV4,
	[HEADER_EUDORA_FROM] = "(?i)\\beudoramail\\.com$",
	[HEADER_EUDORA_HOP] = "by \\S*whowhere\\.com;",
	[HEADER_GMAIL_FROM] = "(?i)\\bgmail\\.com$",
	[HEADER_GMAIL_XRECEIVED] = "by 10\\.\\S+ with SMTP id \\S+|"
				   "by 2002:a\\d\\d:\\w+:\\S+ with SMTP id \\S+",
	[HEADER_GMAIL_HOP] = "by smtp\\.googlemail\\.com with ESMTPSA id \\S+",
	[HEADER_HOTMAIL_FROM] = "(?i)\\bhotmail\\.com$",
	[HEADER_HOTMAIL_PICKUP] =
		"from mail pickup service by hotmail\\.com with Microsoft SMTPSVC;",
	[HEADER_HOTMAIL_WITH_IP] =
		"from (?:\\S*\\.)?hotmail\\.com \\(\\S+\\.hotmail(?:\\.msn)?\\.com[ )]|"
		"from \\S+ by \\S+\\.hotmail(?:\\.msn)?\\.com with HTTP;|"
		"from \\[66\\.218\\.\\S+\\] by \\S+\\.yahoo\\.com",
	[HEADER_HOTMAIL_WITH_ORG] = "from \\S*\\.outbound\\.protection\\.outlook\\.com "
				    "\\(\\S+\\.outbound\\.protection\\.outlook\\.com[ )]",
	[HEADER_HOTMAIL_CLAIM] = "(?:from |HELO |helo=)\\S*hotmail\\.com\\b",
	[HEADER_MSN_LIST] = "(?i)<(\\S+)@groups\\.msn\\.com>",
	[HEADER_MSN_PICKUP] = "from mail pickup service by ((?:p\\d\\d\\.)groups\\.msn\\.com)\\b",
	[HEADER_JUNO_FROM] = "(?i)\\bjuno\\.com$",
	[HEADER_JUNO_HOP] = "from.*\\b(?:juno|untd)\\.com.*[\\[(]" IPV4 "[\\])].*by|"
			    " cookie\\.(?:juno|untd)\\.com ",
	[HEADER_YAHOO_FROM] = "(?i)\\byahoo\\.com$",
	[HEADER_YAHOO_RELAY] = " rdns=\\S+\\.yahoo\\.com ",
	[HEADER_YAHOO_FIRST] = "^[^\\]]+ rdns=\\S+\\.yahoo\\.com ",
	[HEADER_YAHOO_HOP] =
		"by\\s+web\\S+\\.mail\\S*\\.yahoo\\.com\\s+via\\s+HTTP|"
		"by\\s+sonic\\S+\\.consmr\\.mail\\S*\\.yahoo\\.com\\s+with\\s+HTTP|"
		"by\\s+smtp\\S+\\.yahoo\\.com\\s+with\\s+SMTP|"
		"from\\s+\\[" IPV4 "\\]\\s+by\\s+\\S+\\.(?:groups|scd|dcn)\\.yahoo\\.com"
		"\\s+with\\s+NNFMP",
	[HEADER_YAHOO_BULK] = "\\bmailer\\d+\\.bulk\\.scd\\.yahoo\\.com\\b",

	[HEADER_CAPS_PREFIX] = "(?i)^(?:(?:antwort|aw|fwd?|i|re?|sv|vl|vs|wg):\\s*)+",
	[HEADER_CAPS_CHARSET] =
		"(?i)=\\?[-_a-z0-9]*(?:koi|jp|jis|euc|gb|big5|isoir|cp1251|windows-1251|"
		"georgianps|pt154|tis)[-_a-z0-9]*\\?",
	[HEADER_CHARSET] = "=\\?(.+?)\\?.\\?.*?\\?=",
	[HEADER_TEMPLATE] = "%[A-Z][A-Z_-]",
	[HEADER_TEMPLATE_OK] = "(?i)^(?:x-vms-to|x-uidl|x-face|to|cc|from|subject|references|"
			       "in-reply-to|(?:x-|resent-|x-original-)?message-id):",
	[HEADER_NAME_ID] = "<[A-Z]{28}\\.([^>]+?)>",
};

bool header_is(const struct eval_run *r, enum header_pattern which, struct str s)
{
	const struct header_conf *c = r->conf;

	return re_match(c->re[which], s) == RE_MATCH;
}

static void conf_init(struct spam_conf *c, void *conf)
{
	eval_patterns(c, patterns, HEADER_PATTERNS, ((struct header_conf *)conf)->re);
}

/* Never hits in SpamAssassin 4.0.1 either. */
static unsigned silent(struct eval_run *r, const struct eval_args *args)
{
	(void)r;
	(void)args;
	return 0;
}

static const struct eval evals[] = {
	{ .name = "check_for_shifted_date", .call = header_shifted_date },
	{ .name = "check_outlook_message_id", .call = header_outlook_id },
	{ .name = "gated_through_received_hdr_remover", .call = header_gated },
	{ .name = "check_for_msn_groups_headers", .call = header_msn_groups },
	{ .name = "check_messageid_not_usable", .call = header_unusable_id },
	{ .name = "check_for_forged_gw05_received_headers", .call = header_forged_gw05 },
	{ .name = "received_within_months", .call = header_within_months },
	{ .name = "check_for_fake_aol_relay_in_rcvd", .call = header_fake_aol },
	{ .name = "check_for_forged_eudoramail_received_headers", .call = header_forged_eudora },
	{ .name = "check_for_forged_gmail_received_headers", .call = header_forged_gmail },
	{ .name = "check_for_forged_hotmail_received_headers", .call = header_forged_hotmail },
	{ .name = "check_for_no_hotmail_received_headers", .call = header_no_hotmail },
	{ .name = "check_for_forged_juno_received_headers", .call = header_forged_juno },
	{ .name = "check_for_forged_yahoo_received_headers", .call = header_forged_yahoo },
	{ .name = "check_illegal_chars", .call = header_illegal_chars },
	{ .name = "subject_is_all_caps", .call = header_subject_caps },
	{ .name = "check_unresolved_template", .call = header_template },
	{ .name = "check_header_count_range", .call = header_count },
	{ .name = "check_for_faraway_charset_in_headers", .call = header_faraway },
	{ .name = "check_ratware_name_id", .call = header_name_id },
	{ .name = "check_for_missing_to_header", .call = header_missing_to },
	{ .name = "check_for_to_in_subject", .call = header_to_in_subject },
	{ .name = "similar_recipients", .call = header_similar },
	{ .name = "sorted_recipients", .call = header_sorted },
	{ .name = "check_equal_from_domains", .call = header_equal_domains },
	{ .name = "check_for_matching_env_and_hdr_from", .call = header_same_sender },
	{ .name = "check_ratware_envelope_from", .call = header_ratware_sender },
	{ .name = "check_for_unique_subject_id", .call = silent },
	{ .name = "check_for_illegal_ip", .call = silent },
	{ 0 },
};

const struct eval_family eval_header_family = {
	.plugin = "HeaderEval",
	.evals = evals,
	.conf_size = sizeof(struct header_conf),
	.conf_init = conf_init,
	.mail_size = sizeof(struct header_mail),
};
