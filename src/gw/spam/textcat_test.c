#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/buf.h"
#include "gw/spam/textcat.h"

#define LANGUAGES "/usr/share/spamassassin/languages"

static struct arena *a;

/* The best guess for a text of `line` many times over, "-" if there is none. */
static const char *guess(const struct textcat *t, const struct textcat_options *o, const char *line)
{
	struct textcat_guesses guesses;
	struct str text;
	struct buf b;

	buf_init(&b, a, 1 << 16);
	while (b.n < 8 * TEXTCAT_TEXT_MIN)
		buf_addf(&b, "%s ", line);
	text = buf_str(&b);
	textcat_guess(a, t, o, (struct spam_texts){ &text, 1 }, &guesses);
	return guesses.n ? str_z(a, guesses.v[0]) : "-";
}

static void test_ranks(void **state)
{
	struct textcat_options o;
	struct textcat *t;
	struct err e;

	(void)state;
	textcat_options_init(&o);
	assert_int_equal(textcat_parse(a, STR("a\nb\n0 aa\nb\na\n0 bb.x\nc\n0 la\n"), &t, &e), 0);
	assert_string_equal(guess(t, &o, "aab"), "aa");
	assert_string_equal(guess(t, &o, "bba"), "bb.x");
	/* Capitals are letters of their own in short words only; links and digits say nothing. */
	assert_string_equal(guess(t, &o, "AAAAB http://bbb 1 bbb@bb www.bbb"), "aa");
	o.max_guesses = 1; /* both are as far away */
	assert_string_equal(guess(t, &o, "cc"), "-");
	o.wanted = STR("la");
	assert_string_equal(guess(t, &o, "cc"), "la");
	assert_int_equal(textcat_parse(a, STR("a\nb\n"), &t, &e), -1);
}

/* Two charsets of a language are one guess. */
static void test_charsets(void **state)
{
	struct textcat_options o;
	struct textcat *t;
	struct err e;

	(void)state;
	textcat_options_init(&o);
	o.max_guesses = 1;
	assert_int_equal(textcat_parse(a, STR("a\n0 aa\na\n0 aa.utf8\nb\n0 bb\n"), &t, &e), 0);
	assert_string_equal(guess(t, &o, "a"), "aa");
	assert_int_equal(textcat_parse(a, STR("a\n0 aa\na\n0 aa.big5\nb\n0 bb\n"), &t, &e), 0);
	assert_string_equal(guess(t, &o, "a"), "-");
}

/* As SpamAssassin guesses. */
static void test_profiles(void **state)
{
	struct textcat_options o;
	struct textcat *t;
	struct err e;

	(void)state;
	if (access(LANGUAGES, R_OK) < 0)
		skip();
	textcat_options_init(&o);
	assert_int_equal(textcat_load(a, LANGUAGES, &t, &e), 0);
	assert_string_equal(guess(t, &o, "z_q"), "pl");
	assert_string_equal(guess(t, &o,
				  "the quick brown fox jumps over the lazy dog and then "
				  "thought about what had been said"),
			    "en");
	assert_string_equal(guess(t, &o, "ZQ"), "zh.big5");
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 1 << 26);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_profiles),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
