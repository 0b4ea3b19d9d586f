/* Packets as they come from servers, and as they come from enemies, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/dns/packet.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 4u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

/* Header with one question and `answers` answers, question "ab.cd", then `rest`. */
#define QUESTION(type) "\2ab\2cd\0\0" type "\0\1"
#define REPLY(rcode, answers, type, rest)                                                          \
	STR("\x12\x34\x81" rcode "\0\1\0" answers "\0\0\0\0" QUESTION(type) rest)
#define OWNER "\xc0\x0c" /* the name asked for */
#define RR(type, length) "\0" type "\0\1\0\0\1\0\0" length

static struct dns_question read_as(enum dns_type type, struct str packet)
{
	struct dns_question q = { .name = STR("ab.cd"), .type = type };

	dns_packet_answer(a, packet, &q);
	return q;
}

static void test_query(void **state)
{
	static const uint8_t expected[] = "\x12\x34\1\0\0\1\0\0\0\0\0\1\2ab\2cd\0\0\x10\0\1"
					  "\0\0\x29\x04\xd0\0\0\0\0\0\0";
	struct dns_question q = { .name = STR("ab.cd"), .type = DNS_TXT };
	uint8_t out[DNS_QUERY_MAX];

	(void)state;
	assert_int_equal(dns_packet_query(&q, 0x1234, out), sizeof(expected) - 1);
	assert_memory_equal(out, expected, sizeof(expected) - 1);
}

