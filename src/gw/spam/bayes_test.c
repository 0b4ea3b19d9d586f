/*
 * Tokens, names and numbers here are what SpamAssassin 4.0.1 said about the same mails. Whole mails
 * by the thousand are compared in tests/spam/compare_bayes.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/net.h"
#include "gw/spam/bayes_store.h"
#include "lib/re/re.h"
#include "lib/uri/domains.h"

enum { PATIENCE = 5000, TEXT_MAX = 64 << 20, DAY = 86400 };

static struct arena *a;
static struct bayes_conf conf;
static struct spam_view_options view;
static char dir[] = "/tmp/bayes-test-XXXXXX";

static struct spam_message *mail(const char *text)
{
	struct spam_mail m = { .raw = str_of(text) };

	return spam_message_read(a, &m, &view);
}

static const struct map *tokens_of(const char *text)
{
	struct map *tokens = NEW(a, struct map);

	bayes_tokens(a, mail(text), &conf, tokens);
	return tokens;
}

static void assert_has(const struct map *tokens, const char *words)
{
	struct str rest = str_of(words), word;

	while (str_word(&rest, &word))
		if (!map_get(tokens, word))
			fail_msg("no token %.*s", STR_ARG(word));
}

static void assert_lacks(const struct map *tokens, const char *words)
{
	struct str rest = str_of(words), word;

	while (str_word(&rest, &word))
		if (map_get(tokens, word))
			fail_msg("token %.*s", STR_ARG(word));
}

/* A mail whose only tokens are those of the body. */
static const struct map *body_tokens(const char *line)
{
	conf.sources = BAYES_VISIBLE;
	return tokens_of(str_z(a, str_fmt(a,
					  "From: a@b.c\nContent-Type: text/plain; "
					  "charset=utf-8\n\n%s\n",
					  line)));
}

static void test_pseudo_headers(void **state)
{
	struct spam_message *m = mail("Subject: x\n\n");
	struct map tokens;

	(void)state;
	conf.sources = BAYES_HEADER;
	spam_add_metadata(m, STR("X-ExtractText-Tools"), STR("pdftotext odt2txt"));
	bayes_tokens(a, m, &conf, &tokens);
	assert_has(&tokens, "Hx-extracttext-tools:pdftotext Hx-extracttext-tools:odt2txt");
}

static void test_sentences(void **state)
{
	const struct map *t;

	(void)state;
	t = body_tokens("Foo. Bar. Baz. Qux. Quux.");
	assert_int_equal(t->n, 7);
	assert_has(t, "foo Bar bar baz Qux qux quux");
	t = body_tokens("xx... Grault xx.) Garply xx.\" Waldo");
	assert_has(t, "grault Garply garply Waldo waldo");
	assert_lacks(t, "Grault");
	t = body_tokens("Linux Gazette...Making Linux");
	assert_lacks(t, "Making Gazette...Making");
}

static void test_words(void **state)
{
	const struct map *t;

	(void)state;
	t = body_tokens("foo......bar foo.......qux foo------baz");
	assert_has(t, "foo bar baz foo.......qux");
	t = body_tokens("abcdefghijklmno abcdefghijklmnop abcdefgh*ijklmnopqrst");
	assert_int_equal(t->n, 3);
	assert_has(t, "abcdefghijklmno sk:abcdefg abcdefgh*ijklmnopqrst");
	t = body_tokens("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x83\x86\xe3\x82\xad\xe3\x82\xb9");
	assert_has(t, "u8:\xe6\x97\xa5 u8:\xe3\x82\xb9");
	t = body_tokens("see File.html it's !!! --'.foo.'--");
	assert_has(t,
		   "File.html Filehtml file.html filehtml UD:File.html UD:html !!! foo it's its");
	t = body_tokens("1.foo foo.1 1.2.3 $1.50 foo.b.1");
	assert_has(t, "UD:1.foo UD:foo UD:foo.b.1 UD:b.1 UD:1");
	assert_lacks(t, "UD:foo.1 UD:1.2.3 UD:$1.50");
	t = body_tokens("foo@bar@baz.qux webmaster@memo@ @bar.baz");
	assert_has(t, "U*foo@bar D*baz.qux D*qux U*webmaster D*memo@ UD:@bar.baz UD:baz");
}

