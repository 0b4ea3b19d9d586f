/*
 * Trees of messages judged by hand against RFC 2045, 2046, 5322 and features-v9.md 4. A tree is
 * printed as one line per part: indentation, number, type, {file name}, <decoded body of a leaf>
 * with line ends as '|' and CRs as '^', [anomalies].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "lib/mime/mime.h"

struct example {
	const char *what;
	struct str message;
	const char *tree;
};

static struct mime *parse(struct arena *a, struct str raw, const struct mime_limits *lim)
{
	struct mime *m = NULL;
	struct err e;

	assert_int_equal(mime_parse(a, raw, lim, &m, &e), 0);
	return m;
}

static void print_part(struct buf *b, const struct mime *m)
{
	struct str name = mime_filename(b->a, m), body = STR("");
	struct err e;

	for (uint32_t i = 1; i < m->depth; i++)
		buf_addc(b, ' ');
	buf_addf(b, "%u %.*s", m->aid, STR_ARG(m->type));
	if (name.n)
		buf_addf(b, " {%.*s}", STR_ARG(name));
	if (!m->child) {
		assert_int_equal(mime_body(b->a, m, 1000, &body, &e), 0);
		buf_addz(b, " <");
		for (size_t i = 0; i < body.n; i++)
			buf_addc(b, body.p[i] == '\n' ? '|' : body.p[i] == '\r' ? '^' : body.p[i]);
		buf_addz(b, ">");
	}
	if (m->anomalies)
		buf_addf(b, " [%.*s]", STR_ARG(mime_anomaly_list(b->a, m->anomalies)));
	buf_addz(b, "\n");
}

static struct str tree(struct arena *a, struct mime *root)
{
	struct buf b;

	buf_init(&b, a, 100000);
	for (const struct mime *m = root; m; m = mime_walk(root, m))
		print_part(&b, m);
	return buf_str(&b);
}

/* An exact copy on the heap, so that a sanitizer sees a byte read too many. */
static void check(const struct example *x)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	CLEAN_ARENA struct arena *copy = arena_open("message", 1 << 20);
	struct str got = tree(a, parse(a, str_copy(copy, x->message), NULL));

	if (!str_eq(got, str_of(x->tree)))
		fail_msg("%s:\n%.*snot\n%s", x->what, STR_ARG(got), x->tree);
}

#define MULTI(params) "Content-Type: multipart/mixed; " params "\n\n"
#define TWO_PARTS "--b\n\none\n--b\n\ntwo\n--b--\n"
#define TWO_TREE " 2 text/plain <one>\n 3 text/plain <two>\n"

