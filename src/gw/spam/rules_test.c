/*
 * The rule language, judged from spam-engine.md section 2: each test gives rule lines and a mail
 * (as rules_test_views.c reads it) and says what must hit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/net.h"
#include "gw/spam/ruleset.h"

#define PLUGINS \
	"loadplugin Mail::SpamAssassin::Plugin::MIMEHeader\n" \
	"loadplugin Mail::SpamAssassin::Plugin::ReplaceTags\n"

static struct arena *a;
static struct spam_load_report report;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 512u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct spam_rules *load_set(const char *conf, enum spam_score_set set, const char *locale)
{
	struct spam_conf_paths paths = { .lines = true, .set = set, .locale = locale };
	struct spam_rules *rules;
	struct err e;

	paths.extra = str_fmt(a, "%s%s", PLUGINS, conf);
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		fail_msg("%s", e.msg);
	return rules;
}

static struct spam_rules *load(const char *conf)
{
	return load_set(conf, SPAM_SET_LOCAL, NULL);
}

static struct spam_result result_of(const struct spam_rules *rules, const char *mail)
{
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_result r;
	struct err e;

	assert_int_equal(spam_check(a, rules, str_of(mail), &env, 0, &r, &e), 0);
	return r;
}

/* "A B:3 __C": hits in order, then subrules, with counts above 1. */
static const char *hits(const struct spam_rules *rules, const char *mail)
{
	struct spam_result r = result_of(rules, mail);
	struct str out = STR("");

	for (size_t i = 0; i < r.n_hits + r.n_subtests; i++) {
		const struct spam_hit *h = i < r.n_hits ? &r.hits[i]
							: &r.subtests[i - r.n_hits];

		out = str_fmt(a, "%.*s%s%.*s", STR_ARG(out), out.n ? " " : "", STR_ARG(h->name));
		if (h->count > 1)
			out = str_fmt(a, "%.*s:%u", STR_ARG(out), h->count);
	}
	return str_z(a, out);
}

static void expect(const char *conf, const char *mail, const char *want)
{
	assert_string_equal(hits(load(conf), mail), want);
}

static void expect_note(const char *conf, unsigned line, const char *text)
{
	load_set(str_z(a, str_fmt(a, "body OTHER /x/\n%s", conf)), SPAM_SET_LOCAL, NULL);
	assert_int_equal(report.unknown.n, 1);
	assert_int_equal(report.unknown.p[0].line, line + 3);
	if (str_find(report.unknown.p[0].message, str_of(text)) < 0)
		fail_msg("'%.*s' lacks '%s'", STR_ARG(report.unknown.p[0].message), text);
}

/* 2.2 */
static void lines(void **state)
{
	(void)state;
	expect("  body A /x/ # comment\nBODY B /a\\#b/\n\n# body C /x/\n", "B xa#b", "A B");
	load("body A /x/\nlock-method flock\n");
	assert_int_equal(report.unknown.n, 0);
	expect_note("no_such_thing 1\n", 1, "unknown directive 'no_such_thing'");
	expect_note("body\n", 1, "missing 'body' value");
	expect_note("body 1A /x/\n", 1, "rule '1A'");
	expect_note("\n\nbody A /(/\n", 3, "pattern of A");
	expect_note("body A x\n", 1, "pattern of A");
	expect_note("body A /x/e\n", 1, "wrong end delimiter");
	expect_note("body A /a/b/\n", 1, "delimiter '/'");
}

static void languages(void **state)
{
	static const char conf[] = "body A /x/\ndescribe A english\nlang de describe A deutsch\n"
				   "lang pt_BR describe A brasil\n";

	(void)state;
	assert_true(str_eq(result_of(load(conf), "B x").hits[0].description, STR("english")));
	assert_true(
		str_eq(result_of(load_set(conf, 0, "de_AT.UTF-8@euro"), "B x").hits[0].description,
		       STR("deutsch")));
	assert_true(str_eq(result_of(load_set(conf, 0, "pt_PT"), "B x").hits[0].description,
			   STR("english")));
	assert_true(str_eq(result_of(load("body A /x/\n"), "B x").hits[0].description,
			   STR("No description available.")));
}

