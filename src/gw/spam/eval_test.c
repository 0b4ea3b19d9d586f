/*
 * The eval functions of eval_relay, eval_header, eval_lists, eval_freemail, eval_subject,
 * eval_bounce, eval_uri, eval_uri_detail, eval_fromname, eval_short_url and eval_shortcircuit, with
 * the real views: lines of rules, a mail, and what hits. The expectations are those of SpamAssassin
 * 4.0.1 run on the same rules and mails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/addr_list.h"
#include "gw/spam/date.h"
#include "gw/spam/spam.h"

#define PLUGIN(name) "loadplugin Mail::SpamAssassin::Plugin::" name "\n"

/* Received lines from a public address with and without a name, and a date. */
#define HOP(helo, rdns, ip, by)                                                                    \
	"Received: from " helo " (" rdns "[" ip "]) by " by " (Postfix) with SMTP id x; "          \
	"Mon, 1 Jan 2024 12:00:00 +0000\n"
#define RELAYED HOP("mail.xx.com", "mail.xx.com ", "1.2.3.4", "b.example")

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 512u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static const char common[] = PLUGIN("RelayEval") PLUGIN("HeaderEval") PLUGIN("WLBLEval") PLUGIN(
	"FreeMail") PLUGIN("WelcomeListSubject") PLUGIN("VBounce") PLUGIN("URIEval")
	PLUGIN("HTTPSMismatch") PLUGIN(
		"URIDetail") "util_rb_tld com org net uk de fr it se example\nutil_rb_2tld co.uk\n";

static struct spam_rules *load(const char *conf)
{
	struct spam_conf_paths paths = { .lines = true };
	struct spam_load_report report;
	struct spam_rules *rules;
	struct err e;

