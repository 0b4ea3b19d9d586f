/* Signatures are those that the agents of Razor 2.84 print (tests/spam/razor.pl). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/razor/razor_int.h"

#define GREETING "sn=C&srl=9&a=cg&ep4=7542-10\r\n"
#define STATE "-ac=15\r\nbql=2\r\nse=C8\r\n.\r\n"

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

/* "0e4:SIGNATURE 0e8:SIGNATURE" */
static const char *signed_as(const char *mail)
{
	struct razor_server server = razor_server_default();
	struct razor_parts parts = razor_parts(a, str_of(mail));
	struct razor_signatures s = razor_sign(a, &parts, &server);
	struct str out = STR("");

	for (size_t i = 0; i < s.v.n; i++)
		out = str_fmt(a, "%.*s%s%zue%d:%.*s", STR_ARG(out), i ? " " : "", s.v.p[i].part,
			      s.v.p[i].engine, STR_ARG(s.v.p[i].text));
	return str_z(a, out);
}

static const char *domains_of(const char *text)
{
	struct razor_hosts hosts = razor_hosts(a, str_of(text));
	struct str out = STR("");

	for (size_t i = 0; i < hosts.v.n; i++)
		out = str_fmt(a, "%.*s%s%.*s", STR_ARG(out), i ? " " : "", STR_ARG(hosts.v.p[i]));
	return str_z(a, out);
}

static void signatures(void **state)
{
	static const struct {
		const char *mail, *signatures;
	} cases[] = {
		/* one short part */
		{ "From: a\nSubject: b\n\nhello\n\n", "0e4:VfI2i7M6cVS117cPzSFDuVdZLCsA" },
		/* nothing to sign */
		{ "From: a\nSubject: b\n\n \n\n", "" },
		/* no header */
		{ "hello", "0e4:VfI2i7M6cVS117cPzSFDuVdZLCsA" },
		/* tags and a link */
		{ "Content-Type: text/html\n\n<html><b>Buy</b> &amp; <a href=\"ht"
		  "tp://x.shop.example.com/\">more</a>\n",
		  "0e4:4whbCi0T5DgMLDF6lq_sPtJKXYcA 0e8:A1X0JdhQ1qEA" },
		/* parts */
		{ "Content-Type: multipart/x;\n boundary=\"b\"\n\nx\n--b\nContent"
		  "-Type: text/plain\n\none\n--b\n\ntwo\n--b\n\n--b\nContent-Type"
		  ": multipart/x; boundary=c\n\n--c\nContent-Type: text/plain\n\n"
		  "three\n--c--\n--b--\nfour\n",
		  "0e4:9wrTs7MpQQhOGFr4VF7j3ayReAYA 1e4:W-FHO1PuDzZ9lWRyL5Aez9n"
		  "v1G0A 2e4:0QT8EsBD1C_V0FIpnnFA30caDt0A" },
		/* base64, with a letter too many */
		{ "Content-Transfer-Encoding: base64\n\nSGVsbG8gd29ybGQx\nk\n",
		  "0e4:mDlagHGHTTdbHwSOFa56BfyiUTEA" },
		/* quoted-printable */
		{ "Content-Transfer-Encoding: quoted-printable\n\nh=65llo=\n w=6F"
		  "rld =3D=\n",
		  "0e4:3WtK7Onv5_5ShxuOHuWn8ldZnAoA" },
		/* a boundary that is nowhere */
		{ "Content-Type: multipart/x; boundary=b\n\nContent-Type: text/pl"
		  "ain\n\nhello\n",
		  "0e4:VfI2i7M6cVS117cPzSFDuVdZLCsA" },
		/* header fields as text */
		{ "Content-Type: multipart/x; boundary=b\n\n--b\n\nContent-Type: "
		  "text/plain\nContent-X: y\n--b\n\nhi\n--b--\n",
		  "1e4:NE2vmOHCRgkkG2-o1DpfIw23ZSQA" },
	};
	struct buf b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(signed_as(cases[i].mail), cases[i].signatures);
	/* A text of which only two stretches count. */
	buf_init(&b, a, 4096);
	buf_addz(&b, "From: a\n\n");
	for (int i = 0; i < 30; i++)
		buf_addf(&b, "line %d of a text that is long enough\n", i);
	assert_string_equal(signed_as(str_z(a, buf_str(&b))), "0e4:FJm2PQdokY8I5sQLdT4IigfHoO4A");
}

