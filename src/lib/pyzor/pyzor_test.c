/* Digests are those of Pyzor 1.0 (pyzor.digest.DataDigester), the question is one of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/pyzor/pyzor.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 64u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static const char *digest_of(struct str text, const char *charset, bool is_html)
{
	struct pyzor_text t = { .a = a };

	pyzor_add(&t, text, str_of(charset), is_html);
	return str_z(a, pyzor_digest(&t));
}

static void digests(void **state)
{
	static const struct {
		const char *text, *charset;
		bool is_html;
		const char *digest;
	} cases[] = {
		{ "Buy now at our shop today!\nshort\nWrite to me@x.y or http://a"
		  ".b/c please do it now\nverylongidentifier1234 some words\n",
		  "utf-8", false, "b03a380341ab9f58115b0de1081bf23c5d9e4d0b" },
		{ "caf\303\251 au lait bitte sehr\nanother line of this\n", "", false,
		  "83ef8ba021c38c840fa83121db6e884cc936b203" },
		{ "\303\251t\303\251 \303\240 la mer\302\240bleue\342\200\250encore une li"
		  "gne ici\n\303\251bcdefgh\n\303\251bcdefg\n",
		  "utf-8", false, "509f83c0d15354571da599cbb0f3c54e5b0f6d21" },
		{ "\351t\351 \340 la mer bleue\n", "iso-8859-1", false,
		  "d7ef21164a2d5b52aea49417e81a55c095bd184d" },
		{ "<html><style>p { x: y; }</style><p>Buy our <b>ca</b>rs &amp;"
		  " boats<!-- no --> today<br>www:x http://a.b/c me@x.y now\n<sc"
		  "ript>var x = 1;</script>end of it\n</html>",
		  "utf-8", true, "b815cec108ae5f0ab847d2ef40cf0adfbf459b3f" },
		{ "", "", false, "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
		{ "a:b :c d: e:f1 xy:zzz 1ab:cd @a a@ a@b ok ok ok\n", "", false,
		  "b4a4af016cdb75ddaecee7ad4aacd7a25a9fd9b7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (strcmp(digest_of(str_of(cases[i].text), cases[i].charset, cases[i].is_html),
			   cases[i].digest) != 0)
			fail_msg("%s", cases[i].text);
}

/* Six lines of a longer text. */
static void pieces(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, a, 4096);
	for (int i = 0; i < 23; i++)
		buf_addf(&b, "line number %d of a text\n", i);
	assert_string_equal(digest_of(buf_str(&b), "", false),
			    "6a55c27f9655c2260d70aa9d5d04162622d516fd");
}

static void question(void **state)
{
	struct str digest = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");

	(void)state;
	assert_string_equal(str_z(a, pyzor_question(a, digest, 4711, 1000000000)),
			    "Op: check\nOp-Digest: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
			    "Thread: 4711\nPV: 2.1\nUser: anonymous\nTime: 1000000000\n"
			    "Sig: d574a9a478643a0704ccad007a4561355e8fc62d\n\n");
}

static void answers(void **state)
{
	static const char *const wrong[] = {
		"",
		"Code: 200\nThread: 2000\n",
		"Code: 400\nThread: 2000\nCount: 1\nWL-Count: 1\n",
		"Code: 200\nThread: 2001\nCount: 1\nWL-Count: 1\n",
		"Code: 200\nThread: 2000\nCount: x\nWL-Count: 1\n",
		"\nCode: 200\nThread: 2000\nCount: 1\nWL-Count: 1\n",
	};
	struct pyzor_answer got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(pyzor_answer_read(str_of(wrong[i]), 2000, &got));
	assert_true(pyzor_answer_read(STR("Code: 200\nDiag: OK\nPV: 2.1\nThread: 2000\nCount: 7\n"
					  "WL-Count: 3\n\n"),
				      2000, &got));
	assert_int_equal(got.reported, 7);
	assert_int_equal(got.welcome, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests),
		cmocka_unit_test(pieces),
		cmocka_unit_test(question),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests_name("pyzor", tests, open_arena, close_arena);
}