static const struct example simple[] = {
	{ "no Content-Type", STR_INIT("Subject: x\n\nhello\n"), "1 text/plain <hello|>\n" },
	{ "header only", STR_INIT("Subject: x"), "1 text/plain <>\n" },
	{ "nothing", STR_INIT(""), "1 text/plain <>\n" },
	{ "empty header", STR_INIT("\nx"), "1 text/plain <x>\n" },
	{ "type in capitals", STR_INIT("content-TYPE: Text/HTML; charset=x\n\n"),
	  "1 text/html <>\n" },
	{ "comments and folds",
	  STR_INIT(
		  "Content-Type: (a) text (b)/\n\t(c) html (d) ; (e) name (f) = (g) x.htm (h)\n\n"),
	  "1 text/html {x.htm} <> [rare syntax]\n" },
	{ "no slash", STR_INIT("Content-Type: text\n\n"),
	  "1 text/plain <> [invalid Content-Type]\n" },
	{ "quoted type", STR_INIT("Content-Type: \"text/html\"\n\n"), "1 text/html <>\n" },
	{ "a message in pieces", STR_INIT("Content-Type: message/partial\n\nx"),
	  "1 message/partial <x> [content that is elsewhere]\n" },
	{ "boundary of a text", STR_INIT("Content-Type: text/html; boundary=b\n\n"),
	  "1 text/html <> [boundary of no multipart]\n" },
	{ "missing semicolon", STR_INIT("Content-Type: text/html charset=utf-8 name=a.htm\n\n"),
	  "1 text/html {a.htm} <> [invalid parameter]\n" },
	{ "base64", STR_INIT("Content-Transfer-Encoding: BASE64\n\nYWJj\nZA==\n"),
	  "1 text/plain <abcd>\n" },
	{ "quoted-printable",
	  STR_INIT("Content-Transfer-Encoding: (x) quoted-printable;\n\na=3D=\nb\n"),
	  "1 text/plain <a=b|> [rare syntax]\n" },
	{ "8-bit", STR_INIT("Content-Transfer-Encoding: 8-bit\n\n=3D"), "1 text/plain <=3D>\n" },
	{ "unknown encoding", STR_INIT("Content-Transfer-Encoding: x-y\n\n=3D"),
	  "1 text/plain <=3D> [unknown Content-Transfer-Encoding]\n" },
	{ "mailbox line", STR_INIT("From a@b Mon Jan 1\nContent-Type: text/html\n\nx"),
	  "1 text/html <x>\n" },
	{ "garbage before a field", STR_INIT("A: b\nno field\n: x\nContent-Type: text/html\n\nx"),
	  "1 text/html <x> [line in header that is no field]\n" },
	{ "body without empty line",
	  STR_INIT("A: b\nno field\nnone here\n\nContent-Type: text/html"),
	  "1 text/plain <no field|none here||Content-Type: text/html> "
	  "[line in header that is no field]\n" },
	{ "continuation of nothing", STR_INIT(" x\nContent-Type: text/html\n\n"),
	  "1 text/html <> [line in header that is no field]\n" },
	{ "bare CR is no line end", STR_INIT("A: b\rContent-Type: text/html\n\nx\ry"),
	  "1 text/plain <x^y> [odd bytes in a field]\n" },
	{ "blank before the colon of another field", STR_INIT("Subject : x\n\nx"),
	  "1 text/plain <x>\n" },
	{ "NUL in another field", STR_INIT("Subject: x\0y\n\nx"),
	  "1 text/plain <x> [odd bytes in a field]\n" },
	{ "blank before the colon", STR_INIT("Content-Type : text/html\n\n"),
	  "1 text/html <> [odd bytes in a field]\n" },
	{ "bare CR in Content-Type", STR_INIT("Content-Type: text/html;\r name=x\n\n"),
	  "1 text/html {x} <> [odd bytes in a field]\n" },
	{ "NUL in Content-Type", STR_INIT("Content-Type: text/html\0; name=x\n\n"),
	  "1 text/html {x} <> [odd bytes in a field]\n" },
	{ "blank line in Content-Type", STR_INIT("Content-Type: text/html;\n \n name=x\n\n"),
	  "1 text/html {x} <> [odd bytes in a field]\n" },
};

