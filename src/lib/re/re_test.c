#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/re/re.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 256u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct re *compiled(const char *pattern, unsigned flags)
{
	struct re *re;
	struct err e;

	if (re_compile_perl(a, str_of(pattern), flags, &re, &e) < 0)
		fail_msg("%s: %s", pattern, e.msg);
	return re;
}

static bool matches(const char *pattern, unsigned flags, struct str subject)
{
	return re_match(compiled(pattern, flags), subject) == RE_MATCH;
}

static void match_and_groups(void **state)
{
	struct re_caps caps;
	struct str name, s = STR("say hello world");
	size_t group;
	struct re *re = compiled("(?<FIRST>h\\w+)(x)? (w)", 0);

	(void)state;
	assert_int_equal(re_search(re, s, 0, &caps), RE_MATCH);
	assert_int_equal(caps.n, 4);
	assert_true(str_eq(re_group(&caps, s, 0), STR("hello w")));
	assert_true(str_eq(re_group(&caps, s, 1), STR("hello")));
	assert_null(re_group(&caps, s, 2).p);
	assert_null(re_group(&caps, s, 9).p);
	assert_true(re_group_name(re, 0, &name, &group));
	assert_true(str_eq(name, STR("FIRST")));
	assert_int_equal(group, 1);
	assert_false(re_group_name(re, 1, &name, &group));
	assert_int_equal(re_search(re, s, 5, &caps), RE_NOMATCH);
	assert_int_equal(re_search(re, s, 99, &caps), RE_NOMATCH);
	assert_int_equal(re_match(re, STR_NONE), RE_NOMATCH);
}

static void flags(void **state)
{
	(void)state;
	assert_true(matches("^b$", RE_MULTILINE, STR("a\nb\nc")));
	assert_false(matches("^b$", 0, STR("a\nb\nc")));
	assert_true(matches("a.b", RE_DOTALL, STR("a\nb")));
	assert_false(matches("a.b", 0, STR("a\nb")));
	assert_true(matches("a b", RE_EXTENDED, STR("ab")));
	assert_false(matches("b", RE_ANCHORED, STR("ab")));
	assert_false(matches("a|ab", RE_FULL, STR("abc")));
	assert_true(matches("a|ab", RE_FULL, STR("ab")));
	assert_true(matches("^b$", 0, STR("b\n")));
}

/* spam-engine.md 7.3 item 4: Perl folds C0-DE with E0-FE, but not D7 with F7. */
static void latin1_case(void **state)
{
	(void)state;
	assert_true(matches("\\xe4", RE_ICASE, STR("\xc4")));
	assert_true(matches("\\xc0", RE_ICASE, STR("\xe0")));
	assert_true(matches("[\\xc0-\\xc5]", RE_ICASE, STR("\xe4")));
	assert_true(matches("x\\xde", RE_ICASE, STR("X\xfe")));
	assert_false(matches("\\xd7", RE_ICASE, STR("\xf7")));
	assert_false(matches("\\xdf", RE_ICASE, STR("\xff")));
	assert_false(matches("\\xe4", RE_ICASE | RE_ASCII_CASE, STR("\xc4")));
	assert_false(matches("\\w", 0, STR("\xe4")));
	/* item 5 */
	assert_true(matches("\\h", 0, STR("\xa0")));
	assert_true(matches("\\v", 0, STR("\x85")));
	assert_true(matches("\\s", 0, STR("\v")));
	assert_false(matches("\\s", 0, STR("\xa0\x85")));
}

static void perl_syntax(void **state)
{
	(void)state;
	assert_true(matches("^a$?b", 0, STR("ab")));
	assert_true(matches("a\\b?b", 0, STR("ab")));
	assert_true(matches("^a{,2}$", 0, STR("aa")));
	assert_false(matches("^a{,2}$", 0, STR("aaa")));
	assert_true(matches("^a{ 1, 2 }$", 0, STR("aa")));
	assert_true(matches("a|{2}", 0, STR("{2}")));
	assert_true(matches("({a)", 0, STR("{a")));
	assert_true(matches("(?^i:A)b", 0, STR("ab")));
	assert_true(matches("(?aa)(?i)A", 0, STR("a")));
	assert_true(matches("[]{]+(?#note)$", 0, STR("]{")));
	assert_true(matches("^(?:a|\\x{263a})$", 0, STR("a")));
	assert_true(matches("(?x: a #c\n b) c", 0, STR("ab c")));
	assert_true(matches("(?<a>x)(?<a>y)\\k<a>", 0, STR("xyx")));
	assert_true(matches("a+{x", 0, STR("a{x")));
	/* Characters that are no octet match nothing, and leave the rest of a class alone. */
	assert_true(matches("^[i\\x{456}]$", 0, STR("i")));
	assert_false(matches("^[i\\x{456}]$", 0, STR("V")));
	assert_true(matches("^[\\x{400}-\\x{4ff}i]$", 0, STR("i")));
	assert_false(matches("[\\x{400}-\\x{4ff}]", 0, STR("4\xff-x")));
	assert_true(matches("^[^\\x{400}]$", 0, STR("\n")));
	assert_true(matches("^[\\xf0-\\x{400}]$", 0, STR("\xf5")));
	assert_true(matches("^[-\\x{400}]$", 0, STR("-")));
}

