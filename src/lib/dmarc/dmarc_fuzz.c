/* Lines: domain in From, SPF's, DKIM's, then records of the domain and of the organization's. */
#include "base/net.h"
#include "lib/dmarc/dmarc.h"
#include "lib/dns/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dmarc_suffixes *suffixes_of_all_runs(void)
{
	static struct dmarc_suffixes *suffixes;
	static struct arena *forever;
	struct err e;

	if (!suffixes) {
		forever = arena_open("suffixes", 1u << 20);
		ASSERT(dmarc_suffixes_open(forever, NULL, &suffixes, &e) == 0);
	}
	return suffixes;
}

static void add_record(struct dns_table *t, struct arena *a, struct str domain, struct str text)
{
	if (dns_name_is_valid(domain))
		dns_table_add(t, str_cat(a, STR("_dmarc."), domain), STR("TXT"), text);
}

static void check_answer(const struct dmarc_answer *answer)
{
	ASSERT((answer->result == DMARC_PASS) == (answer->spf || answer->dkim));
	ASSERT(answer->record.percent >= 0 && answer->record.percent <= 100);
	ASSERT(dmarc_disposition(answer, 0) <= DMARC_REJECT);
	ASSERT(dmarc_disposition(answer, 99) <= dmarc_disposition(answer, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, from, dkim, organization;
	struct dmarc_query query = { .dkim = &dkim, .dkim_count = 1 };
	struct dmarc_suffixes *suffixes = suffixes_of_all_runs();
	struct dmarc_answer answer;
	struct dns_table t;
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 16u << 20);
	struct dmarc *c;
	struct dns *d;

	if (size > 16384)
		return 0;
	from = str_cut(&rest, '\n');
	query.spf = str_cut(&rest, '\n');
	dkim = str_cut(&rest, '\n');
	organization = dmarc_organization(a, suffixes, from);
	dns_table_init(&t, a);
	add_record(&t, a, from, str_cut(&rest, '\n'));
	add_record(&t, a, organization, str_cut(&rest, '\n'));
	d = dns_open(a, &t.resolver);
	c = dmarc_open(a, d, suffixes, from);
	while (dmarc_check(c, &query, &answer) == DMARC_PENDING)
		ASSERT(dns_wait_any(d, net_now() + 100000));
	check_answer(&answer);
	return 0;
}
