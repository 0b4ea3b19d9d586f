#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gw/spam/views_testing.h"

static const char *get(struct spam_message *m, const char *query)
{
	struct spam_header_query q = spam_header_query_parse(str_of(query));

	return listed(spam_header(m, &q));
}

/* The values of one query to a mail with a header of one field. */
static const char *of(const char *field, const char *query)
{
	return get(read_bytes(str_fmt(arena, "%s\n\n", field)), query);
}

static void queries_are_taken_apart(void **state UNUSED)
{
	struct spam_header_query q = spam_header_query_parse(STR("From:addr:nosuch:domain"));

	assert_str(q.name, "From");
	assert_int_equal(q.forms, SPAM_HEADER_ADDR | SPAM_HEADER_DOMAIN | SPAM_HEADER_HOST);
}

static void values_are_plain_or_raw(void **state UNUSED)
{
	struct spam_message *m = read_mail("A:  =?utf-8?q?x?=\n y\na: z\nX-Spam-A: w\n\n");

	assert_string_equal(get(m, "a"), "[x y\n][z\n]");
	assert_string_equal(get(m, "A:raw"), "[  =?utf-8?q?x?=\n y\n][ z\n]");
	assert_string_equal(get(m, "A:first"), "[x y\n]");
	assert_string_equal(get(m, "A:last"), "[z\n]");
	assert_string_equal(get(m, "B"), "");
	assert_string_equal(get(m, "X-Spam-A"), "");
}

static void rules_see_joined_values(void **state UNUSED)
{
	struct spam_message *m = read_mail("A: x\nA: y\nTo: a@b.test, c@d.test\nE:\n\n");
	struct spam_header_query a = { STR("A"), 0 }, to = { STR("To"), SPAM_HEADER_ADDR };
	struct spam_header_query e = { STR("E"), 0 }, none = { STR("None"), 0 };
	struct str text;

	assert_true(spam_header_text(m, &a, &text));
	assert_str(text, "x\ny\n");
	assert_true(spam_header_text(m, &to, &text));
	assert_str(text, "a@b.test\nc@d.test");
	assert_true(spam_header_text(m, &e, &text));
	assert_str(text, "\n");
	assert_false(spam_header_text(m, &none, &text));
	assert_int_equal(text.n, 0);
}

