#include "gw/track/lines.h"

#include "base/log.h"

void line_new_mail(struct str message_id)
{
	log_info("new mail message-id=%.*s", STR_ARG(message_id));
}

void line_headers(struct str sender, struct str recipients, struct str from, struct str to,
		  struct str subject)
{
	log_info("mail-headers envelope-from=<%.*s> envelope-to=<%.*s> from=\"%.*s\" to=\"%.*s\""
		 " subject=\"%.*s\"",
		 STR_ARG(sender), STR_ARG(recipients), STR_ARG(from), STR_ARG(to),
		 STR_ARG(subject));
}

void line_virus(struct str name_with_scanner)
{
	log_info("virus detected: %.*s", STR_ARG(name_with_scanner));
}

void line_archive_found(struct str name, struct str type)
{
	log_info("found archive '%.*s' (%.*s)", STR_ARG(name), STR_ARG(type));
}

void line_archive_unreadable(struct str why)
{
	log_info("unpack failed - %.*s", STR_ARG(why));
}

void line_archive_done(struct str name, int64_t ms)
{
	log_info("unpack archive '%.*s' done (%lld ms)", STR_ARG(name), (long long)ms);
}

void line_archive_died(int64_t ms, struct str why)
{
	log_info("unpack archive failed (%lld ms) - %.*s", (long long)ms, STR_ARG(why));
}

void line_spam(int64_t score, double required, int64_t ms, double bayes, struct str autolearn,
	       struct str hits)
{
	char probability[32] = "undefined";

	if (bayes >= 0)
		snprintf(probability, sizeof(probability), "%.2f", bayes);
	log_info("SA score=%lld/%g time=%lld.%03d bayes=%s autolearn=%.*s hits=%.*s",
		 (long long)score, required, (long long)(ms / 1000), (int)(ms % 1000), probability,
		 STR_ARG(autolearn), STR_ARG(hits));
}

void line_sender_listed(struct str pmail, bool whitelist)
{
	log_info("sender in user (%.*s) %s", STR_ARG(pmail),
		 whitelist ? "welcomelist" : "blocklist");
}

void line_accept(struct str rcpt, struct str queue_id, struct str rule)
{
	log_info("accept mail to <%.*s> (%.*s) (rule: %.*s)", STR_ARG(rcpt), STR_ARG(queue_id),
		 STR_ARG(rule));
}

void line_block(struct str rcpt, struct str rule)
{
	log_info("block mail to <%.*s> (rule: %.*s)", STR_ARG(rcpt), STR_ARG(rule));
}

void line_quarantine(struct str rcpt, const char *store, struct str quarantine_id, struct str rule)
{
	log_info("moved mail for <%.*s> to %s quarantine - %.*s (rule: %.*s)", STR_ARG(rcpt), store,
		 STR_ARG(quarantine_id), STR_ARG(rule));
}

void line_reinject_failed(struct str rcpt, struct str rule)
{
	log_err("reinject mail to <%.*s> (rule: %.*s) failed", STR_ARG(rcpt), STR_ARG(rule));
}

void line_bcc(struct str target, struct str rule, struct str queue_id)
{
	log_info("bcc to <%.*s> (rule: %.*s, %.*s)", STR_ARG(target), STR_ARG(rule),
		 STR_ARG(queue_id));
}

void line_bcc_failed(struct str target, struct str rule)
{
	log_err("bcc to <%.*s> (rule: %.*s) failed", STR_ARG(target), STR_ARG(rule));
}

void line_bcc_ignored(struct str rule)
{
	log_info("bcc to <> (rule: %.*s, ignored)", STR_ARG(rule));
}

void line_notify(struct str target, struct str rule, struct str queue_id)
{
	log_info("notify <%.*s> (rule: %.*s, %.*s)", STR_ARG(target), STR_ARG(rule),
		 STR_ARG(queue_id));
}

void line_ndr(struct str queue_id)
{
	log_info("sent NDR for rejecting recipients - %.*s", STR_ARG(queue_id));
}

void line_ndr_failed(void)
{
	log_err("sending NDR for rejecting recipients failed");
}

void line_notify_failed(struct str target, struct str rule)
{
	log_err("notify <%.*s> (rule: %.*s) failed", STR_ARG(target), STR_ARG(rule));
}

void line_notify_ignored(struct str rule)
{
	log_info("notify <> (rule: %.*s, ignored)", STR_ARG(rule));
}

void line_header_modified(struct str field, struct str recipients, struct str rule)
{
	log_info("modified header '%.*s' for %.*s (rule: %.*s)", STR_ARG(field),
		 STR_ARG(recipients), STR_ARG(rule));
}

void line_attachment_removed(uint32_t aid, struct str filename, struct str rule)
{
	log_info("removed attachment %u ('%.*s', rule: %.*s)", aid, STR_ARG(filename),
		 STR_ARG(rule));
}

void line_disclaimer(struct str rule, bool added)
{
	log_info("%s (rule: %.*s)", added ? "added disclaimer" : "adding disclaimer failed",
		 STR_ARG(rule));
}

void line_sealed(uint32_t aid, struct str rule)
{
	log_info("part %u is signed or encrypted and left alone (rule: %.*s)", aid, STR_ARG(rule));
}

void line_regex_gave_up(struct str rule, int64_t object)
{
	log_warn(
		"a regular expression gave up (rule: %.*s, object %lld); it counts as not matching",
		STR_ARG(rule), (long long)object);
}

void line_no_ldap_profile(struct str profile)
{
	log_warn("trying to query non-existent ldap profile '%.*s'", STR_ARG(profile));
}

void line_not_signed(struct str sender)
{
	log_info("not DKIM signing mail from %.*s", STR_ARG(sender));
}

void line_sign_no_domain(struct str sender, bool header)
{
	log_info("DKIM signing: no domain found in %s'%.*s'", header ? "the headers from " : "",
		 STR_ARG(sender));
}

void line_sign_failed(bool ours, const char *why)
{
	if (ours)
		log_warn("Could not DKIM-Sign local mail: %s", why);
	else
		log_warn("Could not create DKIM-Signature - disabling Signing: %s", why);
}

void line_processing_time(int64_t ms, int64_t ms_spam, int64_t ms_clam, int64_t ms_custom)
{
	log_info("processing time: %.3f seconds (%.3f, %.3f, %.3f)", (double)ms / 1000,
		 (double)ms_spam / 1000, (double)ms_clam / 1000, (double)ms_custom / 1000);
}

void line_quarantine_delivered(struct str id, struct str path, struct str rcpt)
{
	log_info("delivered quarantined mail '%.*s' (%.*s) to %.*s", STR_ARG(id), STR_ARG(path),
		 STR_ARG(rcpt));
}

void line_quarantine_failed(struct str id, struct str path, struct str rcpt, const char *why)
{
	log_err("deliver quarantined mail '%.*s' (%.*s) to %.*s failed: %s", STR_ARG(id),
		STR_ARG(path), STR_ARG(rcpt), why);
}

void line_quarantine_deleted(struct str id, struct str path, struct str pmail)
{
	log_info("marked quarantined mail '%.*s' as deleted (%.*s) for %.*s", STR_ARG(id),
		 STR_ARG(path), STR_ARG(pmail));
}

void line_quarantine_done_before(struct str id, struct str path, struct str whom)
{
	log_info("quarantined mail '%.*s' (%.*s) has already been delivered or marked as deleted "
		 "for %.*s",
		 STR_ARG(id), STR_ARG(path), STR_ARG(whom));
}