static const struct example multiparts[] = {
	{ "two parts", STR_INIT(MULTI("boundary=b") TWO_PARTS), "1 multipart/mixed\n" TWO_TREE },
	{ "CRLF",
	  STR_INIT("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npre\r\n--b\r\nA: b\r\n\r\n"
		   "one\r\n\r\n--b \t\r\n\r\n--b--\r\nepilogue\r\n"),
	  "1 multipart/mixed\n 2 text/plain <one^|>\n 3 text/plain <>\n" },
	{ "mixed line ends",
	  STR_INIT("Content-Type: multipart/mixed;\r\n "
		   "boundary=b\n\r\n--b\r\n\none\n--b\n\r\ntwo\r\n"
		   "--b--"),
	  "1 multipart/mixed\n" TWO_TREE },
	{ "boundary with blanks", STR_INIT(MULTI("boundary=\"a b \"") "--a b\n\nx\n--a b--"),
	  "1 multipart/mixed\n 2 text/plain <x>\n" },
	{ "escaped boundary", STR_INIT(MULTI("boundary=\"\\b\"") TWO_PARTS),
	  "1 multipart/mixed [rare syntax]\n" TWO_TREE },
	{ "not at the start of a line", STR_INIT(MULTI("boundary=b") "--b\n\nx --b\n --b\n--b--"),
	  "1 multipart/mixed\n 2 text/plain <x --b| --b>\n" },
	{ "empty parts", STR_INIT(MULTI("boundary=b") "--b\n--b\n\n--b--"),
	  "1 multipart/mixed\n 2 text/plain <>\n 3 text/plain <>\n" },
	{ "digest",
	  STR_INIT("Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nx\n--b--"),
	  "1 multipart/digest\n 2 message/rfc822\n  3 text/plain <x>\n" },
	{ "message", STR_INIT("Content-Type: Message/RFC822\n\nFrom x@y\nSubject: in\n\nin\n"),
	  "1 message/rfc822\n 2 text/plain <in|>\n" },
	{ "empty message",
	  STR_INIT(MULTI("boundary=b") "--b\nContent-Type: message/rfc822\n\n--b--"),
	  "1 multipart/mixed\n 2 message/rfc822\n  3 text/plain <>\n" },
	{ "message in a multipart in a message",
	  STR_INIT(
		  MULTI("boundary=b") "--b\nContent-Type: message/rfc822\n\nContent-Type: "
				      "multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n\n--b\n\ny\n"
				      "--b--\n"),
	  "1 multipart/mixed\n 2 message/rfc822\n  3 multipart/mixed\n   4 text/plain <x>\n"
	  " 5 text/plain <y>\n" },
	{ "the outer boundary ends the inner",
	  STR_INIT(
		  MULTI("boundary=b") "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n"
				      "--b\n\ny\n--b--\n"),
	  "1 multipart/mixed\n 2 multipart/mixed [no closing boundary]\n  3 text/plain <x>\n"
	  " 4 text/plain <y>\n" },
	{ "an inner boundary that begins like the outer",
	  STR_INIT(MULTI(
		  "boundary=b") "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\nx\n"
				"--bb--\n--b--\n"),
	  "1 multipart/mixed\n 2 multipart/mixed\n  3 text/plain <x>\n" },
};

