/*
 * Messages made to hurt: the time for sixteen times the size is about sixteen times the time, not
 * 256 times. CPU time is compared, the best of three runs each, with much room for a busy machine;
 * what seems too slow is measured again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/mime/build.h"
#include "lib/mime/edit.h"
#include "lib/mime/readings.h"

enum { SMALL = 1 << 14, TIMES = 16, RATIO_MAX = 128, RUNS = 3, ATTEMPTS = 4 };

struct attack {
	const char *what;
	const char *start, *again; /* the second part is repeated */
	const char *end;           /* NULL: an empty line and a body */
};

static const struct attack attacks[] = {
	{ "boundary lines", "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n", NULL },
	{ "almost boundary lines", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n",
	  "--\n--bb\n", NULL },
	{ "multiparts never closed", "Content-Type: multipart/mixed; boundary=b\n\n",
	  "--b\nContent-Type: multipart/mixed; boundary=b\n\n", NULL },
	{ "messages in messages", "", "Content-Type: message/rfc822\n\n", NULL },
	{ "garbage in the header", "", "garbage\n", NULL },
	{ "garbage and one field", "", "garbage\n", "A: b\n\n" },
	{ "garbage before a field", "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
	  "garbage\n--x\na: b\n", NULL },
	{ "fields", "", "A: b\n", NULL },
	{ "folds", "A: b\n", " \n", NULL },
	{ "Content-Type fields", "", "Content-Type: a/b; c=d; c=d\n", NULL },
	{ "parameters", "Content-Type: a/b", ";a=b", NULL },
	{ "parameters without end", "Content-Type: a/b; c=", "d ", NULL },
	{ "pieces", "Content-Disposition: attachment", "; filename*1=x", NULL },
	{ "comments never closed", "Content-Type: a/b", "(", NULL },
	{ "comments", "Content-Type: a/b", "(())", NULL },
	{ "quotes", "Content-Type: a/b; name=", "\"\\", NULL },
	{ "encoded words never closed", "Subject: ", "=?utf-8?q?a", NULL },
	{ "heads of encoded words", "Subject: ", "=?", NULL },
	{ "long charset names", "Subject: =?", "a=?", NULL },
	{ "encoded words", "Subject: ", "=?utf-8?q?a?=", NULL },
	{ "other charsets", "Subject: ", "=?koi8-r?q?a?= =?utf-7?q?+?= ", NULL },
	{ "addresses", "From: ", "a@b,", NULL },
	{ "addresses without commas", "From: ", "a@b ", NULL },
	{ "addresses with quotes", "From: ", "\"\\\"", NULL },
	{ "addresses with one open quote", "From: \"", "\\\"", NULL },
	{ "addresses with comments", "From: ", "(", NULL },
	{ "addresses with brackets", "From: ", "<", NULL },
	{ "addresses with brackets and commas", "From: ", "<a,", NULL },
	{ "addresses with colons", "From: a@b", ":", NULL },
	{ "groups", "From: ", "a:;", NULL },
	{ "dots", "From: a@b", ".", NULL },
	{ "quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\n", "= = =", NULL },
	{ "base64", "Content-Transfer-Encoding: base64\n\n", "=A=", NULL },
};

/* For those who look for more than one reading. */
static const struct attack hidden[] = {
	{ "files in a text", "\n", "begin 644 x\n#86)C\nend\n", NULL },
	{ "files in a text, in base64", "\n", "begin-base64 644 x\nYWJj\n", NULL },
	{ "files as yEnc", "\n", "=ybegin name=x\nabc\n", NULL },
	{ "lost multiparts", "Content-Type: multipart/mixed\n\n--x\n",
	  "Content-Type: multipart/mixed\n\n--x\n", NULL },
	{ "lost multiparts side by side", "Content-Type: multipart/mixed; boundary=b\n\n",
	  "--b\nContent-Type: multipart/mixed\n\n", NULL },
	{ "encoded multiparts",
	  "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n",
	  "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTog\n",
	  NULL },
	{ "unsure encodings", "Content-Type: multipart/mixed; boundary=b\n\n",
	  "--b\nContent-Transfer-Encoding: x\n\nQTog!\n", NULL },
	{ "broken base64", "Content-Transfer-Encoding: base64\n\n", "YQ==!\n", NULL },
	{ "all of it",
	  "Content-Type: a/b\nContent-Type: multipart/mixed; boundary=b; boundary=c\n\n",
	  "--b\ngarbage\nContent-Type : multipart/mixed; (\r boundary=B\n\n--bb\n--b--\n", NULL },
};

static struct str make(struct arena *a, const struct attack *x, size_t size)
{
	struct buf b;

	buf_init(&b, a, size * 2);
	buf_addz(&b, x->start);
	while (b.n < size)
		buf_addz(&b, x->again);
	buf_addz(&b, x->end ? x->end : "\n\nend\n");
	return buf_str(&b);
}

