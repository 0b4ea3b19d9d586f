/*
 * Whether a rule is shadowed, against trying all mails: three groups that are true independently of
 * each other, every way to combine them in the final rule and in the one behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/rules/testcase.h"

enum { GROUPS = 3, SIDES = (1 << GROUPS) * 4, MAILS = 1 << GROUPS };

/* A FROM category: which groups, and how. */
static void add_side(struct buf *b, unsigned side)
{
	unsigned and = side & 1, invert = side >> 1 & 1;

	if (and || invert)
		buf_addf(b, "mode from%s%s\n", and ? " and" : "", invert ? " invert" : "");
	for (unsigned i = 0; i < GROUPS; i++)
		if (side >> 2 >> i & 1)
			buf_addf(b, "use %u from\n", i + 1);
}

/* The same with one group of objects. */
static void add_group(struct buf *b, unsigned side)
{
	if (side >> 2)
		buf_addf(b, "from%s%s\n", side & 1 ? " and" : "", side & 2 ? " invert" : "");
	for (unsigned i = 0; i < GROUPS; i++)
		if (side >> 2 >> i & 1)
			buf_addf(b, "obj 1000 .*%c.*\n", 'p' + i);
}

static struct testcase *two_rules(struct arena *a, void (*add)(struct buf *b, unsigned side),
				  unsigned first, unsigned second)
{
	struct buf b;

	buf_init(&b, a, 4096);
	buf_addz(&b, "#\n[rules]\n");
	for (unsigned i = 0; i < GROUPS; i++)
		buf_addf(&b, "spare who\nobj 1000 .*%c.*\n", 'p' + i);
	buf_addz(&b, "rule 90 in first\n");
	add(&b, first);
	buf_addz(&b, "action\nobj 4001\nrule 80 in second\n");
	add(&b, second);
	buf_addz(&b, "action\nobj 4001\n[env]\nto a@inside.example\n[mail]\nSubject: x\n\n");
	return testcase_read(a, buf_str(&b));
}

static struct str sender(struct arena *a, unsigned mail)
{
	return str_fmt(a, "%s%s%s@x.test", mail & 1 ? "p" : "", mail & 2 ? "q" : "",
		       mail & 4 ? "r" : "");
}

static bool second_ever_matches(struct arena *a, struct testcase *t, const struct rules *r)
{
	struct plan *plan;
	struct err e;

	for (unsigned mail = 0; mail < MAILS; mail++) {
		t->env.sender = sender(a, mail);
		assert_int_equal(rules_match(a, r, &t->mail, &plan, &e), 0);
		for (size_t i = 0; i < plan->matches.n; i++)
			if (str_eq(plan->matches.p[i].rule->row.name, STR("second")))
				return true;
	}
	return false;
}

static void check_shadows(void (*add)(struct buf *b, unsigned side))
{
	unsigned shadowed = 0;

	for (unsigned first = 0; first < SIDES; first++)
		for (unsigned second = 0; second < SIDES; second++) {
			CLEAN_ARENA struct arena *a = arena_open("lint test", 16 << 20);
			struct testcase *t = two_rules(a, add, first, second);
			struct rules *r;
			struct buf b;
			struct err e;
			bool told;

			testcase_use(t);
			buf_init(&b, a, 1 << 16);
			assert_int_equal(rules_build(a, &t->tables, &r, &e), 0);
			rules_lint(a, r, NULL, &b);
			told = str_find(buf_str(&b), STR("rule 2 'second' never runs")) >= 0;
			shadowed += told;
			if (told == second_ever_matches(a, t, r))
				fail_msg("sides %u and %u: %.*s", first, second,
					 STR_ARG(buf_str(&b)));
		}
	assert_in_range(shadowed, SIDES, SIDES * SIDES / 2);
}

static void shadows_are_exact(void **state)
{
	(void)state;
	check_shadows(add_side);
	check_shadows(add_group);
}

/* Long patterns, deep ones, and such that stand for very long texts: told or not, but soon. */
static void odd_patterns(void **state)
{
	static const char *const patterns[] = {
		"(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}",
		"(a{65535}|b{60000})+",
		"((((((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))))))+",
		"(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:(?:a)))))))))))))))+",
		"((()*)*)*",
		"(|a)+",
		"[]a]",
		"[^]a]+",
		"[[:alpha:]]+[\\]]",
		"\\x{41}\\x4",
		"(?#^)a",
		"(?<n>a)\\k<n>",
		"(?i)A^",
		"a{,3}",
		"a{2,3}+",
		"\\Aa\\z",
		"(?(1)a|b)",
		"(?>a+)b",
		"\\",
		"(*F)",
		"a|",
		"[",
		"(?:^|a)+$|$^",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		CLEAN_ARENA struct arena *a = arena_open("lint test", 64 << 20);
		struct testcase *t;
		struct rules *r;
		struct buf b;
		struct err e;

		t = testcase_read(a, str_fmt(a, "#\n[rules]\nspare what\nobj 3002 Subject:%s\n",
					     patterns[i]));
		buf_init(&b, a, 1 << 16);
		assert_int_equal(rules_build(a, &t->tables, &r, &e), 0);
		rules_lint(a, r, NULL, &b);
		assert_true(str_find(buf_str(&b), STR("group 1")) >= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shadows_are_exact),
					    cmocka_unit_test(odd_patterns) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
