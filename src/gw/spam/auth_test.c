/*
 * SPF, DKIM, ADSP and DMARC as rules see them. That the libraries judge rightly is tested with them
 * (RFC suites); here it is what becomes of their answers.
 */
#include "gw/spam/markup.h"
#include "gw/spam/net_testing.h"

/* RFC 8463, A.3 */
static const char rfc8463[] = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
			      " d=football.example.com; i=@football.example.com;\n"
			      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
			      " subject : date : message-id : from : subject : date;\n"
			      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
			      " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
			      " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\n"
			      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
			      " d=football.example.com; i=@football.example.com;\n"
			      " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
			      " date : message-id : from : subject : date;\n"
			      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
			      " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
			      " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
			      " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\n"
			      "From: Joe SixPack <joe@football.example.com>\n"
			      "To: Suzie Q <suzie@shopping.example.net>\n"
			      "Subject: Is dinner ready?\n"
			      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"
			      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\n"
			      "\n"
			      "Hi.\n"
			      "\n"
			      "We lost the game.  Are you hungry yet?\n"
			      "\n"
			      "Joe.\n";

static const char rfc8463_key[] =
	"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
	"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
	"DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
	"Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

#define FROM "From: x@football.example.com\n\nx\n"
#define SENT(ip, helo) "Received: from " helo " (" helo " [" ip "]) by gw.example with SMTP id 1\n"
#define ENVELOPE "envelope_sender_header X-Env\n"

static const char spf_rules[] =
	ENVELOPE
	"header PASS eval:check_for_spf_pass()\nheader NONE eval:check_for_spf_none()\n"
	"header NEUTRAL eval:check_for_spf_neutral()\nheader FAIL eval:check_for_spf_fail()\n"
	"header SOFT eval:check_for_spf_softfail()\nheader PERM eval:check_for_spf_permerror()\n"
	"header TEMP eval:check_for_spf_temperror()\n"
	"header H_PASS eval:check_for_spf_helo_pass()\n"
	"header H_NONE eval:check_for_spf_helo_none()\n"
	"header H_FAIL eval:check_for_spf_helo_fail()\n";

