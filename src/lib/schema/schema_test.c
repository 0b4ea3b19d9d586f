#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/schema/formats.h"
#include "lib/schema/record.h"

struct sample {
	bool on, off;
	int64_t port, big;
	struct str host, text;
	int protocol, code;
};

#define T struct sample
static const struct prop sample_props[] = {
	P_BOOL(T, on, "1", "Is on."),
	P_BOOL(T, off, NULL, "Is off."),
	P_INT(T, port, 1, 65535, "25", "A port."),
	P_INT_AS(T, big, "big-one", -5, INT64_MAX, NULL, "A number.", .flags = PROP_LATER),
	P_STR(T, host, &fmt_address, NULL, "A host."),
	P_TEXT(T, text, 10, "abc", "Some text."),
	P_ENUM(T, protocol, "smtp|lmtp", "lmtp", "A protocol."),
	P_ENUM(T, code, "450|550", NULL, "A code."),
	P_END
};
#undef T

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 16u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void assert_text(struct str got, const char *want)
{
	assert_string_equal(str_z(a, got), want);
}

static void test_defaults(void **state)
{
	struct sample s;

	(void)state;
	memset(&s, 0xa5, sizeof(s));
	prop_defaults(a, sample_props, &s);
	assert_true(s.on);
	assert_false(s.off);
	assert_int_equal(s.port, 25);
	assert_int_equal(s.big, 0);
	assert_null(s.host.p);
	assert_text(s.text, "abc");
	assert_int_equal(s.protocol, 1);
	assert_int_equal(s.code, -1);
}

static void test_store_and_print(void **state)
{
	static const struct {
		const char *name, *value, *printed;
	} good[] = {
		{ "on", "no", "0" },		 { "off", "YES", "1" },
		{ "port", "65535", "65535" },	 { "big-one", "-5", "-5" },
		{ "port", "+7", "7" },		 { "host", "2001:db8::1", "2001:db8::1" },
		{ "host", "a-b.c", "a-b.c" },	 { "text", "0123456789", "0123456789" },
		{ "protocol", "smtp", "smtp" },	 { "code", "550", "550" },
		{ "text", "\xc3\xa4", "\xc3\xa4" },
	};
	struct sample s;
	struct err e;

	(void)state;
	prop_defaults(a, sample_props, &s);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const struct prop *p = prop_find(sample_props, str_of(good[i].name));

		assert_non_null(p);
		if (prop_store(a, p, &s, str_of(good[i].value), &e) < 0)
			fail_msg("%s %s: %s", good[i].name, good[i].value, e.msg);
		assert_text(prop_print(a, p, &s), good[i].printed);
	}
	assert_int_equal(s.code, 1);
}

static void test_refuse(void **state)
{
	static const struct {
		const char *name, *value, *reason;
	} bad[] = {
		{ "on", "2", "must be 0 or 1" },
		{ "on", "", "must be 0 or 1" },
		{ "port", "0", "must be at least 1" },
		{ "port", "65536", "must be at most 65535" },
		{ "port", "25x", "must be a whole number" },
		{ "port", "99999999999999999999", "must be a whole number" },
		{ "host", "-a", "'-a' is not an IP address or a DNS name" },
		{ "text", "01234567890", "longer than 10 characters" },
		{ "text", "a\tb", "has a control character at byte 2" },
		{ "protocol", "SMTP", "must be one of smtp|lmtp" },
	};
	struct sample s, before;
	struct err e;

	(void)state;
	prop_defaults(a, sample_props, &s);
	before = s;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct prop *p = prop_find(sample_props, str_of(bad[i].name));

		assert_int_equal(prop_store(a, p, &s, str_of(bad[i].value), &e), -1);
		assert_string_equal(e.msg, bad[i].reason);
		assert_memory_equal(&s, &before, sizeof(s));
	}
	assert_null(prop_find(sample_props, STR("big_one")));
}