/* Each row of features-v9.md 4, and what else clients are known to disagree about. */
static const struct example ambiguous[] = {
	{ "two Content-Type", STR_INIT("Content-Type: text/html\ncontent-type: text/plain\n\n"),
	  "1 text/html <> [several Content-Type fields]\n" },
	{ "two encodings",
	  STR_INIT("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nYQ=="),
	  "1 text/plain <YQ==> [several Content-Transfer-Encoding fields]\n" },
	{ "two dispositions",
	  STR_INIT("Content-Disposition: inline\nContent-Disposition: attachment\n\n"),
	  "1 text/plain <> [several Content-Disposition fields]\n" },
	{ "two ids", STR_INIT("Content-Id: <a>\nContent-ID: <b>\n\n"),
	  "1 text/plain <> [several Content-Id fields]\n" },
	{ "in an inner part",
	  STR_INIT(MULTI("boundary=b") "--b\nContent-Id: <a>\nContent-ID: <b>\n\n--b--"),
	  "1 multipart/mixed\n 2 text/plain <> [several Content-Id fields]\n" },
	{ "two boundaries", STR_INIT(MULTI("boundary=b; boundary=c") TWO_PARTS),
	  "1 multipart/mixed [parameter given twice]\n" TWO_TREE },
	{ "two file names",
	  STR_INIT("Content-Disposition: attachment; filename=a.txt; FileName=a.exe\n\n"),
	  "1 text/plain {a.txt} <> [parameter given twice]\n" },
	{ "a piece given twice", STR_INIT("Content-Type: a/b; name*0=a; name*0*=''b\n\n"),
	  "1 a/b {a} <> [parameter given twice]\n" },
	{ "name and name* are no duplicates",
	  STR_INIT("Content-Type: a/b; name=a; name*=utf-8''b\n\n"), "1 a/b {b} <>\n" },
	{ "empty boundary", STR_INIT(MULTI("boundary=") "--\n\nx\n----\n"),
	  "1 application/x-unparseable-multipart <--||x|----|> [empty boundary]\n" },
	{ "empty quoted boundary", STR_INIT(MULTI("boundary=\"\"; x=y") "--\n"),
	  "1 application/x-unparseable-multipart <--|> [empty boundary]\n" },
	{ "encoded boundary", STR_INIT(MULTI("boundary=\"=?us-ascii?q?b?=\"") TWO_PARTS),
	  "1 multipart/mixed <--b||one|--b||two|--b--|> [encoded word in boundary, "
	  "multipart without parts]\n" },
	{ "partly encoded boundary", STR_INIT(MULTI("boundary=\"x=?us-ascii?q?b?=\"") ""),
	  "1 multipart/mixed <> [encoded word in boundary, multipart without parts]\n" },
	{ "boundary in pieces", STR_INIT(MULTI("boundary*0=\"\"; boundary*1=b") TWO_PARTS),
	  "1 multipart/mixed [split or percent-encoded boundary]\n" TWO_TREE },
	{ "boundary with a charset", STR_INIT(MULTI("boundary*=us-ascii'en'%62") TWO_PARTS),
	  "1 multipart/mixed [split or percent-encoded boundary]\n" TWO_TREE },
	{ "pieces beside the whole", STR_INIT(MULTI("boundary=b; boundary*0=x") TWO_PARTS),
	  "1 multipart/mixed [split or percent-encoded boundary]\n" TWO_TREE },
	{ "whitespace after the boundary", STR_INIT(MULTI("boundary=b \t ; x=y") TWO_PARTS),
	  "1 multipart/mixed\n" TWO_TREE },
	{ "parameter without value", STR_INIT(MULTI("charset=; boundary=b") TWO_PARTS),
	  "1 multipart/mixed\n" TWO_TREE },
	{ "invalid parameter hides the boundary", STR_INIT(MULTI("foo; boundary=b") TWO_PARTS),
	  "1 multipart/mixed [invalid parameter before boundary, invalid parameter]\n" TWO_TREE },
	{ "junk hides the boundary", STR_INIT(MULTI("\"x;\" y, =z; boundary=b") TWO_PARTS),
	  "1 multipart/mixed [invalid parameter before boundary, invalid parameter]\n" TWO_TREE },
	{ "no semicolon before the boundary",
	  STR_INIT("Content-Type: multipart/mixed boundary=b\n\n" TWO_PARTS),
	  "1 multipart/mixed [invalid parameter before boundary, invalid parameter]\n" TWO_TREE },
	{ "comment between tokens", STR_INIT(MULTI("boundary(comment)=b") TWO_PARTS),
	  "1 multipart/mixed [rare syntax]\n" TWO_TREE },
	{ "duplicate with a nested comment",
	  STR_INIT(MULTI("boundary(a(b)c)=b; boundary=c") TWO_PARTS),
	  "1 multipart/mixed [parameter given twice, rare syntax]\n" TWO_TREE },
	{ "comment glued to the boundary", STR_INIT(MULTI("boundary=b(c)") TWO_PARTS),
	  "1 multipart/mixed [odd boundary, rare syntax]\n" TWO_TREE },
	{ "text glued to the boundary", STR_INIT(MULTI("boundary=\"b\"c") "--bc\n\nx\n--bc--"),
	  "1 multipart/mixed [odd boundary, invalid parameter]\n 2 text/plain <x>\n" },
	{ "unquoted blanks", STR_INIT(MULTI("boundary=b c") TWO_PARTS),
	  "1 multipart/mixed [odd boundary]\n" TWO_TREE },
	{ "8-bit boundary", STR_INIT(MULTI("boundary=\"b\xff\"") "--b\xff\n\nx\n--b\xff--"),
	  "1 multipart/mixed [odd boundary]\n 2 text/plain <x>\n" },
	{ "unclosed comment", STR_INIT(MULTI("(a; boundary=b") TWO_PARTS),
	  "1 application/x-unparseable-multipart <--b||one|--b||two|--b--|> "
	  "[comment without end, multipart without boundary, rare syntax]\n" },
	{ "unclosed quote", STR_INIT("Content-Type: a/b; name=\"x.exe ; c=d\n\n"),
	  "1 a/b {x.exe ; c=d} <> [quoted string without end]\n" },
	{ "the outer boundary used again",
	  STR_INIT(
		  MULTI("boundary=b") "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n"
				      "--b--\n--b--\n"),
	  "1 multipart/mixed\n 2 multipart/mixed [boundary of an enclosing multipart used again]\n"
	  "  3 text/plain <x>\n" },
	{ "the closing form of the outer boundary",
	  STR_INIT(MULTI(
		  "boundary=b") "--b\nContent-Type: multipart/mixed; boundary=b--\n\n--b--\n\n"
				"x\n--b----\n--b--\n"),
	  "1 multipart/mixed\n 2 multipart/mixed [boundary of an enclosing multipart used again]\n"
	  "  3 text/plain <x>\n" },
	{ "a boundary line that goes on", STR_INIT(MULTI("boundary=b") "--b\n\nx\n--bc\n--b--"),
	  "1 multipart/mixed [boundary line that goes on]\n 2 text/plain <x|--bc>\n" },
	{ "a boundary after the end", STR_INIT(MULTI("boundary=b") TWO_PARTS "--b\n\nthree\n"),
	  "1 multipart/mixed [boundary after the closing one]\n" TWO_TREE },
	{ "encoded multipart",
	  STR_INIT("Content-Transfer-Encoding: base64\n" MULTI("boundary=b") TWO_PARTS),
	  "1 multipart/mixed [encoded multipart or message]\n" TWO_TREE },
	{ "encoded message",
	  STR_INIT("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYgo="),
	  "1 message/rfc822 <A: b|> [encoded multipart or message]\n" },
};

