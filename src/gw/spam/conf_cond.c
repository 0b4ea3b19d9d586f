#include "gw/spam/conf.h"
#include "gw/spam/expr.h"

/*
 * Functions that can() and has() find in SpamAssassin 4.0.1; each of them returns true. Those of a
 * plugin exist only while it is loaded.
 */
struct feature {
	const char *module; /* without "Mail::SpamAssassin::" */
	const char *functions;
};

static const struct feature features[] = {
	{ "Conf",
	  " feature_originating_ip_headers feature_dns_local_ports_permit_avoid"
	  " feature_bayes_auto_learn_on_error feature_uri_host_listed feature_yesno_takes_args"
	  " feature_bug6558_free feature_edns feature_dns_query_restriction"
	  " feature_registryboundaries feature_geodb feature_dns_block_rule"
	  " feature_compile_regexp feature_meta_rules_matching feature_subjprefix"
	  " feature_bayes_stopwords feature_get_host feature_blocklist_welcomelist"
	  " feature_welcomelist_blocklist feature_header_address_parser"
	  " feature_local_tests_only feature_header_first_last feature_header_match_many"
	  " feature_capture_rules has_tflags_nosubject has_tflags_nolog"
	  " perl_min_version_5010000 " },
	{ "Plugin::AskDNS", " has_tag_header " },
	{ "Plugin::ASN", " has_asn_lookup_ipv6 has_asn_geodb has_check_asn has_check_asn_tag " },
	{ "Plugin::BodyEval", " has_check_body_length has_plaintext_body_sig_ratio " },
	{ "Plugin::DecodeShortURLs",
	  " has_short_url has_autoclean has_short_url_code has_user_agent has_get has_clear"
	  " has_timeout has_max_redirections has_short_url_redir " },
	{ "Plugin::DKIM", " has_arc " },
	{ "Plugin::DNSEval", " has_tflags_domains_only has_tflags_ips_only " },
	{ "Plugin::HashBL",
	  " has_hashbl_bodyre has_hashbl_bodyre_num has_hashbl_emails has_hashbl_uris"
	  " has_hashbl_ignore has_hashbl_email_regex has_hashbl_email_welcomelist"
	  " has_hashbl_email_whitelist has_hashbl_tag has_hashbl_sha256"
	  " has_hashbl_attachments has_hashbl_email_domain has_hashbl_email_domain_alias " },
	{ "Plugin::MIMEEval",
	  " has_check_for_ascii_text_illegal has_check_abundant_unicode_ratio"
	  " has_check_qp_ratio " },
	{ "Plugin::MIMEHeader",
	  " has_all_header has_tflags_range has_tflags_concat has_tflags_multiple"
	  " has_capture_rules " },
	{ "Plugin::OLEVBMacro",
	  " has_olemacro_redirect_uri has_olemacro_mhtml_uri has_olertfobject " },
	{ "Plugin::Pyzor", " has_fork has_perl " },
	{ "Plugin::Razor2", " has_fork " },
	{ "Plugin::SPF", " has_check_for_spf_errors has_check_spf_skipped_noenvfrom " },
	{ "Plugin::URIDetail", " has_host_key " },
	{ "Plugin::URIDNSBL",
	  " has_tflags_domains_only has_subtest_for_ranges has_uridnsbl_for_a"
	  " has_uridnsbl_a_ns has_tflags_notrim has_uridnsbl_skip_mailto " },
};

struct str conf_plugin_name(struct str name)
{
	if (str_eq(name, STR(CONF_PLUGIN "Dmarc")))
		return STR(CONF_PLUGIN "DMARC");
	if (str_eq(name, STR(CONF_PLUGIN "WhiteListSubject")))
		return STR(CONF_PLUGIN "WelcomeListSubject");
	return name;
}

bool conf_plugin_loaded(const struct spam_conf *c, const char *plugin)
{
	return map_get(&c->plugins, str_fmt(c->tmp, CONF_PLUGIN "%s", plugin)) != NULL;
}

static bool listed(const char *functions, struct str name, struct arena *a)
{
	return str_find(str_of(functions), str_fmt(a, " %.*s ", STR_ARG(name))) >= 0;
}

static bool function_exists(const struct spam_conf *c, struct str path)
{
	static const struct str compat = STR_INIT("Mail::SpamAssassin::Conf::compat_");
	ptrdiff_t colon = str_rchr(path, ':');
	struct str module, function;

	if (str_starts(path, compat))
		return map_get(&c->compat, str_from(path, compat.n)) != NULL;
	if (colon < 1 || !str_starts(path, STR("Mail::SpamAssassin::")))
		return false;
	module = str_sub(path, 0, (size_t)colon - 1);
	function = str_from(path, (size_t)colon + 1);
	if (str_starts(module, STR(CONF_PLUGIN)) && !map_get(&c->plugins, module))
		return false;
	module = str_from(module, strlen("Mail::SpamAssassin::"));
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (str_eq(module, str_of(features[i].module)))
			return listed(features[i].functions, function, c->tmp);
	return false;
}

static bool plugin_condition(const struct spam_conf *c, struct str name)
{
	name = conf_plugin_name(name);
	/* Went away in 4.1; rules ask so that they need not be loaded twice. */
	return str_eq(name, STR(CONF_PLUGIN "RaciallyCharged")) ||
	       map_get(&c->plugins, name) != NULL;
}

static double leaf_value(const void *ctx, const struct expr *leaf)
{
	const struct spam_conf *c = ctx;

	if (leaf->op == EXPR_CALL && str_eq(leaf->word->name, STR("plugin")))
		return plugin_condition(c, leaf->word->arg);
	if (leaf->op == EXPR_CALL)
		return function_exists(c, leaf->word->arg);
	if (str_eq(leaf->word->name, STR("version")))
		return CONF_VERSION_NUMBER;
	if (str_eq(leaf->word->name, STR("perl_version")))
		return CONF_PERL_VERSION_NUMBER;
	if (str_eq(leaf->word->name, STR("local_tests_only")))
		return (c->paths->set & 1) == 0;
	return 1; /* any other word is a string to Perl, and true */
}

int conf_condition(struct conf_parser *p, struct str text)
{
	struct expr_world world = { .value = leaf_value, .ctx = p->conf };
	struct expr *x;
	struct err e;

	if (expr_parse(p->conf->tmp, text, EXPR_CONDITION, &x, &e) < 0) {
		conf_note(p, "condition: %s", e.msg);
		return -1;
	}
	return x && expr_eval(x, &world) != 0;
}
