/* An edited message differs from the original only where it was edited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/mime/edit.h"

static struct mime *parse(struct arena *a, struct str raw)
{
	struct mime *m = NULL;
	struct err e;

	assert_int_equal(mime_parse(a, raw, NULL, &m, &e), 0);
	return m;
}

static int collect(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

static struct str written(struct arena *a, const struct mime *m, const struct mime_edit *ed)
{
	struct sink to = { collect, NULL };
	struct str out = STR("");
	struct buf b;
	struct err e;

	buf_init(&b, a, 100000);
	to.ctx = &b;
	assert_int_equal(mime_write(m, ed, &to, &e), 0);
	assert_int_equal(buf_done(&b, &out, &e), 0);
	assert_int_equal(out.n, mime_write_size(m, ed));
	return out;
}

static void check(const struct mime_edit *ed, const char *expected)
{
	struct str got = written(ed->a, ed->root, ed);

	if (!str_eq(got, str_of(expected)))
		fail_msg("\n%.*s\nis not\n%s", STR_ARG(got), expected);
}

/* A message, its tree and an edit of it. */
struct fixture {
	struct arena *a;
	struct mime *m;
	struct mime_edit ed;
};

static struct fixture fixture(struct str raw)
{
	struct fixture f = { .a = arena_open("test", 1 << 20) };

	f.m = parse(f.a, raw);
	mime_edit_init(&f.ed, f.a, f.m);
	return f;
}

static const struct str three = STR_INIT("A: 1\nSubject: x\na: 2\n y\nB: 3\n\nbody\n");

static void test_no_edit(void **state)
{
	struct fixture f = fixture(three);

	(void)state;
	assert_true(mime_edit_is_empty(&f.ed));
	check(&f.ed, three.p);
	assert_true(str_eq(written(f.a, f.m, NULL), three));
	arena_close(f.a);
}

static void test_delete(void **state)
{
	struct fixture f = fixture(three);

	(void)state;
	mime_edit_delete(&f.ed, f.m, STR("A"));
	mime_edit_delete(&f.ed, f.m, STR("X"));
	mime_edit_delete(&f.ed, f.m, STR("a"));
	check(&f.ed, "Subject: x\nB: 3\n\nbody\n");
	arena_close(f.a);
}

static bool begins_with(struct str name, const void *ctx)
{
	return str_istarts(name, str_of(ctx));
}

static void test_delete_if(void **state)
{
	struct fixture f = fixture(STR("X-Tmp-1: a\nX: b\nx-tmp-2: c\n\n"));

	(void)state;
	mime_edit_prepend(&f.ed, f.m, STR("X-Tmp-3"), STR("d"));
	mime_edit_delete_if(&f.ed, f.m, begins_with, "x-tmp");
	check(&f.ed, "X: b\n\n");
	arena_close(f.a);
}

static void test_set(void **state)
{
	struct fixture f = fixture(three);
	struct str value;

	(void)state;
	mime_edit_set(&f.ed, f.m, STR("a"), STR("new"));
	check(&f.ed, "a: new\nSubject: x\nB: 3\n\nbody\n");
	mime_edit_set(&f.ed, f.m, STR("A"), STR("newer"));
	check(&f.ed, "A: newer\nSubject: x\nB: 3\n\nbody\n");
	mime_edit_set(&f.ed, f.m, STR("C"), STR("top"));
	mime_edit_set(&f.ed, f.m, STR("D"), STR(""));
	check(&f.ed, "D:\nC: top\nA: newer\nSubject: x\nB: 3\n\nbody\n");
	mime_edit_set(&f.ed, f.m, STR("c"), STR("again"));
	check(&f.ed, "c: again\nD:\nA: newer\nSubject: x\nB: 3\n\nbody\n");
	assert_true(mime_edit_find(&f.ed, f.m, STR("C"), &value));
	assert_true(str_eq(value, STR("again")));
	mime_edit_delete(&f.ed, f.m, STR("A"));
	mime_edit_delete(&f.ed, f.m, STR("D"));
	mime_edit_set(&f.ed, f.m, STR("A"), STR("back"));
	check(&f.ed, "A: back\nc: again\nSubject: x\nB: 3\n\nbody\n");
	arena_close(f.a);
}