static const struct example broken[] = {
	{ "no boundary parameter", STR_INIT("Content-Type: multipart/mixed\n\n--x\n"),
	  "1 application/x-unparseable-multipart <--x|> [multipart without boundary]\n" },
	{ "boundary that never occurs", STR_INIT(MULTI("boundary=b") "x\n"),
	  "1 multipart/mixed <x|> [multipart without parts]\n" },
	{ "closing boundary only", STR_INIT(MULTI("boundary=b") "--b--\nx\n"),
	  "1 multipart/mixed <--b--|x|> [multipart without parts]\n" },
	{ "no closing boundary", STR_INIT(MULTI("boundary=b") "--b\n\nx\n"),
	  "1 multipart/mixed [no closing boundary]\n 2 text/plain <x|>\n" },
	{ "boundary in a header", STR_INIT(MULTI("boundary=b") "--b\nA: b\n--b--"),
	  "1 multipart/mixed\n 2 text/plain <> [header without empty line]\n" },
	{ "garbage where the first part had Content-Type",
	  STR_INIT(MULTI("boundary=b") "--b\nContent-Type: text/html\n\n--b\ng\nA: b\n\n--b--"),
	  "1 multipart/mixed\n 2 text/html <>\n"
	  " 3 text/plain <> [line in header that is no field]\n" },
	{ "own boundary behind garbage",
	  STR_INIT("Content-Type: multipart/mixed; boundary=b\ngarbage\n--b\nA: b\n\nx\n--b--"),
	  "1 multipart/mixed [line in header that is no field]\n 2 text/plain <x>\n" },
	{ "boundary behind garbage", STR_INIT(MULTI("boundary=b") "--b\ngarbage\n--b\n\nx\n--b--"),
	  "1 multipart/mixed\n 2 text/plain <garbage> [line in header that is no field]\n"
	  " 3 text/plain <x>\n" },
};

static void check_all(const struct example *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&x[i]);
}

static void test_simple(void **state)
{
	(void)state;
	check_all(simple, ARRAY_LEN(simple));
}

static void test_multiparts(void **state)
{
	(void)state;
	check_all(multiparts, ARRAY_LEN(multiparts));
}

