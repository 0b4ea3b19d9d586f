/* What the engine learns from the mails it checks. Scores are what SpamAssassin 4.0.1 said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <unistd.h>

#include "base/net.h"
#include "gw/spam/spam.h"

enum { PATIENCE = 5000 };

#define PLUGIN(name) "loadplugin Mail::SpamAssassin::Plugin::" name "\n"
#define AWL_CONF \
	PLUGIN("AWL") "header AWL eval:check_from_in_auto_welcomelist()\n" \
	"tflags AWL userconf noautolearn\npriority AWL 1000\n" \
	"body ONE /one/\nscore ONE 1\nbody TEN /ten/\nscore TEN 10\n" \
	"body TWICE /two/\nscore TWICE 2\ntflags TWICE multiple\n" \
	"body APART /apart/\nscore APART 7\ntflags APART noautolearn\n" \
	"body STOP /stop/\nscore STOP 3\ntflags STOP noawl\n" \
	"meta BOTH ONE && TEN\nscore BOTH 4\n"

#define BAYES_CONF \
	PLUGIN("Bayes") PLUGIN("AutoLearnThreshold") \
	"bayes_min_spam_num 1\nbayes_min_ham_num 1\n" \
	"header HEAD Subject =~ /head/\nscore HEAD 3 3 4 4\n" \
	"body BODY /body/\nscore BODY 9\n" \
	"body RULE /rule/\nscore RULE 1 1 2 2\n" \
	"body BAYES_00 eval:check_bayes('0.00', '0.5')\ntflags BAYES_00 learn nice\n" \
	"score BAYES_00 0 0 -1.5 -1.9\n" \
	"body BAYES_99 eval:check_bayes('0.5', '1.00')\ntflags BAYES_99 learn\n" \
	"score BAYES_99 0 0 1.5 1.9\n" \
	"meta HALF HEAD && BODY\nscore HALF 0.5\n"

#define NO_FORCE " autolearn_force=no"

static struct arena *a;
static char dir[] = "/tmp/learn-test-XXXXXX";

static struct spam_rules *load(const char *conf)
{
	struct spam_conf_paths paths = { .lines = true, .bayes = true };
	struct spam_load_report report;
	struct spam_rules *rules;
	struct err e;

	paths.extra = str_fmt(a, "%s", conf);
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < report.unknown.n; i++)
		fail_msg("%.*s", STR_ARG(report.unknown.p[i].message));
	return rules;
}

static struct spam_rules *load_at(const char *conf, const char *path)
{
	return load(str_z(a, str_fmt(a, "%s%s %s/%s\n", conf,
				     strstr(conf, "::AWL") ? "auto_welcomelist_path" : "bayes_path",
				     dir, path)));
}

static struct spam_result check(const struct spam_rules *rules, struct str mail)
{
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_result r;
	struct err e;

	assert_int_equal(spam_check(a, rules, mail, &env, 0, &r, &e), 0);
	return r;
}

static void learn(struct spam_result *r)
{
	spam_learn(r->check, net_now() + PATIENCE);
}

static const struct spam_hit *find(const struct spam_result *r, const char *name)
{
	for (size_t i = 0; i < r->n_hits; i++)
		if (str_eq(r->hits[i].name, str_of(name)))
			return &r->hits[i];
	return NULL;
}

/* "+PULL" or "-" if the list says nothing, and the score. */
static const char *pulled(const struct spam_rules *rules, const char *from, const char *body)
{
	struct spam_result r = check(rules, str_fmt(a, "From: %s\nSubject: x\n\n%s\n", from, body));
	const struct spam_hit *h = find(&r, "AWL");

	learn(&r);
	return str_z(a, h ? str_fmt(a, "%.3f %.3f", h->score, r.score)
			  : str_fmt(a, "- %.3f", r.score));
}

static void awl_pulls_towards_the_mean(void **state)
{
	struct spam_rules *rules = load_at(AWL_CONF, "mean");

	(void)state;
	assert_string_equal(pulled(rules, "a@b.c", "ten"), "- 10.000");
	assert_string_equal(pulled(rules, "a@b.c", "one"), "4.500 5.500");
	/* What is learnt is the score without the pull. */
	assert_string_equal(pulled(rules, "A@B.C", "one"), "2.250 3.250");
	assert_string_equal(pulled(rules, "a@b.c", "nothing"), "2.000 2.000");
	assert_string_equal(pulled(rules, "d@b.c", "nothing"), "- 0.000");
	/* Each hit counts; a meta that is settled by then counts. */
	assert_string_equal(pulled(rules, "e@b.c", "two two"), "- 4.000");
	assert_string_equal(pulled(rules, "e@b.c", "one ten"), "-5.500 9.500");
}

static void awl_stays_out(void **state)
{
	struct spam_rules *rules = load_at(AWL_CONF, "out");

	(void)state;
	assert_string_equal(pulled(rules, "a@b.c", "apart"), "- 7.000");
	assert_string_equal(pulled(rules, "a@b.c", "stop"), "- 3.000");
	assert_string_equal(pulled(rules, "a@b.c", "one"), "-0.500 0.500");
	rules = load_at(AWL_CONF "use_auto_whitelist 0\n", "out");
	assert_string_equal(pulled(rules, "a@b.c", "one"), "- 1.000");
	rules = load_at(AWL_CONF "auto_whitelist_factor 1\n", "out");
	assert_string_equal(pulled(rules, "a@b.c", "ten"), "-9.500 0.500");
}