static void test_record_complains_about_each(void **state)
{
	static const struct record_input in[] = {
		{ STR_INIT("port"), STR_INIT("26") },	   { STR_INIT("prot"), STR_INIT("1") },
		{ STR_INIT("port"), STR_INIT("27") },	   { STR_INIT("code"), STR_INIT("451") },
		{ STR_INIT("protocol"), STR_INIT("smtp") },
	};
	struct record_complaints complaints = { 0 };
	struct prop_set given = { 0 };
	struct sample s;

	(void)state;
	prop_defaults(a, sample_props, &s);
	assert_int_equal(record_parse(a, sample_props, &s, in, ARRAY_LEN(in), &given, &complaints),
			 3);
	assert_int_equal(s.port, 26);
	assert_int_equal(s.protocol, 0);
	assert_int_equal(s.code, -1);
	assert_int_equal(complaints.list.p[0].input, 1);
	assert_text(complaints.list.p[0].reason, "there is no such setting");
	assert_int_equal(complaints.list.p[1].input, 2);
	assert_text(complaints.list.p[1].reason, "given twice");
	assert_int_equal(complaints.list.p[2].input, 3);
	assert_true(prop_set_has(&given, 2));
	assert_false(prop_set_has(&given, 7));
}

static void test_check(void **state)
{
	struct sample s;
	struct err e;

	(void)state;
	prop_defaults(a, sample_props, &s);
	s.host = STR("a.example");
	for (const struct prop *p = sample_props; p->type != PROP_END; p++)
		if (!str_eq(str_of(p->name), STR("code")))
			assert_int_equal(prop_check(p, &s, &e), 0);
	s.port = 0;
	assert_int_equal(prop_check(prop_find(sample_props, STR("port")), &s, &e), -1);
	assert_string_equal(e.msg, "must be at least 1");
	s.host = STR("-");
	assert_int_equal(prop_check(prop_find(sample_props, STR("host")), &s, &e), -1);
	assert_int_equal(prop_check(prop_find(sample_props, STR("code")), &s, &e), -1);
	assert_string_equal(e.msg, "must be one of 450|550");
	s.text = STR("a\nb");
	assert_int_equal(prop_check(prop_find(sample_props, STR("text")), &s, &e), -1);
}

static void test_lines_and_length(void **state)
{
	static const struct prop props[] = {
		P_TEXT(struct sample, text, 5, NULL, "", .flags = PROP_LINES, .min = 2),
		P_TEXT(struct sample, host, 5, NULL, "", .flags = PROP_OPTIONAL, .min = 2), P_END
	};
	struct sample s = { .text = STR("a\n\tb") };
	struct err e;

	(void)state;
	assert_int_equal(prop_check(&props[0], &s, &e), 0);
	assert_int_equal(prop_check(&props[1], &s, &e), 0);
	s.text = s.host = STR("a");
	assert_int_equal(prop_check(&props[0], &s, &e), -1);
	assert_string_equal(e.msg, "shorter than 2 characters");
	assert_int_equal(prop_check(&props[1], &s, &e), -1);
	s.text = STR("a\001b");
	assert_int_equal(prop_check(&props[0], &s, &e), -1);
}

struct sample_text {
	const struct format *fmt;
	const char *text;
};

