/*
 * Which part of the tree a reading belongs to, what is judged and what is not, and limits. What
 * clients show of which trick is in tests/mime/tricks.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/mime/readings.h"

#define MULTI "Content-Type: multipart/mixed; boundary=b\n\n"
#define FILE_FIELDS "Content-Type: a/b; name=x\nContent-Transfer-Encoding: base64\n"
#define UU "begin 644 %u.exe\n#86)C\n`\nend\n" /* "abc" */

static struct mime_readings again(struct arena *a, struct str raw)
{
	struct mime_readings out;
	struct mime *root = NULL;
	struct err e;

	assert_int_equal(mime_parse(a, raw, NULL, &root, &e), 0);
	mime_read_again(a, root, NULL, &out);
	return out;
}

static const struct example {
	const char *what;
	struct str message;
	const char *readings; /* "PART NAME <CONTENT>", one a line */
	uint32_t anomalies;
} examples[] = {
	{ "an ordinary mail", STR_INIT(MULTI "--b\n\none\n--b\n" FILE_FIELDS "\nYWJj\n--b--\n"), "",
	  0 },
	{ "in the second part",
	  STR_INIT(MULTI "--b\n\none\n--b\n\nbegin 644 x.exe\n#86)C\n`\nend\n"
			 "--b--\n"),
	  "3 x.exe <abc>\n", MIME_READING_OTHER | MIME_TEXT_ENCODED },
	{ "in the preamble", STR_INIT(MULTI "begin 644 x.exe\n#86)C\n`\nend\n--b\n\none\n--b--\n"),
	  "1 x.exe <abc>\n", MIME_READING_OTHER | MIME_TEXT_ENCODED },
	{ "other parts of the first part",
	  STR_INIT("Content-Type: multipart/mixed; boundary=b; boundary=c\n\n"
		   "--b\n\none\n--c\nContent-Type: a/b; name=x\n\ntwo\n--c--\n--b--\n"),
	  "2 x <two>\n", MIME_READING_OTHER },
	{ "in an encoded message",
	  STR_INIT(MULTI "--b\n\none\n--b\nContent-Type: message/rfc822\n"
			 "Content-Transfer-Encoding: base64\n\nQTogYgoKYWJj\n--b--\n"),
	  "3  <abc>\n", MIME_READING_OTHER },
	{ "names that end alike",
	  STR_INIT("Content-Type: a/b; name=a.x\nContent-Disposition: inline; filename=b.X\n\n"),
	  "", 0 },
	{ "names that end differently",
	  STR_INIT("Content-Type: a/b; name=a.x\nContent-Disposition: inline; filename=b.y\n\n"),
	  "", MIME_NAMES_DIFFER },
	{ "one name without end",
	  STR_INIT("Content-Type: a/b; name=a.x\nContent-Disposition: inline; filename=b\n\n"), "",
	  0 },
	{ "a comment in a name is for some none", STR_INIT("Content-Type: a/b; name=a.x(.y)\n\nz"),
	  "1 a.x(.y) <z>\n", MIME_NAMES_DIFFER },
};

static struct str printed(struct arena *a, const struct mime_readings *r)
{
	struct buf b;

	buf_init(&b, a, 1 << 16);
	for (size_t i = 0; i < r->n; i++) {
		struct str body = mime_body_start(a, r->p[i].part, 100);

		buf_addf(&b, "%u %.*s <%.*s>\n", r->p[i].aid,
			 STR_ARG(mime_filename(a, r->p[i].part)), STR_ARG(body));
	}
	return buf_str(&b);
}

static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
		struct mime_readings r = again(a, examples[i].message);
		struct str got = printed(a, &r);

		if (!str_eq(got, str_of(examples[i].readings)) ||
		    r.anomalies != examples[i].anomalies)
			fail_msg("%s: %x\n%.*snot\n%s", examples[i].what, r.anomalies, STR_ARG(got),
				 examples[i].readings);
		assert_false(r.cut);
	}
}

static void test_too_many_files(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 26);
	struct mime_readings r;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 24);
	buf_addz(&b, "\n");
	for (unsigned i = 0; i < MIME_READINGS_MAX + 10; i++)
		buf_addf(&b, UU, i);
	r = again(a, buf_str(&b));
	assert_int_equal(r.n, MIME_READINGS_MAX);
	assert_true(r.cut);
}

/* Many oddities at once: more ways to read than are tried. */
static void test_too_many_habits(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 26);
	struct mime_readings r = again(
		a, STR("garbage\nContent-Type : multipart/mixed; (x) boundary=b; boundary=c\r\r\n"
		       "Content-Type: multipart/mixed; boundary*=''%61\n\n"
		       "content-x: y\n--B\n\n--bb\nContent-Type: message/partial\n\n--b--\n"
		       "--b\n\nx\n--c--\n--a--\ncontent-y\n"));

	(void)state;
	assert_true(r.cut);
}

/* Each line may be a boundary of each multipart around it. */
static void test_too_many_lines(void **state)
{
	enum { MULTIPARTS = 90, LINES = MIME_WORK_MAX / MULTIPARTS };
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 26);
	struct mime_readings r;
	struct mime *root = NULL;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 24);
	for (unsigned i = 0; i < MULTIPARTS; i++)
		buf_addf(&b, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
	buf_addz(&b, "Content-Type: a/b; name=x.exe\n\n");
	for (unsigned i = 0; i < LINES; i++)
		buf_addz(&b, "--b\n");
	assert_int_equal(mime_parse(a, buf_str(&b), NULL, &root, &e), 0);
	assert_string_equal(root->mail->truncated, "lines");
	assert_int_equal(root->mail->part_count, MULTIPARTS + 1);
	mime_read_again(a, root, NULL, &r);
	assert_true(r.cut);
}

/* What is beyond a limit of the tree is in no reading either. */
static void test_a_tree_that_is_cut(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 26);
	const struct mime_limits few = { .parts = 2 };
	struct mime_readings r;
	struct mime *root = NULL;
	struct err e;

	(void)state;
	assert_int_equal(
		mime_parse(a, STR(MULTI "--b\n\none\n--b\n\ntwo\n--b--\n"), &few, &root, &e), 0);
	mime_read_again(a, root, &few, &r);
	assert_true(r.cut);
}

/* Thousands of starts of nothing are no files, and leave no memory behind. */
static void test_files_of_nothing(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 23);
	struct mime_readings r;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 22);
	buf_addz(&b, "\n");
	for (unsigned i = 0; i < 50000; i++)
		buf_addf(&b, "begin 644 %u.exe\nnothing\n", i);
	r = again(a, buf_str(&b));
	assert_int_equal(r.n, 0);
	assert_false(r.cut);
}

static void test_too_many_names(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	struct mime *root = NULL;
	struct mime_names names;
	struct err e;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 20);
	buf_addz(&b, "Content-Type: a/b");
	for (unsigned i = 0; i < MIME_PARAMS_MAX; i++)
		buf_addf(&b, "; name=%u.x", i);
	assert_int_equal(mime_parse(a, buf_str(&b), NULL, &root, &e), 0);
	names = mime_names(a, root);
	assert_int_equal(names.n, MIME_NAMES_MAX);
	assert_true(str_eq(names.p[0], STR("0.x")));
	assert_true(str_eq(names.extension, STR("x")));
	assert_false(names.differ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),           cmocka_unit_test(test_too_many_files),
		cmocka_unit_test(test_too_many_habits),    cmocka_unit_test(test_too_many_lines),
		cmocka_unit_test(test_a_tree_that_is_cut), cmocka_unit_test(test_files_of_nothing),
		cmocka_unit_test(test_too_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
