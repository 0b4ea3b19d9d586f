/*
 * lines - the log lines that the tracking centre and administrators parse (filter.md §13, §14).
 *
 * Each is a function, so that its shape stands in one place and cannot be changed by accident. The
 * mail's id in front of every line is log_id()'s. Rule names and addresses are printed as they are;
 * control characters become blanks in log.c.
 */
#pragma once

#include "base/str.h"

void line_new_mail(struct str message_id);
void line_headers(struct str sender, struct str recipients, struct str from, struct str to,
		  struct str subject);
void line_virus(struct str name_with_scanner);
void line_archive_found(struct str name, struct str type);
void line_archive_unreadable(struct str why);
void line_archive_done(struct str name, int64_t ms);
void line_archive_died(int64_t ms, struct str why);
/* `bayes`: what the classifier says, 0 … 1; negative: nothing. */
void line_spam(int64_t score, double required, int64_t ms, double bayes, struct str autolearn,
	       struct str hits);
void line_sender_listed(struct str pmail, bool whitelist);

void line_accept(struct str rcpt, struct str queue_id, struct str rule);
void line_block(struct str rcpt, struct str rule);
void line_quarantine(struct str rcpt, const char *store, struct str quarantine_id,
		     struct str rule); /* store: "spam", "virus", "attachment" */
void line_reinject_failed(struct str rcpt, struct str rule);
void line_bcc(struct str target, struct str rule, struct str queue_id);
void line_bcc_failed(struct str target, struct str rule);
void line_bcc_ignored(struct str rule);
void line_notify(struct str target, struct str rule, struct str queue_id);
void line_notify_failed(struct str target, struct str rule);
void line_notify_ignored(struct str rule);
void line_header_modified(struct str field, struct str recipients, struct str rule);
void line_attachment_removed(uint32_t aid, struct str filename, struct str rule);
void line_disclaimer(struct str rule, bool added);
void line_sealed(uint32_t aid, struct str rule);
void line_regex_gave_up(struct str rule, int64_t object);
void line_no_ldap_profile(struct str profile);
void line_ndr(struct str queue_id);
void line_ndr_failed(void);

/* Outgoing mails and our own that are not signed (filter.md §10); `header`: From was looked at. */
void line_not_signed(struct str sender);
void line_sign_no_domain(struct str sender, bool header);
void line_sign_failed(bool ours, const char *why);

void line_processing_time(int64_t ms, int64_t ms_spam, int64_t ms_clam, int64_t ms_custom);

/* What was done with a mail in a quarantine (filter.md §11): its id, its file, for whom. */
void line_quarantine_delivered(struct str id, struct str path, struct str rcpt);
void line_quarantine_failed(struct str id, struct str path, struct str rcpt, const char *why);
void line_quarantine_deleted(struct str id, struct str path, struct str pmail);
void line_quarantine_done_before(struct str id, struct str path, struct str whom);