static void test_ambiguous(void **state)
{
	(void)state;
	check_all(ambiguous, ARRAY_LEN(ambiguous));
}

static void test_broken(void **state)
{
	(void)state;
	check_all(broken, ARRAY_LEN(broken));
}

/* Every anomaly is in an example above, under its own name. */
static void test_every_anomaly_is_seen(void **state)
{
	static const struct {
		const struct example *x;
		size_t n;
	} all[] = { { simple, ARRAY_LEN(simple) },
		    { ambiguous, ARRAY_LEN(ambiguous) },
		    { broken, ARRAY_LEN(broken) } };
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	uint32_t seen = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (size_t j = 0; j < all[i].n; j++)
			seen |= parse(a, all[i].x[j].message, NULL)->mail->anomalies;
	/* Those of readings.h are in readings_test.c. */
	seen |= MIME_NAMES_DIFFER | MIME_READING_OTHER | MIME_TEXT_ENCODED;
	assert_int_equal(seen, (1u << MIME_ANOMALY_COUNT) - 1);
	assert_string_equal(mime_anomaly_name(MIME_DUP_TYPE), "several Content-Type fields");
	assert_string_equal(mime_anomaly_name((enum mime_anomaly)0), "");
}

static void test_verdicts(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	const struct mime *m = parse(a, simple[0].message, NULL);

	(void)state;
	assert_false(mime_is_ambiguous(m) || mime_is_broken(m));
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		m = parse(a, broken[i].message, NULL);
		assert_true(mime_is_broken(m) && !mime_is_ambiguous(m));
	}
	m = parse(a, STR("Content-Id: a\nContent-Id: b\n"), NULL);
	assert_true(mime_is_ambiguous(m) && !mime_is_broken(m));
}

static void test_views(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	struct str raw = STR("From x\nA: 1\nB:\n 2\n 3 \nno\na : 4\n\nbody");
	const struct mime *m = parse(a, raw, NULL);
	const struct mime_header *h = mime_find(m, STR("a"));

	(void)state;
	assert_true(str_eq(m->raw, raw));
	assert_true(str_eq(m->head, str_sub(raw, 7, raw.n - 12)));
	assert_true(str_eq(m->body, STR("body")));
	assert_int_equal(m->header_count, 4);
	assert_true(str_eq(h->value, STR("1")));
	assert_ptr_equal(h->whole.p, raw.p + 7);
	h = mime_find_next(m, h, STR("A"));
	assert_true(str_eq(h->value, STR("4")));
	assert_true(str_eq(h->name, STR("a")));
	assert_null(mime_find_next(m, h, STR("A")));
	assert_true(str_eq(m->headers[1].value, STR("2\n 3")));
	assert_true(str_eq(m->headers[1].whole, STR("B:\n 2\n 3 \n")));
	assert_int_equal(m->headers[2].name.n, 0);
	assert_null(mime_find(m, STR("X")));
}

static void test_part_views(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	const struct mime *m =
		parse(a,
		      STR("Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n\r\n--b\r\n"
			  "X: y\r\n\r\none\r\n--b\r\n--b--\r\nepi"),
		      NULL);
	const struct mime *one = m->child, *two = one->next;

	(void)state;
	assert_true(str_eq(m->preamble, STR("pre\r\n")));
	assert_true(str_eq(m->epilogue, STR("epi")));
	assert_true(str_eq(m->mail->eol, STR("\r\n")));
	assert_true(str_eq(one->raw, STR("X: y\r\n\r\none")));
	assert_false(one->glued || one->head_open);
	assert_true(two->glued && two->head_open && two->raw.n == 0);
	assert_ptr_equal(m->mail->parts[2], two);
	assert_ptr_equal(two->parent, m);
	assert_int_equal(m->mail->part_count, 3);
	assert_int_equal(m->mail->field_count, 2);
}

