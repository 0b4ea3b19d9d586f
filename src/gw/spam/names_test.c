/* Lists of names and of hashes, and names that are not asked for: spam-engine.md section 5. */
#include "gw/spam/net_testing.h"

#define VIA HOP("10.0.0.9") HOP("1.2.3.4")
#define MAIL "From: <J.Doe+x@Mail.Spam.com>\n" VIA

/* The function, its arguments after set and zone, the name that it asks for. */
static void rbl_names(void **state)
{
	static const struct {
		const char *call, *mail, *listed;
	} cases[] = {
		{ "from_host('s', 'rhs.example')", MAIL "\nx\n", "mail.spam.com" },
		{ "from_host('s', 'rhs.example')", "From: <x@..spam..com.>\n" VIA "\nx\n",
		  "spam.com" },
		{ "from_host('s', 'rhs.example')", "From: <x@spam.nowhere>\n" VIA "\nx\n", NULL },
		{ "from_host('s', 'rhs.example')", "Resent-From: a@b.com\n" MAIL "\nx\n", "b.com" },
		{ "from_domain('s', 'rhs.example')", MAIL "\nx\n", "spam.com" },
		{ "envfrom('s', 'rhs.example')", "Return-Path: <x@env.com>\n" MAIL "\nx\n",
		  "env.com" },
		{ "headers('s', 'rhs.example')", "X-Source-IP: 1.2.3.5\n" VIA "\nx\n", "5.3.2.1" },
		{ "headers('s', 'rhs.example')", "Reply-To: A <a@re.com>\n" VIA "\nx\n", "re.com" },
		{ "headers('s', 'rhs.example', '127.0.0.2', 'X-Host,X-None')",
		  "X-Host: h.com\n" VIA "\nx\n", "h.com" },
		{ "rcvd('s', 'rhs.example')", VIA "\nx\n", "mail.example" },
		{ "rcvd('s', 'rhs.example')", VIA "\nx\n", "4.3.2.1" },
		{ "accreditor('s', 'rhs.example', '127.0.0.2', 'habeas')",
		  "Accreditor: other, Habeas p=1\n" VIA "\nx\n", "4.3.2.1" },
		{ "accreditor('s', 'rhs.example', '127.0.0.2', 'habeas')",
		  "Return-Path: <x@a--habeas.y.com>\n" VIA "\nx\n", "4.3.2.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str conf = str_fmt(a,
					  "header A eval:check_rbl_%s\nmeta M __B\n"
					  "header __B eval:check_rbl_sub('s', '127.0.0.2')\n",
					  cases[i].call);
		struct str rows = str_fmt(a,
					  "2.0.0.127.rhs.example A 127.0.0.2\n"
					  "%s.rhs.example A 127.0.0.2\n",
					  cases[i].listed ? cases[i].listed : "spam.nowhere");
		struct spam_result r;

		know(str_z(a, rows));
		health = spam_list_health_new(a);
		r = check(load(str_z(a, conf), SPAM_SET_NET), cases[i].mail);
		if (r.n_hits != (cases[i].listed ? 2 : 0))
			fail_msg("%s: %zu hits", cases[i].call, r.n_hits);
	}
}

/* The primary server of the zone that the sender's host is in. */
static void rbl_servers(void **state)
{
	static const char conf[] = "header A eval:check_rbl_ns_from('s', 'rhs.example')\n";
	static const char mail[] = "Return-Path: <x@mail.spam.com>\n" VIA "\nx\n";

	(void)state;
	expect(conf, "mail.spam.com SOA ns.evil.com\nns.evil.com.rhs.example A 127.0.0.2\n", mail,
	       "A[ns.evil.com listed in rhs.example]");
	expect(conf,
	       "mail.spam.com SOA ns.evil.com\nmail.spam.com NS ns.evil.com\n"
	       "ns.evil.com.rhs.example A 127.0.0.2\n",
	       mail, "");
	expect("header A eval:check_rbl_from_host('s', 'rhs.example')\ntflags A net ips_only\n",
	       "mail.spam.com.rhs.example A 127.0.0.2\n", MAIL "\nx\n", "");
}

static bool was_asked(const char *name)
{
	for (size_t i = 0; i < table.asked.n; i++)
		if (str_eq(table.asked.p[i]->name, str_of(name)))
			return true;
	return false;
}