	paths.extra = str_fmt(a, "%s%s", common, conf);
	if (spam_rules_load(a, &paths, &rules, &report, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < report.unknown.n; i++)
		fail_msg("%.*s", STR_ARG(report.unknown.p[i].message));
	assert_int_equal(report.disabled.n, 0);
	return rules;
}

/* The names that hit, in the order of their definition: all rules here have one type each. */
static void expect(const struct spam_rules *rules, const char *mail, const char *want)
{
	struct spam_envelope env = { .now = 1000000000 };
	struct str out = STR("");
	struct spam_result r;
	struct err e;

	assert_int_equal(spam_check(a, rules, str_of(mail), &env, 0, &r, &e), 0);
	for (size_t i = 0; i < r.n_hits; i++)
		out = str_fmt(a, "%.*s%s%.*s", STR_ARG(out), i ? " " : "", STR_ARG(r.hits[i].name));
	if (!str_eq(out, str_of(want)))
		fail_msg("'%.*s' instead of '%s' hit\n%s", STR_ARG(out), want, mail);
}

struct sample {
	const char *mail, *want;
};

static void expect_all(const char *conf, const struct sample *samples, size_t n)
{
	struct spam_rules *rules = load(conf);

	for (size_t i = 0; i < n; i++)
		expect(rules, samples[i].mail, samples[i].want);
}

static void relays(void **state)
{
	static const struct sample samples[] = {
		{ HOP("yahoo.com", "", "1.2.3.4", "b.example") "\n", "BIG" },
		{ HOP("x.yahoo.com", "x.y.example ", "1.2.3.4", "b.example") "\n", "" },
		{ HOP("yahoo.com", "", "192.168.1.1", "b.example") "\n", "" },
		{ HOP("yahoo.com", "", "1.2.3.4", "b.example")
			  HOP("a.b", "a.b ", "1.2.3.5", "c.example") "\n",
		  "" },
		{ HOP("a.aa.com", "a.aa.com ", "1.2.3.4", "m.xx.com")
			  HOP("b.bb.com", "b.bb.com ", "1.2.3.5", "m.qq.com")
				  HOP("c.cc.com", "c.cc.com ", "1.2.3.6", "m.rr.com") "\n",
		  "TRAIL" },
		{ HOP("a.aa.com", "a.aa.com ", "1.2.3.4", "m.xx.com")
			  HOP("b.bb.com", "b.bb.com ", "1.2.3.5", "m.aa.com")
				  HOP("c.cc.com", "c.cc.com ", "1.2.3.6", "m.rr.com") "\n",
		  "" },
		{ HOP("a.aa.com", "localhost ", "127.0.0.1", "m.xx.com")
			  HOP("b.bb.com", "b.bb.com ", "1.2.3.5", "m.qq.com")
				  HOP("c.cc.com", "c.cc.com ", "1.2.3.6", "m.rr.com") "\n",
		  "" },
		{ HOP("1.2.4.9", "", "1.2.3.4", "b.example") "\n", "HELO" },
		{ HOP("1.2.3.9", "", "1.2.3.4", "b.example") "\n", "" },
		{ HOP("10.2.4.9", "", "1.2.3.4", "b.example") "\n", "" },
	};

	(void)state;
	expect_all("header BIG eval:check_for_no_rdns_dotcom_helo()\n"
		   "header TRAIL eval:check_for_forged_received_trail()\n"
		   "header HELO eval:helo_ip_mismatch()\n",
		   samples, ARRAY_LEN(samples));
}

static void dates(void **state)
{
	static const struct {
		const char *text;
		int64_t time; /* against 2024-01-01 12:00:00; -1: none */
	} t[] = {
		{ "Mon, 1 Jan 2024 12:00:00 +0000", 0 },
		{ "Mon,1 jan 2024 12:00", 0 },
		{ "1 Jan 24 12:00:00 EST", 18000 },
		{ "1 Jan 124 12:00:00 (EST)", 18000 },
		{ "1 Jan 2024 12:00:00 +0530 EST", -19800 },
		{ "1 Jan 2024 12:00:00 FOO EST", 0 },
		{ "EST 1 Jan 2024 12:00:00", 18000 },
		{ "Mon Jan  1 12:00:00 2024", -43200 }, /* the time is lost */
		{ "1 Jan 2024 25:60:61 GMT", 43199 },
		{ "32 Jan 2024 12:00:00", 31 * 86400 },
		{ "0 Jan 2024 12:00:00", -1 },
		{ "1 January 2024 12:00:00", -1 },
		{ "2024-01-01 12:00:00", -1 },
		{ "", -1 },
	};
	int64_t time;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		bool ok = spam_date_read(a, str_of(t[i].text), &time);

		if (ok != (t[i].time != -1) || (ok && time != 1704110400 + t[i].time))
			fail_msg("%s: %lld", t[i].text, (long long)(ok ? time - 1704110400 : -1));
	}
}

static void shifted_dates(void **state)
{
#define AT(time) "Received: by x; Mon, 1 Jan 2024 " time " +0000\n"
#define LOCAL                                                                                      \
	"Received: by localhost with POP3 (fetchmail-6.1) for <x@y>; "                             \
	"Mon, 1 Jan 2024 02:00:00 +0000\n"
	static const struct sample samples[] = {
		{ "Date: Mon, 1 Jan 2024 10:00:00 +0000\n" AT("05:30:00") "\n", "FUTURE" },
		{ "Date: Mon, 1 Jan 2024 11:30:00 +0000\n" AT("05:30:00") "\n", "" },
		{ "Date: Mon, 1 Jan 2024 08:30:00 +0000\n" AT("05:30:00") "\n", "FUTURE" },
		{ "Date: Mon, 1 Jan 2024 10:00:00 +0000\n" AT("05:30:00") AT("09:59:00") "\n",
		  "NEAR" },
		/* The sender's own clock is no witness. */
		{ "Date: Mon, 1 Jan 2024 10:00:00 +0000\n" AT("05:30:00") AT("10:00:00") "\n",
		  "FUTURE" },
		{ "Date: Mon, 1 Jan 2024 10:00:00 +0000\n" LOCAL AT("05:30:00") "\n", "FUTURE" },
		{ "Date: Mon, 1 Jan 2024 10:00:00 +0000\n\n", "NEAR" },
		{ "Date: x\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n" AT("05:30:00") "\n", "FUTURE" },
		{ "Resent-Date: Mon, 1 Jan 2024 05:30:00 +0000\n"
		  "Date: Mon, 1 Jan 2024 10:00:00 +0000\n" AT("05:30:00") "\n",
		  "NEAR" },
	};

	(void)state;
	expect_all("header FUTURE eval:check_for_shifted_date('3', '6')\n"
		   "header NEAR eval:check_for_shifted_date('-1', '1')\n",
		   samples, ARRAY_LEN(samples));
}

