#include "gw/cfg/tables.h"

#define T struct cfg_spam
const struct prop cfg_spam_props[] = {
	P_INT(T, bounce_score, 0, 1000, "0", "Additional score for bounce mails."),
	P_INT(T, clamav_heuristic_score, 0, 1000, "3",
	      "Score for ClamAV heuristics (PhishingScanURLs, ...)."),
	P_BOOL(T, extract_text, "0",
	       "Extract text from attachments (doc, pdf, rtf, images) and scan it for spam.",
	       .flags = PROP_LATER),
	P_STR(T, languages, &fmt_languages, "all",
	      "This option is used to specify which languages are considered OK for incoming "
	      "mail."),
	P_INT(T, maxspamsize, 64, INT64_MAX, "262144",
	      "Maximum size of spam messages in bytes. At least 64 KiB are always looked at."),
	P_BOOL(T, rbl_checks, "1", "Enable real time blacklists (RBL) checks."),
	P_BOOL(T, use_awl, "1", "Use the Auto-Whitelist plugin."),
	P_BOOL(T, use_bayes, "1", "Whether to use the naive-Bayesian-style classifier."),
	P_BOOL(T, use_razor, "1", "Whether to use Razor2, if it is available."),
	P_TEXT(T, wl_bounce_relays, 4096, NULL, "Whitelist legitimate bounce relays."),
	P_END
};