static void test_longest_name(void **state)
{
	char text[DNS_NAME_MAX + 1];
	struct dns_question q = { .name = { text, DNS_NAME_MAX }, .type = DNS_A };
	uint8_t out[DNS_QUERY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 64 == 63 ? '.' : 'x';
	assert_true(dns_name_is_valid(q.name));
	assert_int_equal(dns_packet_query(&q, 1, out), DNS_QUERY_MAX);
	assert_false(dns_name_is_valid((struct str){ text, DNS_NAME_MAX + 1 }));
}

static void test_names(void **state)
{
	(void)state;
	assert_true(dns_name_is_valid(STR("a")));
	assert_true(dns_name_is_valid(STR("a.")));
	assert_true(dns_name_is_valid(STR("_x.a b.\xff")));
	assert_false(dns_name_is_valid(STR("")));
	assert_false(dns_name_is_valid(STR(".")));
	assert_false(dns_name_is_valid(STR("a..")));
	assert_false(dns_name_is_valid(STR("a..b")));
	assert_false(dns_name_is_valid(STR(".a")));
	assert_false(dns_name_is_valid(
		STR("a123456789012345678901234567890123456789012345678901234567890123.b")));
}

static void test_address(void **state)
{
	struct dns_question q = read_as(
		DNS_A, REPLY("\x80", "\2", "\1",
			     OWNER RR("\1", "\4") "\xc0\0\2\1" OWNER RR("\1", "\4") "\xc0\0\2\2"));

	(void)state;
	assert_int_equal(q.status, DNS_OK);
	assert_int_equal(q.n, 2);
	assert_int_equal(q.records[0].addr.family, 4);
	assert_memory_equal(q.records[1].addr.b, "\xc0\0\2\2", 4);
	assert_int_equal(q.records[0].ttl, 256);
}

static void test_names_in_data(void **state)
{
	struct dns_question q = read_as(
		DNS_MX, REPLY("\x80", "\1", "\x0f", OWNER RR("\x0f", "\7") "\0\5\2MX\xc0\x0c"));

	(void)state;
	assert_int_equal(q.status, DNS_OK);
	assert_int_equal(q.records[0].preference, 5);
	assert_true(str_eq(q.records[0].name, STR("mx.ab.cd")));
	q = read_as(DNS_PTR,
		    REPLY("\x80", "\1", "\x0c", OWNER RR("\x0c", "\x0a") "\5a.\\\0\n\2zz\0"));
	assert_int_equal(q.status, DNS_OK);
	assert_true(str_eq(q.records[0].name, STR("a\\046\\092\\000\\010.zz")));
}

static void test_text(void **state)
{
	struct dns_question q = read_as(
		DNS_TXT, REPLY("\x80", "\2", "\x10",
			       OWNER RR("\x10", "\7") "\2v=\3\0x\xff" OWNER RR("\x10", "\0")));

	(void)state;
	assert_int_equal(q.status, DNS_OK);
	assert_int_equal(q.n, 2);
	assert_true(str_eq(q.records[0].text, STR("v=\0x\xff")));
	assert_int_equal(q.records[1].text.n, 0);
}

struct type_case {
	const char *type, *text, *name;
	struct str data;
};

/* One record of the type, with these data. */
static struct dns_question read_data(const struct type_case *c, struct str data)
{
	char packet[512] = "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\2ab\2cd\0";
	struct dns_question q = { .name = STR("ab.cd") };
	size_t n = 12 + 7;

	assert_true(dns_type_parse(str_of(c->type), &q.type));
	for (int i = 0; i < 2; i++) {
		packet[n++] = (char)(q.type >> 8);
		packet[n++] = (char)q.type;
		packet[n++] = 0;
		packet[n++] = 1;
		if (i == 0) {
			packet[n++] = (char)0xc0;
			packet[n++] = 12;
		}
	}
	n += 5; /* time to live, first byte of the length */
	packet[n++] = (char)data.n;
	assert_true(n + data.n <= sizeof(packet));
	memcpy(packet + n, data.p, data.n);
	dns_packet_answer(a, (struct str){ packet, n + data.n }, &q);
	return q;
}

/* The texts are those of Net::DNS, but that long data stay on one line. */
static const struct type_case types[] = {
	{ "A", "", NULL, STR_INIT("\1\2\3\4") },
	{ "TXT", "a \"b", NULL, STR_INIT("\3a \"\1b") },
	{ "SPF", "v=spf1 -all", NULL, STR_INIT("\7v=spf1 \4-all") },
	{ "MX", "10 Mx.ab.cd.", "mx.ab.cd", STR_INIT("\0\12\2Mx\xc0\x0c") },
	{ "MX", "0 .", "", STR_INIT("\0\0\0") },
	{ "NS", "a\\.\\\"\\000\\032.Z.", "a\\046\"\\000\\032.z",
	  STR_INIT("\5a.\"\0 \1Z\0") },
	{ "SOA", "n.ab.cd. R.", "n.ab.cd",
	  STR_INIT("\1n\xc0\x0c\1R\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\1\0\0\0") },
	{ "SRV", "1 2 25 s.", "s", STR_INIT("\0\1\0\2\0\x19\1s\0") },
	{ "CAA", "128 issue \"a.b;\\255\"", NULL, STR_INIT("\x80\5issuea.b;\xff") },
	{ "CAA", "0 issue \"\"", NULL, STR_INIT("\0\5issue") },
	{ "DNAME", "d.", "d", STR_INIT("\1d\0") },
	{ "NAPTR", "1 2 s A+B \"\" n.", "n", STR_INIT("\0\1\0\2\1s\3A+B\0\1n\0") },
	{ "URI", "1 2 \"a b\\\"c\"", NULL, STR_INIT("\0\1\0\2a b\"c") },
	{ "HINFO", "PC \"Linux box\"", NULL, STR_INIT("\2PC\11Linux box") },
	{ "RP", "m. t.", "m", STR_INIT("\1m\0\1t\0") },
	{ "MINFO", "m. t.", "m", STR_INIT("\1m\0\1t\0") },
	{ "KX", "5 k.", "k", STR_INIT("\0\5\1k\0") },
	{ "GPOS", "-1.5 \"\" 2", NULL, STR_INIT("\4-1.5\0\0012") },
	{ "SSHFP", "1 2 ab01", NULL, STR_INIT("\1\2\xab\1") },
	{ "TLSA", "3 1 1 ab01", NULL, STR_INIT("\3\1\1\xab\1") },
	{ "CERT", "255 2 255 AQ==", NULL, STR_INIT("\0\xff\0\2\xff\1") },
	{ "DHCID", "eHh4eA==", NULL, STR_INIT("xxxx") },
	{ "OPENPGPKEY", "eHh4", NULL, STR_INIT("xxx") },
};

static const struct str soa_numbers = STR_INIT(
	"\n\t\t\t\t1\t\t;serial\n\t\t\t\t2\t\t;refresh\n\t\t\t\t3\t\t;retry"
	"\n\t\t\t\t4\t\t;expire\n\t\t\t\t16777216\t\t;minimum");

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const struct type_case *c = &types[i];
		struct dns_question q = read_data(c, c->data);
		const struct dns_record *r = q.records;
		struct str text;

		assert_string_equal(dns_type_name(q.type), c->type);
		if (q.status != DNS_OK || q.n != 1)
			fail_msg("%s: %s", c->type, dns_status_name(q.status));
		text = r->text;
		if (q.type == DNS_SOA) {
			assert_true(str_ends(text, soa_numbers));
			str_line(&text, &text);
		}
		if (!str_eq(text, str_of(c->text)) || !str_eq(r->name, str_of(c->name)))
			fail_msg("%s: %.*s, name %.*s", c->type, STR_ARG(text), STR_ARG(r->name));
	}
}

