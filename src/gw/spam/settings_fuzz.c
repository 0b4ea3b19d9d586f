/*
 * Any lines as settings of all that has eval functions: ExtractText, DecodeShortURLs, Razor2, block
 * lists and the rest. They are only read, since they may name programs to be run.
 */
#include <stdint.h>

#include "gw/spam/eval_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 20000 };

/* Loads every plugin; without a rule nothing would be. */
static struct str head(struct arena *a)
{
	struct str lines = STR("body ALWAYS /x/\n");

	for (size_t i = 0; eval_families[i]; i++)
		if (eval_families[i]->plugin)
			lines = str_fmt(a, "%.*sloadplugin " CONF_PLUGIN "%s\n", STR_ARG(lines),
					eval_families[i]->plugin);
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str text = { (const char *)data, size };
	struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
	struct spam_load_report report;
	struct spam_rules *rules;
	struct err e;

	/* Files elsewhere are none of the fuzzer's business. */
	if (size > INPUT_MAX || str_ifind(text, STR("include")) >= 0)
		return 0;
	paths.extra = str_cat(a, head(a), text);
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		__builtin_trap();
	for (size_t i = 0; i < report.unknown.n; i++)
		ASSERT(report.unknown.p[i].message.n > 0);
	return 0;
}
