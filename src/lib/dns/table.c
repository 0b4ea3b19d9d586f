#include "lib/dns/table.h"

static const struct {
	const char *name;
	enum dns_status status;
	uint8_t rcode;
} failures[] = {
	{ "TIMEOUT", DNS_TIMEOUT, 0 },
	{ "SERVFAIL", DNS_SERVFAIL, 2 },
	{ "REFUSED", DNS_REFUSED, 5 },
	{ "NXDOMAIN", DNS_NXDOMAIN, 3 },
};

static uint8_t rcode_of(enum dns_status status)
{
	for (size_t i = 0; i < ARRAY_LEN(failures); i++)
		if (failures[i].status == status)
			return failures[i].rcode;
	return 0;
}

static struct str host(struct arena *a, struct str text)
{
	if (str_ends(text, STR(".")))
		text.n--;
	return str_lower(a, text);
}

static bool parse_value(struct arena *a, enum dns_type type, struct str value,
			struct dns_record *out)
{
	int64_t preference;

	out->ttl = 3600;
	if (type == DNS_A || type == DNS_AAAA)
		return cidr_addr_parse(value, &out->addr);
	out->text = str_copy(a, value);
	if (type == DNS_MX) {
		if (!str_int(str_cut(&value, ' '), 0, UINT16_MAX, &preference))
			return false;
		out->preference = (uint16_t)preference;
	}
	out->name = host(a, str_cut(&value, ' '));
	return true;
}

bool dns_table_add(struct dns_table *t, struct str name, struct str type, struct str value)
{
	struct dns_table_row row = { .name = host(t->a, name), .status = DNS_NODATA };

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (str_eq(type, str_of(failures[i].name))) {
			row.status = failures[i].status;
			row.any_type = true;
			vec_add(t->a, &t->rows, row);
			return true;
		}
	}
	if (!dns_type_parse(type, &row.type))
		return false;
	if (value.n || row.type == DNS_TXT)
		row.status = DNS_OK;
	if (value.n && !parse_value(t->a, row.type, value, &row.record))
		return false;
	if (row.type == DNS_SOA)
		row.primary = row.record.name;
	vec_add(t->a, &t->rows, row);
	return true;
}

/* Where the name's CNAME leads; false if it has none. */
static bool alias(const struct dns_table *t, const struct dns_question *q, struct str *name)
{
	for (size_t i = 0; i < t->rows.n && q->type != DNS_CNAME; i++) {
		const struct dns_table_row *row = &t->rows.p[i];

		if (row->type == DNS_CNAME && row->status == DNS_OK && str_eq(row->name, *name)) {
			*name = row->record.name;
			return true;
		}
	}
	return false;
}

/* Rows of the type go before a failure of the whole name. */
static void look_up(const struct dns_table *t, struct arena *a, struct str name,
		    struct dns_question *q)
{
	VEC(struct dns_record) records = { 0 };

	q->status = DNS_NXDOMAIN;
	for (size_t i = 0; i < t->rows.n; i++) {
		const struct dns_table_row *row = &t->rows.p[i];

		if (!str_eq(row->name, name))
			continue;
		if (row->primary.n)
			q->primary = row->primary;
		if (row->any_type)
			q->status = row->status;
		else if (q->status == DNS_NXDOMAIN)
			q->status = DNS_NODATA;
		if (row->status == DNS_OK && row->type == q->type)
			vec_add(a, &records, row->record);
	}
	if (records.n) {
		q->status = DNS_OK;
		q->primary = STR_NONE;
	}
	q->rcode = rcode_of(q->status);
	q->records = records.p;
	q->n = records.n;
}

static void table_send(struct dns_resolver *r, struct arena *a, struct dns_question *q)
{
	struct dns_table *t = (struct dns_table *)r;

	t->asker = a;
	vec_add(t->a, &t->asked, q);
}

static void table_wait(struct dns_resolver *r, int64_t deadline)
{
	struct dns_table *t = (struct dns_table *)r;
	struct dns_question *q;
	struct str name;

	(void)deadline;
	if (t->answered == t->asked.n)
		return;
	q = t->asked.p[t->answered++];
	name = q->name;
	for (int steps = 0; steps < DNS_CHAIN_MAX && alias(t, q, &name);)
		steps++;
	look_up(t, t->asker, name, q);
}

static void table_cancel(struct dns_resolver *r)
{
	struct dns_table *t = (struct dns_table *)r;

	t->answered = t->asked.n;
}

void dns_table_init(struct dns_table *t, struct arena *a)
{
	*t = (struct dns_table){ .resolver = { table_send, table_wait, table_cancel, NULL, NULL },
				 .a = a };
}
