/*
 * The index changes no answer: groups of addresses, domains and expressions against a model that
 * asks every object, expressions by the C library's regexec(); and literals that are really needed.
 */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "gw/rules/literal.h"
#include "gw/rules/testcase.h"

enum { ROUNDS = 4000, GROUPS_MAX = 4, OBJECTS_MAX = 8, MANY = 300 };

static uint32_t seed = 7;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

#define PICK(list) (list)[pick(ARRAY_LEN(list))]

/* Pieces that mean the same to Perl and to POSIX; some contain, some only resemble a literal. */
static const char *const pieces[] = {
	"a",	  "b",	      "abc",	 "cab",	    ".",      ".*",	"a?",	    "b*",
	"c+",	  "ab{2}",    "abc{0,1}", "[ab]c", "[^]a]b", "(abc)",	"(abc)?",   "(a|bc)",
	"(abc|b)*", "\\.",    "\\+",	  "a\\.b",  "bca+",   "x{0}abc", "ab(c)ab", "[.]abc",
};
static const char *const ends[] = { "", "", "", "@abc\\.example", "@.*", "@.*abc", "@(abc|bca).*" };
static const char *const locals[] = { "abc", "ABC", "cab", "abb", "a.b", "abcabc", "bcaa", "c",
				      "aBcB", "a+b", "xabc", "" };
static const char *const domains[] = { "abc.example", "ABC.Example", "bca", "x.abc.example",
				       "cababc" };

static struct str random_pattern(struct arena *a)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	for (unsigned alternatives = 1 + !pick(3); alternatives; alternatives--) {
		for (unsigned n = 1 + pick(4); n; n--)
			buf_addz(&b, PICK(pieces));
		buf_addz(&b, PICK(ends));
		if (alternatives > 1)
			buf_addc(&b, '|');
	}
	return buf_str(&b);
}

static struct str random_address(struct arena *a)
{
	return pick(8) ? str_fmt(a, "%s@%s", PICK(locals), PICK(domains)) : str_of(PICK(locals));
}

static bool posix_matches(struct arena *a, struct str pattern, struct str address)
{
	char *anchored = str_z(a, str_fmt(a, "^(%.*s)$", STR_ARG(pattern)));
	regex_t re;
	bool yes;

	assert_int_equal(regcomp(&re, anchored, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
	yes = regexec(&re, str_z(a, address), 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

/* One object, as text, and whether it is about that address. */
static bool random_object(struct arena *a, struct buf *b, struct str address)
{
	struct str value;

	switch (pick(3)) {
	case 0:
		value = str_fmt(a, "%s@%s", PICK(locals), PICK(domains));
		buf_addf(b, "obj 1001 %.*s\n", STR_ARG(value));
		return str_ieq(value, address);
	case 1:
		value = str_of(PICK(domains));
		buf_addf(b, "obj 1002 %.*s\n", STR_ARG(value));
		return str_chr(address, '@') >= 0 &&
		       str_ieq(value, str_from(address, (size_t)str_rchr(address, '@') + 1));
	default:
		value = random_pattern(a);
		buf_addf(b, "obj 1000 %.*s\n", STR_ARG(value));
		return posix_matches(a, value, address);
	}
}

static bool random_group(struct arena *a, struct buf *b, const char *side, struct str address)
{
	bool and = !pick(4), invert = !pick(4), result = and;

	buf_addf(b, "%s%s%s\n", side, and ? " and" : "", invert ? " invert" : "");
	for (unsigned n = pick(OBJECTS_MAX); n; n--) {
		bool one = random_object(a, b, address);

		result = and ? result && one : result || one;
	}
	return result != invert;
}

static bool matches(struct arena *a, struct str text)
{
	struct testcase *t = testcase_read(a, text);
	struct plan *p = NULL;
	struct rules *r;
	struct err e;

	testcase_use(t);
	if (rules_build(a, &t->tables, &r, &e) < 0 || rules_match(a, r, &t->mail, &p, &e) < 0)
		fail_msg("%s\n%.*s", e.msg, STR_ARG(text));
	return p->matches.n > 0;
}

static void groups_like_the_model(void **state)
{
	struct arena *a = arena_open("who index", 64 << 20);
	unsigned yes = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct str address = random_address(a);
		bool to = pick(2), want = false;
		struct buf b;

		buf_init(&b, a, 1 << 20);
		buf_addz(&b, "[rules]\nrule 50 in r\n");
		for (unsigned n = 1 + pick(GROUPS_MAX); n; n--)
			want |= random_group(a, &b, to ? "to" : "from", address);
		buf_addf(&b, "[env]\nfrom %.*s\nto %.*s\n[mail]\n\ntext\n",
			 STR_ARG(to ? STR("s@y.example") : address),
			 STR_ARG(to && address.n ? address : STR("t@x.example")));
		if (to && !address.n)
			continue;
		if (matches(a, buf_str(&b)) != want)
			fail_msg("should%s match\n%.*s", want ? "" : " not", STR_ARG(buf_str(&b)));
		yes += want;
		arena_reset(a);
	}
	assert_in_range(yes, ROUNDS / 5, ROUNDS * 4 / 5);
	arena_close(a);
}

static bool has(struct arena *a, const struct literals *l, struct str text)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_find(str_lower(a, text), l->p[i]) >= 0)
			return true;
	return false;
}

/* Whatever matches has one of the literals; often enough there are some. */
static void literals_are_needed(void **state)
{
	struct arena *a = arena_open("literals", 64 << 20);
	unsigned known = 0, hits = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct str pattern = random_pattern(a);
		struct literals l;

		if (!literals_of(a, pattern, &l))
			continue;
		known++;
		for (unsigned i = 0; i < 30; i++) {
			struct str address = random_address(a);

			if (!posix_matches(a, pattern, address))
				continue;
			hits++;
			if (!has(a, &l, address))
				fail_msg("%.*s matches %.*s", STR_ARG(pattern), STR_ARG(address));
		}
		arena_reset(a);
	}
	assert_true(known > ROUNDS / 5 && hits > ROUNDS / 20);
	arena_close(a);
}