/* Cut off within a field that has a length, or with something behind it. */
static void test_types_cut(void **state)
{
	static const char rests[] = "TXT SPF CAA URI SSHFP TLSA CERT DHCID OPENPGPKEY";
	char longer[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const struct type_case *c = &types[i];
		struct str data = c->data;

		if (strstr(rests, c->type))
			continue;
		memcpy(longer, data.p, data.n);
		longer[data.n] = 0;
		assert_int_equal(read_data(c, (struct str){ longer, data.n + 1 }).status,
				 DNS_BROKEN);
		for (size_t n = 0; n < data.n; n++)
			assert_int_equal(read_data(c, str_sub(data, 0, n)).status, DNS_BROKEN);
	}
	assert_int_equal(read_data(&(struct type_case){ .type = "CAA" }, STR("\0\5issu")).status,
			 DNS_BROKEN);
	assert_int_equal(read_data(&(struct type_case){ .type = "TLSA" }, STR("\0\5")).status,
			 DNS_BROKEN);
}

/* ab.cd is an alias of ef; what belongs to anybody else does not count. */
static void test_alias(void **state)
{
	struct dns_question q = read_as(
		DNS_A,
		REPLY("\x80", "\4", "\1",
		      "\1x\0" RR("\1",
				 "\4") "\6\6\6\6"
				       "\2ef\0" RR("\1",
						   "\4") "\1\2\3\4"
							 "\2gh\0" RR("\5", "\4") "\2ef\0" OWNER RR(
								 "\5", "\4") "\2gh\0"));

	(void)state;
	assert_int_equal(q.status, DNS_OK);
	assert_int_equal(q.n, 1);
	assert_memory_equal(q.records[0].addr.b, "\1\2\3\4", 4);
	q = read_as(DNS_A, REPLY("\x80", "\2", "\1",
				 OWNER RR("\5", "\4") "\2gh\0\2gh\0" RR("\5", "\7") "\2ab\2cd\0"));
	assert_int_equal(q.status, DNS_NODATA);
}

static void test_errors(void **state)
{
	(void)state;
	assert_int_equal(read_as(DNS_A, REPLY("\x80", "\0", "\1", "")).status, DNS_NODATA);
	assert_int_equal(read_as(DNS_A, REPLY("\x83", "\0", "\1", "")).status, DNS_NXDOMAIN);
	assert_int_equal(read_as(DNS_A, REPLY("\x82", "\0", "\1", "")).status, DNS_SERVFAIL);
	assert_int_equal(read_as(DNS_A, REPLY("\x84", "\0", "\1", "")).rcode, 4);
	assert_int_equal(read_as(DNS_A, REPLY("\x85", "\0", "\1", "")).status, DNS_REFUSED);
	assert_int_equal(read_as(DNS_A, STR("\x12\x34\x81\x85\0\0\0\0\0\0\0\0")).status,
			 DNS_REFUSED);
}

/* Who has the zone, from what comes with a negative answer. */
static void test_primary(void **state)
{
	static const struct str soa = STR_INIT("\x12\x34\x81\x80\0\1\0\0\0\2\0\0" QUESTION("\2")
					       "\2cd\0" RR("\2", "\2") "\xc0\x0c"
					       "\2cd\0" RR("\6", "\6") "\2NS\xc0\x0c\0");
	struct dns_question q = read_as(DNS_NS, soa);

	(void)state;
	assert_int_equal(q.status, DNS_NODATA);
	assert_true(str_eq(q.primary, STR("ns.ab.cd")));
	/* A broken one spoils nothing. */
	q = read_as(DNS_NS, str_sub(soa, 0, soa.n - 4));
	assert_int_equal(q.status, DNS_NODATA);
	assert_int_equal(q.primary.n, 0);
}