static void header_texts(void **state)
{
	static const struct sample samples[] = {
		{ "Subject: HELLO WORL\nTo: x\n\n", "CAPS" },
		{ "Subject: HELLO WOR\nTo: x\n\n", "" },
		{ "Subject: Re: Fw: HELLO WORLD\nTo: x\n\n", "CAPS" },
		{ "Subject: Re: HELLO WOR\nTo: x\n\n", "" },
		{ "Subject: =?koi8-r?q?HELLO_WORLD?=\nTo: x\n\n", "" },
		{ "Subject: =?iso-8859-5?q?HELLO_WORLD?=\nTo: x\n\n", "CAPS" },
		{ "Subject: a\xe4\xe4\nTo: x\n\n", "CHARS" },
		{ "Subject: a\xc3\xa4\xc3\xa4\nTo: x\n\n", "" },
		{ "Subject: a\xa2\xe4\nTo: x\n\n", "" },
		{ "X: %FOO\nTo: x\n\n", "TEMPLATE" },
		{ "Cc: %FOO\nTo: x\n\n", "" },
		{ "Subject: x\nSubject: y\nTo: x\n\n", "COUNT" },
		{ "Subject: x\nSubject: x\nTo: x\n\n", "" },
		{ "Cc: x\n\n", "NO_TO" },
		{ "To:\n\n", "" },
	};

	(void)state;
	expect_all("header CAPS eval:subject_is_all_caps()\n"
		   "header CHARS eval:check_illegal_chars('Subject', '0.00', '2')\n"
		   "header TEMPLATE eval:check_unresolved_template()\n"
		   "header COUNT eval:check_header_count_range('Subject', '2', '999')\n"
		   "header NO_TO eval:check_for_missing_to_header()\n",
		   samples, ARRAY_LEN(samples));
}

static void senders_and_recipients(void **state)
{
#define FIVE "xi@dd.de, zu@ee.fr, ka@gg.it"
	static const struct sample samples[] = {
		{ "To: joe@x.com\nSubject: joe, hi\n\n", "NAMED" },
		{ "To: joe@x.com\nSubject: Re: hello joe\n\n", "NAMED" },
		{ "To: joe@x.com\nSubject: hi joe, you\n\n", "" },
		{ "To: joe@x.com\nSubject: Joe, hi\n\n", "" },
		{ "To: joe@x.com, ann@x.com\nSubject: ann, hi\n\n", "" },
		{ "To: jo@aa.com, jo@bb.org, " FIVE "\n\n", "SIMILAR" },
		{ "To: jo@aa.com, Jo@bb.org, " FIVE "\n\n", "" },
		{ "To: jo@aa.com, ji@aab.com, " FIVE "\n\n", "SIMILAR" },
		{ "To: jo@aa.com, ji@aa.com, " FIVE "\n\n", "" },
		{ "To: aa@a.com, bb@b.com, cc@c.com, dd@d.com\nCc: ee@e.com, ff@f.com, "
		  "gg@g.com\n\n",
		  "SORTED" },
		{ "To: aa@a.com, bb@b.com, cc@c.com, dd@d.com\nCc: ee@e.com, ff@f.com\n\n", "" },
		{ "From: a@x.com\nReturn-Path: <a@y.com>\n\n", "OTHER" },
		{ "From: a@p.x.com\nReturn-Path: <a@q.x.com>\n\n", "" },
		{ "From: a@x.co.uk\nReturn-Path: <a@y.co.uk>\n\n", "" },
		{ "From: A@x.com\nReturn-Path: <a@x.com>\n\n", "SAME" },
		{ "To: joe@sub.x.com\nReturn-Path: <x.com=joe@y.com>\n\n", "RATWARE" },
		{ "To: joe@x.com\nReturn-Path: <SRS0=a=x.com=joe@y.com>\n\n", "" },
	};

	(void)state;
	expect_all("header NAMED eval:check_for_to_in_subject('user')\n"
		   "header SIMILAR eval:similar_recipients('0.05', 'undef')\n"
		   "header SORTED eval:sorted_recipients()\n"
		   "header OTHER eval:check_equal_from_domains()\n"
		   "header __SAME eval:check_for_matching_env_and_hdr_from()\n"
		   "header __FROM exists:From\nmeta SAME __SAME && __FROM\n"
		   "header RATWARE eval:check_ratware_envelope_from()\n",
		   samples, ARRAY_LEN(samples));
}

