/* Any bytes as a mail, and every function that looks at parts, HTML, texts and images of it. */
#include <stdint.h>

#include "gw/spam/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLUGIN(name) "loadplugin " CONF_PLUGIN name "\n"

static const char conf[] =
	PLUGIN("HTMLEval") PLUGIN("MIMEEval") PLUGIN("BodyEval") PLUGIN("ImageInfo")
	PLUGIN("PDFInfo") PLUGIN("OLEVBMacro")
	"ok_locales en\n"
	"body A1 eval:html_text_match('comment', '<!(?!-).{0,6}>')\n"
	"body A2 eval:html_text_not_match('title', 'a.c')\n"
	"body A3 eval:html_tag_balance('body', '!= 0')\n"
	"body A4 eval:html_range('obfuscation_ratio', '.05', '.1')\n"
	"body A5 eval:html_title_subject_ratio('3.5')\n"
	"body A6 eval:html_image_ratio('0.000', '0.002')\n"
	"body A7 eval:check_iframe_src()\n"
	"rawbody B1 eval:check_for_mime('mime_qp_count')\n"
	"body B2 eval:check_for_uppercase('25', '50')\n"
	"body B3 eval:check_for_faraway_charset()\n"
	"body C1 eval:multipart_alternative_difference('99', '100')\n"
	"body C2 eval:check_blank_line_ratio('80', '90', '4')\n"
	"body C3 eval:tvd_vertical_words('0', '10')\n"
	"body C4 eval:check_stock_info('2')\n"
	"body C5 eval:plaintext_body_sig_ratio('0', '1')\n"
	"body D1 eval:image_size_range('all', 1, 1, 9, 9)\n"
	"body D2 eval:image_to_text_ratio('all', '0.000', '0.015')\n"
	"body D3 eval:image_name_regex('a+')\n"
	"body E0 eval:check_olemacro()\n"
	"body E1 eval:pdf_match_details('author', '/a/')\n";

/* Loaded once; every rule has to be understood. */
static const struct spam_rules *rules_of(void)
{
	static struct spam_rules *rules;
	struct spam_conf_paths paths = { .lines = true };
	struct spam_load_report report;
	struct err e;

	if (rules)
		return rules;
	paths.extra = str_of(conf);
	if (spam_rules_load(arena_open("rules", (size_t)1 << 30), &paths, &rules, &report, &e) < 0)
		__builtin_trap();
	ASSERT(report.unknown.n == 0 && report.disabled.n == 0);
	return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct spam_envelope env = { .now = 0 };
	struct spam_result result;
	struct err e;

	if (spam_check(a, rules_of(), (struct str){ (const char *)data, size }, &env, 0, &result,
		       &e) < 0)
		ASSERT(size > SPAM_MAIL_MAX);
	return 0;
}
