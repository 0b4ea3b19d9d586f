#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/networks.h"
#include "gw/spam/shape.h"
#include "gw/spam/views_testing.h"

static const char *untrusted(const char *received)
{
	struct str raw = str_fmt(arena, "Received: %s\n\nx\n", received);

	return str_z(arena, spam_relays(read_bytes(raw), SPAM_RELAYS_UNTRUSTED)->text);
}

static unsigned unparseable(const char *received)
{
	struct str raw = str_fmt(arena, "Received: %s\n\nx\n", received);

	return spam_relays_unparseable(read_bytes(raw));
}

static void shapes_match(void **state UNUSED)
{
	struct shape_finds f = { 0 };

	assert_true(shape_match("%h (%r [%i]) by %b%w", STR("a (b [192.0.2.1]) by c.d;"), &f));
	assert_str(f.helo, "a");
	assert_str(f.rdns, "b");
	assert_str(f.ip, "192.0.2.1");
	assert_str(f.by, "c.d");
	assert_false(shape_match("%h (%r [%i])", STR("a (b [192.0.2.256])"), &f));
	assert_true(shape_match("x{ a| b}c%e", STR("x bc"), &f));
	assert_true(shape_match("x{ a|}c%e", STR("xc"), &f));
	assert_false(shape_match("x{ a|}c%e", STR("x ac "), &f));
	assert_true(shape_search("by %b ", STR("was by host with"), &f));
	assert_str(f.by, "host");
}

static void shapes_give_up(void **state UNUSED)
{
	struct shape_finds f;

	assert_false(shape_match("%.(%.(%.(%.(%.x", repeated("", "((((", 2000, ""), &f));
}

