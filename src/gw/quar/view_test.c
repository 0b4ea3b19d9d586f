#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/quar/view.h"
#include "lib/html/safe.h"

static struct arena *a;
static struct err e;
static struct quar_view *v;
static bool external;

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 512u << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void open_mail(struct str raw)
{
	assert_int_equal(quar_view_open(a, raw, &v, &e), 0);
}

/* What stands between <body> and </body>. */
static struct str body(int images)
{
	const struct quar_view_how how = { images, true };
	struct str page;
	ptrdiff_t from, to;

	if (quar_view_page(a, v, &how, &external, &page, &e) < 0)
		fail_msg("%s", e.msg);
	from = str_find(page, STR("<body>\n"));
	to = str_find(page, STR("\n</body></html>\n"));
	assert_true(from > 0 && to > from);
	assert_true(str_find(page, STR("default-src 'none'")) > 0);
	return str_sub(page, (size_t)from + 7, (size_t)(to - from) - 7);
}

static void is_str(struct str found, struct str expected)
{
	if (!str_eq(found, expected))
		fail_msg("'%.*s' instead of '%.*s'", STR_ARG(found), STR_ARG(expected));
}

static int to_buf(void *ctx, struct str bytes, struct err *err)
{
	(void)err;
	buf_add(ctx, bytes);
	return 0;
}

static struct str part(uint32_t id)
{
	struct buf b;
	struct sink to = { to_buf, &b };

	buf_init(&b, a, SIZE_MAX);
	assert_int_equal(quar_view_part_write(v, id, &to, &e), 0);
	return buf_str(&b);
}

#define PRE "<pre style=\"white-space:pre-wrap\">"

static const char newsletter[] =
	"Delivered-To: bob@example.com\n"
	"Return-Path: s@evil.example\n"
	"From: =?utf-8?q?M=C3=BCller?= <s@evil.example>\n"
	"Subject: =?utf-8?q?one=0D=0ABcc:_two?= and \x1b[31mred\n"
	" folded\n"
	"MIME-Version: 1.0\n"
	"Content-Type: multipart/mixed; boundary=m\n"
	"\n"
	"--m\n"
	"Content-Type: multipart/alternative; boundary=a\n"
	"\n"
	"--a\n"
	"Content-Type: text/plain\n"
	"\n"
	"plain <b>text</b>\n"
	"--a\n"
	"Content-Type: multipart/related; boundary=r\n"
	"\n"
	"--r\n"
	"Content-Type: text/html; charset=iso-8859-1\n"
	"Content-Transfer-Encoding: quoted-printable\n"
	"\n"
	"<p onclick=3D'x'>gr=FCn <img src=3D\"cid:logo@x\"><img src=3D\"https://t.example/1\">"
	"<script>alert(1)</script>\n"
	"--r\n"
	"Content-Type: image/png; name=\"../../etc/logo.png\"\n"
	"Content-ID: <logo@x>\n"
	"Content-Transfer-Encoding: base64\n"
	"\n"
	"QUJD\n"
	"--r--\n"
	"--a--\n"
	"--m\n"
	"Content-Type: text/html\n"
	"Content-Disposition: attachment; filename=\"evil\xe2\x80\xae" "gpj.html\"\n"
	"\n"
	"<script>attached</script>\n"
	"--m\n"
	"Content-Type: message/rfc822\n"
	"\n"
	"Subject: inner\n"
	"\n"
	"inner text\n"
	"--m--\n";

static void header(void **state)
{
	(void)state;
	open_mail(str_of(newsletter));
	is_str(quar_view_header(a, v),
	       STR("Delivered-To: bob@example.com\n"
		   "Return-Path: s@evil.example\n"
		   "From: M\xc3\xbcller <s@evil.example>\n"
		   "Subject: one??Bcc: two and ?[31mred folded\n"
		   "MIME-Version: 1.0\n"
		   "Content-Type: multipart/mixed; boundary=m\n"));
}

static void html(void **state)
{
	(void)state;
	open_mail(str_of(newsletter));
	is_str(body(HTML_IMAGES_EMBEDDED),
	       STR("<p>gr\xc3\xbcn <img src=\"data:image/png;base64,QUJD\"><img></p>"));
	assert_true(external);
	is_str(body(HTML_IMAGES_NONE), STR("<p>gr\xc3\xbcn <img><img></p>"));
	is_str(body(HTML_IMAGES_ALL),
	       STR("<p>gr\xc3\xbcn <img src=\"data:image/png;base64,QUJD\">"
		   "<img src=\"https://t.example/1\"></p>"));
}