static void test_headers(void **state)
{
	const struct map *t;

	(void)state;
	conf.sources = BAYES_HEADER;
	t = tokens_of("To: \"Tim O'Brien, Jr.\" <Tim.X-y@Sub.Example.COM>, foo@bar (a comment)\n"
		      "Message-Id: <000c01c24a12$3456abcd$0100a8c0@x.org>\n"
		      "Content-Type: multipart/x; boundary=\"=_NextPart_01\"; charset=\"utf-8\"\n"
		      "User-Agent: Mozilla/5.0 (X11)\n"
		      "X-Foo: The Foo. Bar xx...yyy\n"
		      "Delivered-To: somebody@example.org\n\nbody\n");
	assert_has(t, "HTo:N*Tim HTo:N*O'Brien HTo:U*Tim.X-y HTo:D*Example.COM HTo:D*COM "
		      "HTo:N*comment HTo:U*foo HTo:D*bar H*Ad:U*foo");
	assert_has(t, "H*m:OEA000c H*m:OEB3456 H*m:OEC0100a8c0 H*m:org H*MI:OEA000c");
	assert_has(t, "H*ct:multipart H*ct:NHxtPHrt H*ct:utf-8");
	assert_lacks(t, "H*ct:boundary H*ct:charset");
	assert_has(t, "H*u:Mozilla H*UA:Mozilla H*u:X11 HX-Foo:Bar HX-Foo:yyy");
	assert_lacks(t, "HDelivered-To:U*somebody HX-Foo:bar");
}

static void test_received(void **state)
{
	const struct map *t;

	(void)state;
	conf.sources = BAYES_HEADER;
	t = tokens_of("Received: from first.example by x; nothing\n"
		      "Received: from a.b.c (unknown [1.2.3.4]) by m.n.o (Postfix) with ESMTP id "
		      "0314547C66 for <u@v.w>; Thu, 22 Aug 2002 13:53:39 +0100 (EET DST)\n"
		      "Received: from q (5.6.7.8x) by gw via TCP with LMTP id AbCdE-12 "
		      "Thu Aug 22 0102\n\nbody\n");
	assert_has(t, "H*r:ip*1.2.3.4 H*r:1.2.3 H*r:a.b.c H*r:Postfix H*r:u@v.w H*r:unknown "
		      "H*r:LMTP H*r:AbCdE-12 H*r:Aug H*r:0102");
	assert_lacks(t, "H*r:first.example H*r:0314547C66 H*r:ESMTP H*r:2002 H*r:DST H*r:0100 "
			"H*r:ip*5.6.7.8");
}

static void test_seen_id(void **state)
{
	(void)state;
	assert_true(str_eq(bayes_seen_id(a, mail("From: a@b.c\n\nbody\n")),
			   STR("39442baaa8255dfa2644546d04663b6703938a9a@sa_generated")));
	assert_true(str_eq(bayes_seen_id(a, mail("From: a@b.c\nTo: t@u.v\nDate: Thu, 22 Aug 2002 "
						 "13:52:38 +0100\n\nbody\n")),
			   STR("525dbf18b53aed5f39f0534d0360dc26acddbc6b@sa_generated")));
}

static void test_combine(void **state)
{
	struct bayes_totals learnt = { 948, 2075 };
	struct bayes_count one = { 1, 10, 0 }, weak = { 2, 10, 20 };
	double p;

	(void)state;
	assert_true(fabs(bayes_token_probability(&one, &learnt) - (0.030 * 0.538 + 10) / 10.030) <
		    1e-12);
	assert_false(bayes_combine(a, &weak, 1, &learnt, true, &p));
	assert_true(bayes_combine(a, &one, 1, &learnt, true, &p));
	assert_true(p > 0.5);
	one = (struct bayes_count){ 1, 0, 1 };
	assert_false(bayes_combine(a, &one, 1, &learnt, false, &p));
	assert_true(bayes_combine(a, &one, 1, &learnt, true, &p));
	assert_true(p < 0.5);
}

static const char *path_of(const char *name)
{
	return str_z(a, str_fmt(a, "%s/%s", dir, name));
}

static struct bayes_store *store(const char *name)
{
	struct bayes_store *s;
	struct err e;

	if (bayes_store_open(a, path_of(name), true, &s, &e) < 0)
		fail_msg("%s", e.msg);
	return s;
}