static void unfinished_checks_teach_nothing(void **state)
{
	struct spam_rules *rules = load_at(AWL_CONF, "unfinished");
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_check *c;
	struct err e;

	(void)state;
	assert_int_equal(spam_check_begin(a, rules, STR("From: a@b.c\n\nten\n"), &env, &c, &e), 0);
	spam_learn(c, net_now() + PATIENCE);
	assert_string_equal(pulled(rules, "a@b.c", "one"), "- 1.000");
}

/* What the engine would learn the mail as; it does. */
static const char *lesson(const struct spam_rules *rules, const char *subject, const char *body)
{
	struct spam_result r = check(rules, str_fmt(a, "Subject: %s\n\n%s\n", subject, body));

	learn(&r);
	return r.autolearn;
}

static void bayes_learns_what_is_certain(void **state)
{
	struct spam_rules *rules = load_at(BAYES_CONF, "certain");

	(void)state;
	assert_string_equal(lesson(rules, "hello", "dear friend"), "ham" NO_FORCE);
	assert_string_equal(lesson(rules, "hello", "dear friend"), "unavailable" NO_FORCE);
	assert_string_equal(lesson(rules, "a head", "and a body"), "spam" NO_FORCE);
	assert_string_equal(lesson(rules, "hello", "a body"), "no" NO_FORCE);
	assert_string_equal(lesson(rules, "hello", "a rule"), "no" NO_FORCE);
}

static void bayes_learning_is_set(void **state)
{
	static const struct {
		const char *conf, *subject, *body, *lesson;
	} cases[] = {
		{ "bayes_auto_learn 0\n", "x", "y", "disabled" },
		{ "use_bayes 0\n", "x", "y", "disabled" },
		{ "bayes_auto_learn_threshold_nonspam -1\n", "x", "y", "no" NO_FORCE },
		{ "bayes_auto_learn_threshold_spam 12.6\n", "a head", "and a body", "no" NO_FORCE },
		{ "tflags BODY noautolearn\n", "a head", "and a body", "no" NO_FORCE },
		{ "tflags BODY autolearn_header\n", "a head", "and a body", "no" NO_FORCE },
		{ "tflags BODY autolearn_force\nscore BODY 12\n", "hello", "a body",
		  "spam autolearn_force=yes (BODY,)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct spam_rules *rules =
			load_at(str_z(a, str_fmt(a, "%s%s", BAYES_CONF, cases[i].conf)), "set");

		assert_string_equal(lesson(rules, cases[i].subject, cases[i].body),
				    cases[i].lesson);
	}
}

/* Neither asked about mails that the site keeps it out of, nor taught by them. */
static void bayes_stays_out(void **state)
{
	static const char conf[] = BAYES_CONF "bayes_ignore_from *@out.example\n"
					      "bayes_ignore_to list@in.example x@in.example\n";
	static const char *const out[] = { "From: a@out.example", "To: b@c.d, X@in.example" };
	struct spam_rules *rules = load_at(conf, "keptout");
	struct spam_result r;

	(void)state;
	assert_string_equal(lesson(rules, "hello", "dear friend"), "ham" NO_FORCE);
	assert_string_equal(lesson(rules, "a head", "and a body"), "spam" NO_FORCE);
	rules = load_at(conf, "keptout");
	r = check(rules, STR("Subject: hello\n\nhello dear friend\n"));
	assert_non_null(find(&r, "BAYES_00"));
	for (size_t i = 0; i < ARRAY_LEN(out); i++) {
		r = check(rules, str_fmt(a, "%s\nSubject: hello\n\nhello dear friend\n", out[i]));
		assert_null(find(&r, "BAYES_00"));
		assert_string_equal(r.autolearn, "unavailable" NO_FORCE);
	}
}

/* Learning has its own columns of scores: what Bayes says is not learnt from itself. */
static void bayes_moves_the_score_set(void **state)
{
	struct spam_rules *rules = load_at(BAYES_CONF, "sets");
	struct spam_result r;

	(void)state;
	assert_false(spam_rules_outdated(rules));
	assert_string_equal(lesson(rules, "hello", "dear friend"), "ham" NO_FORCE);
	assert_false(spam_rules_outdated(rules));
	assert_string_equal(lesson(rules, "a head", "and a body"), "spam" NO_FORCE);
	assert_true(spam_rules_outdated(rules));
	r = check(rules, STR("Subject: x\n\nrule friend\n"));
	assert_true(r.score == 1);
	rules = load_at(BAYES_CONF, "sets");
	assert_false(spam_rules_outdated(rules));
	r = check(rules, STR("Subject: hello\n\nrule dear friend\n"));
	assert_non_null(find(&r, "BAYES_00"));
	assert_true(r.score == 0.5);
	assert_string_equal(r.autolearn, "no" NO_FORCE); /* 1 point, whatever Bayes says */
	r = check(rules, STR("Subject: hello\n\nhello dear friend\n"));
	assert_string_equal(r.autolearn, "ham" NO_FORCE);
	rules = load_at(BAYES_CONF "bayes_auto_learn_on_error 1\n", "sets");
	r = check(rules, STR("Subject: hello\n\nhello dear friend\n"));
	assert_string_equal(r.autolearn, "no" NO_FORCE);
	rules = load_at(BAYES_CONF "use_bayes_rules 0\n", "sets");
	r = check(rules, STR("Subject: x\n\nrule\n"));
	assert_true(r.score == 1);
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 1u << 30);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	(void)state;
	arena_close(a);
	while (d && (entry = readdir(d)))
		unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(awl_pulls_towards_the_mean),
		cmocka_unit_test(awl_stays_out),
		cmocka_unit_test(unfinished_checks_teach_nothing),
		cmocka_unit_test(bayes_learns_what_is_certain),
		cmocka_unit_test(bayes_learning_is_set),
		cmocka_unit_test(bayes_moves_the_score_set),
		cmocka_unit_test(bayes_stays_out),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