static void parts(void **state)
{
	static const struct {
		const char *name, *type;
		unsigned size;
		bool attachment;
	} expected[] = {
		{ "part-0", "text/plain", 17, false },
		{ "part-1", "text/html", 0, false },
		{ "logo.png", "image/png", 3, false },
		{ "evil?gpj.html", "text/html", 25, true },
		{ "part-4", "text/plain", 10, false },
	};
	struct quar_part *list;
	size_t n;

	(void)state;
	open_mail(str_of(newsletter));
	quar_view_parts(a, v, &list, &n);
	assert_int_equal(n, ARRAY_LEN(expected));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].id, i);
		is_str(list[i].name, str_of(expected[i].name));
		is_str(list[i].type, str_of(expected[i].type));
		if (expected[i].size)
			assert_int_equal(list[i].size, expected[i].size);
		assert_int_equal(list[i].attachment, expected[i].attachment);
	}
	is_str(part(2), STR("ABC"));
	is_str(part(3), STR("<script>attached</script>"));
	assert_int_equal(quar_view_part_write(v, 5, NULL, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
}

/* Which text is shown. */
static void texts(void **state)
{
	static const struct {
		const char *raw, *body;
	} cases[] = {
		{ "\n<b>plain</b> & more\n", PRE "&lt;b&gt;plain&lt;/b&gt; &amp; more\n</pre>" },
		{ "Content-Type: text/html\n\n<b>x", "<b>x</b>" },
		{ "Content-Type: TEXT/HTML\nContent-Disposition: attachment\n\n<b>x",
		  "<b>x</b>" },
		{ "Content-Type: text/x-script\n\n<script>x", PRE "&lt;script&gt;x</pre>" },
		{ "Content-Type: image/png\n\nABC", "<p>[no text]</p>" },
		{ "", PRE "</pre>" },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
		  "Content-Type: application/pdf\n\nx\n--b\n\nsecond\n--b--\n",
		  PRE "second</pre>" },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
		  "Content-Disposition: attachment\n\nx\n--b--\n",
		  "<p>[no text]</p>" },
		{ "Content-Type: multipart/alternative; boundary=b\n\n--b\n"
		  "Content-Type: text/html\n\n<i>h\n--b\n\nplain\n--b--\n",
		  "<i>h</i>" },
		{ "Content-Type: multipart/mixed\n\nno boundary", "<p>[no text]</p>" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		open_mail(str_of(cases[i].raw));
		is_str(body(HTML_IMAGES_ALL), str_of(cases[i].body));
		assert_false(external);
	}
}

static void odd_names(void **state)
{
	static const struct {
		const char *field, *name;
	} cases[] = {
		{ "filename=\"C:\\\\WINDOWS\\\\x.exe\"", "x.exe" },
		{ "filename=\"..\"", "part-0" },
		{ "filename=\"a/..\"", "part-0" },
		{ "filename=\"dir/\"", "part-0" },
		{ "filename*=utf-8''%C3%BC%0A%00.txt", "\xc3\xbc? .txt" },
		{ "filename=\"=?utf-8?q?a=2Fb=0Dc?=\"", "b?c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct quar_part *list;
		size_t n;

		open_mail(str_fmt(a, "Content-Disposition: attachment; %s\n\nx",
				  cases[i].field));
		quar_view_parts(a, v, &list, &n);
		is_str(list[0].name, str_of(cases[i].name));
	}
}

/* Images that are asked for again and again, and a text without end. */
static void limits(void **state)
{
	struct str image = str_fmt(a, "%0*d", 6 << 20, 0), page;
	struct buf b;

	(void)state;
	buf_init(&b, a, SIZE_MAX);
	buf_addz(&b, "Content-Type: multipart/related; boundary=b\n\n--b\n"
		     "Content-Type: text/html\n\n");
	for (int i = 0; i < 100000; i++)
		buf_addz(&b, "<img src=cid:i>");
	buf_addz(&b, "\n--b\nContent-Type: image/png\nContent-ID: <i>\n\n");
	buf_add(&b, image);
	buf_addz(&b, "\n--b--\n");
	open_mail(buf_str(&b));
	page = body(HTML_IMAGES_ALL);
	assert_true(page.n > 8 << 20 && page.n < 16 << 20);

	buf_init(&b, a, SIZE_MAX);
	buf_addz(&b, "\n");
	for (int i = 0; i < 5 << 20; i++)
		buf_addc(&b, '"');
	open_mail(buf_str(&b));
	page = body(HTML_IMAGES_ALL);
	assert_true(str_ends(page, STR("&quot;</pre>\n<p>[cut here]</p>")));
	assert_true(page.n < 26 << 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(header), TEST(html),	   TEST(parts),
					    TEST(texts),  TEST(odd_names), TEST(limits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