static void spf_results(void **state)
{
	static const struct {
		const char *record, *want;
	} cases[] = {
		{ "d.example TXT v=spf1 ip4:1.2.3.4 -all\n", "H_NONE PASS" },
		{ "d.example TXT v=spf1 -all\n", "FAIL H_NONE" },
		{ "d.example TXT v=spf1 ~all\n", "H_NONE SOFT" },
		{ "d.example TXT v=spf1 ?all\n", "H_NONE NEUTRAL" },
		{ "d.example TXT v=spf1 foo:bar\n", "H_NONE PERM" },
		{ "d.example TIMEOUT\n", "H_NONE TEMP" },
		{ "", "H_NONE NONE" },
		{ "d.example TXT v=spf1 include:i.example -all\ni.example TXT v=spf1 a:h.example\n"
		  "h.example A 1.2.3.4\nmx.example TXT v=spf1 -all\n",
		  "H_FAIL PASS" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(spf_rules, cases[i].record,
		       OURS SENT("1.2.3.4", "mx.example") "X-Env: a@d.example\n\nx\n",
		       cases[i].want);
	/* The first host outside, not the one behind it; and nothing for mail from inside. */
	expect(spf_rules, cases[0].record,
	       OURS SENT("5.6.7.8", "[5.6.7.8]") SENT("1.2.3.4", "x.example")
	       "X-Env: a@d.example\n\nx\n",
	       "FAIL");
	expect(spf_rules, cases[0].record, OURS "X-Env: a@d.example\n\nx\n", "");
	expect(spf_rules, "mx.example TXT v=spf1 ip4:1.2.3.4\n",
	       OURS SENT("1.2.3.4", "mx.example") "X-Env: <>\n\nx\n", "H_PASS");
}

static void spf_welcome(void **state)
{
	static const char rows[] = "d.example TXT v=spf1 ip4:1.2.3.4 -all\n";
	static const char rules[] = ENVELOPE
		"header A eval:check_for_spf_welcomelist_from()\n"
		"header B eval:check_for_def_spf_whitelist_from()\n";
	static const char mail[] = OURS SENT("1.2.3.4", "mx") "X-Env: me@D.example\n\nx\n";
	static const char forged[] = OURS SENT("1.2.3.5", "mx") "X-Env: me@d.example\n\nx\n";
	static const struct {
		const char *list, *want;
	} cases[] = {
		{ "welcomelist_from_spf x@y.example *@d.example\n", "A" },
		{ "def_whitelist_from_spf m?@d.example\n", "B" },
		{ "def_welcomelist_auth *@d.example\nwhitelist_auth me@*\n", "A B" },
		{ "welcomelist_auth *@d.example\nunwelcomelist_auth *@d.example\n", "" },
		{ "welcomelist_from_spf *@x.d.example\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *conf = str_z(a, str_fmt(a, "%s%s", rules, cases[i].list));

		expect(conf, rows, mail, cases[i].want);
		expect(conf, rows, forged, "");
	}
}

static const char dkim_rules[] =
	ENVELOPE
	"full SIGNED eval:check_dkim_signed()\nfull VALID eval:check_dkim_valid()\n"
	"full AUTHOR eval:check_dkim_valid_author_sig()\n"
	"full SENDER eval:check_dkim_valid_envelopefrom()\n"
	"full DEPENDABLE eval:check_dkim_dependable()\n"
	"full OF_OTHER eval:check_dkim_valid('other.example', 'x.example')\n"
	"full OF_IT eval:check_dkim_valid('other.example', football.example.com)\n"
	"header N eval:check_dkim_adsp('N')\nheader ALL eval:check_dkim_adsp('A')\n"
	"header D eval:check_dkim_adsp('D')\nheader C eval:check_dkim_adsp('123')\n"
	"full ARC eval:check_arc_signed()\n";

static const char *keys(const char *more)
{
	return str_z(a, str_fmt(a, "test._domainkey.football.example.com TXT %s\n%s", rfc8463_key,
				more));
}

static void dkim_results(void **state)
{
	struct str mail = str_of(rfc8463), broken;

	(void)state;
	expect(dkim_rules, keys(""), rfc8463, "AUTHOR DEPENDABLE OF_IT SIGNED VALID");
	expect(dkim_rules, keys(""),
	       str_z(a, str_fmt(a, "X-Env: x@football.example.com\n%s", rfc8463)),
	       "AUTHOR DEPENDABLE OF_IT SENDER SIGNED VALID");
	broken = str_fmt(a, "%.*s?\n", STR_ARG(mail));
	expect(dkim_rules, keys("football.example.com A 1.1.1.1\n"), str_z(a, broken),
	       "DEPENDABLE SIGNED");
	expect(dkim_rules, "football.example.com A 1.1.1.1\n", rfc8463, "DEPENDABLE SIGNED");
	expect(dkim_rules, "football.example.com TIMEOUT\n", FROM, "DEPENDABLE");
}

static void adsp(void **state)
{
	static const struct {
		const char *conf, *rows, *want;
	} cases[] = {
		{ "", "", "DEPENDABLE N" },
		{ "", "football.example.com A 1.1.1.1\n", "DEPENDABLE" },
		{ "", "football.example.com A 1.1.1.1\n"
		      "_adsp._domainkey.football.example.com TXT dkim=all\n", "ALL DEPENDABLE" },
		{ "adsp_override football.example.com\n", "", "D DEPENDABLE" },
		{ "adsp_override *.example.com custom_low\n", "", "C DEPENDABLE" },
		{ "adsp_override example.com custom_low\n", "", "DEPENDABLE N" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(str_z(a, str_fmt(a, "%s%s", dkim_rules, cases[i].conf)), cases[i].rows, FROM,
		       cases[i].want);
	/* A signature of the author's makes it unnecessary. */
	expect(str_z(a, str_fmt(a, "%sadsp_override football.example.com all\n", dkim_rules)),
	       keys(""), rfc8463, "AUTHOR DEPENDABLE OF_IT SIGNED VALID");
}

static void dkim_welcome(void **state)
{
	static const char rules[] = "header A eval:check_for_dkim_welcomelist_from()\n"
				    "header B eval:check_for_def_dkim_whitelist_from()\n";
	static const struct {
		const char *list, *want;
	} cases[] = {
		{ "welcomelist_from_dkim joe@football.example.com\n", "A" },
		{ "welcomelist_from_dkim *@* *.example.com\n", "A" },
		{ "welcomelist_from_dkim *@* example.com\n", "" },
		{ "def_whitelist_from_dkim *@football.example.com football.example.com\n", "B" },
		{ "welcomelist_from_dkim jane@football.example.com\n", "" },
		{ "def_welcomelist_auth *@football.example.com\n", "B" },
		{ "welcomelist_from_dkim *@* .example.com\n"
		  "unwhitelist_from_dkim *@* .example.com\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *conf = str_z(a, str_fmt(a, "%s%s", rules, cases[i].list));

		expect(conf, keys(""), rfc8463, cases[i].want);
		expect(conf, "", rfc8463, "");
	}
}

static void dmarc_results(void **state)
{
	static const char rules[] = ENVELOPE
		"header PASS eval:check_dmarc_pass()\nheader NONE eval:check_dmarc_none()\n"
		"header QUAR eval:check_dmarc_quarantine()\n"
		"header REJECT eval:check_dmarc_reject()\n"
		"header MISSING eval:check_dmarc_missing()\n";
	static const char mail[] =
		OURS SENT("1.2.3.4", "mx") "X-Env: a@x.d.com\nFrom: b@d.com\n\nx\n";
	static const char spf[] = "x.d.com TXT v=spf1 ip4:1.2.3.4 -all\n";
	static const struct {
		const char *dmarc, *with_spf, *without;
	} cases[] = {
		{ "_dmarc.d.com TXT v=DMARC1; p=reject\n", "PASS", "REJECT" },
		{ "_dmarc.d.com TXT v=DMARC1; p=quarantine; aspf=s\n", "QUAR", "QUAR" },
		{ "_dmarc.d.com TXT v=DMARC1; p=none\n", "PASS", "NONE" },
		{ "", "MISSING", "MISSING" },
		{ "_dmarc.d.com TIMEOUT\n", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		expect(rules, str_z(a, str_fmt(a, "%s%s", spf, cases[i].dmarc)), mail,
		       cases[i].with_spf);
		expect(rules, cases[i].dmarc, mail, cases[i].without);
	}
	expect(rules, keys("_dmarc.football.example.com TXT v=DMARC1; p=reject\n"), rfc8463,
	       "PASS");
}

static void askdns(void **state)
{
	static const char mail[] =
		OURS SENT("1.2.3.4", "helo.com") "X-Env: a@Env.com\nFrom: b@from.com\n\nx\n";
	static const struct {
		const char *rule, *rows;
		bool hit;
	} cases[] = {
		{ "_AUTHORDOMAIN_.l.example. A /^127\\.2\\.0\\.2$/",
		  "from.com.l.example A 127.2.0.2\n", true },
		{ "_AUTHORDOMAIN_.l.example A /^127\\.2\\.0\\.2$/",
		  "from.com.l.example A 127.2.0.3\n", false },
		{ "_SENDERDOMAIN_ TXT /^v=spf1 \\+all$/", "env.com TXT v=spf1 +all\n", true },
		{ "_SENDERDOMAIN_ TXT 'v=spf1 +all'", "env.com TXT v=spf1 +all\n", true },
		{ "_SENDERDOMAIN_ TXT 'v=spf1'", "env.com TXT v=spf1 +all\n", false },
		{ "_LASTEXTERNALHELO_ A /./", "helo.com A 9.9.9.9\n", true },
		{ "_LASTEXTERNALHELO_ A,AAAA", "helo.com AAAA 2001:db8::1\n", true },
		{ "_LASTEXTERNALHELO_", "helo.com TXT x\n", false },
		{ "_LASTEXTERNALREVIP_.l.example A 4", "4.3.2.1.l.example A 127.0.0.6\n", true },
		{ "_LASTEXTERNALREVIP_.l.example A 127.0.0.1-127.0.0.5",
		  "4.3.2.1.l.example A 127.0.0.6\n", false },
		{ "_AUTHORDOMAIN_ A [NXDOMAIN]", "", true },
		{ "_AUTHORDOMAIN_ A [NXDOMAIN]", "from.com A 1.1.1.1\n", false },
		{ "_AUTHORDOMAIN_ A [NXDOMAIN,SERVFAIL]", "from.com SERVFAIL\n", true },
		{ "_AUTHORDOMAIN_ A [FormErr,4,2]", "from.com SERVFAIL\n", true },
		{ "_AUTHORDOMAIN_ A [refused]", "from.com REFUSED\n", true },
		{ "_AUTHORDOMAIN_ A [5]", "from.com SERVFAIL\n", false },
		{ "_AUTHORDOMAIN_ A [NOERROR]", "from.com TXT x\n", true },
		{ "_AUTHORDOMAIN_ A [0,1,2,3,4,5]", "from.com TIMEOUT\n", false },
		{ "_AUTHORDOMAIN_.l.example A", "from.com.l.example TIMEOUT\n", false },
		{ "_DKIMDOMAIN_.l.example A", "from.com.l.example A 127.0.0.1\n", false },
		{ "_FIRSTTRUSTEDREVIP_.l.example", "9.0.0.10.l.example A 127.0.0.1\n", true },
		{ "_AUTHORDOMAIN_ MX '10 Mx.from.com.'", "from.com MX 10 Mx.from.com.\n", true },
		{ "_AUTHORDOMAIN_ MX /^10 mx/", "from.com MX 10 Mx.from.com.\n", false },
		{ "_AUTHORDOMAIN_ NS /^ns\\.from\\.com\\.$/", "from.com NS ns.from.com.\n", true },
		{ "_AUTHORDOMAIN_ PTR /^p\\.$/", "from.com PTR p.\n", true },
		{ "_AUTHORDOMAIN_ CNAME /^c\\.$/", "from.com CNAME c.\n", true },
		{ "_AUTHORDOMAIN_ SOA /^ns\\./", "from.com SOA ns. root. 1 2 3 4 5\n", true },
		{ "_AUTHORDOMAIN_ SPF 'v=spf1 -all'", "from.com SPF v=spf1 -all\n", true },
		{ "_smtp._tcp._AUTHORDOMAIN_ SRV /^0 1 25 /",
		  "_smtp._tcp.from.com SRV 0 1 25 mx.from.com.\n", true },
		{ "_AUTHORDOMAIN_ CAA /issue/", "from.com CAA 0 issue ca.example\n", true },
		{ "_AUTHORDOMAIN_ caa,TLSA", "from.com TLSA 3 1 1 abcd\n", true },
		{ "_AUTHORDOMAIN_ CAA", "from.com TLSA 3 1 1 abcd\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect(str_z(a, str_fmt(a, "%saskdns A %s\n", ENVELOPE, cases[i].rule)),
		       cases[i].rows, mail, cases[i].hit ? "A" : "");
	/* The domain is known once the signature has been verified. */
	expect("askdns A _DKIMDOMAIN_.l.example A /./\n",
	       keys("football.example.com.l.example A 127.0.0.1\n"), rfc8463, "A");
	expect("askdns A _DKIMSELECTOR_.l.example A /./\n",
	       keys("test.l.example A 127.0.0.1\n"), rfc8463, "A");
	expect("askdns A _DKIMDOMAIN_.l.example A /./\n",
	       "football.example.com.l.example A 127.0.0.1\n", rfc8463, "");
}

/* What plugins tell can be asked for, and be shown. */
static void told_tags(void **state)
{
	static const char conf[] =
		"loadplugin Mail::SpamAssassin::Plugin::FromNameSpoof\n"
		"loadplugin Mail::SpamAssassin::Plugin::PDFInfo\n"
		"header __SPOOF eval:check_fromname_spoof()\nmeta SPOOF __SPOOF\n"
		"askdns A _FNSFNAMEDOMAIN_.l.example A /./\n";
	static const char mail[] = "From: \"ceo@bank.example\" <x@a.evil.example>\n"
				   "Content-Type: multipart/mixed; boundary=b\n\n"
				   "--b\nContent-Type: application/pdf; name=a.pdf\n\n"
				   "%PDF-1.4\n/Title (T)\n\n"
				   "--b\nContent-Type: application/pdf; name=b.pdf\n\n"
				   "%PDF-1.7\n/Title (T)\n--b--\n";
	struct spam_rules *rules = load(conf, SPAM_SET_NET);
	struct spam_checked c = { .raw = str_of(mail), .rules = rules };
	struct spam_result r;
	struct str out;
	struct err e;

	(void)state;
	know("bank.example.l.example A 127.0.0.1\n");
	r = check(rules, mail);
	c.result = &r;
	assert_int_equal(spam_expand(a, &c,
				     STR("_TESTS_ _FNSFNAMEADDR_ _FNSFADDROWNER_ _PDFCOUNT_ "
					 "_PDFNAME_ _PDFVERSION_ _PDFTITLE_ _PDFIMGDIM_ "
					 "_AUTHORDOMAIN_ _AWL_."),
				     &out, &e),
			 0);
	assert_string_equal(str_z(a, out),
			    "A,SPOOF ceo@bank.example evil 2 a.pdf b.pdf 1.4 1.7 T T "
			    "_PDFIMGDIM_ a.evil.example .");
}

static void askdns_mistakes(void **state)
{
	static const struct {
		const char *types, *message;
	} cases[] = {
		{ "ANY", "name the types of records" },
		{ "A,MB", "no type of record: MB" },
		{ "A []", "unknown answer code" },
		{ "A [NXDOMAIN,]", "unknown answer code" },
		{ "A [NXDOMAIN, 2]", "unknown answer code" },
		{ "A [32]", "unknown answer code" },
		{ "A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A", "more than 16 types of records" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct spam_conf_paths paths = { .lines = true, .set = SPAM_SET_NET };
		struct spam_rules *rules;
		struct err e;

		paths.extra = str_fmt(a, "%saskdns A x.example %s\n", CONF, cases[i].types);
		assert_int_equal(spam_rules_load(a, &paths, &rules, &report, &e), 0);
		assert_int_equal(report.unknown.n, 1);
		if (str_find(report.unknown.p[0].message, str_of(cases[i].message)) < 0)
			fail_msg("%.*s", STR_ARG(report.unknown.p[0].message));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(askdns_mistakes), cmocka_unit_test(told_tags),
		cmocka_unit_test(spf_results),   cmocka_unit_test(spf_welcome),
		cmocka_unit_test(dkim_results),  cmocka_unit_test(adsp),
		cmocka_unit_test(dkim_welcome),  cmocka_unit_test(dmarc_results),
		cmocka_unit_test(askdns),
	};

	return cmocka_run_group_tests_name("spam auth", tests, open_arena, close_arena);
}
