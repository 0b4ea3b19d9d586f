#define _GNU_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "base/log.h"
#include "gw/report/report.h"
#include "lib/mime/mime.h"

enum { NOW = 1774821900 }; /* 2026-03-29 22:05 UTC, 2026-03-30 00:05 in Vienna */

static struct arena *a;
static struct err e;
static struct ticket_key *key;
static char own[64];
static const char *dirs[3];

static void make_key(void)
{
	EVP_PKEY *pair = EVP_RSA_gen(2048);
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	assert_int_equal(PEM_write_bio_PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(bio, &p);
	assert_int_equal(ticket_key_read(a, (struct str){ p, (size_t)n }, &key, &e), 0);
	BIO_free(bio);
	EVP_PKEY_free(pair);
}

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Vienna", 1);
	tzset();
	a = arena_open("test", 64u << 20);
	snprintf(own, sizeof(own), "/tmp/pmg-report-test.XXXXXX");
	if (!mkdtemp(own))
		return -1;
	dirs[0] = own;
	dirs[1] = str_z(a, str_fmt(a, "%s/templates", getenv("PMG_SOURCE_ROOT")));
	make_key();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(str_z(a, str_fmt(a, "%s/spamreport-custom.tt", own)));
	rmdir(own);
	arena_close(a);
	return 0;
}

static void put(const char *name, struct str text)
{
	char *path = str_z(a, str_fmt(a, "%s/%s", own, name));

	assert_int_equal(file_replace(path, text, &(struct file_attr){ 0600, -1u, -1u }, &e), 0);
}

/* Two mails for one user, the second one nasty. */
static const struct quar_row rows[] = {
	{ .id = { 0, 1, 2 },
	  .time = 1774738800,
	  .bytes = 1234,
	  .spam_level = 7,
	  .info = STR_INIT("GTUBE:1000"),
	  .sender = STR_INIT("envelope@x"),
	  /* with marks that turn the direction of what is behind them */
	  .header = STR_INIT("Subject: =?utf-8?q?H=C3=A9=E2=80=AEll=E2=81=A7o?=\n world\n"
			     "From: Ann <ann@x>\n"),
	  .file = STR_INIT("spam/5A/1"),
	  .pmail = STR_INIT("o'b:ob@x"),
	  .receiver = STR_INIT("bob@x") },
	{ .id = { 3, 4, 5 },
	  .time = 1774821599,
	  .sender = STR_INIT("<script>\"'&@x"),
	  .header = STR_INIT("From: <script>alert(1)</script>\nSender: \"><img src=x>\xff\n"),
	  .pmail = STR_INIT("o'b:ob@x"),
	  .receiver = STR_INIT("o'b:ob@x") },
};

static struct cfg *settings(const char *text)
{
	struct cfg *cfg = cfg_parse(a, STR("pmg.conf"), str_of(text), 4096);

	cfg->dns.fqdn = STR("gw.example.com");
	cfg->dns.hostname = STR("gw");
	return cfg;
}

static struct report report_with(const char *text, const char *style)
{
	return (struct report){ .cfg = settings(text),
				.key = key,
				.template_dirs = dirs,
				.style = str_of(style),
				.timespan = STR("yesterday"),
				.span = { 1774738800, 1774821600 },
				.now = NOW };
}

struct parts {
	struct mime *m;
	struct str subject, plain, html;
};

static struct parts make(const struct report *r)
{
	struct parts p;
	struct str mail;

	if (report_spam(a, r, rows, ARRAY_LEN(rows), &mail, &e) < 0)
		fail_msg("%s", e.msg);
	for (struct str rest = mail, line; str_line(&rest, &line);)
		if (line.n > 78)
			fail_msg("%.*s", STR_ARG(line));
	assert_int_equal(mime_parse(a, mail, NULL, &p.m, &e), 0);
	assert_int_equal(p.m->mail->anomalies, 0);
	assert_true(str_eq(p.m->type, STR("multipart/alternative")));
	assert_true(str_eq(p.m->child->type, STR("text/plain")));
	assert_true(str_eq(p.m->child->next->type, STR("text/html")));
	assert_int_equal(p.m->child->encoding, MIME_QP);
	p.subject = mime_header_text(a, mime_find(p.m, STR("Subject")));
	p.plain = mime_body_text(a, p.m->child, 1 << 20);
	p.html = mime_body_text(a, p.m->child->next, 1 << 20);
	return p;
}

static void has(struct str text, const char *what)
{
	if (str_find(text, str_of(what)) < 0)
		fail_msg("no '%s' in\n%.*s", what, STR_ARG(text));
}

static void has_not(struct str text, const char *what)
{
	if (str_find(text, str_of(what)) >= 0)
		fail_msg("'%s' in\n%.*s", what, STR_ARG(text));
}

