#include "lib/dns/packet.h"

#include "base/buf.h"
#include "base/vec.h"

enum {
	HEADER = 12,
	CLASS_IN = 1,
	TYPE_SOA = 6,
	TYPE_OPT = 41,
	FLAG_RESPONSE = 0x80, /* third byte of the header */
	FLAG_RECURSE = 0x01,
	POINTER = 0xc0,          /* first byte of a compression pointer */
	TEXT_NAME_MAX = 4 * 255, /* a name of which every byte is escaped */
	ANSWERS_MAX = 256,       /* resource records looked at */
};

/* A place in the packet. */
struct cursor {
	struct str packet;
	size_t at;
};

/* A name as text, not on any arena: most of those in an answer are only compared. */
struct name {
	char p[TEXT_NAME_MAX];
	size_t n;
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
	size_t n = HEADER;

	ASSERT(dns_name_is_valid(q->name));
	memset(out, 0, HEADER);
	put16(out, id);
	out[2] = FLAG_RECURSE;
	put16(out + 4, 1);  /* questions */
	put16(out + 10, 1); /* additional records */
	n += put_name(out + n, q->name);
	n += put16(out + n, q->type);
	n += put16(out + n, CLASS_IN);
	return n + put_edns(out + n);
}

static bool get_bytes(struct cursor *c, size_t n, const uint8_t **out)
{
	if (n > c->packet.n - c->at)
		return false;
	*out = (const uint8_t *)c->packet.p + c->at;
	c->at += n;
	return true;
}

static bool get8(struct cursor *c, uint8_t *out)
{
	const uint8_t *p;

	if (!get_bytes(c, 1, &p))
		return false;
	*out = p[0];
	return true;
}

static bool get16(struct cursor *c, uint16_t *out)
{
	const uint8_t *p;

	if (!get_bytes(c, 2, &p))
		return false;
	*out = (uint16_t)(p[0] << 8 | p[1]);
	return true;
}

static bool get32(struct cursor *c, uint32_t *out)
{
	uint16_t high, low;

	if (!get16(c, &high) || !get16(c, &low))
		return false;
	*out = (uint32_t)high << 16 | low;
	return true;
}

static void add_byte(struct name *to, uint8_t byte)
{
	if (byte > ' ' && byte < 127 && byte != '.' && byte != '\\') {
		to->p[to->n++] = ascii_lower((char)byte);
		return;
	}
	to->p[to->n++] = '\\';
	to->p[to->n++] = (char)('0' + byte / 100);
	to->p[to->n++] = (char)('0' + byte / 10 % 10);
	to->p[to->n++] = (char)('0' + byte % 10);
}

/* The callers see to it that all labels together are no longer than a name may be. */
static void add_label(struct name *to, const uint8_t *p, size_t n)
{
	if (to->n)
		to->p[to->n++] = '.';
	for (size_t i = 0; i < n; i++)
		add_byte(to, p[i]);
}

/* A valid name of ours in the same form. */
static struct name name_of(struct str text)
{
	struct name name = { .n = 0 };

	while (text.n) {
		struct str label = str_cut(&text, '.');

		add_label(&name, (const uint8_t *)label.p, label.n);
	}
	return name;
}

static bool same_name(const struct name *x, const struct name *y)
{
	return x->n == y->n && memcmp(x->p, y->p, x->n) == 0;
}

/*
 * Follows the pointer that begins with `first`. It must lead to before *start, where the name (or
 * what the last pointer led to) begins, so that no loop is possible.
 */
static bool jump(struct cursor *c, uint8_t first, size_t *start)
{
	size_t to;
	uint8_t low;

	if (!get8(c, &low))
		return false;
	to = (size_t)(first & ~POINTER) << 8 | low;
	if (to < HEADER || to >= *start)
		return false;
	*start = c->at = to;
	return true;
}

/* A name; the cursor moves behind it, wherever its pointers lead. */
static bool get_name(struct cursor *c, struct name *out)
{
	size_t start = c->at, bytes = 0, behind = 0;
	const uint8_t *label;
	uint8_t n = 1;

	out->n = 0;
	while (get8(c, &n) && n) {
		if ((n & POINTER) == POINTER) {
			behind = behind ? behind : c->at + 1;
			if (!jump(c, n, &start))
				return false;
			continue;
		}
		bytes += n + 1u;
		if (n > DNS_LABEL_MAX || bytes > DNS_NAME_MAX + 1 || !get_bytes(c, n, &label))
			return false;
		add_label(out, label, n);
	}
	if (n)
		return false;
	c->at = behind ? behind : c->at;
	return true;
}

static bool get_resource(struct cursor *c, struct resource *rr)
{
	const uint8_t *data;
	struct name name;
	uint16_t n;

	rr->owner = c->at;
	if (!get_name(c, &name) || !get16(c, &rr->type) || !get16(c, &rr->class) ||
	    !get32(c, &rr->ttl) || !get16(c, &n))
		return false;
	rr->data = c->at;
	if (!get_bytes(c, n, &data))
		return false;
	rr->data_end = c->at;
	return true;
}