static void addresses_are_found(void **state UNUSED)
{
	static const char *const yes[] = { "192.0.2.1",       "::1",
					   "2001:db8::1",     "IPv6:2001:db8::1",
					   "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1",
					   "fe80::1",         "1::" };
	static const char *const no[] = { "192.0.2",    "01.2.3.4", "1:2:3",
					  "1::2::3",    "12345::",  "1:2:3:4:5:6:7:8:9",
					  "x192.0.2.1", ":",        "1:2:3:4:5:6:7:8::" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		assert_int_equal(shape_ip_at(str_of(yes[i]), 0), strlen(yes[i]));
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		assert_int_equal(shape_ip_at(str_of(no[i]), 0), 0);
	assert_str(shape_find_ip(STR("[a] x=192.0.2.7, 192.0.2.8")), "192.0.2.7");
}

/* One line of each of the commonest servers, as the sheet and the servers' manuals show them. */
static void common_servers_are_understood(void **state UNUSED)
{
	static const char *const lines[][2] = {
		{ "from h.example.com (r.example.com [192.0.2.1])\n\tby mx.test (Postfix) with "
		  "ESMTP id "
		  "ABC123\n\tfor <u@mx.test>; Mon, 1 Jan 2024 10:00:00 +0000 (UTC)",
		  "[ ip=192.0.2.1 rdns=r.example.com helo=h.example.com by=mx.test ident= envfrom= "
		  "intl=0 "
		  "id=ABC123 auth= msa=0 ]" },
		{ "from h (unknown [192.0.2.1]) by mx.test (Postfix) with SMTP id A1B; x",
		  "[ ip=192.0.2.1 rdns= helo=h by=mx.test ident= envfrom= intl=0 id=A1B auth= "
		  "msa=0 ]" },
		{ "from h (IDENT:joe@r.test [192.0.2.1] (may be forged)) by mx.test "
		  "(8.11.6/8.11.6) with ESMTP "
		  "id h2F0c2x31856; x",
		  "[ ip=192.0.2.1 rdns=r.test helo=h by=mx.test ident=joe envfrom= intl=0 "
		  "id=h2F0c2x31856 auth= "
		  "msa=0 ]" },
		{ "from [192.0.2.1] (helo=h.test ident=joe) by mx.test with smtp (Exim 4.50) id "
		  "1x-2y; x",
		  "[ ip=192.0.2.1 rdns= helo=h.test by=mx.test ident=joe envfrom= intl=0 id=1x-2y "
		  "auth= msa=0 ]" },
		{ "from r.test ([192.0.2.1]) by mx.test with esmtp (Exim 4.92) (envelope-from "
		  "<a@b.test>) id 1x-2y; x",
		  "[ ip=192.0.2.1 rdns=r.test helo=r.test by=mx.test ident= envfrom=a@b.test "
		  "intl=0 id=1x-2y auth= "
		  "msa=0 ]" },
		{ "from r.test (HELO h.test) (joe@192.0.2.1) by mx.test with SMTP; 1 Jan 2004 "
		  "00:00:00 -0000",
		  "[ ip=192.0.2.1 rdns=r.test helo=h.test by=mx.test ident=joe envfrom= intl=0 id= "
		  "auth= msa=0 ]" },
		{ "from h.test (192.0.2.1) by mx.test (192.0.2.2) with Microsoft SMTP Server (TLS) "
		  "15.1.1.1 id 7; x",
		  "[ ip=192.0.2.1 rdns= helo=h.test by=mx.test ident= envfrom= intl=0 id= auth= "
		  "msa=0 ]" },
		{ "from h.test ([192.0.2.1]) by mx.test with Microsoft SMTPSVC(5.0.2195.6713); x",
		  "[ ip=192.0.2.1 rdns= helo=h.test by=mx.test ident= envfrom= intl=0 id= auth= "
		  "msa=0 ]" },
		{ "FROM h.test (r.test [192.0.2.1]) BY mx.test ID 434B508E.174A6.13932 ; 11 Oct "
		  "2005 01:41:34 -0400",
		  "[ ip=192.0.2.1 rdns=r.test helo=h.test by=mx.test ident= envfrom= intl=0 "
		  "id=434B508E.174A6.13932 "
		  "auth= msa=0 ]" },
		{ "from h.test ([IPv6:2001:db8::1]) by mx.test (8.1/8.1) with ESMTP id abc; x",
		  "[ ip=2001:db8::1 rdns= helo=h.test by=mx.test ident= envfrom= intl=0 id=abc "
		  "auth= msa=0 ]" },
		{ "from h#<t> ([192.0.2.1]) by mx.test (x) id abc; x",
		  "[ ip=192.0.2.1 rdns= helo=h!!t! by=mx.test ident= envfrom= intl=0 id=abc auth= "
		  "msa=0 ]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_string_equal(untrusted(lines[i][0]), lines[i][1]);
}

static void local_hops_are_ignored(void **state UNUSED)
{
	static const char *const lines[] = {
		"by mx.test (Postfix, from userid 1002) id DABBD1BED3; x",
		"(qmail 27981 invoked by uid 225); 14 Mar 2003 07:24:34 -0000",
		"from a.test by b.test ; Thu, 20 Feb 2003 23:32:58 +0100",
		"from u by h.test with local (Exim 4.12) id 18xeL6; x",
		"from mail pickup service by h.test with Microsoft SMTPSVC; Thu, 13 Feb 2003 "
		"19:05:39 -0500",
		"from localhost (localhost [[UNIX: localhost]]) by h.test (8.12.11/8.12.11/Submit) "
		"id abc; x",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_string_equal(untrusted(lines[i]), "");
		assert_int_equal(unparseable(lines[i]), 0);
	}
	assert_int_equal(unparseable("from nowhere at all"), 1);
}

static void logins_are_recognised(void **state UNUSED)
{
	static const char *const lines[][2] = {
		{ "from h ([192.0.2.1]) by mx.test (Postfix) with ESMTPSA id abc; x",
		  " auth=ESMTPSA " },
		{ "from h ([192.0.2.1]) by mx.test with ESMTP id abc; x", " auth= " },
		{ "from h (r [192.0.2.1]) (Authenticated sender: u) by mx.test (Postfix) with "
		  "ESMTP id abc; x",
		  " auth=Postfix " },
		{ "from h (r [192.0.2.1]) (authenticated bits=0) by mx.test (8.1/8.1) with ESMTP "
		  "id abc; x",
		  " auth=Sendmail " },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct str raw = str_fmt(arena, "Received: %s\n\n", lines[i][0]);
		struct spam_message *m = read_bytes(raw);
		bool auth = i != 1;

		assert_non_null(strstr(str_z(arena, spam_relays(m, auth ? SPAM_RELAYS_TRUSTED
									: SPAM_RELAYS_UNTRUSTED)
							    ->text),
				       lines[i][1]));
	}
}

static const char three_hops[] =
	"Received: from a (a.test [192.0.2.1]) by mx.test (Postfix) with ESMTP id A11\n"
	"Received: from b (b.test [198.51.100.1]) by a.test (Postfix) with ESMTP id B11\n"
	"Received: from c (c.test [203.0.113.1]) by b.test (Postfix) with ESMTP id C11\n\n";

static const char *hops(struct spam_message *m, enum spam_relay_list which)
{
	const struct spam_relays *r = spam_relays(m, which);
	struct str all = STR_NONE;

	for (size_t i = 0; i < r->n; i++)
		all = str_cat(arena, all, r->v[i].helo);
	return str_z(arena, all);
}

static void trust_follows_the_networks(void **state UNUSED)
{
	struct spam_networks *trusted = spam_networks_new(arena),
			     *internal = spam_networks_new(arena);
	struct spam_message *m = read_mail(three_hops);

	assert_string_equal(hops(m, SPAM_RELAYS_TRUSTED), "");
	assert_string_equal(hops(m, SPAM_RELAYS_UNTRUSTED), "abc");
	assert_true(spam_networks_add(trusted, STR("192.0.2/24")));
	assert_true(spam_networks_add(trusted, STR("198.51.100.1")));
	assert_true(spam_networks_add(internal, STR("192.0.2.")));
	options.trusted = trusted;
	m = read_mail(three_hops);
	assert_string_equal(hops(m, SPAM_RELAYS_TRUSTED), "ab");
	assert_string_equal(hops(m, SPAM_RELAYS_INTERNAL), "ab");
	options.internal = internal;
	m = read_mail(three_hops);
	assert_string_equal(hops(m, SPAM_RELAYS_TRUSTED), "ab");
	assert_string_equal(hops(m, SPAM_RELAYS_INTERNAL), "a");
	assert_string_equal(hops(m, SPAM_RELAYS_EXTERNAL), "bc");
	options.msa = trusted;
	m = read_mail(three_hops);
	assert_string_equal(hops(m, SPAM_RELAYS_TRUSTED), "abc");
	assert_true(spam_relays(m, SPAM_RELAYS_TRUSTED)->v[0].msa);
}

static void networks_are_lists(void **state UNUSED)
{
	struct spam_networks *n = spam_networks_new(arena);

	assert_true(spam_networks_add(n, STR("!192.0.2.1")));
	assert_true(spam_networks_add(n, STR("192.0.2.0/24")));
	assert_true(spam_networks_add(n, STR("[2001:db8::]/32")));
	assert_true(spam_networks_add(n, STR("!127.0.0.9")));
	assert_false(spam_networks_add(n, STR("192.0.2.0/33")));
	assert_false(spam_networks_add(n, STR("192.0.2.0.1")));
	assert_false(spam_networks_add(n, STR("host.test")));
	assert_false(spam_networks_have(n, STR("192.0.2.1"), true));
	assert_true(spam_networks_have(n, STR("192.0.2.2"), true));
	assert_true(spam_networks_have(n, STR("::ffff:192.0.2.2"), true));
	assert_true(spam_networks_have(n, STR("2001:db8:1::1"), true));
	assert_true(spam_networks_have(n, STR("127.0.0.1"), true));
	assert_false(spam_networks_have(n, STR("127.0.0.9"), true));
	assert_false(spam_networks_have(n, STR("127.0.0.1"), false));
	assert_false(spam_networks_have(NULL, STR("192.0.2.2"), true));
}

static void floods_of_received_lines_end(void **state UNUSED)
{
	struct str raw =
		repeated("", "Received: from h (HELO h) (x@192.0.2.1) by mx.test with SMTP; x\n",
			 3000, "\n");

	assert_int_equal(spam_relays(read_bytes(raw), SPAM_RELAYS_UNTRUSTED)->n, SPAM_RECEIVED_MAX);
	raw = repeated("Received: from a", " (b [c] by d (e) authenticated ", 270, "\n\n");
	assert_int_equal(spam_relays_unparseable(read_bytes(raw)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(shapes_match),
		UNIT(shapes_give_up),
		UNIT(addresses_are_found),
		UNIT(common_servers_are_understood),
		UNIT(local_hops_are_ignored),
		UNIT(logins_are_recognised),
		UNIT(trust_follows_the_networks),
		UNIT(networks_are_lists),
		UNIT(floods_of_received_lines_end),
	};

	return cmocka_run_group_tests_name("relays", tests, NULL, NULL);
}