static void forged(void **state)
{
	static const struct sample samples[] = {
		{ "From: u@yahoo.com\n" RELAYED "\n", "YAHOO" },
		{ "From: u@myyahoo.com\n" RELAYED "\n", "" },
		{ "From: u@yahoo.com\n\n", "" }, /* no Received line to be missed */
		{ "From: u@yahoo.com\nReceived: from x by smtp1.yahoo.com with SMTP\n\n", "" },
		{ "From: u@hotmail.com\n" RELAYED "\n", "HOTMAIL_FROM" },
		{ "From: u@x.com\n" HOP("hotmail.com", "x.y ", "1.2.3.4", "b") "\n", "HOTMAIL" },
		{ "From: u@gmail.com\n" RELAYED "\n", "GMAIL" },
		{ "From: u@gmail.com\nX-Received: by 10.1.2.3 with SMTP id a\n" RELAYED "\n", "" },
		{ "From: u@juno.com\n" RELAYED "\n", "JUNO" },
		{ "From: u@juno.com\nX-Originating-IP: 1.2.3.4\nX-Mailer: Juno 5.0\n" HOP(
			  "m.juno.com", "m.juno.com ", "1.2.3.4", "b") "\n",
		  "" },
		{ "Received: from x by rly-xw01.mx.aol.com with QMQP; foo\n\n", "AOL" },
		{ "Received: from x by rly-xw01.mx.aol.com (/AOL-5.0.0) with SMTP\n\n", "" },
	};

	(void)state;
	expect_all("header YAHOO eval:check_for_forged_yahoo_received_headers()\n"
		   "header HOTMAIL eval:check_for_forged_hotmail_received_headers()\n"
		   "header HOTMAIL_FROM eval:check_for_no_hotmail_received_headers()\n"
		   "header GMAIL eval:check_for_forged_gmail_received_headers()\n"
		   "header JUNO eval:check_for_forged_juno_received_headers()\n"
		   "header AOL eval:check_for_fake_aol_relay_in_rcvd()\n",
		   samples, ARRAY_LEN(samples));
}