/* What is asked (NULL: nothing) by `check_hashbl_…`. Hashes: printf '%s' … | sha1sum. */
static void hashes(void **state)
{
	static const struct {
		const char *rule, *mail, *asked;
	} cases[] = {
		{ "header A eval:check_hashbl_emails('h.example')", MAIL "\nx\n",
		  "4f5740954e72f53e8eb5613a415fafbdfcf13914" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'ALLFROM')", MAIL "\nx\n",
		  "j.doe+x@mail.spam.com" },
		{ "header A eval:check_hashbl_emails('h.example/A', 'md5/nodot/notag', 'From')",
		  MAIL "\nx\n", "7461b103e4bca5b323ab6e609b81fd11" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw/domain', 'From')",
		  MAIL "\nx\n", "spam.com" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw/host', 'From')",
		  MAIL "\nx\n", "mail.spam.com" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw/user/notag', 'From')",
		  MAIL "\nx\n", "j.doe" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'body')",
		  "\nask x@y.com!\n", "x@y.com" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw/noquote', 'body')",
		  "\n<x@y.com> or x@z.com wrote: hi\n", NULL },
		{ "header A eval:check_hashbl_emails('h.example', 'raw/noquote', 'body')",
		  "\nx@z.com tel: 1\n", "x@z.com" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw/nouri', 'body')",
		  "\nhttp://q.com/?m=x@y.com\n", NULL },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'body')",
		  "\nabuse@y.com bounce-@y.com\n", NULL },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'body')",
		  "Delivered-To: me@y.com\n\nme@y.com\n", NULL },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'body', '', 'free')",
		  "\nx@y.com\n", NULL },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'body', '', 'free')",
		  "\nx@free.com\n", "x@free.com" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'body')",
		  "\nx@alias.com\n", "x@real.com" },
		{ "header A eval:check_hashbl_emails('h.example', 'raw', 'body')",
		  "\nx@skip.com no@ign.com\n", NULL },
		{ "header A eval:check_hashbl_emails('h.example', 'raw/max=1', 'body')",
		  "\nx@y.com x@z.com\n", "x@y.com" },
		{ "header A eval:check_hashbl_uris('h.example', 'sha1')", "\nhttp://Spam.com/A\n",
		  "35499731713b65a814735f0611a25e39a6bf2f5b" },
		{ "header A eval:check_hashbl_uris('h.example', 'sha1')", "\nhttp://skip.com/A\n",
		  NULL },
		{ "body A eval:check_hashbl_bodyre('h.example', 'raw', 'id: (\\S+)')",
		  "\nid: Abc\n", "abc" },
		{ "body A eval:check_hashbl_bodyre('h.example', 'raw/case/num', 'id: (\\S+)')",
		  "\nid: +49-30\n", "4930" },
		{ "body A eval:check_hashbl_bodyre('h.example', 'sha256', 'id: (\\S+)')",
		  "\nid: abc\n", "xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq" },
		{ "header A eval:check_hashbl_tag('h.example', 'raw', 'XID')", "X-Id: 77\n\nx\n",
		  "77" },
		{ "header A eval:check_hashbl_tag('h.example', 'raw', 'XID')", "\nx\n", NULL },
		{ "header A eval:check_hashbl_tag('h.example', 'raw/ip/revip', '_LASTEXTERNALIP_')",
		  MAIL "\nx\n", "4.3.2.1" },
		{ "header A eval:check_hashbl_tag('h.example', 'raw/trim', 'senderdomain')",
		  "Return-Path: <x@a.b.com>\n" MAIL "\nx\n", "b.com" },
		{ "body A eval:check_hashbl_attachments('h.example', 'sha1')",
		  "Content-Type: application/x\n\nabc",
		  "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "body A eval:check_hashbl_attachments('h.example', 'sha1')",
		  "Content-Type: text/calendar\n\nabc", NULL },
		{ "body A eval:check_hashbl_attachments('h.example', 'sha1/minsize=4')",
		  "Content-Type: application/x\n\nabc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str conf = str_fmt(a,
					  "hashbl_acl_free free.com\nhashbl_ignore no@ign.com "
					  "text/calendar\nuridnsbl_skip_domain skip.com\n"
					  "hashbl_email_domain_alias real.com alias.com\n"
					  "header __ID X-Id =~ /(?<XID>\\d+)/\n%s\n",
					  cases[i].rule);
		struct str rows = str_fmt(a, "%s.h.example A 127.0.0.2\n",
					  cases[i].asked ? cases[i].asked : "none");
		size_t want = cases[i].asked ? 1 : 0;
		struct spam_result r;

		know(str_z(a, rows));
		health = spam_list_health_new(a);
		r = check(load(str_z(a, conf), SPAM_SET_NET), cases[i].mail);
		if (r.n_hits != want || (!want && table.asked.n))
			fail_msg("%s: %s", cases[i].rule,
				 table.asked.n ? str_z(a, table.asked.p[table.asked.n - 1]->name)
					       : "nothing asked");
	}
}