static void hosts(void **state)
{
	static const struct {
		const char *text, *hosts;
	} cases[] = {
		{ "no link at all, not even www.example.com", "" },
		{ "see http://a.b.example.com/x", "example.com" },
		{ "see https:/a.b.example.co.uk", "example.co.uk" },
		{ "http://www.x.com@www.y.com/off", "y.com" },
		{ "http://%41%2eorg:80/ http://&#109;j&#97;.b&#105;z/ &#300;", "a.org mja.biz" },
		{ "http://217.12.4.7/rmi/http://definethis.net/526", "217.12.4.7 definethis.net" },
		{ "http://g.kr http://a.g.kr http://x.edu.au", "g.kr a.g.kr edu.au" },
		{ "<a href = \"http://one.de\">\nhttp://two.de\nhttp://three.de http://one.de",
		  "one.de three.de" },
		{ "http://one.de \t www.two.de/x WWW.Three.de", "www.two.de WWW.Three.de one.de" },
		{ "http://href=a.com http:///b.com http://c.com", "a.com" },
		{ "http://localhost http://0 http://c.com", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(domains_of(cases[i].text), cases[i].hosts);
}

/* More hosts than anybody counts. */
static void host_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 20);
	for (int i = 0; i < 2 * RAZOR_SIGNATURES_MAX; i++)
		buf_addf(&b, "http://host%d.com/ ", i);
	assert_int_equal(razor_hosts(a, buf_str(&b)).v.n, RAZOR_SIGNATURES_MAX);
}

/* Multiparts in multiparts, each in all of the others, and more parts than anybody counts. */
static void part_limits(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 20);
	for (int i = 0; i < 10 * RAZOR_LEVELS_MAX; i++)
		buf_addf(&b, "Content-Type: multipart/x; boundary=b%d\n\n--b%d\n", i, i);
	buf_addz(&b, "Content-Type: text/plain\n\nhello\n");
	assert_int_equal(razor_parts(a, buf_str(&b)).v.n, 1);
	b.n = 0;
	buf_addz(&b, "Content-Type: multipart/x; boundary=b\n\n");
	for (int i = 0; i < 2 * RAZOR_PARTS_MAX; i++)
		buf_addz(&b, "\n--b\nContent-Type: text/plain\n\nhello\n");
	assert_int_equal(razor_parts(a, buf_str(&b)).v.n, RAZOR_PARTS_MAX);
}

/* What is said in a talk about two parts; `heard` has what the server says, an answer a row. */
static const char *talk(struct razor_talk *t, const char *const *heard, enum razor_step *step)
{
	static const char mail[] = "Content-Type: multipart/x; boundary=b\n\n--b\n"
				   "Content-Type: text/plain\n\nhello http://a.com/\n--b\n"
				   "Content-Type: text/plain\n\nworld\n--b--\n";
	struct razor_parts *parts = NEW(a, struct razor_parts);
	struct razor_server server = razor_server_default();
	struct str out = STR("");

	*parts = razor_parts(a, str_of(mail));
	razor_talk_check(t, a, parts, &server);
	*step = RAZOR_TALKING;
	for (size_t i = 0; heard[i] && *step == RAZOR_TALKING; i++) {
		*step = razor_talk_read(t, str_of(heard[i]));
		out = str_cat(a, out, t->out);
	}
	return str_z(a, out);
}

static void dialogue(void **state)
{
	static const char *const heard[] = { GREETING,
					     "-ac=15\r\nbql=2\r\n",
					     "se=C8\r\n.\r\n",
					     "-p=1&cf=95\r\np=1&cf=",
					     "14\r\n.\r\n",
					     "p=0&ct=1\r\n",
					     NULL };
	struct razor_talk t;
	enum razor_step step;

	(void)state;
	assert_string_equal(talk(&t, heard, &step),
			    "cn=razor-agents&cv=2.84\r\na=g&pm=state\r\n"
			    "-a=c&e=4&ep4=7542-10&s=moW7A23NFO-2mp5yFsxGxe2jLgYA\r\n"
			    "a=c&e=8&s=HnMHPIp31qEA\r\n.\r\n"
			    "a=c&e=4&ep4=7542-10&s=40iCzPBA6KnuKHb_pRdcLhld3ywA\r\na=q\r\n");
	assert_int_equal(step, RAZOR_OVER);
	assert_true(t.learnt);
	assert_int_equal(t.server.srl, 9);
	assert_int_equal(t.server.sure, 15);
	assert_int_equal(razor_confidence(&t.signatures, RAZOR_ANY), 95);
	assert_int_equal(razor_confidence(&t.signatures, RAZOR_HOSTS), 14);
	assert_true(razor_is_spam(&t.signatures, 95, RAZOR_ANY_UNCONTESTED));
	assert_true(razor_is_spam(&t.signatures, 95, RAZOR_EVERY_UNCONTESTED));
	assert_false(razor_is_spam(&t.signatures, 96, RAZOR_ANY_UNCONTESTED));
	t.signatures.v.p[2].contested = false;
	assert_true(razor_is_spam(&t.signatures, 95, RAZOR_ANY_UNCONTESTED));
	assert_false(razor_is_spam(&t.signatures, 95, RAZOR_EVERY_UNCONTESTED));
	assert_true(razor_is_spam(&t.signatures, 95, RAZOR_ANY_PART));
	assert_true(razor_is_spam(&t.signatures, 95, RAZOR_FIRST_PART));
	assert_false(razor_is_spam(&t.signatures, 95, RAZOR_EVERY_PART));
	t.signatures.v.p[1].contested = true;
	assert_true(razor_is_spam(&t.signatures, 95, RAZOR_ANY_PART));
	assert_false(razor_is_spam(&t.signatures, 95, RAZOR_ANY_UNCONTESTED));
	t.signatures.v.p[0].known = t.signatures.v.p[1].known = false;
	t.signatures.v.p[2].known = true;
	assert_true(razor_is_spam(&t.signatures, 95, RAZOR_ANY_PART));
	assert_false(razor_is_spam(&t.signatures, 95, RAZOR_FIRST_PART));
}