static void address_lists(void **state)
{
	static const struct sample samples[] = {
		{ "From: A@W.COM\n\n", "W" },
		{ "From: axb@w2.com\n\n", "W" },
		{ "From: axxb@w2.com\n\n", "" },
		{ "From: a@gone.com\n\n", "" },
		{ "From: a@b.com, a@w.com\n\n", "W B" },
		{ "Resent-From: b@c.com\nFrom: a@w.com\n\n", "" },
		{ "From: a@l.com\n\n", "L" },
		{ "Cc: a@t.com\n\n", "T" },
		{ "Received: by x for <a@t.com>; foo\n\n", "T" },
		{ "Received: by x for <a@t.com> foo\n\n", "" },
		{ "From: a@wr.com\n" RELAYED "\n", "W" },
		{ "From: a@wr.com\n" HOP("mail.xx.com", "mailxx.com ", "1.2.3.4", "b") "\n",
		  "FORGED" },
		{ "From: ok@wr.com\n" HOP("mail.xx.com", "mailxx.com ", "1.2.3.4", "b") "\n", "" },
		{ "From: a@wn.com\n" RELAYED "\n", "W" },
		{ "From: a@dw.com\n" RELAYED "\n", "D" },
		{ "Return-Path: <a@y.xx.com>\n" RELAYED "\n", "RCVD" },
	};

	(void)state;
	expect_all(
		"header W eval:check_from_in_whitelist()\nheader B eval:check_from_in_blocklist()\n"
		"header D eval:check_from_in_default_welcomelist()\n"
		"header FORGED eval:check_forged_in_welcomelist()\n"
		"header T eval:check_to_in_blacklist()\nheader L eval:check_from_in_list('LL')\n"
		"header RCVD eval:check_mailfrom_matches_rcvd()\n"
		"welcomelist_from *@w.com a?b@w2.com *@gone.com\nunwhitelist_from *@gone.com\n"
		"blacklist_from *@b.com\nblocklist_to *@t.com\nenlist_addrlist (LL) *@l.com\n"
		"welcomelist_from_rcvd *@wr.com xx.com\nwelcomelist_from_rcvd *@wn.com [1.2.3]\n"
		"def_whitelist_from_rcvd *@dw.com xx.com\nwelcomelist_allows_relays ok@wr.com\n",
		samples, ARRAY_LEN(samples));
}

static void host_lists(void **state)
{
	static const struct sample samples[] = {
		{ "Subject: x\n\nhttp://x.uu.com/\n", "U" },
		{ "Subject: x\n\nhttp://y.no.uu.com/\n", "" },
		{ "Subject: x\n\nhttp://no.uu.com/ http://uu.com/\n", "U" },
		{ "Subject: x\n\nhttp://1.2.3.4/\n", "U" },
		{ "Subject: x\n\nhttp://gone.com/\n", "" },
		{ "Subject: x\n\nwrite to x@uu.com\n", "" },
		{ "Subject: x\n\nhttp://x.bb.com/\n", "B" },
	};

	(void)state;
	expect_all("header U eval:check_uri_host_listed('UU')\n"
		   "body B eval:check_uri_host_in_blocklist()\n"
		   "enlist_uri_host (UU) UU.com !no.uu.com 1.2.3.4 gone.com\n"
		   "delist_uri_host gone.com\nblacklist_uri_host bb.com\n",
		   samples, ARRAY_LEN(samples));
}

static void globs(void **state)
{
	(void)state;
	assert_true(addr_glob(STR("a*b?c"), STR("axxbxbyc")));
	assert_false(addr_glob(STR("a*b?c"), STR("axxbc")));
	assert_true(addr_glob(STR("*"), STR("")));
	assert_false(addr_glob(STR("a*"), STR("a\nb")));
}

static const char freemail[] =
	"freemail_domains fm.com gm.com y*.com hot.co.??\nfreemail_whitelist ok@fm.com\n"
	"header FROM eval:check_freemail_from()\nheader HDR "
	"eval:check_freemail_header('X-Foo','\\d@')\n"
	"header REPLYTO eval:check_freemail_replyto('replyto')\n"
	"header REPLY eval:check_freemail_replyto('reply')\n";

