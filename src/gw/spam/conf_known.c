#include "gw/spam/conf.h"

/*
 * Directives of SpamAssassin 4.0.1 that say nothing to a local check without evals: reporting,
 * learning, lists, network tests. They are accepted so that what the report calls unknown really
 * is. Those of a plugin mean something only while it is loaded.
 */
struct known {
	const char *plugin; /* NULL: always */
	const char *directives;
};

static const struct known known[] = {
	{ NULL,
	  " all_spam_to allow_user_rules always_trust_envelope_sender"
	  " bayes_auto_expire bayes_auto_learn bayes_expiry_max_db_size"
	  " bayes_file_mode bayes_ignore_header"
	  " bayes_journal_max_size bayes_learn_during_report bayes_learn_to_journal"
	  " bayes_min_ham_num bayes_min_spam_num bayes_path bayes_seen_ttl"
	  " bayes_sql_dsn bayes_sql_override_username bayes_sql_password"
	  " bayes_sql_username bayes_sql_username_authorized bayes_store_module"
	  " bayes_token_sources bayes_token_ttl bayes_use_hapaxes blacklist_from"
	  " blacklist_to blacklist_uri_host blocklist_from blocklist_to"
	  " blocklist_uri_host"
	  " clear_dns_servers"
	  " country_db_path"
	  " country_db_type def_welcomelist_auth def_welcomelist_from_rcvd"
	  " def_whitelist_auth def_whitelist_from_rcvd delist_uri_host dns_available"
	  " dns_local_ports_avoid dns_local_ports_none"
	  " dns_local_ports_permit dns_options dns_server"
	  " dns_test_interval enlist_addrlist enlist_uri_host"
	  " geodb_module geodb_options geodb_search_path"
	  " ignore_always_matching_regexps lock_method mbox_format_from_regex"
	  " more_spam_to normalize_charset"
	  " report_charset"
	  " report_safe_copy_headers report_wrap_width"
	  " skip_rbl_checks subjprefix test time_limit unblacklist_from"
	  " unblocklist_from unsafe_report_template unwelcomelist_auth"
	  " unwelcomelist_from unwelcomelist_from_rcvd unwhitelist_auth"
	  " unwhitelist_from unwhitelist_from_rcvd uri_country_db_isp_path"
	  " uri_country_db_path use_bayes use_bayes_rules use_learner user_scores_dsn"
	  " user_scores_fallback_to_global user_scores_ldap_password"
	  " user_scores_ldap_username user_scores_sql_custom_query"
	  " user_scores_sql_password user_scores_sql_username version_tag"
	  " welcomelist_allows_relays welcomelist_auth welcomelist_from"
	  " welcomelist_from_rcvd welcomelist_to welcomelist_uri_host"
	  " whitelist_allows_relays whitelist_auth whitelist_from whitelist_from_rcvd"
	  " whitelist_to whitelist_uri_host " },
	{ "ASN",
	  " asn_lookup asn_lookup_ipv6 asn_prefer_geodb asn_prefix asn_use_dns"
	  " asn_use_geodb clear_asn_lookups " },
	{ "AWL",
	  " auto_welcomelist_db_modules auto_welcomelist_distinguish_signed"
	  " auto_welcomelist_factor auto_welcomelist_factory"
	  " auto_welcomelist_file_mode auto_welcomelist_ipv4_mask_len"
	  " auto_welcomelist_ipv6_mask_len auto_welcomelist_path"
	  " auto_whitelist_db_modules auto_whitelist_distinguish_signed"
	  " auto_whitelist_factor auto_whitelist_factory auto_whitelist_file_mode"
	  " auto_whitelist_ipv4_mask_len auto_whitelist_ipv6_mask_len"
	  " auto_whitelist_path use_auto_welcomelist use_auto_whitelist user_awl_dsn"
	  " user_awl_sql_override_username user_awl_sql_password user_awl_sql_table"
	  " user_awl_sql_username " },
	{ "AuthRes",
	  " authres_ignored_authserv authres_networks authres_trusted_authserv " },
	{ "AutoLearnThreshold",
	  " bayes_auto_learn_on_error bayes_auto_learn_threshold_nonspam"
	  " bayes_auto_learn_threshold_spam " },
	{ "Bayes",
	  " bayes_max_token_length bayes_stopword_languages " },
	{ "DCC",
	  " dcc_body_max dcc_dccifd_path dcc_fuz1_max dcc_fuz2_max dcc_home"
	  " dcc_learn_score dcc_options dcc_path dcc_rep_percent dcc_timeout"
	  " dccifd_options use_dcc use_dcc_rep " },
	{ "DKIM",
	  " adsp_override def_welcomelist_from_dkim def_whitelist_from_dkim"
	  " dkim_minimum_key_bits dkim_timeout unwelcomelist_from_dkim"
	  " unwhitelist_from_dkim welcomelist_from_dkim whitelist_from_dkim " },
	{ "DMARC",
	  " dmarc_save_reports " },
	{ "DecodeShortURLs",
	  " url_shortener_cache_autoclean url_shortener_cache_password"
	  " url_shortener_cache_username url_shortener_loginfo " },
	{ "FreeMail",
	  " freemail_add_describe_email"
	  " freemail_import_def_welcomelist_auth freemail_import_def_whitelist_auth"
	  " freemail_import_welcomelist_auth freemail_import_whitelist_auth " },
	{ "PhishTag",
	  " trigger_config trigger_ratio trigger_target " },
	{ "Phishing",
	  " phishing_openphish_feed phishing_phishstats_feed"
	  " phishing_phishstats_minscore phishing_phishtank_feed phishing_uri_noparam " },
	{ "Pyzor",
	  " pyzor_fork pyzor_max pyzor_options pyzor_path pyzor_perl " },
	{ "Razor2", " razor_fork " },
	{ "ResourceLimits",
	  " resource_limit_cpu resource_limit_mem " },
	{ "Reuse",
	  " run_reuse_tests_only " },
	{ "SPF",
	  " def_welcomelist_from_spf def_whitelist_from_spf do_not_use_mail_spf"
	  " do_not_use_mail_spf_query ignore_received_spf_header spf_timeout"
	  " unwelcomelist_from_spf unwhitelist_from_spf"
	  " use_newest_received_spf_header welcomelist_from_spf whitelist_from_spf " },
	{ "SpamCop",
	  " spamcop_from_address spamcop_max_report_size spamcop_relayhost"
	  " spamcop_to_address " },
	{ "TextCat",
	  " inactive_languages ok_languages textcat_acceptable_score"
	  " textcat_max_languages textcat_max_ngrams textcat_optimal_ngrams " },
	{ "TxRep",
	  " auto_welcomelist_db_modules auto_welcomelist_distinguish_signed"
	  " auto_welcomelist_file_mode auto_welcomelist_path"
	  " auto_whitelist_db_modules auto_whitelist_distinguish_signed"
	  " auto_whitelist_file_mode auto_whitelist_path txrep_autolearn"
	  " txrep_dilution_factor txrep_expiry_days txrep_factor txrep_factory"
	  " txrep_ipv4_mask_len txrep_ipv6_mask_len txrep_learn_bonus"
	  " txrep_learn_penalty txrep_report_details txrep_spf txrep_track_messages"
	  " txrep_user2global_ratio txrep_weight_domain txrep_weight_email"
	  " txrep_weight_email_ip txrep_weight_helo txrep_weight_ip"
	  " txrep_welcomelist_out txrep_whitelist_out use_txrep user_awl_dsn"
	  " user_awl_sql_override_username user_awl_sql_password user_awl_sql_table"
	  " user_awl_sql_username " },
	{ "URIDNSBL",
	  " clear_uridnsbl_skip_domain skip_uribl_checks uridnsbl"
	  " uridnsbl_max_domains uridnsbl_skip_domain uridnsbl_skip_mailto"
	  " uridnsbl_timeout uridnssub urifullnsrhsbl urifullnsrhssub urinsrhsbl"
	  " urinsrhssub urirhsbl urirhssub " },
	{ "URILocalBL",
	  " uri_block_cc uri_block_cidr uri_block_cont uri_block_exclude"
	  " uri_block_isp " },
};

/* bayes_stopword_de */
static bool is_known_family(const struct spam_conf *c, struct str key)
{
	return str_starts(key, STR("bayes_stopword_")) && conf_plugin_loaded(c, "Bayes");
}

bool conf_is_known(const struct spam_conf *c, struct str key)
{
	struct str word = str_fmt(c->tmp, " %.*s ", STR_ARG(key));

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_find(str_of(known[i].directives), word) >= 0 &&
		    (!known[i].plugin || conf_plugin_loaded(c, known[i].plugin)))
			return true;
	return is_known_family(c, key);
}