/* 2.3 */
static void conditions(void **state)
{
	static const struct {
		const char *condition;
		bool holds;
	} c[] = {
		{ "plugin(Mail::SpamAssassin::Plugin::MIMEHeader)", true },
		{ "plugin (Mail::SpamAssassin::Plugin::Bayes)", false },
		{ "!plugin(Mail::SpamAssassin::Plugin::Bayes)", true },
		{ "plugin(Mail::SpamAssassin::Plugin::RaciallyCharged)", true },
		{ "can(Mail::SpamAssassin::Conf::feature_bug6558_free)", true },
		{ "has(Mail::SpamAssassin::Conf::feature_bug6558_free)", true },
		{ "can(Mail::SpamAssassin::Conf::feature_nothing)", false },
		{ "can(Mail::SpamAssassin::Conf::compat_welcomelist_blocklist)", false },
		{ "can(Mail::SpamAssassin::Plugin::DKIM::has_arc)", false },
		{ "version >= 4.000001", true },
		{ "version < 4.0", false },
		{ "(version >= 3.003000) && (version < 3.004000)", false },
		{ "perl_version >= 5.010", true },
		{ "local_tests_only", true },
		{ "1 - 1 || 2 * 2 == 4", true },
		{ "0", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		const char *conf = str_z(a, str_fmt(a, "body A /x/\nif %s\nbody B /x/\nelse\n"
						       "body C /x/\nendif\n",
						    c[i].condition));

		if (strcmp(hits(load(conf), "B x"), c[i].holds ? "A B" : "A C") != 0)
			fail_msg("%s", c[i].condition);
	}
}

static void blocks(void **state)
{
	(void)state;
	expect("body A /x/\nif 0\nif 1\nbody B /x/\nelse\nbody C /x/\nendif\nbody D /x/\n"
	       "endif\nbody E /x/\n",
	       "B x", "A E");
	expect("enable_compat welcomelist_blocklist\n"
	       "if can(Mail::SpamAssassin::Conf::compat_welcomelist_blocklist)\nbody A "
	       "/x/\nendif\n",
	       "B x", "A");
	expect("loadplugin Mail::SpamAssassin::Plugin::Dmarc\n"
	       "ifplugin Mail::SpamAssassin::Plugin::DMARC\nbody A /x/\nendif\n",
	       "B x", "A");
	/* A second else flips again. */
	expect("if 0\nbody A /x/\nelse\nbody B /x/\nelse\nbody C /x/\nendif\n", "B x", "B");
	expect("body A /x/\nrequire_version 3.0\nbody B /x/\n", "B x", "A");
	expect("require_version 4.000001\nbody B /x/\n", "B x", "B");
	expect_note("if 1\n", 1, "if without endif");
	expect_note("endif\n", 1, "endif without if");
	expect_note("else\n", 1, "else without if");
	expect_note("if (1\nbody A /x/\n", 1, "condition");
	expect_note("if 1\nendif now\nendif\n", 2, "something behind");
}

/* A rule of a plugin that is not loaded is no rule. */
static void plugin_rules(void **state)
{
	struct spam_conf_paths paths = { .lines = true };
	struct spam_rules *rules;
	struct err e;

	(void)state;
	paths.extra = STR("body A /x/\nmimeheader B X =~ /x/\nreplace_rules A\n");
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_int_equal(report.unknown.n, 2);
}

static void scores(void **state)
{
	static const char conf[] =
		"score LATER 3\nbody LATER /x/\nbody FOUR /x/\nscore FOUR 1 2 3 4\n"
		"body T_TEST /x/\nbody NICE /x/\ntflags NICE nice\nbody REL /x/\nscore REL 1\n"
		"score REL (0.5)\nbody OFF /x/\nscore OFF 0\n";
	struct spam_result r = result_of(load(conf), "B x");

	(void)state;
	assert_int_equal(r.n_hits, 5);
	assert_true(r.score == 3 + 1 + 0.01 - 1 + 1.5);
	assert_int_equal(r.level, 4);
	assert_true(r.required == 5);
	r = result_of(load_set(conf, SPAM_SET_BAYES, NULL), "B x");
	assert_true(r.score == 3 + 3 + 0.01 - 1 + 1.5);
	r = result_of(load("body A /x/\nscore A -2\nrequired_score 7.5\n"), "B x");
	assert_true(r.score == -2);
	assert_int_equal(r.level, 0);
	assert_true(r.required == 7.5);
	expect_note("score NEW (1)\n", 1, "invalid 'score'");
	expect_note("score NEW x\n", 1, "invalid 'score'");
	expect_note("score NEW 1 2\n", 1, "missing 'score'");
	expect_note("score NEW 1 2 3 4 5\n", 1, "missing 'score'");
}

/* A second definition replaces the first; a broken one does not. */
static void redefinition(void **state)
{
	(void)state;
	expect("body A /x/\nheader A Subject =~ /y/\n", "H Subject: y", "A");
	expect("body A /x/\nheader A Subject =~ /y/\n", "B x", "");
	expect("body A /x/\nbody A /(/\n", "B x", "A");
}

/* 2.9, 2.10 */
static void header_rules(void **state)
{
	(void)state;
	expect("header A Subject =~ /^Hi$/m\n", "H Subject: Hi\nH From: x", "A");
	expect("header A Subject !~ /Hi/\n", "H Subject: Ho", "A");
	expect("header A Subject !~ /Hi/\n", "H From: x", "A");
	expect("header A Subject =~ /^$/\n", "H From: x", "A");
	expect("header A exists:Subject\nheader B exists:From\n", "H From: x", "B");
	expect("header A Subject =~ /^none$/ [if-unset: none]\n", "H From: x", "A");
	expect("header A Subject =~ /^none$/ [if-unset: none]\n", "H Subject: x", "");
	expect("header A X-A =~ /b/\ntflags A multiple maxhits=2\n", "H X-A: bbb", "A:2");
	expect("header A X-A =~ /b/\ntflags A multiple\n", "H X-A: bb\nH X-A: b", "A:3");
	expect("header A X-A =~ /b/\n", "H X-A: bbb", "A");
	expect("header A From:addr =~ /x/\nheader B From:RAW:first =~ /y/\n",
	       "H From:addr: x\nH From:raw:first: y", "A B");
	expect_note("header A From:wrong =~ /x/\n", 1, "not understood");
	expect_note("header A Fr om =~ /x/\n", 1, "not understood");
	expect_note("header A exists:From:addr\n", 1, "wrong name");
	expect_note("header A From = /x/\n", 1, "not understood");
}

static void text_rules(void **state)
{
	(void)state;
	expect("body A /^sub/\n", "B subject\nB text", "A");
	expect("body A /sub/\ntflags A nosubject\n", "B subject\nB text", "");
	expect("body A /t/\ntflags A multiple maxhits=3\n", "B tt\nB tt", "A:3");
	expect("body A /t/\ntflags A multiple\n", "B tt\nB tt", "A:4");
	expect("body A /t/\n", "B tt\nB tt", "A");
	expect("uri A m{^http://x/}i\nuri B m#^ftp:#\n", "U HTTP://x/", "A");
	expect("rawbody A /<b>/\n", "R <b>\nB y", "A");
	expect("full A /B y\\nR z/\n", "B y\nR z", "A");
	expect("full A /z/\ntflags A multiple maxhits=2\n", "B zzz", "A:2");
	expect("body A /\\xe4/i\n", "B \xc4", "A");
	expect("body A /a b/x\nbody B m'q'i\nbody C qr/q/\n", "B ab Q q", "A B C");
}

static void mimeheader_rules(void **state)
{
	static const char mail[] = "P X: a\nP X: bb\nP Y: c";

	(void)state;
	expect("mimeheader A X =~ /b/\n", mail, "A");
	expect("mimeheader A X =~ /b/\ntflags A multiple\n", mail, "A:2");
	expect("mimeheader A X =~ /b/\ntflags A range=1\n", mail, "");
	expect("mimeheader A X =~ /b/\ntflags A range=2-3\n", mail, "A");
	expect("mimeheader A X =~ /b/\ntflags A range=-1\n", mail, "");
	expect("mimeheader A X =~ /^u$/ [if-unset: u]\n", mail, "A");
	expect("mimeheader A X =~ /a\\nbb\\n/\n", mail, "");
	/* Seen with SpamAssassin 4.0.1: a negated one hits in any case. */
	expect("mimeheader A X !~ /./\n", mail, "A");
	expect("mimeheader A X =~ /a\\nbb\\n/\ntflags A concat\n", mail, "A");
}

/* 2.7 */
static void metas(void **state)
{
	static const char rules[] = "body __A /a/\nbody __B /b/\nbody __M /m/\n"
				    "tflags __M multiple\n";
	static const struct {
		const char *expression;
		bool hits;
	} m[] = {
		{ "__A", true },
		{ "__B", false },
		{ "__A && !__B", true },
		{ "__A && __B", false },
		{ "__A || __B", true },
		{ "__M == 3", true },
		{ "__A + __M > 3", true },
		{ "__M - 2", true },
		{ "__A + __M * 2 == 7", true },
		{ "(__A + __M) * 2 == 8", true },
		{ "__M / 2 == 1.5", true },
		{ "__M ^ 1", true },
		{ "(__M ^ 3) == 0", true },
		{ "!__A || __M >= 3 && !__B", true },
		{ "__B ? 1 : 0", false },
		{ "__B ? 0 : __A ? 1 : 0", true },
		{ "__UNDEFINED", false },
		{ "!__UNDEFINED", true },
		{ "1 < __M < 4", true },
		{ "4 > __M > 3", false },
		{ "local_tests_only", true },
		{ "rules_matching(__?) == 4", true },
		{ "rules_matching(NO*)", false },
		{ "__B - __A", true },
		{ "()", false },
		{ "0", false },
		{ "1", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(m); i++) {
		const char *conf =
			str_z(a, str_fmt(a, "%smeta IT %s\n", rules, m[i].expression));

		if ((strstr(hits(load(conf), "B a mmm"), "IT") != NULL) != m[i].hits)
			fail_msg("%s", m[i].expression);
	}
}

static void metas_refused(void **state)
{
	static const char *const bad[] = {
		"__A -1", "-1 < 0",    "__A +",    "__A __B", "(__A",      "__A)",     "__A ** 2",
		"$x",     "__A / __B", "A::B",     "__A % 2", "__A ? 1",   "1. + 1",   "2A",
		"A; B",   "{1}",       "A->B",     "++__A",   "__A || ||", "* __A",    "1..2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		load(str_z(a, str_fmt(a, "body X /x/\nmeta IT %s\n", bad[i])));
		if (report.unknown.n != 1)
			fail_msg("%s was accepted", bad[i]);
	}
}

static void meta_values(void **state)
{
	(void)state;
	/* The value of a meta is its result; a negative one counts as 1. */
	expect("body __A /a/\nmeta __M __A * 5\nmeta HIT __M == 5\n", "B a", "HIT __A __M");
	expect("body __A /a/\nmeta __M 0 - __A\nmeta HIT __M == 1\n", "B a", "HIT __A __M");
}

/* A meta that names a meta of score 0 never runs; any other rule of score 0 counts as not hit. */
static void zero_score(void **state)
{
	(void)state;
	expect("body __A /a/\nmeta B __A\nscore B 0\nmeta C __A && !B\n", "B a", "__A");
	expect("body __A /a/\nbody B /a/\nscore B 0\nmeta C __A && !B\n", "B a", "C __A");
}

static void meta_cycles(void **state)
{
	(void)state;
	expect("meta A B || 1\nmeta B A || 1\nmeta C A + B + 1\nmeta D 1\n", "B a", "D");
	expect("meta A !A\nbody B /a/\n", "B a", "B");
}

/* 1.8: functions, their arguments and settings. */
static void eval_calls(void **state)
{
	static const char on[] = "loadplugin Mail::SpamAssassin::Plugin::Test\ntest_enabled 1\n";
	static const char rules[] = "body A eval:test_value('2')\n"
				    "header B eval:test_value( 3 )\n"
				    "rawbody C eval:test_value(\"0\")\n"
				    "meta M A == 2 && B > 2 && !C\n";
	struct spam_result r;

	(void)state;
	expect(str_z(a, str_fmt(a, "%s%s", on, rules)), "B s", "B A M");
	expect(str_z(a, str_fmt(a, "%stest_enabled 0\n%s", on, rules)), "B s", "");
	r = result_of(load(str_z(a, str_fmt(a, "%s%s", on, rules))), "B s");
	assert_true(str_eq(r.hits[1].found, STR("2")));
	/* Anew for each mail. */
	expect(str_z(a, str_fmt(a, "%sbody T eval:test_calls()\nfull U eval:test_calls()\n"
				   "meta M T == 1 && U == 2\n", on)), "B s", "T U M");
	/* Without its plugin it does not run, and the directive is unknown. */
	load(rules);
	assert_int_equal(report.unknown.n, 3);
	assert_true(str_eq(report.unknown.p[0].message,
			   STR("eval test_value needs the plugin Test")));
	expect("body X eval:test_value(1)\nmeta N !X\n", "B s", "N");
	load("body OK /x/\ntest_enabled 1\n");
	assert_int_equal(report.unknown.n, 1);
}

static void eval_arguments(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: not understood */
	} cases[] = {
		{ "", "" },
		{ "'a b', \"c'd\" ,x.y:z-1,-5", "[a b][c'd][x.y:z-1][-5]" },
		{ "'',x,", "[][x]" },
		{ "'a", NULL },
		{ "a b", NULL },
		{ ",a", NULL },
		{ "a;b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct eval_args args = { 0 };
		struct str got = STR("");
		bool ok = eval_args_parse(a, str_of(cases[i].text), &args);

		assert_int_equal(ok, cases[i].want != NULL);
		for (size_t k = 0; k < args.n; k++)
			got = str_fmt(a, "%.*s[%.*s]", STR_ARG(got), STR_ARG(args.v[k]));
		if (ok)
			assert_string_equal(str_z(a, got), cases[i].want);
	}
	load("loadplugin Mail::SpamAssassin::Plugin::Test\nbody A eval:test_value(x)\n"
	     "body B eval:test_value('1)\nbody C /c/\n");
	assert_int_equal(report.unknown.n, 2);
	assert_true(str_eq(report.unknown.p[0].rule, STR("A")));
	assert_true(str_eq(report.unknown.p[0].message, STR("test_value wants a number")));
	assert_int_equal(report.unknown.p[1].line, 5);
}

/* An eval that is not built disables its rule and whatever looks at it, if it would have run. */
static void disabled(void **state)
{
	static const char conf[] =
		"body E eval:html_test('x')\nmeta M1 !E\nmeta M2 !M1 || 1\nbody OK /a/\n"
		"meta M3 OK\nheader OFF eval:check_x()\nscore OFF 0\nmeta M4 !OFF\n"
		"header NET eval:check_y()\ntflags NET net\nmeta M5 !NET\n"
		"header LEARN eval:check_bayes(1)\ntflags LEARN learn\nmeta M6 !LEARN\n"
		"header RBL eval:check_rbl('a', 'b')\nmeta M7 !RBL\n";

	(void)state;
	assert_string_equal(hits(load(conf), "B a"), "OK M3 M4 M5 M6 M7");
	assert_int_equal(report.disabled.n, 3);
	assert_true(str_eq(report.disabled.p[0].rule, STR("E")));
	assert_true(str_eq(report.disabled.p[0].message, STR("eval html_test is not built")));
	assert_true(str_eq(report.disabled.p[1].message, STR("needs E")));
	assert_true(str_eq(report.disabled.p[2].rule, STR("M2")));
	assert_int_equal(report.active, 6);
	assert_string_equal(hits(load_set(conf, SPAM_SET_BAYES, NULL), "B a"), "OK M3 M4 M5 M7");
	expect_note("body E eval:f\n", 1, "invalid 'body' value");
}

/* 2.8 */
static void order(void **state)
{
	(void)state;
	expect("full A /x/\nrawbody B /x/\nmimeheader C X =~ /x/\nuri D /x/\nbody E /x/\n"
	       "header F Subject =~ /x/\nmeta G A\nbody H /x/\npriority H -5\nbody I /x/\n"
	       "priority I 5\n",
	       "H Subject: x\nB x\nR x\nU x\nP X: x", "H F E D C B A G I");
	/* A rule that an early meta needs runs as early. */
	expect("body A /x/\nbody B /x/\nmeta C A\npriority C -20\n", "B x", "A C B");
}

/* 2.11 */
static void captures(void **state)
{
	static const char conf[] = "header __C To =~ /<(?<TO_USER>[a-z.]+)\\@/\n"
				   "tflags __C multiple\n"
				   "uri A m|/%{TO_USER}$|\nbody B /%{NOTHING}|x/\nmeta M !B\n";

	(void)state;
	expect(conf, "H To: <a.b@c>, <z@c>\nU http://x/a.b\nB x", "A M __C:2");
	expect(conf, "H To: <a.b@c>, <z@c>\nU http://x/z", "A M __C:2");
	expect(conf, "H To: <a.b@c>\nU http://x/aXb", "M __C");
	expect(conf, "H To: nobody\nU http://x/", "M");
	expect("header __C To =~ /(?<WHO>\\w+)/\nheader A From =~ /^%{WHO}<X>/\nreplace_tag X !\n"
	       "replace_rules A\nbody B /y%{WHO}/\ntflags B multiple\nheader C Cc !~ /%{WHO}/\n",
	       "H To: me\nH From: me!\nB yme yme", "A C B:2 __C");
}

static void replace(void **state)
{
	static const char tags[] =
		"replace_tag A [a\\@4]\nreplace_tag B (?:b|8)\nreplace_tag N <A><B>\n"
		"replace_inter W \\W?\nreplace_post P +\nreplace_pre Q _?\n";

	(void)state;
	expect(str_z(a, str_fmt(a, "%sbody X /^<A>x<B>$/\nreplace_rules X\n", tags)), "B 4x8", "X");
	expect(str_z(a, str_fmt(a, "%sbody X /^<inter W><A><B>$/\nreplace_rules X Y\n", tags)),
	       "B @-b", "X");
	expect(str_z(a, str_fmt(a, "%sbody X /^<post P><A><B>$/\nreplace_rules X\n", tags)),
	       "B 44888", "X");
	expect(str_z(a, str_fmt(a, "%sbody X /^<pre Q><A><B>$/\nreplace_rules X\n", tags)),
	       "B _4_8", "X");
	expect(str_z(a, str_fmt(a, "%sbody X /^<N>$/i\nreplace_rules X\n", tags)), "B A8", "X");
	/* Without replace_rules, and for unknown tags, the text stands for itself. */
	expect(str_z(a, str_fmt(a, "%sbody X /<A>/\nbody Y /<Z>/\nreplace_rules Y\n", tags)),
	       "B <A> <Z>", "X Y");
	expect("replace_start =\nreplace_end !\nreplace_tag A x\nbody X /^=A!y$/\n"
	       "replace_rules X\n",
	       "B xy", "X");
}

static void result_details(void **state)
{
	struct spam_rules *rules =
		load("header A X-Env =~ /^me\\@x/\nenvelope_sender_header X-Env:\n"
		     "body B /b/\ntflags B multiple\nscore B 0.1\n");
	struct spam_envelope env = { .sender = STR("me@x"), .has_sender = true };
	struct spam_result r;
	struct err e;

	(void)state;
	assert_int_equal(spam_check(a, rules, STR("B bbb"), &env, 0, &r, &e), 0);
	assert_int_equal(r.n_hits, 2);
	/* Each hit of a multiple rule scores; the sum is rounded to three decimals. */
	assert_true(r.score == 1.3);
	assert_string_equal(r.autolearn, "disabled");
	assert_false(r.timed_out);
	assert_int_equal(spam_check(a, rules, STR("B bbb"), &env, 1, &r, &e), 0);
	assert_false(r.timed_out); /* two rules: the clock was not looked at */
}

static void deadline(void **state)
{
	struct spam_envelope env = { .now = 0 };
	struct str conf = STR("");
	struct spam_result r;
	struct err e;

	(void)state;
	for (int i = 0; i < 40; i++)
		conf = str_fmt(a, "%.*sbody R%d /x/\n", STR_ARG(conf), i);
	assert_int_equal(spam_check(a, load(str_z(a, conf)), STR("B x"), &env, 1, &r, &e), 0);
	assert_true(r.timed_out);
	assert_true(r.n_hits < 40);
}

static void limited(void **state)
{
	struct str mail = str_fmt(a, "B %060d!", 0);
	struct spam_result r = result_of(load("body A /^(?:0+)+$/\nbody B /!/\n"), str_z(a, mail));

	(void)state;
	assert_int_equal(r.limited, 1);
	assert_int_equal(r.n_hits, 1);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	struct file_attr attr = { 0644, (uid_t)-1, (gid_t)-1 };
	struct err e;

	assert_int_equal(file_replace(str_z(a, str_fmt(a, "%s/%s", dir, name)), str_of(text), &attr,
				      &e),
			 0);
}

/* 2.1: *.pre of both, then *.cf, site last; by name but the official channel first. */
static void files(void **state)
{
	char rules_dir[] = "/tmp/spam_rules_XXXXXX", site_dir[] = "/tmp/spam_site_XXXXXX";
	struct spam_conf_paths paths = { .state_dir = "/nonexistent" };
	struct spam_rules *rules;
	struct err e;

	(void)state;
	paths.rules_dir = mkdtemp(rules_dir);
	paths.site_dir = mkdtemp(site_dir);
	assert_non_null(paths.rules_dir);
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	write_file(site_dir, "a.pre", "loadplugin Mail::SpamAssassin::Plugin::X\n");
	write_file(rules_dir, "10.cf",
		   "body A /x/\nscore A 2\ninclude sub.inc\n"
		   "ifplugin Mail::SpamAssassin::Plugin::X\nbody B /x/\nendif\n");
	write_file(rules_dir, "sub.inc", "body S /x/\ninclude 10.cf\ninclude missing.cf\nif 1\n");
	write_file(rules_dir, "updates_spamassassin_org.cf", "score A 1\n");
	write_file(rules_dir, "ignored.txt", "body T /x/\n");
	write_file(site_dir, "local.cf", "score B 7\n");
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_string_equal(hits(rules, "B x"), "A S B");
	assert_true(result_of(rules, "B x").score == 2 + 1 + 7);
	assert_int_equal(report.files, 5);
	assert_int_equal(report.unknown.n, 2);
	assert_true(str_ends(report.unknown.p[0].file, STR("/sub.inc")));
	assert_int_equal(report.unknown.p[0].line, 3);
	assert_int_equal(report.unknown.p[1].line, 4);
}

/* More lines than there are looked at one by one; each finds its own. */
static void many_texts(void **state)
{
	struct str mail = STR("B subject\n");

	(void)state;
	for (int i = 0; i < 100; i++)
		mail = str_fmt(a, "%.*sB line number%d ends\n", STR_ARG(mail), i);
	expect("body A /number99 ends/\nbody B /number100/\nbody C /number5\\d ends/\n"
	       "tflags C multiple\nbody D /number1 ends.*ends/s\n",
	       str_z(a, mail), "A C:10");
}

/* Cuts every file of the directory in half. */
static void spoil_files(const char *dir)
{
	CLEAN_DIR DIR *d = opendir(dir);
	const struct dirent *entry;
	struct stat st;

	assert_non_null(d);
	while ((entry = readdir(d))) {
		const char *path = str_z(a, str_fmt(a, "%s/%s", dir, entry->d_name));

		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			assert_int_equal(truncate(path, st.st_size / 2), 0);
	}
}

/* With compiled sets and without, and with a file that is none. */
static void compiled_sets(void **state)
{
	char dir[] = "/tmp/spam_sets_XXXXXX";
	struct str lines = STR("body A /one/\nbody B /two$/\nbody C /(?<!x)three/\nbody D /^t.o/\n"
			       "body E /four(?=teen)/\nheader F Subject =~ /three/\n");
	const char *mail = "B subject\nB one two\nB xthree four";
	struct spam_conf_paths paths = { .lines = true, .extra = lines };
	struct spam_rules *rules;
	struct err e;

	(void)state;
	paths.sets_dir = mkdtemp(dir);
	assert_non_null(paths.sets_dir);
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_false(report.sets_loaded);
	assert_int_equal(report.unknown.n, 0);
	assert_string_equal(hits(rules, mail), "A B");
	assert_int_equal(spam_sets_build(rules, dir, &e), 0);
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_true(report.sets_loaded);
	assert_string_equal(hits(rules, mail), "A B");
	assert_string_equal(hits(rules, "B x\nB two\nB three\nB fourteen"), "B C D E");
	paths.extra = str_fmt(a, "%.*sbody G /x/\n", STR_ARG(lines));
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_false(report.sets_loaded);
	spoil_files(dir);
	paths.extra = lines;
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_false(report.sets_loaded);
	assert_int_equal(report.unknown.n, 1);
	assert_string_equal(hits(rules, mail), "A B");
	assert_int_equal(spam_sets_build(rules, dir, &e), 0);
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	assert_true(report.sets_loaded);
}

static void anything_loads(void **state)
{
	static const char *const odd[] = {
		"body A //\nbody B /\nheader\nheader A\nheader A X\nmeta\nmeta A\ntflags A\n",
		"score\nscore A\ninclude\ninclude /\ninclude ~/x\nlang\nlang de\nlang de \nif\nif "
		"(\n",
		"body \xff\xfe /x/\n\xff\xfe\nmeta M \xff\xfe(\nif \xff\nendif\n#\n\\#\n# \\#\n",
		"trusted_networks x 1.2.3.4\nredirector_pattern /(/\nutil_rb_tld\nclear_util_rb "
		"x\n",
		"replace_tag A <A>\nbody B /<A>/\nreplace_rules B\nreplace_tag\nreplace_start\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		load(str_z(a, str_fmt(a, "body OK /x/\n%s", odd[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),          cmocka_unit_test(languages),
		cmocka_unit_test(conditions),     cmocka_unit_test(blocks),
		cmocka_unit_test(plugin_rules),   cmocka_unit_test(scores),
		cmocka_unit_test(redefinition),   cmocka_unit_test(header_rules),
		cmocka_unit_test(text_rules),     cmocka_unit_test(mimeheader_rules),
		cmocka_unit_test(metas),          cmocka_unit_test(metas_refused),
		cmocka_unit_test(meta_values),    cmocka_unit_test(zero_score),
		cmocka_unit_test(meta_cycles),    cmocka_unit_test(disabled),
		cmocka_unit_test(order),          cmocka_unit_test(captures),
		cmocka_unit_test(replace),        cmocka_unit_test(result_details),
		cmocka_unit_test(deadline),       cmocka_unit_test(limited),
		cmocka_unit_test(files),          cmocka_unit_test(many_texts),
		cmocka_unit_test(anything_loads), cmocka_unit_test(compiled_sets),
		cmocka_unit_test(eval_calls),     cmocka_unit_test(eval_arguments),
	};

	return cmocka_run_group_tests_name("spam rules", tests, open_arena, close_arena);
}