static void is_field(const struct mime *m, const char *name, const char *value)
{
	const struct mime_header *h = mime_find(m, str_of(name));

	assert_non_null(h);
	assert_string_equal(str_z(a, mime_unfold(a, h->value)), value);
}

static void test_verbose(void **state)
{
	struct report r = report_with("", "verbose");
	struct parts p = make(&r);

	(void)state;
	is_field(p.m, "From", "Proxmox Mail Gateway <postmaster>");
	is_field(p.m, "To", "o'b:ob@x");
	is_field(p.m, "Auto-Submitted", "auto-generated");
	is_field(p.m, "Date", "Mon, 30 Mar 2026 00:05:00 +0200");
	assert_string_equal(str_z(a, p.subject), "Daily Spam Report for 'o'b:ob@x' - 2026-03-29");
	has(p.html, "<strong>H\xc3\xa9llo world</strong>");
	has(p.html, "From: Ann &lt;ann@x&gt;");
	has(p.html, "2026-03-29<br>00:00:00");
	has(p.html, "1234 bytes");
	has(p.html, "<a href=\"https://gw.example.com:8006/quarantine?ticket=PMGQUAR%3Ao%27b%253Aob"
		    "%40x%3A69C9A20C%3A%3A");
	has(p.html, "&amp;cselect=C0R1T2&amp;date=2026-03-29\">View</a>");
	has(p.html, "&amp;cselect=C3R4T5&amp;date=2026-03-29&amp;action=deliver\">");
	has(p.html, "&amp;action=whitelist\">");
	has(p.html, "&amp;action=blacklist\">");
	has(p.html, "&amp;action=delete\">");
	has(p.html, "No Subject");
	has_not(p.html, "<script");
	has_not(p.html, "<img");
	has(p.html, "&quot;&gt;&lt;img src=x&gt;\xc3\xbf on behalf of &lt;script&gt;");
	has(p.plain, "Subject:  H\xc3\xa9llo world\nFrom:     Ann <ann@x>\n");
	has(p.plain, "&cselect=C0R1T2&date=2026-03-29\n");
	has_not(p.plain, "subject:");
}

static void test_short(void **state)
{
	struct report r = report_with("", "short");
	struct parts p;

	(void)state;
	r.timespan = STR("week");
	p = make(&r);
	assert_string_equal(str_z(a, p.subject), "Weekly Spam Report for 'o'b:ob@x' - 2026-03-29");
	has(p.html, "&amp;cselect=C0R1T2&amp;date=2026-03-29\">H\xc3\xa9llo world</a>");
	has_not(p.html, "action=");
	has_not(p.html, "<script");
	r.timespan = STR("12h");
	assert_string_equal(str_z(a, make(&r).subject),
			    "Spam Report (last 12h) for 'o'b:ob@x' - 2026-03-29");
}

static void test_links_follow_the_settings(void **state)
{
	struct report r = report_with("section: spamquar\n"
				      "\thostname quar.example.com\n"
				      "\tport 443\n"
				      "\tauthmode ldap\n"
				      "\tmailfrom J\xc3\xb6rg <spam@example.com>\n",
				      "verbose");
	struct parts p = make(&r);

	(void)state;
	has(p.html, "<a href=\"https://quar.example.com/quarantine\">");
	has(p.html, "\"https://quar.example.com/quarantine?cselect=C0R1T2&amp;date=2026-03-29\"");
	has_not(p.html, "PMGQUAR");
	is_field(p.m, "From", "=?UTF-8?Q?J=C3=B6rg?= <spam@example.com>");
	r = report_with("section: spamquar\n\tprotocol http\n\tport 80\n", "short");
	has(make(&r).html, "\"http://gw.example.com/quarantine?ticket=");
}

static void test_own_templates(void **state)
{
	struct report r = report_with("", "custom");
	struct str mail;

	(void)state;
	has(make(&r).html, "<strong>"); /* there is none yet */
	put("spamreport-custom.tt", STR("<title>T &amp; [% items.size %] "
					"[% items.0.from_plain | html %]</title>\n"));
	assert_int_equal(report_spam(a, &r, rows, 2, &mail, &e), 0);
	has(mail, "Subject: T & 2 Ann <ann@x>\n");
	has_not(mail, "text/plain");
	put("spamreport-custom.tt", STR("a\n[% SWITCH %]\n"));
	assert_int_equal(report_spam(a, &r, rows, 2, &mail, &e), -1);
	has(str_of(e.msg), "spamreport-custom.tt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_verbose),
		TEST(test_short),
		TEST(test_links_follow_the_settings),
		TEST(test_own_templates),
	};

	log_open_stderr("report");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
