/* An outbox as text and as log lines. */
#include "gw/rules/outbox.h"
#include "gw/track/lines.h"

void outbox_log(const struct outbox_effect *ef)
{
	switch (ef->line) {
	case LINE_WHITELISTED:
	case LINE_BLACKLISTED:
		line_sender_listed(ef->text, ef->line == LINE_WHITELISTED);
		break;
	case LINE_HEADER_MODIFIED:
		line_header_modified(ef->text, ef->more, ef->rule);
		break;
	case LINE_ATTACHMENT_REMOVED:
		line_attachment_removed((uint32_t)ef->number, ef->text, ef->rule);
		break;
	case LINE_DISCLAIMER_ADDED:
	case LINE_DISCLAIMER_FAILED:
		line_disclaimer(ef->rule, ef->line == LINE_DISCLAIMER_ADDED);
		break;
	case LINE_DISCLAIMER_SEALED:
		line_sealed((uint32_t)ef->number, ef->rule);
		break;
	case LINE_BCC_IGNORED:
		line_bcc_ignored(ef->rule);
		break;
	case LINE_NOTIFY_IGNORED:
		line_notify_ignored(ef->rule);
		break;
	case LINE_REGEX_GAVE_UP:
		line_regex_gave_up(ef->rule, ef->number);
		break;
	case LINE_NO_LDAP_PROFILE:
		line_no_ldap_profile(ef->text);
		break;
	}
}
