#include "lib/dns/rdata.h"

#include "base/enc.h"

/*
 * The data, field by field:
 *
 *	4 6	an address
 *	b w	a number of one or two bytes
 *	n	a name
 *	s	a string behind its length
 *	t	all strings that follow, joined
 *	r	the rest, as one string
 *	x	the rest in hexadecimal digits
 *	e	the rest in base64
 *	z	the numbers of an SOA
 */
static const struct {
	const char *name;
	enum dns_type type;
	const char *fields;
} types[] = {
	{ "A", DNS_A, "4" },           { "AAAA", DNS_AAAA, "6" },
	{ "TXT", DNS_TXT, "t" },       { "MX", DNS_MX, "wn" },
	{ "NS", DNS_NS, "n" },         { "CNAME", DNS_CNAME, "n" },
	{ "PTR", DNS_PTR, "n" },       { "SOA", DNS_SOA, "nnz" },
	{ "SPF", DNS_SPF, "t" },       { "SRV", DNS_SRV, "wwwn" },
	{ "CAA", DNS_CAA, "bsr" },     { "DNAME", DNS_DNAME, "n" },
	{ "NAPTR", DNS_NAPTR, "wwsssn" }, { "URI", DNS_URI, "wwr" },
	{ "HINFO", DNS_HINFO, "ss" },  { "RP", DNS_RP, "nn" },
	{ "MINFO", DNS_MINFO, "nn" },  { "KX", DNS_KX, "wn" },
	{ "GPOS", DNS_GPOS, "sss" },   { "SSHFP", DNS_SSHFP, "bbx" },
	{ "TLSA", DNS_TLSA, "bbbx" },  { "CERT", DNS_CERT, "wwbe" },
	{ "DHCID", DNS_DHCID, "e" },   { "OPENPGPKEY", DNS_OPENPGPKEY, "e" },
};

const char *dns_type_name(enum dns_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return "?";
}

bool dns_type_parse(struct str name, enum dns_type *out)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_ieq(name, str_of(types[i].name))) {
			*out = types[i].type;
			return true;
		}
	return false;
}

struct reading {
	struct arena *a;
	struct wire *w;
	size_t end;
	struct dns_record *out;
	struct buf text;
};

static bool address(struct reading *r, size_t n, uint8_t family)
{
	struct cidr_addr *addr = &r->out->addr;
	const uint8_t *p;

	if (!wire_bytes(r->w, n, &p))
		return false;
	addr->family = family;
	memcpy(addr->b, p, n);
	return true;
}

static bool byte(struct reading *r)
{
	uint8_t n;

	if (!wire_8(r->w, &n))
		return false;
	buf_addf(&r->text, "%u", n);
	return true;
}

/* That of an MX is its preference. */
static bool word(struct reading *r)
{
	uint16_t n;

	if (!wire_16(r->w, &n))
		return false;
	r->out->preference = n;
	buf_addf(&r->text, "%u", n);
	return true;
}

static bool name(struct reading *r)
{
	struct wire_name name;

	if (!wire_name(r->w, &name))
		return false;
	if (!r->out->name.p)
		r->out->name = wire_name_host(r->a, &name);
	wire_name_add(&r->text, &name);
	return true;
}

/* In quotation marks where it would not be one word without them. */
static void add_string(struct buf *b, struct str s)
{
	bool quoted = s.n == 0;

	for (size_t i = 0; i < s.n; i++)
		quoted |= s.p[i] && strchr(" (),;", s.p[i]);
	if (quoted)
		buf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < ' ' || c >= 127)
			buf_addf(b, "\\%03u", c);
		else
			buf_addf(b, strchr("\"\\", c) ? "\\%c" : "%c", c);
	}
	if (quoted)
		buf_addc(b, '"');
}

static bool counted(struct reading *r, struct str *out)
{
	const uint8_t *p;
	uint8_t n;

	if (!wire_8(r->w, &n) || !wire_bytes(r->w, n, &p))
		return false;
	*out = (struct str){ (const char *)p, n };
	return true;
}

static bool string(struct reading *r)
{
	struct str s;

	if (!counted(r, &s))
		return false;
	add_string(&r->text, s);
	return true;
}

/* As they are: what reads them looks for a language of its own. */
static bool strings(struct reading *r)
{
	struct str s;

	while (r->w->at < r->end) {
		if (!counted(r, &s))
			return false;
		buf_add(&r->text, s);
	}
	return true;
}

static bool rest(struct reading *r, char how)
{
	struct str s;

	if (r->w->at > r->end)
		return false;
	s = str_sub(r->w->packet, r->w->at, r->end - r->w->at);
	r->w->at = r->end;
	if (how == 'x')
		enc_hex_add(&r->text, s);
	else if (how == 'e')
		enc_base64_add(&r->text, s, STR_NONE);
	else
		add_string(&r->text, s);
	return true;
}

/* In the lines that Net::DNS writes, since rules are written for those. */
static bool soa_numbers(struct reading *r)
{
	static const char *const names[] = { "serial", "refresh", "retry", "expire", "minimum" };
	uint32_t n;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!wire_32(r->w, &n))
			return false;
		buf_addf(&r->text, "\n\t\t\t\t%u\t\t;%s", n, names[i]);
	}
	return true;
}

static bool field(struct reading *r, char kind)
{
	switch (kind) {
	case '4':
		return address(r, 4, 4);
	case '6':
		return address(r, 16, 6);
	case 'b':
		return byte(r);
	case 'w':
		return word(r);
	case 'n':
		return name(r);
	case 's':
		return string(r);
	case 't':
		return strings(r);
	case 'z':
		return soa_numbers(r);
	default:
		return rest(r, kind);
	}
}

static const char *fields_of(enum dns_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return types[i].fields;
	return NULL;
}

bool rdata_read(struct arena *a, struct wire *w, size_t end, enum dns_type type,
		struct dns_record *out, bool *cut)
{
	struct reading r = { .a = a, .w = w, .end = end, .out = out };
	const char *fields = fields_of(type);

	buf_init(&r.text, a, DNS_TEXT_MAX);
	for (const char *f = fields; f && *f; f++) {
		if (f > fields && *f != 'z')
			buf_addc(&r.text, ' ');
		if (!field(&r, *f))
			return false;
	}
	*cut = r.text.failed;
	out->text = buf_str(&r.text);
	return fields && w->at == end;
}
