/* Type, a name's length, the name, and any bytes as the answer to that question. */
#include "lib/dns/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum dns_type types[] = {
	DNS_A,     DNS_NS,    DNS_CNAME, DNS_PTR,   DNS_MX,   DNS_TXT,  DNS_AAAA,  DNS_SOA,
	DNS_HINFO, DNS_MINFO, DNS_RP,    DNS_GPOS,  DNS_SRV,  DNS_NAPTR, DNS_KX,   DNS_CERT,
	DNS_DNAME, DNS_SSHFP, DNS_DHCID, DNS_TLSA,  DNS_OPENPGPKEY, DNS_SPF, DNS_URI, DNS_CAA,
};

static void check_record(const struct dns_question *q, const struct dns_record *r)
{
	ASSERT(r->text.n <= DNS_TEXT_MAX);
	ASSERT(r->name.n <= 4 * DNS_NAME_MAX);
	ASSERT(str_chr(r->name, '\0') < 0 && str_chr(r->name, ' ') < 0);
	if (q->type == DNS_A || q->type == DNS_AAAA)
		ASSERT(r->addr.family == (q->type == DNS_A ? 4 : 6));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct dns_question q = { 0 };
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 1u << 20);

	if (size < 2)
		return 0;
	q.type = types[data[0] % ARRAY_LEN(types)];
	q.name = str_lower(a, str_sub(in, 2, data[1]));
	if (!dns_name_is_valid(q.name) || str_ends(q.name, STR(".")))
		return 0;
	dns_packet_answer(a, str_from(in, 2 + q.name.n), &q);
	ASSERT(q.status != DNS_PENDING && q.n <= DNS_RECORDS_MAX);
	ASSERT((q.status == DNS_OK) == (q.n > 0));
	for (size_t i = 0; i < q.n; i++)
		check_record(&q, &q.records[i]);
	return 0;
}