static bool owned_by(const struct cursor *c, const struct resource *rr, const struct name *name)
{
	struct cursor at = { c->packet, rr->owner };
	struct name owner;

	return get_name(&at, &owner) && same_name(&owner, name);
}

static bool get_addr(struct cursor *c, size_t n, uint8_t family, struct cidr_addr *out)
{
	const uint8_t *p;

	if (!get_bytes(c, n, &p))
		return false;
	out->family = family;
	memcpy(out->b, p, n);
	return true;
}

static bool get_host(struct arena *a, struct cursor *c, struct str *out)
{
	struct name name;

	if (!get_name(c, &name))
		return false;
	*out = str_copy(a, (struct str){ name.p, name.n });
	return true;
}

/* The strings of a TXT record, joined; *cut if they are too long. */
static bool get_text(struct arena *a, struct cursor *c, size_t end, struct str *out, bool *cut)
{
	const uint8_t *p;
	struct buf b;
	uint8_t n;

	buf_init(&b, a, DNS_TEXT_MAX);
	while (c->at < end) {
		if (!get8(c, &n) || !get_bytes(c, n, &p))
			return false;
		buf_add(&b, (struct str){ (const char *)p, n });
	}
	*cut = b.failed;
	*out = buf_str(&b);
	return true;
}

/* The data of a record of the type asked for; false if it is not what its type promises. */
static bool get_data(struct arena *a, struct cursor *c, const struct resource *rr,
		     struct dns_record *out, bool *cut)
{
	bool ok = false;

	c->at = rr->data;
	switch ((enum dns_type)rr->type) {
	case DNS_A:
		ok = get_addr(c, 4, 4, &out->addr);
		break;
	case DNS_AAAA:
		ok = get_addr(c, 16, 6, &out->addr);
		break;
	case DNS_MX:
		ok = get16(c, &out->preference) && get_host(a, c, &out->name);
		break;
	case DNS_NS:
	case DNS_PTR:
	case DNS_CNAME:
		ok = get_host(a, c, &out->name);
		break;
	case DNS_TXT:
		ok = get_text(a, c, rr->data_end, &out->text, cut);
		break;
	}
	return ok && c->at == rr->data_end;
}

/* What the CNAMEs of the answer lead to from `name`, as far as the limit goes. */
static bool follow(struct cursor *c, const struct resource *all, size_t n, struct name *name)
{
	for (size_t i = 0, steps = 0; i < n && steps < DNS_CHAIN_MAX; i++) {
		if (all[i].type != DNS_CNAME || !owned_by(c, &all[i], name))
			continue;
		c->at = all[i].data;
		if (!get_name(c, name))
			return false;
		steps++;
		i = (size_t)-1; /* once more from the first record: they come in any order */
	}
	return true;
}

static bool take_all(struct arena *a, struct cursor *c, const struct resource *all, size_t n,
		     struct dns_question *q)
{
	VEC(struct dns_record) records = { 0 };
	struct name name = name_of(q->name);

	if (q->type != DNS_CNAME && !follow(c, all, n, &name))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct dns_record record = { .ttl = all[i].ttl };
		bool cut = records.n == DNS_RECORDS_MAX;

		if (all[i].type != q->type || all[i].class != CLASS_IN ||
		    !owned_by(c, &all[i], &name))
			continue;
		if (!cut && !get_data(a, c, &all[i], &record, &cut))
			return false;
		if (!cut)
			vec_add(a, &records, record);
		q->cut |= cut;
	}
	q->records = records.p;
	q->n = records.n;
	return true;
}

static bool get_answers(struct arena *a, struct cursor *c, size_t count, struct dns_question *q)
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
static bool get_question(struct cursor *c, const struct dns_question *q)
{
	struct name name, ours = name_of(q->name);
	uint16_t type, class;

	return get_name(c, &name) && get16(c, &type) && get16(c, &class) && type == q->type &&
	       class == CLASS_IN && same_name(&name, &ours);
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
static void get_primary(struct arena *a, struct cursor *c, size_t count, struct dns_question *q)
{
	struct resource rr;

	for (size_t i = 0; i < count && i < ANSWERS_MAX && get_resource(c, &rr); i++) {
		if (rr.type != TYPE_SOA || rr.class != CLASS_IN)
			continue;
		c->at = rr.data;
		if (!get_host(a, c, &q->primary))
			q->primary = STR_NONE;
		return;
	}
}

/* Header, question, answers; false if anything in there makes no sense. */
static bool read_answer(struct arena *a, struct cursor *c, struct dns_question *q)
{
	uint16_t counts[4];
	const uint8_t *head;

	if (!get_bytes(c, 4, &head) || !(head[2] & FLAG_RESPONSE))
		return false;
	q->rcode = head[3] & 15;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		if (!get16(c, &counts[i]))
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
	struct cursor c = { str_sub(packet, 0, DNS_PACKET_MAX), 0 };

	q->status = read_answer(a, &c, q) ? status_of(q) : DNS_BROKEN;
	if (q->status != DNS_OK)
		q->n = 0;
}
