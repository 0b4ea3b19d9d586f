/*
 * eval_header - the functions of HeaderEval, by subject: a file each. Private to gw/spam.
 */
#pragma once

#include "gw/spam/eval_help.h"

enum header_pattern {
	/* eval_header_date.c */
	HEADER_RECEIVED_DATE,
	HEADER_LOCAL_HOP,
	HEADER_FETCHMAIL,
	HEADER_OUTLOOK_ID,
	/* eval_header_forged.c */
	HEADER_EZMLM_LIST,
	HEADER_EZMLM_TO,
	HEADER_EZMLM_QMAIL,
	HEADER_MSN_GROUPS,
	HEADER_LEAVE_LIST,
	HEADER_SENDMAIL_DCE,
	HEADER_GW05,
	HEADER_AOL_RELAY,
	HEADER_AOL_OWN,
	HEADER_IP,
	HEADER_EUDORA_FROM,
	HEADER_EUDORA_HOP,
	HEADER_GMAIL_FROM,
	HEADER_GMAIL_XRECEIVED,
	HEADER_GMAIL_HOP,
	HEADER_HOTMAIL_FROM,
	HEADER_HOTMAIL_PICKUP,
	HEADER_HOTMAIL_WITH_IP,
	HEADER_HOTMAIL_WITH_ORG,
	HEADER_HOTMAIL_CLAIM,
	HEADER_MSN_LIST,
	HEADER_MSN_PICKUP,
	HEADER_JUNO_FROM,
	HEADER_JUNO_HOP,
	HEADER_YAHOO_FROM,
	HEADER_YAHOO_RELAY,
	HEADER_YAHOO_FIRST,
	HEADER_YAHOO_HOP,
	HEADER_YAHOO_BULK,
	/* eval_header_text.c */
	HEADER_CAPS_PREFIX,
	HEADER_CAPS_CHARSET,
	HEADER_CHARSET,
	HEADER_TEMPLATE,
	HEADER_TEMPLATE_OK,
	HEADER_NAME_ID,
	HEADER_PATTERNS
};

struct header_conf {
	struct re *re[HEADER_PATTERNS];
};

/* What was found out about the mail. */
struct header_mail {
	bool have_date, have_to, have_hotmail, have_gated;
	int64_t date_shift; /* of Date against the most fitting Received line, in seconds */
	bool to_sorted, gated;
	double to_similar;
	unsigned hotmail; /* 1: hotmail.com in HELO, 2: in From only */
};

bool header_is(const struct eval_run *r, enum header_pattern which, struct str s);

/* Each file's functions; they end with a NULL name in the family's table only. */
unsigned header_shifted_date(struct eval_run *r, const struct eval_args *args);
unsigned header_within_months(struct eval_run *r, const struct eval_args *args);
unsigned header_outlook_id(struct eval_run *r, const struct eval_args *args);

unsigned header_gated(struct eval_run *r, const struct eval_args *args);
unsigned header_fake_aol(struct eval_run *r, const struct eval_args *args);
unsigned header_forged_eudora(struct eval_run *r, const struct eval_args *args);
unsigned header_forged_gmail(struct eval_run *r, const struct eval_args *args);
unsigned header_forged_hotmail(struct eval_run *r, const struct eval_args *args);
unsigned header_no_hotmail(struct eval_run *r, const struct eval_args *args);
unsigned header_forged_juno(struct eval_run *r, const struct eval_args *args);
unsigned header_forged_yahoo(struct eval_run *r, const struct eval_args *args);
unsigned header_unusable_id(struct eval_run *r, const struct eval_args *args);
unsigned header_forged_gw05(struct eval_run *r, const struct eval_args *args);
unsigned header_msn_groups(struct eval_run *r, const struct eval_args *args);

unsigned header_illegal_chars(struct eval_run *r, const struct eval_args *args);
unsigned header_subject_caps(struct eval_run *r, const struct eval_args *args);
unsigned header_template(struct eval_run *r, const struct eval_args *args);
unsigned header_count(struct eval_run *r, const struct eval_args *args);
unsigned header_faraway(struct eval_run *r, const struct eval_args *args);
unsigned header_name_id(struct eval_run *r, const struct eval_args *args);

unsigned header_missing_to(struct eval_run *r, const struct eval_args *args);
unsigned header_to_in_subject(struct eval_run *r, const struct eval_args *args);
unsigned header_similar(struct eval_run *r, const struct eval_args *args);
unsigned header_sorted(struct eval_run *r, const struct eval_args *args);
unsigned header_equal_domains(struct eval_run *r, const struct eval_args *args);
unsigned header_same_sender(struct eval_run *r, const struct eval_args *args);
unsigned header_ratware_sender(struct eval_run *r, const struct eval_args *args);
