/* Every eval function of the families that need no learning, on any mail. */
#include <stdint.h>

#include "base/err.h"
#include "gw/spam/spam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLUGIN(name) "loadplugin Mail::SpamAssassin::Plugin::" name "\n"

static const char conf[] = PLUGIN("RelayEval") PLUGIN("HeaderEval") PLUGIN("WLBLEval") PLUGIN(
	"FreeMail") PLUGIN("WelcomeListSubject") PLUGIN("VBounce") PLUGIN("URIEval")
	PLUGIN("HTTPSMismatch") PLUGIN(
		"URIDetail") "util_rb_tld com org\nutil_rb_2tld co.uk\n"
			     "header H1 eval:check_for_shifted_date('3', '6')\nheader H2 "
			     "eval:check_outlook_message_id()\n"
			     "header H3 eval:check_for_forged_eudoramail_received_headers()\n"
			     "header H4 eval:check_for_forged_gmail_received_headers()\n"
			     "header H5 eval:check_for_forged_hotmail_received_headers()\n"
			     "header H6 eval:check_for_forged_juno_received_headers()\n"
			     "header H7 eval:check_for_forged_yahoo_received_headers()\n"
			     "header H8 eval:check_illegal_chars('ALL', '0.01', '2')\n"
			     "header H9 eval:subject_is_all_caps()\nheader H10 "
			     "eval:check_unresolved_template()\n"
			     "header H11 eval:check_header_count_range('X', '2', '9')\n"
			     "header H12 eval:check_ratware_name_id()\nheader H13 "
			     "eval:check_for_to_in_subject('user')\n"
			     "header H14 eval:check_for_to_in_subject('address')\n"
			     "header H15 eval:similar_recipients('0.65', 'undef')\nheader H16 "
			     "eval:sorted_recipients()\n"
			     "header H17 eval:check_equal_from_domains()\nheader H18 "
			     "eval:check_ratware_envelope_from()\n"
			     "header H19 eval:check_for_matching_env_and_hdr_from()\n"
			     "header H20 eval:check_for_fake_aol_relay_in_rcvd()\n"
			     "header R1 eval:check_for_no_rdns_dotcom_helo()\n"
			     "header R2 eval:check_for_forged_received_trail()\nheader R3 "
			     "eval:helo_ip_mismatch()\n"
			     "welcomelist_from *@a.com a*b?c@*.org\nwelcomelist_from_rcvd *@b.com "
			     "a.com\n"
			     "header L1 eval:check_from_in_welcomelist()\nheader L2 "
			     "eval:check_to_in_blocklist()\n"
			     "blocklist_to *x*@*.com\nheader L3 "
			     "eval:check_mailfrom_matches_rcvd()\n"
			     "enlist_uri_host (U) a.com !b.a.com\nheader L4 "
			     "eval:check_uri_host_listed('U')\n"
			     "freemail_domains a.com b*.com\nheader F1 eval:check_freemail_from()\n"
			     "header F2 eval:check_freemail_replyto('reply')\nheader F3 "
			     "eval:check_freemail_body()\n"
			     "blocklist_subject a*b?c\nheader S eval:check_subject_in_blocklist()\n"
			     "welcomelist_bounce_relays a.com b*.com\nbody B "
			     "eval:check_welcomelist_bounce_relays()\n"
			     "body U1 eval:check_https_ip_mismatch()\nbody U2 "
			     "eval:check_https_http_mismatch('1', '9')\n"
			     "body U3 eval:check_uri_truncated()\nuri_detail U4 text =~ /http/ "
			     "domain !~ /^a/\n";

static const struct spam_rules *rules(void)
{
	static struct arena *keep;
	static struct spam_rules *out;
	struct spam_conf_paths paths = { .lines = true, .extra = str_of(conf) };
	struct spam_load_report report;
	struct err e;
	bool ok;

	if (keep)
		return out;
	keep = arena_open("rules", (size_t)1 << 30);
	ok = spam_rules_load(keep, &paths, &out, &report, &e) == 0;
	ASSERT(ok && report.unknown.n == 0 && report.disabled.n == 0);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_result r;
	struct err e;

	if (spam_check(a, rules(), (struct str){ (const char *)data, size }, &env, 0, &r, &e) < 0)
		return 0;
	ASSERT(r.n_hits <= 100);
	return 0;
}