static void test_formats_accept(void **state)
{
	static const struct sample_text good[] = {
		{ &fmt_dns_name, "a" },
		{ &fmt_dns_name, "20230601" }, /* a DKIM selector */
		{ &fmt_dns_name, "mail-1.Example.com" },
		{ &fmt_configid, "aB" },
		{ &fmt_configid, "a_9-" },
		{ &fmt_ip, "192.0.2.1" },
		{ &fmt_ip, "::ffff:192.0.2.1" },
		{ &fmt_cidr, "192.0.2.0/24" },
		{ &fmt_cidr, "2001:db8::/32" },
		{ &fmt_email, "admin@domain.tld" },
		{ &fmt_email, "a.b+c~d_e-f@x-y.z" },
		{ &fmt_http_proxy, "http://u:p@host:3128/" },
		{ &fmt_dnsbl_sites, "" },
		{ &fmt_dnsbl_sites,
		  "zen.spamhaus.org=127.0.0.[2..11]*3, bl.x.org*-4;c.d e.f=127.0.0.1" },
		{ &fmt_languages, "all" },
		{ &fmt_languages, "de en" },
		{ &fmt_printable, "Proxmox Mail Gateway <postmaster>" },
		{ &fmt_path, "/usr/local/bin/pmg-custom-check" },
		{ &fmt_transport_domain, ".example.com" },
		{ &fmt_transport_key, "a!b@example.com" },
		{ &fmt_transport_address, "IPv6:2001:db8::1" },
		{ &fmt_transport_address, "mail.example.com" },
		{ &fmt_tls_destination, "example.com" },
		{ &fmt_tls_destination, "[192.0.2.1]:26" },
		{ &fmt_tls_destination, "[ipv6:2001:db8::1]" },
		{ &fmt_tls_destination, "mail.example.com:587" },
		{ &fmt_tls_destination, "192.0.2.1:24" },
		{ &fmt_tls_policy, "dane-only" },
		{ &fmt_tls_policy, "secure match=nexthop ciphers=high" },
		{ &fmt_tls_policy, "fingerprint match=aa:bb match=cc:dd" },
		{ &fmt_tls_policy, "may Protocols=!TLSv1 connection_reuse=yes" },
		{ &fmt_dnsbl_sites, "x.org=0.255.[0..255].[7..7]*1000000,y.org*0" },
		{ &fmt_banner, "" },
		{ &fmt_banner, "ESMTP $mail_name, ${mail_version} $(x?{a}) $$ 100 {" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (good[i].fmt->check(str_of(good[i].text), &e) < 0)
			fail_msg("%s '%s': %s", good[i].fmt->name, good[i].text, e.msg);
}

static void test_formats_refuse(void **state)
{
	static const struct sample_text bad[] = {
		{ &fmt_dns_name, "" },
		{ &fmt_configid, "" },
		{ &fmt_configid, "a" },
		{ &fmt_configid, "1a" },
		{ &fmt_configid, "a.b" },
		{ &fmt_dns_name, "example.com." },
		{ &fmt_dns_name, ".example.com" },
		{ &fmt_dns_name, "a..b" },
		{ &fmt_address, "127.1" },
		{ &fmt_address, "2130706433" },
		{ &fmt_dns_name, "a_b" },
		{ &fmt_dns_name, "a-.b" },
		{ &fmt_ip, "192.0.2.256" },
		{ &fmt_ip, "[::1]" },
		{ &fmt_cidr, "192.0.2.1/24" },
		{ &fmt_cidr, "2001:db8::1/64" },
		{ &fmt_email, "admin" },
		{ &fmt_email, "a@b@c" },
		{ &fmt_email, "a..b@c" },
		{ &fmt_email, "a@b." },
		{ &fmt_email, "a\n@b" },
		{ &fmt_http_proxy, "https://host" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0.[2.11]" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0.[2..11" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0.]" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0.1.2" },
		{ &fmt_dnsbl_sites, "x.org*" },
		{ &fmt_dnsbl_sites, "x.org*+3" },
		{ &fmt_dnsbl_sites, "good.org,-bad" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0.256" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0.[2..256]" },
		{ &fmt_dnsbl_sites, "x.org=127.0.0.[5..2]" },
		{ &fmt_dnsbl_sites, "x.org*99999999999" },
		{ &fmt_banner, "100 $ a day" },
		{ &fmt_banner, "a $" },
		{ &fmt_banner, "a ${b" },
		{ &fmt_banner, "$(b}" },
		{ &fmt_tls_policy, "encrypt nosuch=1" },
		{ &fmt_tls_policy, "encrypt TLSv1" },
		{ &fmt_tls_policy, "secure match=" },
		{ &fmt_tls_policy, "encrypt match=nexthop" },
		{ &fmt_transport_domain, "192.0.2.1" },
		{ &fmt_transport_domain, ".0" },
		{ &fmt_tls_destination, "192.0.2" },
		{ &fmt_languages, "deu" },
		{ &fmt_languages, "de  en" },
		{ &fmt_languages, "" },
		{ &fmt_printable, "" },
		{ &fmt_printable, "a\nBcc: x" },
		{ &fmt_path, "usr/bin/x" },
		{ &fmt_path, "/x" },
		{ &fmt_path, "/usr//x" },
		{ &fmt_path, "/usr/bin/" },
		{ &fmt_transport_domain, "..a" },
		{ &fmt_transport_domain, "example.com." },
		{ &fmt_transport_key, "a b@example.com" },
		{ &fmt_transport_key, "@example.com" },
		{ &fmt_transport_address, "ipv6:192.0.2.1" },
		{ &fmt_tls_destination, "[192.0.2.1" },
		{ &fmt_tls_destination, "[192.0.2.1]:0" },
		{ &fmt_tls_destination, "[192.0.2.1]x" },
		{ &fmt_tls_destination, "host:" },
		{ &fmt_tls_policy, "maybe" },
		{ &fmt_tls_policy, "" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (bad[i].fmt->check(str_of(bad[i].text), &e) == 0)
			fail_msg("%s accepted '%s'", bad[i].fmt->name, bad[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_store_and_print),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_record_complains_about_each),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_lines_and_length),
		cmocka_unit_test(test_formats_accept),
		cmocka_unit_test(test_formats_refuse),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