/* Each of these Perl 5.36 refuses or warns about, as seen with `perl -w`. */
static void perl_refuses(void **state)
{
	static const char *const bad[] = {
		"a{b",  ".{",     "x{}",   "x{,}",    "a{2}{3}", "a**",   "^*",    "\\b+", "a|*",
		"(*X)", "\\y",    "\\Qa",  "[:alpha:]", "(?o)a", "(?U)a", "(?C)a", "a{3",  "\\1",
		"a+++", "[a",     "(a",    "a)",      "x{1}?",   "[b-a]", "(?i",   "(?{1})",
		"(*UTF)a",
		"*a",   "\\b{wb}", "a\\",  "(?",      "(?P<",    "(?<",   "(?#",   "[[:foo:]]",
		"\\x1",  "[\\xg]",  "\\x{z}", "a{01}",
	};
	struct re *re;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (re_compile_perl(a, str_of(bad[i]), 0, &re, &e) == 0)
			fail_msg("%s was accepted", bad[i]);
	assert_int_equal(re_compile_perl(a, STR("ab[z"), 0, &re, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.msg, "offset 4"));
}

/* Perl: "aab" =~ /a*?/g matches "", "a", "", "a", "", "" ; counted with perl. */
static void walk(void **state)
{
	struct re_walk w = { 0 };
	struct re *re = compiled("a*?", 0);
	int n = 0;

	(void)state;
	while (re_next(re, STR("aab"), &w) == RE_MATCH)
		n++;
	assert_int_equal(n, 6);
	w = (struct re_walk){ 0 };
	for (n = 0; re_next(compiled("\\bx", 0), STR("x xx x"), &w) == RE_MATCH; n++)
		;
	assert_int_equal(n, 3);
}

static void limit(void **state)
{
	struct str s = str_fmt(a, "%030d", 0);
	struct re *re = compiled("^(?:0+)+$", 0);

	(void)state;
	s = str_cat(a, s, STR("!"));
	assert_int_equal(re_match(re, s), RE_LIMIT);
}

/* More than 64 kB of compiled code: the 8-bit library refuses, the answers are the same. */
static void giant(void **state)
{
	struct buf b;
	struct str pattern, s = STR("abc W7777x\xc4z abc");
	struct re_caps caps;
	struct re *re;
	struct err e;

	(void)state;
	buf_init(&b, a, RE_PATTERN_MAX);
	buf_addz(&b, "\\b(?i)(?:");
	for (int i = 0; i < 8000; i++)
		buf_addf(&b, "w%dx\\xe4z|", i);
	buf_addz(&b, "nothing)");
	assert_int_equal(buf_done(&b, &pattern, &e), 0);
	assert_int_equal(re_compile_perl(a, pattern, 0, &re, &e), 0);
	assert_int_equal(re_search(re, s, 0, &caps), RE_MATCH);
	assert_true(str_eq(re_group(&caps, s, 0), STR("W7777x\xc4z")));
	assert_int_equal(re_match(re, STR("w8000x\xe4z")), RE_NOMATCH);
	assert_int_equal(re_match(re, STR_NONE), RE_NOMATCH);
	assert_true(re_size(re) > 65536);
}

static bool possible(const char *pattern, const char *text)
{
	struct re_grams small, large;
	struct re *re = compiled(pattern, 0);

	re_grams_init(&small, a, strlen(text));
	re_grams_add(&small, str_of(text));
	re_grams_init(&large, a, 100000);
	re_grams_add(&large, STR("xyz"));
	re_grams_add(&large, str_of(text));
	assert_int_equal(re_possible(re, &small), re_possible(re, &large));
	return re_possible(re, &small);
}

static void grams(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool possible;
	} t[] = {
		{ "lottery", "the LOTTERY", true },
		{ "lottery", "the letter", false },
		{ "(?:lot|pri[sz]e)s?", "a prize", true },
		{ "(?:lot|pri[sz]e)s?", "a price", false },
		{ "\\bwin(?:ner)?\\b.{0,9}money", "monet", false },
		{ "\\bwin(?:ner)?\\b.{0,9}money", "moneywinner", true },
		{ "(?:abc)+x", "abcabc", false },
		{ "(?:abc){2,}", "xabcx", true },
		{ "abc|", "", true },
		{ "abc|.", "x", true },
		{ "ab?c", "", true },
		{ "[abc]de", "xdey", false },
		{ "[^abc]de", "x", true },
		{ "(?!abc)def", "def", true },
		{ "(?=abc)def", "def", true },
		{ "(?x: a b c #def\n )", "abc", true },
		{ "(?x: a b c )", "a b c", false },
		{ "\\x61\\x{62}\\tc", "ab\tc", true },
		{ "\\x61\\x{62}\\tc", "ab c", false },
		{ "(a)bc\\1", "abc", true },
		{ "a{3}", "aaa", true },
		{ "\\xc4\\xd6\\xdc", "\xe4\xf6\xfc", true },
		{ "[[:alpha:]]xzy", "", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (possible(t[i].pattern, t[i].text) != t[i].possible)
			fail_msg("%s: %s", t[i].pattern, t[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(match_and_groups), cmocka_unit_test(flags),
		cmocka_unit_test(latin1_case),      cmocka_unit_test(perl_syntax),
		cmocka_unit_test(perl_refuses),     cmocka_unit_test(walk),
		cmocka_unit_test(limit),            cmocka_unit_test(giant),
		cmocka_unit_test(grams),
	};

	return cmocka_run_group_tests_name("re", tests, open_arena, close_arena);
}
