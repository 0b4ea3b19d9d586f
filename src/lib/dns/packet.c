#include "lib/dns/packet.h"

#include "base/vec.h"
#include "lib/dns/rdata.h"

enum {
	CLASS_IN = 1,
	TYPE_OPT = 41,
	FLAG_RESPONSE = 0x80, /* third byte of the header */
	FLAG_RECURSE = 0x01,
	ANSWERS_MAX = 256, /* resource records looked at */
};

/* One resource record; names are offsets, since they may point elsewhere in the packet. */
struct resource {
	size_t owner, data, data_end;
	uint16_t type, class;
	uint32_t ttl;
};

static size_t put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return 2;
}

static size_t put_name(uint8_t *to, struct str name)
{
	size_t n = 0;

	while (name.n) {
		struct str label = str_cut(&name, '.');

		to[n++] = (uint8_t)label.n;
		memcpy(to + n, label.p, label.n);
		n += label.n;
	}
	to[n++] = 0;
	return n;
}

/* Last in the packet, as c-ares expects when a server does not know EDNS and it has to go. */
static size_t put_edns(uint8_t *to)
{
	uint8_t opt[11] = { 0, 0, TYPE_OPT };

	put16(opt + 3, DNS_UDP_MAX);
	memcpy(to, opt, sizeof(opt));
	return sizeof(opt);
}

size_t dns_packet_query(const struct dns_question *q, uint16_t id, uint8_t out[DNS_QUERY_MAX])
{
	size_t n = WIRE_HEADER;

	ASSERT(dns_name_is_valid(q->name));
	memset(out, 0, WIRE_HEADER);
	put16(out, id);
	out[2] = FLAG_RECURSE;
	put16(out + 4, 1);  /* questions */
	put16(out + 10, 1); /* additional records */
	n += put_name(out + n, q->name);
	n += put16(out + n, q->type);
	n += put16(out + n, CLASS_IN);
	return n + put_edns(out + n);
}

static bool get_resource(struct wire *c, struct resource *rr)
{
	const uint8_t *data;
	struct wire_name name;
	uint16_t n;

	rr->owner = c->at;
	if (!wire_name(c, &name) || !wire_16(c, &rr->type) || !wire_16(c, &rr->class) ||
	    !wire_32(c, &rr->ttl) || !wire_16(c, &n))
		return false;
	rr->data = c->at;
	if (!wire_bytes(c, n, &data))
		return false;
	rr->data_end = c->at;
	return true;
}

static bool owned_by(const struct wire *c, const struct resource *rr, const struct wire_name *name)
{
	struct wire at = { c->packet, rr->owner };
	struct wire_name owner;

	return wire_name(&at, &owner) && wire_name_eq(&owner, name);
}

/* What the CNAMEs of the answer lead to from `name`, as far as the limit goes. */
static bool follow(struct wire *c, const struct resource *all, size_t n, struct wire_name *name)
{
	for (size_t i = 0, steps = 0; i < n && steps < DNS_CHAIN_MAX; i++) {
		if (all[i].type != DNS_CNAME || !owned_by(c, &all[i], name))
			continue;
		c->at = all[i].data;
		if (!wire_name(c, name))
			return false;
		steps++;
		i = (size_t)-1; /* once more from the first record: they come in any order */
	}
	return true;
}

static bool take_all(struct arena *a, struct wire *c, const struct resource *all, size_t n,
		     struct dns_question *q)
{
	VEC(struct dns_record) records = { 0 };
	struct wire_name name = wire_name_of(q->name);

	if (q->type != DNS_CNAME && !follow(c, all, n, &name))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct dns_record record = { .ttl = all[i].ttl };
		bool cut = records.n == DNS_RECORDS_MAX;

		if (all[i].type != q->type || all[i].class != CLASS_IN ||
		    !owned_by(c, &all[i], &name))
			continue;
		c->at = all[i].data;
		if (!cut && !rdata_read(a, c, all[i].data_end, q->type, &record, &cut))
			return false;
		if (!cut)
			vec_add(a, &records, record);
		q->cut |= cut;
	}
	q->records = records.p;
	q->n = records.n;
	return true;
}

static bool get_answers(struct arena *a, struct wire *c, size_t count, struct dns_question *q)
{
	struct resource all[ANSWERS_MAX];

	if (count > ANSWERS_MAX) {
		q->cut = true;
		count = ANSWERS_MAX;
	}
	for (size_t i = 0; i < count; i++) {
		if (!get_resource(c, &all[i]))
			return false;
	}
	return take_all(a, c, all, count, q);
}

/* That the answer repeats our question; c-ares has looked already, a fuzzer's packet not. */
static bool get_question(struct wire *c, const struct dns_question *q)
{
	struct wire_name name, ours = wire_name_of(q->name);
	uint16_t type, class;

	return wire_name(c, &name) && wire_16(c, &type) && wire_16(c, &class) && type == q->type &&
	       class == CLASS_IN && wire_name_eq(&name, &ours);
}

static enum dns_status status_of(const struct dns_question *q)
{
	enum { NOERROR = 0, NXDOMAIN = 3, REFUSED = 5 };

	switch (q->rcode) {
	case NOERROR:
		return q->n ? DNS_OK : DNS_NODATA;
	case NXDOMAIN:
		return DNS_NXDOMAIN;
	case REFUSED:
		return DNS_REFUSED;
	}
	return DNS_SERVFAIL;
}

/*
 * The SOA that comes with a negative answer. That it cannot be read says nothing about the answer:
 * it only means that the primary server is not known.
 */
static void get_primary(struct arena *a, struct wire *c, size_t count, struct dns_question *q)
{
	struct wire_name primary;
	struct resource rr;

	for (size_t i = 0; i < count && i < ANSWERS_MAX && get_resource(c, &rr); i++) {
		if (rr.type != DNS_SOA || rr.class != CLASS_IN)
			continue;
		c->at = rr.data;
		if (wire_name(c, &primary))
			q->primary = wire_name_host(a, &primary);
		return;
	}
}

/* Header, question, answers; false if anything in there makes no sense. */
static bool read_answer(struct arena *a, struct wire *c, struct dns_question *q)
{
	uint16_t counts[4];
	const uint8_t *head;

	if (!wire_bytes(c, 4, &head) || !(head[2] & FLAG_RESPONSE))
		return false;
	q->rcode = head[3] & 15;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		if (!wire_16(c, &counts[i]))
			return false;
	}
	/* Some servers do not repeat the question in an error. */
	if (q->rcode && counts[0] == 0)
		return true;
	if (counts[0] != 1 || !get_question(c, q) || !get_answers(a, c, counts[1], q))
		return false;
	if (q->n == 0 && !q->cut)
		get_primary(a, c, counts[2], q);
	return true;
}

void dns_packet_answer(struct arena *a, struct str packet, struct dns_question *q)
{
	struct wire c = { str_sub(packet, 0, DNS_PACKET_MAX), 0 };

	q->status = read_answer(a, &c, q) ? status_of(q) : DNS_BROKEN;
	if (q->status != DNS_OK)
		q->n = 0;
}