/* A set after a prepend of the same name changes what a reader finds first. */
static void test_prepend(void **state)
{
	struct fixture f = fixture(STR("From x\nA: 1\n\nbody\n"));

	(void)state;
	mime_edit_prepend(&f.ed, f.m, STR("A"), STR("2"));
	mime_edit_prepend(&f.ed, f.m, STR("A"), STR("3"));
	check(&f.ed, "From x\nA: 3\nA: 2\nA: 1\n\nbody\n");
	mime_edit_set(&f.ed, f.m, STR("A"), STR("4"));
	check(&f.ed, "From x\nA: 4\n\nbody\n");
	arena_close(f.a);
}

static void test_find(void **state)
{
	struct fixture f = fixture(three);
	struct str value = STR("untouched");

	(void)state;
	assert_false(mime_edit_find(&f.ed, f.m, STR("X"), &value));
	assert_true(str_eq(value, STR("untouched")));
	assert_true(mime_edit_find(NULL, f.m, STR("B"), &value));
	assert_true(str_eq(value, STR("3")));
	mime_edit_set(&f.ed, f.m, STR("B"), STR("4"));
	assert_true(mime_edit_find(&f.ed, f.m, STR("b"), &value));
	assert_true(str_eq(value, STR("4")));
	mime_edit_delete(&f.ed, f.m, STR("B"));
	assert_false(mime_edit_find(&f.ed, f.m, STR("B"), &value));
	arena_close(f.a);
}

static void test_values_stay_one_field(void **state)
{
	struct fixture f = fixture(STR("A: 1\r\n\r\nbody\r\n"));

	(void)state;
	mime_edit_set(&f.ed, f.m, STR("A"), STR("a\nBcc: b\r\n c\n\td\n\n"));
	check(&f.ed, "A: a\r\n\tBcc: b\r\n c\r\n\td\r\n\r\nbody\r\n");
	mime_edit_set(&f.ed, f.m, STR("A"), STR("a\n\n \nb\rc"));
	check(&f.ed, "A: a\r\n\tb c\r\n\r\nbody\r\n");
	mime_edit_set(&f.ed, f.m, STR("B: x\nC"), STR("d"));
	mime_edit_prepend(&f.ed, f.m, STR(""), STR("d"));
	mime_edit_set(&f.ed, f.m, STR("A"), STR("2"));
	check(&f.ed, "A: 2\r\n\r\nbody\r\n");
	arena_close(f.a);
}

/* Without a header the first field brings the empty line that ends it. */
static void test_no_header(void **state)
{
	struct fixture f = fixture(STR("body\n"));

	(void)state;
	mime_edit_set(&f.ed, f.m, STR("A"), STR("1"));
	mime_edit_set(&f.ed, f.m, STR("B"), STR("2"));
	check(&f.ed, "B: 2\nA: 1\n\nbody\n");
	arena_close(f.a);
	f = fixture(STR("\nbody\n"));
	mime_edit_set(&f.ed, f.m, STR("A"), STR("1"));
	check(&f.ed, "A: 1\n\nbody\n");
	arena_close(f.a);
	f = fixture(STR("A: 1"));
	mime_edit_set(&f.ed, f.m, STR("A"), STR("2"));
	mime_edit_set(&f.ed, f.m, STR("B"), STR("3"));
	check(&f.ed, "B: 3\nA: 2\n");
	arena_close(f.a);
}