/* The examples of the manual of SpamAssassin's get(), and more. */
static void addresses(void **state UNUSED)
{
	static const char *const examples[][3] = {
		{ "example@foo", "[example@foo]", "" },
		{ "example@foo (Foo Blah), <example@bar>", "[example@foo][example@bar]",
		  "[Foo Blah]" },
		{ "example@foo, example@bar", "[example@foo][example@bar]", "" },
		{ "display: example@foo (Foo Blah), example@bar ;", "[example@foo][example@bar]",
		  "[Foo Blah]" },
		{ "Foo Blah <example@foo>", "[example@foo]", "[Foo Blah]" },
		{ "\"Foo Blah\" <example@foo>", "[example@foo]", "[Foo Blah]" },
		{ "\"'Foo Blah'\" <example@foo>", "[example@foo]", "[Foo Blah]" },
		{ "\"Last, First\" <a@b.test>", "[a@b.test]", "[Last, First]" },
		{ "=?utf-8?q?J=c3=b6?= <a@b.test>", "[a@b.test]", "[J\xc3\xb6]" },
		{ "\"a@b.test\"", "[a@b.test]", "" },
		{ "a@b.test <a@b.test>", "[a@b.test]", "" },
		{ "undisclosed-recipients:;", "", "[undisclosed-recipients:;]" },
		{ "<>", "", "" },
		{ "x <a@b.test> <a@b.test>", "[a@b.test]", "[x]" },
		{ "\"a \\\"b\\\" c\" <a@b.test>", "[a@b.test]", "[a \"b\" c]" },
		{ "Pete(A \\) chap) <pete(his account)@silly.test(his (own) host)>",
		  "[pete@silly.test]", "[Pete]" },
		{ "<a@b.test", "[a@b.test]", "" },
		{ "\"Foo Blah\" <a@", "", "[Foo Blah]" },
		{ "Foo Blah <a@b.test", "[a@b.test]", "[Foo Blah]" },
		{ "a@b.test <", "[a@b.test]", "" },
		{ "<a", "", "[<a]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
		struct str field = str_fmt(arena, "From: %s", examples[i][0]);

		assert_string_equal(of(str_z(arena, field), "From:addr"), examples[i][1]);
		if (i != 10)
			assert_string_equal(of(str_z(arena, field), "From:name"), examples[i][2]);
	}
}

static void hosts_and_domains(void **state UNUSED)
{
	assert_string_equal(of("From: A <a@mail.b.co.uk>", "From:addr:host"), "[mail.b.co.uk]");
	assert_string_equal(of("From: A <a@mail.b.co.uk>", "From:addr:domain"), "[b.co.uk]");
	assert_string_equal(of("X: <x.y.com@host.test> z", "X:host"), "[host.test]");
	assert_string_equal(of("X: see www.b.com. or c.net", "X:host"), "[c.net]");
	assert_string_equal(of("X: b.nosuchtld", "X:host"), "");
	assert_string_equal(of("X: [192.0.2.1]", "X:ip"), "[192.0.2.1]");
	assert_string_equal(of("X: [192.0.2.1]", "X:revip"), "[1.2.0.192]");
	assert_string_equal(of("X: a 2001:db8::1", "X:revip"),
			    "[1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2]");
}

static const char hops[] =
	"A: 1\nReceived: from a ([10.0.0.1]) by mx.test (Postfix) with ESMTP id A11\nB: 2\n"
	"Received: from b (b.test [198.51.100.1]) by a.test (Postfix) with ESMTP id B11\n"
	"\t(envelope-from <e@f.test>)\nC: 3\n\n";

static void special_names(void **state UNUSED)
{
	struct spam_message *m = read_mail("Message-Id: <1>\nX-Message-Id: <2>\nTo: a\nCc: b\n\n");

	assert_string_equal(get(m, "MESSAGEID"), "[<2>\n][<1>\n]");
	assert_string_equal(get(m, "messageid"), "");
	assert_string_equal(get(m, "tocc"), "[a\n][b\n]");
	assert_string_equal(get(m, "ALL"),
			    "[Message-Id: <1>\n][X-Message-Id: <2>\n][To: a\n][Cc: b\n]");
	m = read_mail("A: x\n  y\nX-Spam-B: z\n\n");
	assert_string_equal(get(m, "ALL"), "[A: x y\n]");
	assert_string_equal(get(m, "ALL:raw"), "[A: x\n  y\n][X-Spam-B: z\n]");
}

static void trust_cuts_the_header(void **state UNUSED)
{
	struct spam_message *m = read_mail(hops);

	assert_non_null(strstr(get(m, "ALL-TRUSTED"), "id B11"));
	assert_non_null(strstr(get(m, "ALL-TRUSTED"), "B: 2"));
	assert_null(strstr(get(m, "ALL-TRUSTED"), "C: 3"));
	assert_null(strstr(get(m, "ALL-EXTERNAL"), "B: 2"));
	assert_non_null(strstr(get(m, "ALL-EXTERNAL:raw"), "C: 3"));
	assert_non_null(strstr(get(m, "x-spam-relays-external"), "ip=198.51.100.1"));
}

static void the_envelope_sender_is_found(void **state UNUSED)
{
	assert_string_equal(get(read_mail(hops), "EnvelopeFrom"), "[e@f.test]");
	assert_string_equal(get(read_mail(hops), "X-SenderDomain"), "[f.test]");
	assert_string_equal(of("Return-Path: <a@b.test>", "EnvelopeFrom"), "[a@b.test]");
	assert_string_equal(of("Received: x\nReturn-Path: <a@b.test>", "EnvelopeFrom"), "");
	options.envelope_sender_header = STR("X-Proxmox-Envelope-From");
	assert_string_equal(of("Return-Path: <a@b.test>", "EnvelopeFrom"), "");
	assert_string_equal(of("X-Proxmox-Envelope-From: c@d.test", "EnvelopeFrom"), "[c@d.test]");
}

static void the_gateway_may_add_headers(void **state UNUSED)
{
	const struct spam_added_header added = { STR("X-Added"), STR("v") };
	struct spam_mail mail = { .raw = STR("A: b\n\n"), .added = &added, .added_count = 1 };
	struct spam_message *m = spam_message_read(arena, &mail, &options);

	assert_string_equal(get(m, "X-Added"), "[v\n]");
	assert_string_equal(get(m, "ALL"), "[A: b\n][X-Added: v\n]");
}

static void all_has_a_limit(void **state UNUSED)
{
	struct spam_message *m =
		read_bytes(repeated("A: 1\nB: 2\n", "C: xxxxxxxxxxxxxxxx\n", 4000, "A: 3\n\n"));
	const char *all = get(m, "ALL");

	/* Whole names, those that come first first: the last A is there, the last C are not. */
	assert_true(strlen(all) < SPAM_HEADER_ALL_MAX + 2 * 4000);
	assert_non_null(strstr(all, "A: 3"));
	assert_true(spam_message_flags(m)->truncated_header);
}

static void parts_have_headers(void **state UNUSED)
{
	struct spam_message *m =
		read_mail("Content-Type: multipart/mixed; boundary=b\n\n--b\nA: x\n"
			  "A: =?utf-8?q?y?=\nB: z\n\ntext\n--b--\n");
	size_t n;
	const struct spam_part *part = spam_parts(m, &n)[1];
	struct str text;

	assert_true(spam_part_header(m, part, STR("a"), false, &text));
	assert_str(text, "y\n");
	assert_true(spam_part_header(m, part, STR("A"), true, &text));
	assert_str(text, "=?utf-8?q?y?=\n");
	assert_true(spam_part_header(m, part, STR("ALL"), false, &text));
	assert_str(text, "A: x\nA: y\nB: z\n");
	assert_false(spam_part_header(m, part, STR("C"), false, &text));
	assert_true(spam_part_header(m, part, STR("C"), true, &text));
}

static void hostile_addresses_take_bearable_time(void **state UNUSED)
{
	static const char *const pieces[] = { "<",     "<a@", "\"",  "(",  ">",
					      "a@b>,", "<>",  "\\(", "a:b" };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct str raw = repeated("From: ", pieces[i], 8000 / strlen(pieces[i]), "\n\n");

		get(read_bytes(raw), "From:addr");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(queries_are_taken_apart),     UNIT(values_are_plain_or_raw),
		UNIT(rules_see_joined_values),     UNIT(addresses),
		UNIT(hosts_and_domains),           UNIT(special_names),
		UNIT(trust_cuts_the_header),       UNIT(the_envelope_sender_is_found),
		UNIT(the_gateway_may_add_headers), UNIT(all_has_a_limit),
		UNIT(parts_have_headers),          UNIT(hostile_addresses_take_bearable_time),
	};

	return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