static void test_header_type(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	const struct mime *m = parse(
		a,
		STR("Content-Type: Multipart/Mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type:"
		    " multipart/related\n\ny\n--b--"),
		NULL);

	(void)state;
	assert_true(str_eq(m->header_type, STR("Multipart/Mixed")));
	assert_true(str_eq(m->type, STR("multipart/mixed")));
	assert_int_equal(m->child->header_type.n, 0);
	/* The root alone is to be matched as unparseable (filter.md 4.2). */
	assert_true(str_eq(m->child->next->header_type, STR("multipart/related")));
	m = parse(a, STR("Content-Type: multipart/related\n\n"), NULL);
	assert_true(str_eq(m->header_type, STR("application/x-unparseable-multipart")));
}

static void check_limit(struct str raw, struct mime_limits lim, const char *reason,
			const char *expected)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 24);
	struct mime *m = parse(a, raw, &lim);
	struct str got = tree(a, m);

	if (!m->mail->truncated || strcmp(m->mail->truncated, reason) != 0)
		fail_msg("truncated by %s, not %s", m->mail->truncated, reason);
	if (!str_eq(got, str_of(expected)))
		fail_msg("%s:\n%.*snot\n%s", reason, STR_ARG(got), expected);
	assert_true(mime_is_broken(m));
}

static void test_limits(void **state)
{
	struct str two = STR(MULTI("boundary=b") TWO_PARTS);
	struct str nested =
		STR("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n\nx");
	struct str fields = STR("A: 1\nB: 2\nC: 3\n\nx");

	(void)state;
	check_limit(two, (struct mime_limits){ .parts = 2 }, "parts",
		    "1 multipart/mixed\n 2 text/plain <one>\n");
	check_limit(nested, (struct mime_limits){ .depth = 2 }, "depth",
		    "1 message/rfc822\n 2 message/rfc822 <|x>\n");
	check_limit(fields, (struct mime_limits){ .fields = 2 }, "header fields",
		    "1 text/plain <C: 3||x>\n");
	check_limit(fields, (struct mime_limits){ .header_bytes = 12 }, "header bytes",
		    "1 text/plain <C: 3||x>\n");
	check_limit(STR("Content-Type: a/b; c=d; e=f; name=g\n\n"),
		    (struct mime_limits){ .params = 2 }, "parameters", "1 a/b <>\n");
}

static void test_hard_caps(void **state)
{
	CLEAN_ARENA struct arena *a = arena_open("test", 1 << 26);
	struct mime_limits huge = { .parts = UINT32_MAX, .depth = UINT32_MAX };
	struct mime *m;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 24);
	buf_addz(&b, MULTI("boundary=b"));
	for (int i = 0; i < MIME_PARTS_MAX + 10; i++)
		buf_addz(&b, "--b\n\nx\n");
	m = parse(a, buf_str(&b), &huge);
	assert_int_equal(m->mail->part_count, MIME_PARTS_MAX);
	assert_string_equal(m->mail->truncated, "parts");
	buf_init(&b, a, 1 << 24);
	for (int i = 0; i < MIME_DEPTH_MAX + 10; i++)
		buf_addz(&b, "Content-Type: message/rfc822\n\n");
	m = parse(a, buf_str(&b), &huge);
	assert_int_equal(m->mail->part_count, MIME_DEPTH_MAX);
	assert_string_equal(m->mail->truncated, "depth");
	buf_init(&b, a, 1 << 24);
	buf_addz(&b, "Content-Type: multipart/mixed; boundary=");
	for (int i = 0; i <= MIME_BOUNDARY_MAX; i++)
		buf_addc(&b, 'x');
	m = parse(a, buf_str(&b), NULL);
	assert_string_equal(m->mail->truncated, "boundary length");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),      cmocka_unit_test(test_multiparts),
		cmocka_unit_test(test_ambiguous),   cmocka_unit_test(test_broken),
		cmocka_unit_test(test_verdicts),    cmocka_unit_test(test_every_anomaly_is_seen),
		cmocka_unit_test(test_views),       cmocka_unit_test(test_part_views),
		cmocka_unit_test(test_header_type), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hard_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