static void test_broken(void **state)
{
	static const struct str broken[] = {
		STR_INIT(""),
		STR_INIT("\x12\x34\x81\x80\0\1\0\0\0\0\0"),
		/* a question, and no question */
		STR_INIT("\x12\x34\x01\0\0\1\0\0\0\0\0\0" QUESTION("\1")),
		STR_INIT("\x12\x34\x81\x80\0\0\0\0\0\0\0\0"),
		/* to another question: name, type */
		STR_INIT("\x12\x34\x81\x80\0\1\0\0\0\0\0\0\2ab\2ce\0\0\1\0\1"),
		STR_INIT("\x12\x34\x81\x80\0\1\0\0\0\0\0\0" QUESTION("\2")),
		/* fewer answers than promised; shorter; longer; without room for the header */
		STR_INIT("\x12\x34\x81\x80\0\1\0\2\0\0\0\0" QUESTION("\1")
				 OWNER RR("\1", "\4") "\1\2\3\4"),
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1")
				 OWNER RR("\1", "\4") "\1\2\3"),
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1")
				 OWNER RR("\1", "\5") "\1\2\3\4\5"),
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1") OWNER "\0\1\0"),
		/* names that point to themselves, forwards, into the header, to nowhere */
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1") "\xc0\x17" RR(
			"\1", "\4") "\1\2\3\4"),
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1") "\xc0\x20" RR(
			"\1", "\4") "\1\2\3\4"),
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1") "\xc0\x00" RR(
			"\1", "\4") "\1\2\3\4"),
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1") "\xff\xff" RR(
			"\1", "\4") "\1\2\3\4"),
		/* a label of the kind that was never defined */
		STR_INIT("\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\1") "\x80x\0" RR(
			"\1", "\4") "\1\2\3\4"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct dns_question q = read_as(DNS_A, broken[i]);

		if (q.status != DNS_BROKEN || q.n)
			fail_msg("packet %zu: %s", i, dns_status_name(q.status));
	}
}

static void test_broken_text(void **state)
{
	(void)state;
	assert_int_equal(
		read_as(DNS_TXT, REPLY("\x80", "\1", "\x10", OWNER RR("\x10", "\3") "\5ab")).status,
		DNS_BROKEN);
	assert_int_equal(
		read_as(DNS_MX, REPLY("\x80", "\1", "\x0f", OWNER RR("\x0f", "\2") "\0\1\1x\0"))
			.status,
		DNS_BROKEN);
}

/* Labels that are each allowed, and pointers that go backwards each time: too long as a whole. */
static void test_name_by_pointers(void **state)
{
	char packet[4096] = "\x12\x34\x81\x80\0\1\0\3\0\0\0\0" QUESTION("\x0c");
	struct str at = { packet, 12 + 11 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		/* three labels of 63, then a pointer to the three before */
		memcpy(packet + at.n, OWNER RR("\x0c", "\xc2"), 12);
		at.n += 12;
		for (int k = 0; k < 3; k++) {
			packet[at.n] = 63;
			memset(packet + at.n + 1, 'x', 63);
			at.n += 64;
		}
		packet[at.n++] = (char)0xc0;
		packet[at.n++] = (char)(i ? 35 : 12);
	}
	assert_int_equal(read_as(DNS_PTR, at).status, DNS_BROKEN);
}

/* More records than anybody needs: the first ones count. */
static void test_many_records(void **state)
{
	char packet[8192] = "\x12\x34\x81\x80\0\1\1\x80\0\0\0\0" QUESTION("\1");
	struct str at = { packet, 12 + 11 };
	struct dns_question q;

	(void)state;
	for (int i = 0; i < 0x180; i++, at.n += 16)
		memcpy(packet + at.n, OWNER RR("\1", "\4") "\1\2\3\4", 16);
	q = read_as(DNS_A, at);
	assert_int_equal(q.status, DNS_OK);
	assert_int_equal(q.n, DNS_RECORDS_MAX);
	assert_true(q.cut);
}

static void test_long_text(void **state)
{
	static char packet[40000] =
		"\x12\x34\x81\x80\0\1\0\1\0\0\0\0" QUESTION("\x10") OWNER "\0\x10\0\1\0\0\1\0";
	struct str at = { packet, 12 + 11 + 10 };
	struct dns_question q;

	(void)state;
	packet[at.n++] = 0x50;
	packet[at.n++] = 0;
	for (int i = 0; i < 80; i++, at.n += 256) {
		packet[at.n] = (char)255;
		memset(packet + at.n + 1, 'x', 255);
	}
	q = read_as(DNS_TXT, at);
	assert_int_equal(q.status, DNS_NODATA);
	assert_true(q.cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_names_in_data),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_types_cut),
		cmocka_unit_test(test_alias),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_primary), cmocka_unit_test(test_broken),
		cmocka_unit_test(test_broken_text),
		cmocka_unit_test(test_name_by_pointers),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_long_text),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
