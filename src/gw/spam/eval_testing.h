/*
 * What the tests of the eval functions share: one mail, one call, how often it hits. The whole
 * engine runs, with the plugins named.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "gw/spam/ruleset.h"

#define TEXT_MAIL(body) "Subject: x\n\n" body
#define HTML_MAIL(body) "Subject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n" body
#define TYPED_MAIL(header, body) "Subject: x\nMIME-Version: 1.0\n" header "\n\n" body
#define PARTS_MAIL(subtype, first, second)                                                         \
	TYPED_MAIL("Content-Type: multipart/" subtype "; boundary=X",                              \
		   "--X\n" first "\n--X\n" second "\n--X--\n")

struct eval_case {
	const char *mail;
	const char *call; /* body html_test('html') */
	unsigned hits;
};

/* `conf`: more lines before the rule, or "". */
static unsigned eval_hits(const char *plugin, const char *conf, struct str mail, const char *call)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 512u << 20);
	struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_LOCAL };
	struct spam_envelope env = { .now = 1000000000 };
	struct str kind, function = str_of(call);
	struct spam_load_report report;
	struct spam_rules *rules;
	struct spam_result r;
	struct err e;

	str_word(&function, &kind);
	function = str_ltrim(function);
	paths.extra = str_fmt(a, "loadplugin " CONF_PLUGIN "%s\n%s%.*s A eval:%.*s\n", plugin, conf,
			      STR_ARG(kind), STR_ARG(function));
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		fail_msg("%s", e.msg);
	if (spam_check(a, rules, mail, &env, 0, &r, &e) < 0)
		fail_msg("%s", e.msg);
	return r.n_hits ? r.hits[0].count : 0;
}

static void eval_cases(const char *plugin, const struct eval_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct eval_case *c = &cases[i];

		if (eval_hits(plugin, "", str_of(c->mail), c->call) != c->hits)
			fail_msg("case %zu: %s does not hit %u times", i, c->call, c->hits);
	}
}

#define EVAL_CASES(plugin, cases) eval_cases(plugin, cases, ARRAY_LEN(cases))