static void hash_answers(void **state)
{
	static const char mail[] = "\nask x@y.com!\n";

	(void)state;
	expect("header A eval:check_hashbl_emails('h.example', 'raw', 'body')\n",
	       "x@y.com.h.example A 127.0.0.9\n", mail, "A[x[at]y.com]");
	expect("header A eval:check_hashbl_emails('h.example', 'raw', 'body', "
	       "'^127\\.0\\.0\\.3')\n",
	       "x@y.com.h.example A 127.0.0.9\n", mail, "");
	expect("header A eval:check_hashbl_emails('h.example/TXT', 'raw', 'body', '(?i)bad')\n",
	       "x@y.com.h.example TXT a Bad one\n", mail, "A[x[at]y.com]");
	/* A list that has everything is not believed. */
	expect("header A eval:check_hashbl_emails('h.example', 'raw', 'body')\n",
	       "x@y.com.h.example A 127.0.0.9\ninvalid.h.example A 127.0.0.9\n", mail, "");
}

#define RULE "header A eval:check_rbl('s', 'a.bl.example')\n"

/* The tightest of the domains above a name decides. */
static void restrictions(void **state)
{
	static const struct {
		const char *lines;
		bool asked;
	} cases[] = {
		{ "dns_query_restriction deny bl.example\n", false },
		{ "dns_query_restriction deny .BL.example.\n", false },
		{ "dns_query_restriction deny l.example\n", true },
		{ "dns_query_restriction deny bl.example\n"
		  "dns_query_restriction allow x.example a.bl.example\n",
		  true },
		{ "dns_query_restriction deny *\n", false },
		{ "dns_query_restriction deny *\ndns_query_restriction allow example\n", true },
		{ "dns_query_restriction deny *\nclear_dns_query_restriction\n", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str conf = str_fmt(a, "%s%s", cases[i].lines, RULE);

		know("");
		health = spam_list_health_new(a);
		hits(load(str_z(a, conf), SPAM_SET_NET), VIA "\nx\n");
		assert_int_equal(was_asked("4.3.2.1.a.bl.example"), cases[i].asked);
	}
}

/* Once the rule has hit, five minutes of silence, for all that is below the domain. */
static void blocks(void **state)
{
	struct spam_rules *rules = load(
		"urirhssub BLOCKED m.example A 1\nbody BLOCKED eval:check_uridnsbl('BLOCKED')\n"
		"dns_block_rule BLOCKED m.example\ndns_block_rule NONE x.example\n",
		SPAM_SET_NET);

	(void)state;
	health = spam_list_health_new(a);
	know("spam.com.m.example A 127.0.0.1\n");
	assert_string_equal(hits(rules, "\nhttp://spam.com/\n"), "BLOCKED[URIs: spam.com]");
	now += 299;
	know("spam.com.m.example A 127.0.0.1\n");
	assert_string_equal(hits(rules, "\nhttp://spam.com/\n"), "");
	assert_int_equal(table.asked.n, 0);
	now += 1;
	assert_string_equal(hits(rules, "\nhttp://spam.com/\n"), "BLOCKED[URIs: spam.com]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rbl_names),    cmocka_unit_test(rbl_servers),
		cmocka_unit_test(hashes),       cmocka_unit_test(hash_answers),
		cmocka_unit_test(restrictions), cmocka_unit_test(blocks),
	};

	return cmocka_run_group_tests_name("spam names", tests, open_arena, close_arena);
}
