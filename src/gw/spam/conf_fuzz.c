/* Rule lines, an empty line, and a mail as rules_test_views.c reads it. */
#include <stdint.h>

#include "gw/spam/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 20000 };

#define PLUGINS \
	"loadplugin Mail::SpamAssassin::Plugin::MIMEHeader\n" \
	"loadplugin Mail::SpamAssassin::Plugin::ReplaceTags\n" \
	"body ALWAYS /x/\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str all = { (const char *)data, size };
	ptrdiff_t split = str_find(all, STR("\n\n"));
	struct spam_conf_paths paths = { .lines = true };
	struct spam_envelope env = { .now = 0 };
	struct spam_load_report report;
	struct spam_rules *rules;
	struct spam_result result;
	struct err e;

	/* Files elsewhere are none of the fuzzer's business. */
	if (size > INPUT_MAX || split < 0 || str_ifind(all, STR("include")) >= 0)
		return 0;
	paths.extra = str_cat(a, STR(PLUGINS), str_sub(all, 0, (size_t)split));
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0 ||
	    spam_check(a, rules, str_from(all, (size_t)split + 2), &env, 0, &result, &e) < 0)
		__builtin_trap();
	return 0;
}