/* Everything that can be asked of a message. */
static void use(struct arena *a, struct str raw)
{
	struct mime *root = NULL, *m;
	struct err e;

	assert_int_equal(mime_parse(a, raw, NULL, &root, &e), 0);
	for (m = root; m; m = mime_walk(root, m)) {
		mime_filename(a, m);
		mime_body_text(a, m, 1000);
		for (uint32_t i = 0; i < m->header_count; i++) {
			mime_header_text(a, &m->headers[i]);
			mime_address_list(a, m->headers[i].value);
			mime_address_first(a, m->headers[i].value);
		}
	}
	mime_encode_text(a, raw);
}

/* As all clients would. */
static void read_again(struct arena *a, struct str raw)
{
	struct mime_readings out;
	struct mime *root = NULL;
	struct err e;

	assert_int_equal(mime_parse(a, raw, NULL, &root, &e), 0);
	mime_read_again(a, root, NULL, &out);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What is used may take `factor` times the size. */
static double time_of(const struct attack *x, void (*ask)(struct arena *a, struct str raw),
		      size_t factor, size_t size)
{
	CLEAN_ARENA struct arena *own = arena_open("message", (size_t)1 << 28);
	CLEAN_ARENA struct arena *a = arena_open("parse", (size_t)1 << 30);
	struct str raw = make(own, x, size);
	double best = 1e9;

	for (int i = 0; i < RUNS; i++) {
		double start = cpu_seconds(), took;

		ask(a, raw);
		took = cpu_seconds() - start;
		best = took < best ? took : best;
		/* Memory is linear as well, with a factor that a caller's cap can live with. */
		assert_true(arena_used(a) < factor * size + (1 << 20));
		arena_reset(a);
	}
	return best;
}

/* Below some milliseconds the clock says nothing. */
static bool far_more(double large, double small)
{
	return large > 0.002 && large > small * RATIO_MAX;
}

static void check_linear(const struct attack *list, size_t n,
			 void (*ask)(struct arena *a, struct str raw), size_t factor)
{
	for (size_t i = 0; i < n; i++) {
		double small = 0, large = 1;

		for (int k = 0; k < ATTEMPTS && far_more(large, small); k++) {
			small = time_of(&list[i], ask, factor, SMALL);
			large = time_of(&list[i], ask, factor, (size_t)SMALL * TIMES);
		}
		if (far_more(large, small))
			fail_msg("%s: %.0f us for %d bytes, %.0f us for %d times as much",
				 list[i].what, small * 1e6, SMALL, large * 1e6, TIMES);
	}
}

static void test_linear(void **state)
{
	(void)state;
	check_linear(attacks, ARRAY_LEN(attacks), use, 100);
}

static void test_readings_are_linear(void **state)
{
	(void)state;
	check_linear(attacks, ARRAY_LEN(attacks), read_again, 1000);
	check_linear(hidden, ARRAY_LEN(hidden), read_again, 1000);
}

/* Every part changed in one edit, replaced in another. */
static double time_of_edits(unsigned parts)
{
	CLEAN_ARENA struct arena *a = arena_open("edit", (size_t)1 << 28);
	struct mime *root = NULL, *m;
	struct mime_edit first, ed;
	double start, took;
	struct err e;
	struct buf b;

	buf_init(&b, a, 1 << 20);
	buf_addz(&b, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (unsigned i = 0; i < parts; i++)
		buf_addz(&b, "--b\nA: b\n\nx\n");
	assert_int_equal(mime_parse(a, buf_str(&b), NULL, &root, &e), 0);
	start = cpu_seconds();
	mime_edit_init(&first, a, root);
	for (m = root->child; m; m = m->next) {
		mime_edit_set(&first, m, STR("A"), STR("c"));
		mime_edit_set(&first, m, STR("B"), STR("c"));
	}
	mime_edit_init(&ed, a, root);
	for (m = root->child; m; m = m->next)
		mime_edit_replace(&ed, m, STR("C: d\n\ny"));
	took = cpu_seconds() - start;
	/* As long as before, but for the line end that was the last part's own. */
	assert_int_equal(mime_write_size(root, &ed), b.n - 1);
	return took;
}

static void test_edits_are_linear(void **state)
{
	enum { FEW = 500 };
	double few = 0, many = 1;

	(void)state;
	for (int k = 0; k < ATTEMPTS && far_more(many, few); k++) {
		few = time_of_edits(FEW);
		many = time_of_edits(FEW * TIMES);
	}
	if (far_more(many, few))
		fail_msg("%.0f us for %d parts, %.0f us for %d times as many", few * 1e6, FEW,
			 many * 1e6, TIMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_linear),
					    cmocka_unit_test(test_readings_are_linear),
					    cmocka_unit_test(test_edits_are_linear) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