/* Answers as a pattern with its values; an error instead of an answer; no state asked for. */
static void patterns(void **state)
{
	static const char *const heard[] = { "sn=C\r\n", "-ac=?&bql=3\r\n7\r\n.\r\n",
					     "-p=?&cf=?&ct=0\r\n1,40\r\n1\r\n0,100\r\n.\r\n",
					     NULL };
	static const char *const errors[] = { "sn=C&srl=0\r\n", "bql=3\r\n",
					      "-err=230\r\np=1&err=500\r\np=1\r\n.\r\n", NULL };
	struct razor_talk t;
	enum razor_step step;

	(void)state;
	talk(&t, heard, &step);
	assert_int_equal(step, RAZOR_OVER);
	assert_int_equal(t.server.sure, 7);
	assert_true(t.signatures.v.p[0].known && t.signatures.v.p[0].rated);
	assert_true(t.signatures.v.p[1].known && !t.signatures.v.p[1].rated);
	assert_false(t.signatures.v.p[2].known);
	talk(&t, errors, &step);
	assert_int_equal(step, RAZOR_OVER);
	assert_false(t.signatures.v.p[0].known || t.signatures.v.p[1].known);
	assert_true(t.signatures.v.p[2].known && !t.signatures.v.p[2].rated);
}

static void hostile(void **state)
{
	static const char *const wrong[][5] = {
		{ "220 mail.example ESMTP\r\n" },
		{ "-sn=C\r\nsn=C\r\n.\r\n" },
		{ "sn=\r\n" },
		{ "sn=C&srl=x\r\n" },
		{ "sn=C&srl=99999999999999999999\r\n" },
		{ GREETING "p=1\r\n" },
		{ GREETING, STATE, "p=1&cf=100\r\n" },
		{ GREETING, STATE, "-p=1&cf=100\r\np=1\r\np=1\r\n.\r\n" },
		{ GREETING, STATE, "-\r\n.\r\n" },
	};
	struct razor_talk t;
	enum razor_step step;
	char *much = arena_alloc(a, RAZOR_ANSWER_MAX + 2);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		talk(&t, wrong[i], &step);
		assert_int_equal(step, RAZOR_FAULT);
		assert_non_null(t.fault);
		assert_int_equal(t.out.n, 0);
	}
	memset(much, 'x', RAZOR_ANSWER_MAX + 1);
	talk(&t, (const char *const[]){ "sn=", much, NULL }, &step);
	assert_int_equal(step, RAZOR_FAULT);
}

/* A server that has no use for anything, or wants things that nobody sends. */
static void odd_state(void **state)
{
	static const char *const none[] = { GREETING, "-se=0\r\nbql=-7\r\n.\r\n", NULL };
	static const char *const bad[] = { GREETING,
					   "-se=80000000000\r\nac=900\r\nbql=0\r\n"
					   "ep4=%00%0A&ep4=7542-\r\n.\r\n",
					   NULL };
	struct razor_talk t;
	enum razor_step step;

	(void)state;
	talk(&t, none, &step);
	assert_int_equal(step, RAZOR_OVER);
	assert_int_equal(t.signatures.v.n, 0);
	talk(&t, bad, &step);
	assert_int_equal(step, RAZOR_TALKING);
	assert_int_equal(t.server.sure, 0);
	/* Only engine 8 is left. */
	assert_int_equal(t.signatures.v.n, 1);
}