static void freemails(void **state)
{
	static const struct sample samples[] = {
		{ "From: a@FM.com\n\n", "FROM" },
		{ "From: a@x.fm.com\n\n", "" },
		{ "From: a@hot.co.uk\n\n", "FROM" },
		{ "From: ok@fm.com\n\n", "" },
		{ "X-Foo: a1@fm.com\n\n", "HDR" },
		{ "X-Foo: a@fm.com\n\n", "" },
		{ "From: a@fm.com\nReply-To: b@gm.com\n\n", "FROM REPLYTO REPLY" },
		{ "From: a@fm.com\nReply-To: b@gm.com\nReturn-Path: <a-bounces@x.com>\n\n",
		  "FROM" },
		{ "From: a@fm.com\n\nwrite to b@gm.com\n", "FROM REPLY" },
		{ "From: a@fm.com\n\nwrite to a@fm.com\n", "FROM" },
		{ "From: a@fm.com\n\n<b@gm.com> wrote\nb@gm.com wrote:\n", "FROM" },
		{ "From: a@fm.com\n\nb@gm.com fax:\n", "FROM REPLY" },
		{ "From: a@fm.com\n\n1@x.com 2@x.com 3@x.com 4@x.com b@gm.com\n", "FROM" },
		{ "From: a@fm.com\n\n1@x.com 2@x.com 3@x.com b@gm.com\n", "FROM REPLY" },
		{ "From: a@x.com\nReply-To: b@gm.com\n\nwrite to c@fm.com\n", "REPLYTO" },
	};

	(void)state;
	expect_all(freemail, samples, ARRAY_LEN(samples));
}

/* What it cuts out is gone for body rules of its priority and later, not for earlier ones. */
static void freemail_rewrites(void **state)
{
	static const struct sample samples[] = {
		{ "From: a@fm.com\n\nx <b@gm.com> y\n", "EARLY FROM LATE" },
		{ "From: a@x.com\n\nx <b@gm.com> y\n", "EARLY KEPT" },
	};
	const char *conf = str_z(a, str_fmt(a,
					    "%sbody EARLY /gm/\npriority EARLY -10\n"
					    "body KEPT /gm/\nbody LATE /x   y/\n",
					    freemail));

	(void)state;
	expect_all(conf, samples, ARRAY_LEN(samples));
}

static void subjects_and_bounces(void **state)
{
	static const struct sample samples[] = {
		{ "Subject: xx FOO bar yy\n\n", "W" },
		{ "Subject: foo  bar\n\n", "" },
		{ "Subject: xaybz\n\n", "B" },
		{ "Subject: q\n\nReceived: from a by Mail.my.org with x\n", "OURS" },
		{ "Subject: q\n\nReceived: from a (mail.my.org) by b\n", "" },
		{ "Subject: q\n\nfoo\n> Received: x relay12.isp.com\n\ty\n", "OURS" },
		{ "Subject: q\n\nxReceived: x mail.my.org y\n", "" },
	};

	(void)state;
	expect_all("header W eval:check_subject_in_welcomelist()\n"
		   "header B eval:check_subject_in_blocklist()\n"
		   "body OURS eval:check_whitelist_bounce_relays()\n"
		   "body __ANY eval:have_any_bounce_relays()\n"
		   "welcomelist_subject Foo bar\nblacklist_subject x*y?z\n"
		   "welcomelist_bounce_relays mail.my.org relay*.isp.com\n",
		   samples, ARRAY_LEN(samples));
}

static void links(void **state)
{
#define LINK(href, text) "<a href=\"" href "\">" text "</a> "
#define HTML "Subject: x\nContent-Type: text/html\n\n"
	static const struct sample samples[] = {
		{ HTML LINK("http://1.2.3.4/", "https://a.com"), "IP" },
		{ HTML LINK("http://1.2.3.4/", "https://1.2.3.5"), "" },
		{ HTML LINK("http://a.com/", "https://b.com"), "NAME DETAIL" },
		{ HTML LINK("http://x.a.com/", "https://y.a.com"), "DETAIL" },
		{ HTML LINK("http://a.com/", "https://1.2.3.4/"), "NAME DETAIL" },
		{ HTML LINK("http://a.com/", "https://nowhere"), "DETAIL" },
		{ HTML LINK("http://a.com/", "https://b.com") LINK("http://c.com/", "")
			  LINK("http://d.com/", "x"),
		  "DETAIL" },
		{ HTML LINK("https://a.com/", "https://a.com"), "" },
	};

	(void)state;
	expect_all("body IP eval:check_https_ip_mismatch()\n"
		   "body NAME eval:check_https_http_mismatch('1', '3')\n"
		   "uri_detail DETAIL junk text =~ /\\bhttps:/  raw !~ /^https:/i domain =~ "
		   "/^a\\.com$/\n",
		   samples, ARRAY_LEN(samples));
}

