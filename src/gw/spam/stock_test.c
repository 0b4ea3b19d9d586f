/*
 * What Debian ships, with the real functions and views: it must be understood line by line, and
 * GTUBE is the one rule everybody tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "gw/spam/spam.h"

static const char gtube[] = "Subject: hi\n\n"
			    "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-"
			    "TEST-EMAIL*C.34X\n";

static double score_of(const struct spam_result *r, const char *rule)
{
	for (size_t i = 0; i < r->n_hits; i++)
		if (str_eq(r->hits[i].name, str_of(rule)))
			return r->hits[i].score;
	return 0;
}

static void stock_rules(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 512u << 20);
	struct spam_conf_paths paths = { .set = SPAM_SET_LOCAL };
	struct spam_envelope env = { .now = 1000000000 };
	struct spam_load_report report;
	struct spam_rules *rules;
	struct spam_result r;
	struct stat st;
	struct err e;

	(void)state;
	if (stat("/usr/share/spamassassin/20_body_tests.cf", &st) < 0) {
		print_message("skipped: the package spamassassin is not installed\n");
		return;
	}
	assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
	for (size_t i = 0; i < report.unknown.n; i++)
		print_message("%.*s:%u: %.*s\n", STR_ARG(report.unknown.p[i].file),
			      report.unknown.p[i].line, STR_ARG(report.unknown.p[i].message));
	assert_int_equal(report.unknown.n, 0);
	assert_true(report.rules > 2900);
	assert_int_equal(spam_check(a, rules, str_of(gtube), &env, 0, &r, &e), 0);
	assert_true(score_of(&r, "GTUBE") == 1000);
	assert_true(r.score > 900);
	assert_true(r.level > 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(stock_rules) };

	return cmocka_run_group_tests_name("stock spam rules", tests, NULL, NULL);
}