static void literals_by_hand(void **state)
{
	static const struct {
		const char *pattern, *literals; /* joined by blanks; NULL: none that are certain */
	} cases[] = {
		{ ".*@shop\\.example", "@shop.example" },
		{ "(?i)SPAM.*", "spam" },
		{ "spam|.*ham@x|abc", "spam ham@x abc" },
		{ "spam|.*", NULL },
		{ "(spam)", NULL },
		{ "ab?cde", "cde" },
		{ "abcd*e", "abc" },
		{ "abcd+e", "abcd" },
		{ "abc{2}d", NULL },
		{ "abc{x}d", "abc{x}d" },
		{ "a\\x41bcd", NULL },
		{ "abc\\1", NULL },
		{ "abc\\d+def\\b", "abc" },
		{ "\\Qa.b\\Ecde", NULL },
		{ "(?x)a b c d", NULL },
		{ "(?=abc)xyz", NULL },
		{ "(?!abc).*", NULL },
		{ "abc(?#def)", NULL },
		{ "(*COMMIT)abc", NULL },
		{ "[[:alpha:]]abc", NULL },
		{ "[]abc]defg", "defg" },
		{ "[^]abc]defg", "defg" },
		{ "[\\]abc]defg", "defg" },
		{ "a[b(c]def(g[)]h)ijkl", "ijkl" },
		{ "(a(b\\)c)d)efg", "efg" },
		{ "(abc", NULL },
		{ "abc)", NULL },
		{ "a.b.c", NULL },
		{ "abc?+def", "def" },
		{ "abcd??efg", "abc" },
		{ "", NULL },
		{ "abc\\", NULL },
		{ "[abc", NULL },
	};
	struct arena *a = arena_open("literals", 16 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct literals l;
		struct str all = STR("");

		if (literals_of(a, str_of(cases[i].pattern), &l))
			for (size_t k = 0; k < l.n; k++)
				all = str_fmt(a, "%.*s%s%.*s", STR_ARG(all), k ? " " : "",
					      STR_ARG(l.p[k]));
		if (!str_eq(all, cases[i].literals ? str_of(cases[i].literals) : STR("")))
			fail_msg("%s: '%.*s'", cases[i].pattern, STR_ARG(all));
	}
	arena_close(a);
}

/* More groups and expressions than a word has bits. */
static void many(void **state)
{
	struct arena *a = arena_open("many", 256 << 20);
	struct buf b;

	(void)state;
	for (unsigned k = 0; k < MANY; k += 13) {
		struct testcase *t;
		struct plan *p = NULL;
		struct rules *r;
		struct err e;

		buf_init(&b, a, 1 << 20);
		buf_addz(&b, "#\n[rules]\n");
		for (unsigned i = 0; i < MANY; i++)
			buf_addf(&b, "rule 50 in r%u\nfrom\nobj 1001 u%u@x.example\nobj 1000 "
				     "q%u@.*\nobj 1002 d%u.example\n", i, i, i, i);
		buf_addf(&b, "[env]\nfrom %c%u@%s\nto t@x\n[mail]\n\ntext\n", k % 2 ? 'u' : 'q', k,
			 k % 2 ? "x.example" : "y");
		t = testcase_read(a, buf_str(&b));
		testcase_use(t);
		assert_int_equal(rules_build(a, &t->tables, &r, &e), 0);
		assert_int_equal(rules_match(a, r, &t->mail, &p, &e), 0);
		assert_int_equal(p->matches.n, 1);
		assert_int_equal(p->matches.p[0].rule->row.id, k + 1);
		arena_reset(a);
	}
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_like_the_model),
		cmocka_unit_test(literals_are_needed),
		cmocka_unit_test(literals_by_hand),
		cmocka_unit_test(many),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