static void from_names(void **state)
{
	static const struct sample samples[] = {
		{ "From: \"ann@acme.com\" <x@evil.com>\nTo: ann@acme.com\n\nx", "SPOOF DOMAIN TO" },
		{ "From: \"ann@acme.com\" <x@mail.acme.com>\n\nx", "" },
		{ "From: \"ann@acme.com\" <x@acme-mail.com>\n\nx", "DOMAIN" },
		{ "From: \"Ann\" <x@evil.com>\n\nx", "" },
		{ "X-List: a\nFrom: \"ann@acme.com\" <x@evil.com>\n\nx", "" },
	};

	(void)state;
	expect_all(PLUGIN("FromNameSpoof") "fns_add_addrlist (Acme) *@acme.com *@acme-mail.com\n"
					   "fns_ignore_headers X-List\n"
					   "header SPOOF eval:check_fromname_spoof()\n"
					   "header DOMAIN eval:check_fromname_domain_differ()\n"
					   "header TO eval:check_fromname_equals_to()\n",
		   samples, ARRAY_LEN(samples));
}

static void short_links(void **state)
{
	static const struct sample samples[] = {
		{ "Subject: x\n\nhttp://sho.org/a", "SHORT" },
		{ "Subject: x\n\nhttp://www.sho.org/a", "SHORT" },
		{ "Subject: x\n\nhttp://sho.org/", "" },
		{ "Subject: x\n\nhttp://a.page.org", "SHORT" },
		{ "Subject: x\n\nhttp://b.a.page.org/", "" },
	};

	(void)state;
	expect_all(PLUGIN("DecodeShortURLs") "url_shortener Sho.org .page.org\n"
					     "body SHORT eval:short_url()\n"
					     "body LEADS eval:short_url_redir()\n",
		   samples, ARRAY_LEN(samples));
}

static void shortcircuits(void **state)
{
	static const struct sample samples[] = {
		{ "Subject: x\n\na good mail", "SHORTCIRCUIT GOOD" },
		{ "Subject: x\n\na bad mail", "SHORTCIRCUIT BAD ANY" },
		{ "Subject: x\n\nanother mail", "ANY LATER LATEST" },
	};

	(void)state;
	expect_all(PLUGIN("Shortcircuit") "body GOOD /good/\nshortcircuit GOOD ham\n"
					  "body BAD /bad/\nshortcircuit BAD on\n"
					  "body ANY /a/\nfull LATER /a/\nmeta LATEST ANY\n",
		   samples, ARRAY_LEN(samples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relays),
		cmocka_unit_test(dates),
		cmocka_unit_test(shifted_dates),
		cmocka_unit_test(header_texts),
		cmocka_unit_test(forged),
		cmocka_unit_test(senders_and_recipients),
		cmocka_unit_test(address_lists),
		cmocka_unit_test(host_lists),
		cmocka_unit_test(globs),
		cmocka_unit_test(freemails),
		cmocka_unit_test(freemail_rewrites),
		cmocka_unit_test(subjects_and_bounces),
		cmocka_unit_test(links),
		cmocka_unit_test(from_names),
		cmocka_unit_test(short_links),
		cmocka_unit_test(shortcircuits),
	};

	return cmocka_run_group_tests_name("spam evals", tests, open_arena, close_arena);
}
