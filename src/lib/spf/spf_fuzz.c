/*
 * Lines: HELO, sender, then one text each for example.org, a.example.org, b.example.org, all of
 * whose names have an address, mail servers and a name.
 */
#include "base/net.h"
#include "lib/dns/table.h"
#include "lib/spf/spf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "example.org", "a.example.org", "b.example.org" };

static void add_zone(struct dns_table *t, struct str *rest)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str name = str_of(names[i]);

		dns_table_add(t, name, STR("TXT"), str_cut(rest, '\n'));
		dns_table_add(t, name, STR("A"), STR("192.0.2.7"));
		dns_table_add(t, name, STR("MX"), STR("10 a.example.org"));
	}
	dns_table_add(t, STR("1.2.0.192.in-addr.arpa"), STR("PTR"), STR("b.example.org"));
	dns_table_add(t, STR("b.example.org"), STR("A"), STR("192.0.2.1"));
}

static void check(struct dns *d, struct arena *a, const struct spf_query *query)
{
	struct spf *s = spf_open(a, d, query);
	struct spf_answer answer;
	struct str field;

	while (spf_check(s, &answer) == SPF_PENDING)
		ASSERT(dns_wait_any(d, net_now() + 100000));
	ASSERT(answer.explanation.n <= SPF_EXPLANATION_MAX);
	ASSERT(answer.result == SPF_FAIL || answer.explanation.n == 0);
	field = spf_received(a, query, &answer);
	ASSERT(str_chr(field, '\n') < 0 && str_chr(field, '\r') < 0 && str_chr(field, '\0') < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct spf_query query = { .receiver = STR("gw.example") };
	struct dns_table t; /* outlives the arena, as resolvers do */
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 64u << 20);

	if (size > 16384 || !cidr_addr_parse(STR("192.0.2.1"), &query.client))
		return 0;
	query.helo = str_cut(&rest, '\n');
	query.sender = str_cut(&rest, '\n');
	dns_table_init(&t, a);
	add_zone(&t, &rest);
	check(dns_open(a, &t.resolver), a, &query);
	return 0;
}