static void discovery(void **state)
{
	struct razor_talk t;

	(void)state;
	razor_talk_discover(&t, a);
	assert_int_equal(razor_talk_read(&t, STR("sn=D&srl=1\r\n")), RAZOR_TALKING);
	assert_string_equal(str_z(a, t.out), "a=g&pm=csl\r\n");
	assert_int_equal(razor_talk_read(&t, STR("-csl=c1.example\r\ncsl=127.0.0.1%3A99\r\n.\r\n")),
			 RAZOR_OVER);
	assert_string_equal(str_z(a, t.out), "a=q\r\n");
	assert_int_equal(t.servers.n, 2);
	assert_string_equal(str_z(a, t.servers.p[1]), "127.0.0.1:99");
	razor_talk_discover(&t, a);
	razor_talk_read(&t, STR("sn=D\r\n"));
	assert_int_equal(razor_talk_read(&t, STR("err=1\r\n")), RAZOR_FAULT);
}

static void server_file(void **state)
{
	struct razor_server s = razor_server_read(a, STR("# made by razor-agents\nac  = 17\nbql = 9"
							 "\nsrl = 52\nse= 88\nx=1\nep4 = 1-10"));
	struct razor_server again = razor_server_read(a, razor_server_write(a, &s));

	(void)state;
	assert_int_equal(again.srl, 52);
	assert_int_equal(again.sure, 17);
	assert_int_equal(again.batch, 9);
	assert_int_equal(again.engines, 0x88);
	assert_string_equal(str_z(a, again.ep4), "1-10");
	s = razor_server_read(a, STR("ac = x\nse = C8C8C8C8C8\nbql\n"));
	assert_int_equal(s.srl, -1);
	assert_int_equal(s.engines, 0xc8);
}

static bool is_whitelisted(const struct razor_whitelist *w, const char *mail)
{
	return razor_whitelisted(a, w, str_of(mail));
}

static void whitelist(void **state)
{
	static const char *const good[] = { "", " # from x", "From\t@Example\\.com ", "x-a a+$" };
	static const char *const bad[] = { "sha1 75f8bcc2357366bbfa9c6ab0b6e5648ed0cf7083", "from",
					   "from (" };
	struct razor_whitelist w;
	struct err e;

	(void)state;
	razor_whitelist_init(&w, a);
	assert_false(is_whitelisted(&w, "From: a@example.com\nList-Id: x\n\n"));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(razor_whitelist_add(&w, a, str_of(good[i]), &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(razor_whitelist_add(&w, a, str_of(bad[i]), &e), -1);
	assert_int_equal(w.n, 2);
	assert_true(is_whitelisted(&w, "To: b\r\nfrom: <a@EXAMPLE.COM>\r\n\r\n"));
	assert_true(is_whitelisted(&w, "From: A\n\t<a@exam\n ple.com>\n"));
	assert_true(is_whitelisted(&w, "X-A: b\nX-A: baa\n\n"));
	assert_false(is_whitelisted(&w, "To: a@example.com\nList-Id: x\n\nFrom: a@example.com\n"));
	assert_false(is_whitelisted(&w, ""));
	w.lists = true;
	assert_true(is_whitelisted(&w, "To: b\nX-LIST-ID: x\n\n"));
	assert_false(is_whitelisted(&w, "To: b\nList-Id: \n\nList-Id: x\n"));
}

static void whitelist_limits(void **state)
{
	struct razor_whitelist w;
	struct str mail = STR("");
	struct err e;

	(void)state;
	razor_whitelist_init(&w, a);
	for (int i = 0; i < RAZOR_WHITE_RULES_MAX; i++)
		assert_int_equal(razor_whitelist_add(&w, a, STR("x-a aa"), &e), 0);
	assert_int_equal(razor_whitelist_add(&w, a, STR("x-a aa"), &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	for (int i = 1; i < RAZOR_WHITE_FIELDS_MAX; i++)
		mail = str_cat(a, STR("X-A: a\nX-B: b\n"), mail);
	assert_true(razor_whitelisted(a, &w, str_cat(a, mail, STR("X-A: aa\n"))));
	assert_false(razor_whitelisted(a, &w, str_cat(a, mail, STR("X-A: a\nX-A: aa\n"))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures), cmocka_unit_test(hosts),
		cmocka_unit_test(host_limit), cmocka_unit_test(part_limits),
		cmocka_unit_test(dialogue),   cmocka_unit_test(patterns),
		cmocka_unit_test(hostile),    cmocka_unit_test(odd_state),
		cmocka_unit_test(discovery),  cmocka_unit_test(server_file),
		cmocka_unit_test(whitelist),  cmocka_unit_test(whitelist_limits),
	};

	return cmocka_run_group_tests_name("razor", tests, open_arena, close_arena);
}
