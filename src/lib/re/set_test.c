#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/re/set.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", (size_t)1 << 30);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static const struct re *pattern(const char *text)
{
	struct re *re;
	struct err e;

	if (re_compile_perl(a, str_of(text), 0, &re, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	return re;
}

static struct re_set *set_of(const struct re *const *patterns, size_t n)
{
	struct re_set *set = NULL;
	struct str bytes;
	struct err e;

	if (re_set_compile(a, patterns, n, &bytes, &e) < 0 ||
	    re_set_load(a, bytes, n, &set, &e) < 0)
		fail_msg("%s", e.msg);
	return set;
}

static bool possible(const char *text, const struct str *texts, size_t n)
{
	const struct re *re = pattern(text);
	struct re_set *set = set_of(&re, 1);
	uint64_t maybe = ~(uint64_t)0;

	re_set_scan(set, a, texts, n, &maybe, NULL);
	return re_set_bit(&maybe, 0);
}

static bool possible_in(const char *text, struct str subject)
{
	return possible(text, &subject, 1);
}

/* Each pattern matches its text, alone and among others, so the set must let it through. */
static void lets_matches_through(void **state)
{
	static const struct {
		const char *pattern, *text;
	} cases[] = {
		{ "foo", "a foo b" },
		{ "^foo$", "foo" },
		{ "^foo$", "foo\n" },
		{ "foo\\n$", "foo\n" },
		{ "foo\\Z", "foo\n" },
		{ "foo\\n\\z", "foo\n" },
		{ "\\Afoo", "foo" },
		{ "(?m)^b$", "a\nb\nc" },
		{ "\\bfoo\\b", "foo" },
		{ "\\Boo\\B", "foox" },
		{ "a(?!b)c?", "ac" },
		{ "(?<!x)foo(?=bar)", "foobar" },
		{ "(?=foo)f(?!x)", "foo" },
		{ "(a|b)x\\1", "bxb" },
		{ "(?<n>a|b)x\\k<n>", "bxb" },
		{ "(a|b)x\\g{1}", "bxb" },
		{ "(?>a+)b", "aaab" },
		{ "a++b", "aaab" },
		{ "a*?b", "aab" },
		{ "a{2,3}+b", "aab" },
		{ "x{0}y", "y" },
		{ "x(?:\\b)?y", "xy" },
		{ "(?i)stra\xdf" "e \xc4", "STRA\xdf" "E \xe4" },
		{ "(?i)[^\xc4]x", "\xc5X" },
		{ "(?i)A(?-i)B", "aB" },
		{ "(?:(?i)a|b)c", "Bc" },
		{ "(?s)a.b", "a\nb" },
		{ "(?x) a b # comment\n c", "abc" },
		{ "a(?#comment)b", "ab" },
		{ "[[:alpha:]][[:^digit:]]x", "a-x" },
		{ "[\\]a-c\\-\\d]y", "-y" },
		{ "\\x41\\x{42}\\t\\0", "AB\t\0" },
		{ "\\h\\v\\H\\V\\s\\S\\w\\W\\d\\D", "\xa0\x85" "ab c_-1x" },
		{ "(?|(a)|(b))c", "bc" },
		{ "a{30,40}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		{ "(?:ab){20}c", "ababababababababababababababababababababc" },
		{ "a.{0,300}b", "a                                                b" },
		{ "a$|b", "xa" },
		{ "(?:^|x)a(?:$|y)", "xa" },
		{ "a(?:^b)?c", "ac" },
		{ "", "" },
		{ "^$", "" },
		{ "a|", "b" },
		{ "(?!)|q", "q" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str subject = str_of(cases[i].text);
		struct str texts[] = { STR("first"), subject, STR("last\n") };

		/* the one with a NUL at its end */
		subject.n += str_ends(str_of(cases[i].pattern), STR("\\0"));
		texts[1] = subject;
		if (re_match(pattern(cases[i].pattern), subject) != RE_MATCH)
			fail_msg("%s does not match %s", cases[i].pattern, cases[i].text);
		if (!possible_in(cases[i].pattern, subject))
			fail_msg("%s is ruled out in %s", cases[i].pattern, cases[i].text);
		if (!possible(cases[i].pattern, texts, 3))
			fail_msg("%s is ruled out among others", cases[i].pattern);
	}
}

static void rules_others_out(void **state)
{
	static const char *const patterns[] = { "foo",	   "^bar",	"(?<!x)foo(?=bar)",
						"(a|b)foo\\1", "\\bar\\b", "(?i)FOO",
						"ba{3,30}r",   "r.b" };
	static const struct str texts[] = { STR_INIT("xbar"), STR_INIT("barfo") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		assert_false(possible(patterns[i], texts, i == 1 ? 1 : 2));
	assert_false(possible("foo", NULL, 0));
	assert_false(possible("", NULL, 0));
	assert_true(possible("^bar", texts, 2));
}

static void finds_each_of_many(void **state)
{
	const struct re *patterns[200];
	uint64_t maybe[4];
	struct re_set *set;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		patterns[i] = pattern(i == 77 ? "a|" :
					str_z(a, str_fmt(a, "\\bword%zu\\b(?!x)", i)));
	set = set_of(patterns, 200);
	for (size_t i = 0; i < 200; i++) {
		struct str text = str_fmt(a, "some word%zu here", i);

		re_set_scan(set, a, &text, 1, maybe, NULL);
		for (size_t k = 0; k < 200; k++)
			assert_int_equal(re_set_bit(maybe, k), k == i || k == 77);
	}
}

enum { SEVERAL = 10 }; /* patterns without letters in a row: then they are run as an automaton */

static bool possible_in_automaton(const char *text, const struct str *texts, size_t n)
{
	const struct re *patterns[SEVERAL];
	uint64_t maybe;

	for (size_t i = 0; i < SEVERAL; i++)
		patterns[i] = pattern(i ? str_z(a, str_fmt(a, "[%zuKk][%zuQq][01x][23y]", i, i))
					: text);
	re_set_scan(set_of(patterns, SEVERAL), a, texts, n, &maybe, NULL);
	return re_set_bit(&maybe, 0);
}

/* More automata than run beside each other, and each text told from the others. */
static void finds_which_text(void **state)
{
	enum { N = 150, WORDS = (N + 63) / 64 };
	const struct re *patterns[N];
	uint64_t maybe[WORDS], each[3 * WORDS];
	struct re_set *set;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct str text = str_fmt(a, "\\b[%c][%c][xyz][%c]\\b", 'a' + (int)i % 26,
					  'a' + (int)i / 26, '0' + (int)i % 10);

		patterns[i] = pattern(str_z(a, text));
	}
	set = set_of(patterns, N);
	for (size_t i = 0; i < N; i++) {
		struct str hit = str_fmt(a, "so %c%cx%d!", 'a' + (int)i % 26, 'a' + (int)i / 26,
					 (int)i % 10);
		struct str texts[] = { STR("nothing"), hit, STR_NONE };

		re_set_scan(set, a, texts, 3, maybe, each);
		for (size_t k = 0; k < N; k++) {
			assert_int_equal(re_set_bit(maybe, k), k == i);
			assert_int_equal(re_set_bit(each + WORDS, k), k == i);
			assert_false(re_set_bit(each, k) || re_set_bit(each + 2 * WORDS, k));
		}
	}
}

/* What Hyperscan does not take, or is slow with, is found by the automaton. */
static void lets_more_through_the_automaton(void **state)
{
	static const struct {
		const char *pattern, *text, *not_in;
	} cases[] = {
		{ "[vwz][i1!][a4@]g", "some v1ag", "some v1 ag" },
		{ "\\b[vwz][i1!][a4@][gq9]\\b", "some w14g here", "some w14gs here" },
		{ "\\b[vwz][i1!][a4@][gq9]\\b", "w14g", "_w14g" },
		{ "\\B[vwz][i1!][a4@][gq9]\\B", "xw14gx", "w14gx" },
		{ "^[vwz][i1!][a4@][gq9]$", "v1ag", "v1ag." },
		{ "^[vwz][i1!][a4@][gq9]$", "v14q\n", " v14q\n" },
		{ "(?i)[vwz][_\\W]{0,3}[i1!][_\\W]{0,3}[a4@][gq9]", "V.-I.._aG", "V.-I.x_aG" },
		{ "(?:[ab]|[xy]+z)(?:[cd]?)[ef][gh][ij]", "xyxzegi", "xyxegi" },
		{ "(?i)[\xe0-\xe5][\xf1n][ou][ux]", "\xc4\xd1OX", "\xb4\xd1OX" },
		{ "(?:[ab][cd]){3}[ef]", "acbdade", "acf" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str texts[] = { STR("first"), str_of(cases[i].text), STR("last\n") };

		if (re_match(pattern(cases[i].pattern), texts[1]) != RE_MATCH)
			fail_msg("%s does not match %s", cases[i].pattern, cases[i].text);
		if (!possible_in_automaton(cases[i].pattern, texts + 1, 1) ||
		    !possible_in_automaton(cases[i].pattern, texts, 3))
			fail_msg("%s is ruled out in %s", cases[i].pattern, cases[i].text);
		texts[1] = str_of(cases[i].not_in);
		if (possible_in_automaton(cases[i].pattern, texts + 1, 1))
			fail_msg("%s is not ruled out in %s", cases[i].pattern, cases[i].not_in);
	}
}

static char *repeated(const char *part, int times)
{
	struct buf b;

	buf_init(&b, a, 1 << 20);
	for (int i = 0; i < times; i++)
		buf_addz(&b, part);
	return str_z(a, buf_str(&b));
}

static void takes_large_patterns(void **state)
{
	const char *big = str_z(a, str_fmt(a, "start%s", repeated("(?:[abc]|xy)", 1500)));
	struct str longer = str_fmt(a, "a start%s", repeated("axy", 750));
	struct str shorter = str_fmt(a, "a start%s", repeated("axy", 749));

	(void)state;
	assert_int_equal(re_match(pattern(big), longer), RE_MATCH);
	assert_true(possible_in(big, longer));
	assert_false(possible_in(big, shorter));
	/* Beyond the automaton's limit too. */
	big = str_z(a, str_fmt(a, "start%s", repeated("(?:[abc]|xy)", 20000)));
	assert_true(possible_in(big, STR("x")));
}

/* Any pair of letters may be the right one in as many ways as a text has letters. */
static void gives_up_on_what_takes_too_much(void **state)
{
	const char *deep = str_z(a, str_fmt(a, "[a1]%s[c3]", repeated("[ab12]", 16)));
	enum { LONG = 200000 };
	char *text = NEW_N(a, char, LONG);
	uint32_t dice = 1;

	(void)state;
	for (size_t i = 0; i < LONG; i++) {
		dice = dice * 1664525 + 1013904223;
		text[i] = dice >> 31 ? 'a' : 'b';
	}
	assert_false(possible_in_automaton(deep, &(struct str){ text, 500 }, 1));
	assert_true(possible_in_automaton(deep, &(struct str){ text, LONG }, 1));
	text[LONG - 1] = 'c';
	assert_true(possible_in_automaton(deep, &(struct str){ text + LONG - 500, 500 }, 1));
}

/* The scan goes on where it was when what it remembers is forgotten in between. */
static void goes_on_after_forgetting(void **state)
{
	const struct re *patterns[SEVERAL] = {
		pattern(str_z(a, str_fmt(a, "[a1]%s[c3]", repeated("[ab12]", 16)))),
		pattern(str_z(a, str_fmt(a, "[x7]%s[z8]", repeated("[ab12]", 40)))),
	};
	struct re_set *set;
	enum { BYTES = 40 };
	uint32_t dice = 7;
	char text[BYTES + 2];
	uint64_t maybe;

	(void)state;
	for (size_t i = 2; i < SEVERAL; i++)
		patterns[i] = patterns[0];
	set = set_of(patterns, SEVERAL);
	for (size_t round = 0; round < 3000; round++) {
		text[0] = 'x';
		for (size_t i = 1; i <= BYTES; i++) {
			dice = dice * 1664525 + 1013904223;
			text[i] = dice >> 31 ? 'a' : 'b';
		}
		text[BYTES + 1] = round % 2 ? 'z' : 'y';
		re_set_scan(set, a, &(struct str){ text, sizeof(text) }, 1, &maybe, NULL);
		assert_int_equal(maybe, round % 2 ? 2 : 0);
	}
}

/* Whatever byte of an automaton is another, it is refused or is harmless. */
static void survives_damage(void **state)
{
	const struct re *patterns[SEVERAL];
	struct str text = STR("abcfg v1ag"), bytes;
	uint64_t maybe;
	struct re_set *set;
	struct err e;
	char *copy;

	(void)state;
	for (size_t i = 0; i < SEVERAL; i++)
		patterns[i] = pattern(i % 2 ? "[abc]+[cd][ef][ghi]" : "\\b[vwz][i1!][a4@][gq9]$");
	assert_int_equal(re_set_compile(a, patterns, SEVERAL, &bytes, &e), 0);
	copy = str_z(a, bytes);
	for (size_t i = 0; i < bytes.n; i++) {
		struct arena *tmp = arena_open("damaged", 1 << 28);

		copy[i] = (char)~bytes.p[i];
		if (re_set_load(tmp, (struct str){ copy, bytes.n }, SEVERAL, &set, &e) == 0)
			re_set_scan(set, tmp, &text, 1, &maybe, NULL);
		copy[i] = bytes.p[i];
		arena_close(tmp);
	}
	assert_int_equal(re_set_load(a, (struct str){ copy, bytes.n }, SEVERAL, &set, &e), 0);
	re_set_scan(set, a, &text, 1, &maybe, NULL);
	assert_int_equal(maybe, (1 << SEVERAL) - 1);
}

static void refuses_what_does_not_fit(void **state)
{
	const struct re *re = pattern("foo");
	struct re_set *set;
	struct str bytes;
	struct err e;

	(void)state;
	assert_int_equal(re_set_compile(a, &re, 1, &bytes, &e), 0);
	assert_int_equal(re_set_load(a, bytes, 2, &set, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(re_set_load(a, str_sub(bytes, 0, 7), 1, &set, &e), -1);
	assert_int_equal(re_set_load(a, str_sub(bytes, 0, bytes.n - 8), 1, &set, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_matches_through), cmocka_unit_test(rules_others_out),
		cmocka_unit_test(finds_each_of_many),	cmocka_unit_test(takes_large_patterns),
		cmocka_unit_test(finds_which_text),
		cmocka_unit_test(lets_more_through_the_automaton),
		cmocka_unit_test(gives_up_on_what_takes_too_much),
		cmocka_unit_test(goes_on_after_forgetting),
		cmocka_unit_test(survives_damage),
		cmocka_unit_test(refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests_name("re set", tests, open_arena, close_arena);
}