static void test_copy(void **state)
{
	struct fixture f = fixture(three);
	struct mime_edit other;

	(void)state;
	mime_edit_set(&f.ed, f.m, STR("B"), STR("both"));
	mime_edit_copy(&other, &f.ed);
	mime_edit_set(&f.ed, f.m, STR("B"), STR("one"));
	mime_edit_set(&other, f.m, STR("B"), STR("other"));
	mime_edit_delete(&other, f.m, STR("A"));
	check(&f.ed, "A: 1\nSubject: x\na: 2\n y\nB: one\n\nbody\n");
	check(&other, "Subject: x\nB: other\n\nbody\n");
	arena_close(f.a);
}

static const struct str multi =
	STR_INIT("Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nX: 1\n\none\n--b\n\ntwo\n"
		 "--b\n--b--\nepi\n");

static void test_replace(void **state)
{
	struct fixture f = fixture(multi);
	struct mime *one = f.m->child, *empty = one->next->next;

	(void)state;
	mime_edit_set(&f.ed, one, STR("X"), STR("2"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nX: 2\n\none\n--b\n\n"
		     "two\n--b\n--b--\nepi\n");
	mime_edit_replace(&f.ed, one, STR("N: 1\n\nnew"));
	mime_edit_replace(&f.ed, one, STR("too late"));
	mime_edit_set(&f.ed, one, STR("X"), STR("too late"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nN: 1\n\nnew\n--b\n\n"
		     "two\n--b\n--b--\nepi\n");
	/* The boundary after an empty part keeps a line of its own. */
	mime_edit_replace(&f.ed, empty, STR("N: 3\n\nnew"));
	mime_edit_replace(&f.ed, f.m, STR("not the root"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nN: 1\n\nnew\n--b\n\n"
		     "two\n--b\nN: 3\n\nnew\n--b--\nepi\n");
	arena_close(f.a);
}

static void test_replace_with_parts_inside(void **state)
{
	struct fixture f = fixture(
		STR("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822"
		    "\n\nSubject: in\n\nx\n--b\n\ny\n--b--\n"));
	struct mime *message = f.m->child, *inner = message->child;
	struct str value;

	(void)state;
	mime_edit_set(&f.ed, inner, STR("Subject"), STR("changed"));
	mime_edit_replace(&f.ed, message, STR("\nnew"));
	mime_edit_set(&f.ed, inner, STR("Subject"), STR("too late"));
	mime_edit_replace(&f.ed, inner, STR("too late"));
	mime_edit_body(&f.ed, inner, 0, 0, STR("too late"));
	assert_false(mime_edit_find(&f.ed, inner, STR("Subject"), &value));
	mime_edit_set(&f.ed, message->next, STR("A"), STR("b"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnew\n--b\nA: b\n\ny\n"
		     "--b--\n");
	arena_close(f.a);
}

static void test_wrap(void **state)
{
	struct fixture f =
		fixture(STR("Subject: s\r\nContent-Type: application/x;\r\n name=y\r\n"
			    "Content-Transfer-Encoding: base64\r\nX: z\r\n\r\nYQ==\r\n"));
	struct mime *again;

	(void)state;
	mime_edit_wrap(&f.ed, STR("w"));
	check(&f.ed, "MIME-Version: 1.0\r\nSubject: s\r\nContent-Type: multipart/mixed; "
		     "boundary=\"w\"\r\nX: z\r\n\r\n--w\r\nContent-Type: application/x;\r\n "
		     "name=y\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n\r\n--w--\r\n");
	again = parse(f.a, written(f.a, f.m, &f.ed));
	assert_int_equal(again->mail->anomalies, 0);
	assert_true(str_eq(again->child->body, f.m->body));
	mime_edit_wrap(&f.ed, STR("twice"));
	mime_edit_replace(&f.ed, f.m, STR("\r\nremoved"));
	mime_edit_replace(&f.ed, f.m, STR("too late"));
	mime_edit_body(&f.ed, f.m, 0, 0, STR("too late"));
	mime_edit_set(&f.ed, f.m, STR("X"), STR("not too late"));
	check(&f.ed, "MIME-Version: 1.0\r\nSubject: s\r\nContent-Type: multipart/mixed; "
		     "boundary=\"w\"\r\nX: not too late\r\n\r\n--w\r\n\r\nremoved\r\n--w--\r\n");
	arena_close(f.a);
}

static void check_wrapped(struct str raw, const char *expected)
{
	struct fixture f = fixture(raw);
	const struct mime *again;

	mime_edit_wrap(&f.ed, STR("w"));
	check(&f.ed, expected);
	again = parse(f.a, written(f.a, f.m, &f.ed));
	assert_true(str_eq(again->child->body, f.m->body));
	arena_close(f.a);
}

static void test_wrap_odd_roots(void **state)
{
	(void)state;
	check_wrapped(STR("MIME-Version: 1.0\n\nbody"),
		      "Content-Type: multipart/mixed; boundary=\"w\"\nMIME-Version: 1.0\n\n--w\n\n"
		      "body\n--w--\n");
	check_wrapped(STR("body"), "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="
				   "\"w\"\n\n--w\n\nbody\n--w--\n");
	check_wrapped(STR("A: b"), "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="
				   "\"w\"\nA: b\n\n--w\n\n\n--w--\n");
	check_wrapped(STR("A: b\nbody"),
		      "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"w\"\nA: b\n\n"
		      "--w\n\nbody\n--w--\n");
}

/* The parts inside a wrapped message can still be changed and replaced. */
static void test_wrap_message(void **state)
{
	struct fixture f = fixture(STR("Content-Type: message/rfc822\n\nA: b\n\nin\n"));

	(void)state;
	mime_edit_wrap(&f.ed, STR("w"));
	mime_edit_prepend(&f.ed, f.m->child, STR("C"), STR("d"));
	check(&f.ed, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"w\"\n\n--w\n"
		     "Content-Type: message/rfc822\n\nC: d\nA: b\n\nin\n\n--w--\n");
	mime_edit_replace(&f.ed, f.m->child, STR("N: o\n\n"));
	check(&f.ed, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"w\"\n\n--w\n"
		     "Content-Type: message/rfc822\n\nN: o\n\n\n--w--\n");
	mime_edit_replace(&f.ed, f.m, STR("\nall"));
	mime_edit_set(&f.ed, f.m->child, STR("A"), STR("too late"));
	check(&f.ed, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"w\"\n\n--w\n"
		     "\nall\n--w--\n");
	arena_close(f.a);
}

static void test_wrap_multipart(void **state)
{
	struct fixture f = fixture(multi);

	(void)state;
	mime_edit_trim(&f.ed, f.m);
	mime_edit_wrap(&f.ed, STR("w"));
	check(&f.ed, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"w\"\n\n--w\n"
		     "Content-Type: multipart/mixed; boundary=b\n\n\n--b\nX: 1\n\none\n--b\n\n"
		     "two\n--b\n--b--\n\n--w--\n");
	mime_edit_replace(&f.ed, f.m, STR("\nall"));
	mime_edit_trim(&f.ed, f.m);
	check(&f.ed, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"w\"\n\n--w\n"
		     "\nall\n--w--\n");
	arena_close(f.a);
}

static void test_trim(void **state)
{
	struct fixture f = fixture(multi);

	(void)state;
	mime_edit_trim(&f.ed, f.m->child);
	assert_true(mime_edit_is_empty(&f.ed));
	mime_edit_trim(&f.ed, f.m);
	mime_edit_trim(&f.ed, f.m);
	mime_edit_replace(&f.ed, f.m->child, STR("\nnew"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\n\n--b\n\nnew\n--b\n\ntwo\n"
		     "--b\n--b--\n");
	arena_close(f.a);
}

static void test_append(void **state)
{
	struct fixture f = fixture(multi), bare = fixture(STR(
		"Content-Type: multipart/mixed; boundary=b\n\n--b \n--b--\n"));
	const struct mime *last = f.m->child->next->next;

	(void)state;
	mime_edit_trim(&f.ed, f.m);
	mime_edit_append(&f.ed, f.m, STR("X: 3\n\nthree"));
	mime_edit_replace(&f.ed, f.m->child->next, STR("\nx"));
	mime_edit_body(&f.ed, last, last->body.n, last->body.n, STR("!"));
	mime_edit_append(&f.ed, f.m->child, STR("in no multipart"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\n\n--b\nX: 1\n\none\n--b\n"
		     "\nx\n--b\n!\n--b\nX: 3\n\nthree\n--b--\n");
	mime_edit_append(&bare.ed, bare.m, STR("\none"));
	check(&bare.ed,
	      "Content-Type: multipart/mixed; boundary=b\n\n--b \n\n--b\n\none\n--b--\n");
	arena_close(bare.a);
	arena_close(f.a);
}

static void test_body(void **state)
{
	struct fixture f = fixture(multi);
	struct mime *one = f.m->child, *two = one->next;

	(void)state;
	mime_edit_body(&f.ed, one, 3, 3, STR("!"));
	mime_edit_body(&f.ed, one, 3, 3, STR("?"));
	mime_edit_body(&f.ed, one, 0, 0, STR(">"));
	mime_edit_body(&f.ed, two, 1, 2, STR("W"));
	mime_edit_body(&f.ed, f.m, 0, 3, STR("not a multipart"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nX: 1\n\n>one!?\n--b\n"
		     "\ntWo\n--b\n--b--\nepi\n");
	mime_edit_body(&f.ed, two, 0, 3, STR("all"));
	mime_edit_replace(&f.ed, one, STR("\nx"));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\nx\n--b\n"
		     "\nall\n--b\n--b--\nepi\n");
	arena_close(f.a);
}

static void test_whole_body(void **state)
{
	struct fixture f = fixture(multi), bare = fixture(STR(""));
	struct mime *one = f.m->child, *two = one->next;

	(void)state;
	assert_true(str_eq(mime_edit_find_body(&f.ed, one), one->body));
	mime_edit_body(&f.ed, one, 3, 3, STR("!"));
	mime_edit_body(&f.ed, one, 1, 2, STR("N"));
	mime_edit_body(&f.ed, one, 0, 0, STR(">"));
	mime_edit_set(&f.ed, one, STR("X"), STR("2"));
	assert_true(str_eq(mime_edit_find_body(&f.ed, one), STR(">oNe!")));
	assert_true(str_eq(mime_edit_find_body(&f.ed, two), two->body));
	mime_edit_whole_body(&f.ed, one, STR("all"));
	mime_edit_body(&f.ed, one, 3, 3, STR("?"));
	mime_edit_whole_body(&f.ed, f.m, STR("not a multipart"));
	assert_true(str_eq(mime_edit_find_body(&f.ed, one), STR("all?")));
	check(&f.ed, "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\nX: 2\n\nall?\n--b\n"
		     "\ntwo\n--b\n--b--\nepi\n");
	/* an empty body has room for what is inserted, and loses it again */
	mime_edit_body(&bare.ed, bare.m, 0, 0, STR("one"));
	mime_edit_body(&bare.ed, bare.m, 0, 0, STR("two"));
	assert_true(str_eq(mime_edit_find_body(&bare.ed, bare.m), STR("onetwo")));
	mime_edit_whole_body(&bare.ed, bare.m, STR("three"));
	check(&bare.ed, "three");
	arena_close(bare.a);
	arena_close(f.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_edit),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_delete_if),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_prepend),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_values_stay_one_field),
		cmocka_unit_test(test_no_header),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_replace_with_parts_inside),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_wrap_odd_roots),
		cmocka_unit_test(test_wrap_message),
		cmocka_unit_test(test_wrap_multipart),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_whole_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
