/*
 * Messages made to hurt: the time for sixteen times the size is about sixteen times the time, not
 * 256 times. CPU time is compared, the best of three runs each, with much room for a busy machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/mime/build.h"
#include "lib/mime/mime.h"

enum { SMALL = 1 << 14, TIMES = 16, RATIO_MAX = 80, RUNS = 3 };

struct attack {
	const char *what;
	const char *start, *again; /* the second part is repeated */
};

static const struct attack attacks[] = {
	{ "boundary lines", "Content-Type: multipart/mixed; boundary=b\n\n", "--b\n" },
	{ "almost boundary lines", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n",
	  "--\n--bb\n" },
	{ "multiparts never closed", "Content-Type: multipart/mixed; boundary=b\n\n",
	  "--b\nContent-Type: multipart/mixed; boundary=b\n\n" },
	{ "messages in messages", "", "Content-Type: message/rfc822\n\n" },
	{ "garbage in the header", "", "garbage\n" },
	{ "garbage before a field", "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
	  "garbage\n--x\na: b\n" },
	{ "fields", "", "A: b\n" },
	{ "folds", "A: b\n", " \n" },
	{ "Content-Type fields", "", "Content-Type: a/b; c=d; c=d\n" },
	{ "parameters", "Content-Type: a/b", ";a=b" },
	{ "parameters without end", "Content-Type: a/b; c=", "d " },
	{ "pieces", "Content-Disposition: attachment", "; filename*1=x" },
	{ "comments never closed", "Content-Type: a/b", "(" },
	{ "comments", "Content-Type: a/b", "(())" },
	{ "quotes", "Content-Type: a/b; name=", "\"\\" },
	{ "encoded words never closed", "Subject: ", "=?utf-8?q?a" },
	{ "heads of encoded words", "Subject: ", "=?" },
	{ "long charset names", "Subject: =?", "a=?" },
	{ "encoded words", "Subject: ", "=?utf-8?q?a?=" },
	{ "other charsets", "Subject: ", "=?koi8-r?q?a?= =?utf-7?q?+?= " },
	{ "addresses", "From: ", "a@b," },
	{ "addresses without commas", "From: ", "a@b " },
	{ "addresses with quotes", "From: ", "\"\\\"" },
	{ "addresses with one open quote", "From: \"", "\\\"" },
	{ "addresses with comments", "From: ", "(" },
	{ "addresses with brackets", "From: ", "<" },
	{ "addresses with brackets and commas", "From: ", "<a," },
	{ "addresses with colons", "From: a@b", ":" },
	{ "groups", "From: ", "a:;" },
	{ "dots", "From: a@b", "." },
	{ "quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\n", "= = =" },
	{ "base64", "Content-Transfer-Encoding: base64\n\n", "=A=" },
};

static struct str make(struct arena *a, const struct attack *x, size_t size)
{
	struct buf b;

	buf_init(&b, a, size * 2);
	buf_addz(&b, x->start);
	while (b.n < size)
		buf_addz(&b, x->again);
	buf_addz(&b, "\n\nend\n");
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

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double time_of(const struct attack *x, size_t size)
{
	CLEAN_ARENA struct arena *own = arena_open("message", (size_t)1 << 28);
	CLEAN_ARENA struct arena *a = arena_open("parse", (size_t)1 << 30);
	struct str raw = make(own, x, size);
	double best = 1e9;

	for (int i = 0; i < RUNS; i++) {
		double start = cpu_seconds(), took;

		use(a, raw);
		took = cpu_seconds() - start;
		best = took < best ? took : best;
		/* Memory is linear as well, with a factor that a caller's cap can live with. */
		assert_true(arena_used(a) < 100 * size + (1 << 20));
		arena_reset(a);
	}
	return best;
}

static void test_linear(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		double small = time_of(&attacks[i], SMALL);
		double large = time_of(&attacks[i], (size_t)SMALL * TIMES);

		/* Below that the clock says nothing. */
		if (large > 0.002 && large > small * RATIO_MAX)
			fail_msg("%s: %.0f us for %d bytes, %.0f us for %d times as much",
				 attacks[i].what, small * 1e6, SMALL, large * 1e6, TIMES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_linear) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
