#include "lib/dkim/dkim_int.h"

enum dkim_adsp dkim_adsp_parse(struct str record)
{
	struct dkim_tags tags;
	struct str dkim;

	if (!dkim_tags_parse(record, &tags) || !str_eq(tags.p[0].name, STR("dkim")))
		return DKIM_ADSP_NONE;
	dkim = tags.p[0].value;
	if (str_eq(dkim, STR("all")))
		return DKIM_ADSP_ALL;
	if (str_eq(dkim, STR("discardable")))
		return DKIM_ADSP_DISCARDABLE;
	/* What is not known is to be treated as this (4.2.1). */
	return DKIM_ADSP_UNKNOWN;
}

enum dkim_adsp dkim_adsp_check(struct arena *a, struct dns *d, struct str domain)
{
	struct str name = str_cat(a, STR("_adsp._domainkey."), domain);
	/* Any type tells whether the name exists (4.3). */
	const struct dns_question *exists = dns_ask(d, domain, DNS_MX);
	const struct dns_question *record = dns_ask(d, name, DNS_TXT);

	if (exists->status == DNS_PENDING || record->status == DNS_PENDING)
		return DKIM_ADSP_PENDING;
	if (exists->status == DNS_NXDOMAIN)
		return DKIM_ADSP_NXDOMAIN;
	if (record->n != 1)
		return DKIM_ADSP_NONE;
	return dkim_adsp_parse(record->records[0].text);
}