static bool learn(struct bayes_store *s, const char *id, struct bayes_keys keys,
		  enum bayes_class as)
{
	bool changed;
	struct err e;

	if (bayes_store_learn(s, str_of(id), keys, as, 1000, net_now() + PATIENCE, &changed, &e) <
	    0)
		fail_msg("%s", e.msg);
	return changed;
}

static int take(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

static const char *export(struct bayes_store *s)
{
	struct sink to = { take, NEW(a, struct buf) };
	struct err e;

	buf_init(to.ctx, a, TEXT_MAX);
	if (bayes_store_export(s, &to, &e) < 0)
		fail_msg("%s", e.msg);
	return str_z(a, buf_str(to.ctx));
}

#define HEAD(spam, ham)                                                                            \
	"v\t3\tdb_version # this must be the first line!!!\nv\t" spam "\tnum_spam\nv\t" ham        \
	"\tnum_nonspam\n"

static void test_learn(void **state)
{
	const uint64_t v[] = { 1, 0xffffffffff };
	const struct bayes_keys both = { v, 2 }, first = { v, 1 };
	struct bayes_store *s = store("learn.mdb");

	(void)state;
	assert_true(learn(s, "m1", both, BAYES_IS_SPAM));
	assert_false(learn(s, "m1", both, BAYES_IS_SPAM));
	assert_true(learn(s, "m2", first, BAYES_IS_HAM));
	assert_string_equal(export(s), HEAD("1", "1") "t\t1\t1\t1000\t0000000001\n"
						      "t\t1\t0\t1000\tffffffffff\n"
						      "s\ts\tm1\ns\th\tm2\n");
	assert_true(learn(s, "m1", both, BAYES_IS_HAM));
	assert_string_equal(export(s), HEAD("0", "2") "t\t0\t2\t1000\t0000000001\n"
						      "t\t0\t1\t1000\tffffffffff\n"
						      "s\th\tm1\ns\th\tm2\n");
	assert_true(learn(s, "m1", both, BAYES_IS_UNKNOWN));
	assert_false(learn(s, "m1", both, BAYES_IS_UNKNOWN));
	assert_string_equal(export(s), HEAD("0", "1") "t\t0\t1\t1000\t0000000001\ns\th\tm2\n");
}

static void test_touch(void **state)
{
	const uint64_t v[] = { 1, 2 };
	struct bayes_store *s = store("touch.mdb");
	struct bayes_count counts[2];
	struct bayes_totals learnt;
	struct err e;
	size_t n;

	(void)state;
	learn(s, "m1", (struct bayes_keys){ v, 1 }, BAYES_IS_SPAM);
	assert_int_equal(
		bayes_store_find(s, (struct bayes_keys){ v, 2 }, DAY, counts, &n, &learnt, &e), 0);
	assert_true(n == 1 && counts[0].key == 1 && counts[0].spam == 1 && learnt.spam == 1);
	bayes_store_flush(s);
	assert_string_equal(export(s), HEAD("1", "0") "t\t1\t0\t86400\t0000000001\ns\ts\tm1\n");
}

static int import(struct bayes_store *s, const char *text, size_t *skipped, struct err *e)
{
	return bayes_store_import(s, str_of(text), net_now() + PATIENCE, skipped, e);
}

static void test_text(void **state)
{
	static const char good[] = HEAD("5", "6") "t\t3\t0\t7\t03541effbc\ns\th\tx@sa_generated\n";
	struct bayes_store *s = store("text.mdb");
	size_t skipped;
	struct err e;

	(void)state;
	assert_int_equal(import(s, good, &skipped, &e), 0);
	assert_int_equal(skipped, 0);
	assert_string_equal(export(s), good);
	assert_int_equal(import(s, "t\t3\t0\t7\t03541effbc\n", &skipped, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(export(s), good);
	assert_int_equal(import(s,
				HEAD("5", "6") "t\t-3\t0\t7\t03541effbc\nt\t3\t0\t7\t0354\n"
					       "x\nt\t0\t0\t7\t03541effbc\ns\tq\tid\n",
				&skipped, &e),
			 0);
	assert_int_equal(skipped, 5);
	assert_string_equal(export(s), HEAD("5", "6"));
}

/* Ages and counts of the tokens that SpamAssassin expired in its own copy: see test_expire(). */
static const char *aged(void)
{
	struct buf b;

	buf_init(&b, a, TEXT_MAX);
	buf_addz(&b, HEAD("948", "2075"));
	for (int i = 0; i < 209183; i++)
		buf_addf(&b, "t\t1\t0\t%d\t%010x\n",
			 i < 8883     ? 1
			 : i < 80639  ? 1000000000 - 11059201
			 : i < 176999 ? 1000000000 - 5529601
				      : 1000000000,
			 i + 1);
	return str_z(a, buf_str(&b));
}

static struct bayes_expiry expire(struct bayes_store *s, uint64_t size,
				  enum bayes_expire_when when, int64_t now)
{
	struct bayes_expiry out;
	struct err e;

	assert_int_equal(bayes_store_expire(s, size, when, now, net_now() + PATIENCE, &out, &e), 0);
	return out;
}

static void test_expire(void **state)
{
	struct bayes_store *s = store("expire.mdb");
	struct bayes_expiry out;
	size_t skipped;
	struct err e;

	(void)state;
	assert_int_equal(import(s, aged(), &skipped, &e), 0);
	assert_false(expire(s, 250000, BAYES_EXPIRE_IF_LARGE, DAY).done);
	out = expire(s, 150000, BAYES_EXPIRE_IF_LARGE, DAY);
	assert_true(out.done && out.tokens == 209183 && out.removed == 80639);
	out = expire(s, 150000, BAYES_EXPIRE_NOW, DAY + 60);
	assert_false(out.done);
	assert_int_equal(out.tokens, 128544);
}

/* A mail with the tokens `first`, `first` + 1, … */
static void learn_bulk(struct bayes_store *s, const char *id, uint64_t first, size_t n,
		       int64_t when)
{
	uint64_t *keys = NEW_N(a, uint64_t, n);
	bool changed;
	struct err e;

	for (size_t i = 0; i < n; i++)
		keys[i] = first + i;
	assert_int_equal(bayes_store_learn(s, str_of(id), (struct bayes_keys){ keys, n },
					   BAYES_IS_SPAM, when, net_now() + PATIENCE, &changed, &e),
			 0);
}

static void test_expire_daily(void **state)
{
	const enum bayes_expire_when daily = BAYES_EXPIRE_DAILY;
	struct bayes_store *s = store("daily.mdb");
	size_t skipped;
	struct err e;

	(void)state;
	assert_int_equal(import(s, HEAD("1", "1"), &skipped, &e), 0);
	assert_false(expire(s, 150000, daily, 20 * DAY).done);
	/* What is learnt meanwhile waits for the next day, however much it is. */
	learn_bulk(s, "old", 1, 80000, DAY);
	learn_bulk(s, "new", 100000, 130000, 20 * DAY);
	assert_false(expire(s, 150000, daily, 21 * DAY - 1).done);
	assert_int_equal(expire(s, 150000, daily, 21 * DAY).removed, 80000);
}

/* What went last time says little if the ages are others now: then they are counted. */
static void test_wrong_guess(void **state)
{
	struct bayes_store *s = store("guess.mdb");
	size_t skipped;
	struct err e;

	(void)state;
	assert_int_equal(import(s, HEAD("1", "1"), &skipped, &e), 0);
	learn_bulk(s, "old", 1, 50000, DAY);
	learn_bulk(s, "new", 100000, 113000, 20 * DAY);
	assert_int_equal(expire(s, 150000, BAYES_EXPIRE_NOW, 20 * DAY).removed, 50000);
	/* It was sixteen days, so the guess is twelve: the new ones would go, too. */
	learn_bulk(s, "oldest", 300000, 10000, 5 * DAY);
	learn_bulk(s, "newest", 400000, 55000, 40 * DAY);
	assert_int_equal(expire(s, 150000, BAYES_EXPIRE_NOW, 40 * DAY).removed, 10000);
}

static void test_busy(void **state)
{
	const uint64_t key = 1;
	struct bayes_store *s = store("busy.mdb");
	int fd = open(path_of("busy.mdb-writer"), O_RDWR | O_CLOEXEC);
	bool changed;
	struct err e;

	(void)state;
	assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
	assert_int_equal(bayes_store_learn(s, STR("m"), (struct bayes_keys){ &key, 1 },
					   BAYES_IS_HAM, 1, net_now(), &changed, &e),
			 -1);
	assert_int_equal(e.code, ERR_TEMP);
	close(fd);
	assert_true(learn(s, "m", (struct bayes_keys){ &key, 1 }, BAYES_IS_HAM));
}

static void test_damaged(void **state)
{
	const struct file_attr attr = { 0600, (uid_t)-1, (gid_t)-1 };
	struct bayes_store *s;
	struct arena *own = arena_open("own", 1 << 24);
	struct str all;
	struct err e;

	(void)state;
	assert_int_equal(bayes_store_open(a, path_of("none.mdb"), false, &s, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
	assert_int_equal(bayes_store_open(own, path_of("cut.mdb"), true, &s, &e), 0);
	arena_close(own);
	assert_int_equal(file_read(a, path_of("cut.mdb"), TEXT_MAX, &all, &e), 0);
	assert_int_equal(file_replace(path_of("cut.mdb"), str_sub(all, 0, 2 * 4096), &attr, &e), 0);
	assert_int_equal(bayes_store_open(a, path_of("cut.mdb"), false, &s, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(file_replace(path_of("cut.mdb"), STR("junk"), &attr, &e), 0);
	assert_int_equal(bayes_store_open(a, path_of("cut.mdb"), false, &s, &e), -1);
	assert_int_equal(e.code, ERR_INVALID);
}

static enum bayes_class autolearn(struct bayes_hit *hits, size_t n, bool spam)
{
	const struct bayes_learning_conf c = { 0.1, 12, false };
	struct bayes_points p = { 0 };

	for (size_t i = 0; i < n; i++)
		bayes_points_add(&p, &hits[i]);
	return bayes_autolearn(&c, &p, spam);
}

static void test_autolearn(void **state)
{
	struct bayes_hit header = { .score = 8, .header = 1 }, body = { .score = 8, .body = 1 };
	struct bayes_hit meta = { .score = 12, .header = 1, .body = 3 };
	struct bayes_hit bayes = { .learnt = true, .learnt_score = -1.5 };
	struct bayes_hit nice = { .score = -20, .header = 1, .ignored = true };
	struct bayes_hit forced = { .score = 12, .body = 1, .forced = true };

	(void)state;
	assert_int_equal(autolearn((struct bayes_hit[]){ header, body }, 2, true), BAYES_IS_SPAM);
	assert_int_equal(autolearn((struct bayes_hit[]){ header, header }, 2, true),
			 BAYES_IS_UNKNOWN);
	assert_int_equal(autolearn(&meta, 1, true), BAYES_IS_SPAM);
	assert_int_equal(autolearn((struct bayes_hit[]){ header, body, bayes }, 3, true),
			 BAYES_IS_UNKNOWN);
	assert_int_equal(autolearn((struct bayes_hit[]){ header, body, nice }, 3, false),
			 BAYES_IS_UNKNOWN);
	assert_int_equal(autolearn(&forced, 1, true), BAYES_IS_SPAM);
	assert_int_equal(autolearn(NULL, 0, false), BAYES_IS_HAM);
	assert_int_equal(autolearn(&nice, 1, false), BAYES_IS_HAM);
	bayes.learnt_score = 3.5;
	assert_int_equal(autolearn(&bayes, 1, false), BAYES_IS_UNKNOWN);
}

static int setup(void **state)
{
	struct uri_domains *domains;

	(void)state;
	a = arena_open("test", (size_t)1 << 28);
	domains = uri_domains_new(a);
	uri_domains_add(domains, STR("com"));
	spam_view_options_init(&view, domains);
	bayes_conf_init(a, &conf);
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = { "learn", "touch", "text", "expire",
					     "daily", "guess", "busy", "cut" };
	static const char *const ends[] = { "", "-lock", "-writer" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(ends); k++)
			unlink(str_z(a, str_fmt(a, "%s/%s.mdb%s", dir, names[i], ends[k])));
	rmdir(dir);
	arena_close(a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pseudo_headers),
		cmocka_unit_test(test_sentences),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_received),
		cmocka_unit_test(test_seen_id),
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_learn),
		cmocka_unit_test(test_touch),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_expire),
		cmocka_unit_test(test_expire_daily),
		cmocka_unit_test(test_wrong_guess),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_autolearn),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
