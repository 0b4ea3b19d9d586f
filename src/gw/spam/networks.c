/* Lists of networks, and the addresses that are nobody's on the public network. */
#include "gw/spam/networks.h"

#include "gw/spam/received.h"
#include "lib/cidr/cidr.h"

enum { OCTETS = 4 };

struct entry {
	struct cidr net;
	bool excluded;
};

struct spam_networks {
	struct arena *a;
	VEC(struct entry) entries;
};

struct spam_networks *spam_networks_new(struct arena *a)
{
	struct spam_networks *n = NEW(a, struct spam_networks);

	n->a = a;
	return n;
}

/* "10.1" or "10.1." is 10.1.0.0/16: as many bits as there are octets. */
static bool parse_short_v4(struct str s, struct cidr *out)
{
	*out = (struct cidr){ .addr.family = 4 };
	if (str_ends(s, STR(".")))
		s.n--;
	for (int i = 0; i < OCTETS && s.p; i++) {
		int64_t octet;

		if (!str_int(str_cut(&s, '.'), 0, 255, &octet))
			return false;
		out->addr.b[i] = (uint8_t)octet;
		out->bits += 8;
	}
	return !s.p;
}

static bool parse_network(struct str s, struct cidr *out)
{
	struct str addr = str_cut(&s, '/');
	int64_t bits;

	if (str_starts(addr, STR("[")) && str_ends(addr, STR("]")))
		addr = str_sub(addr, 1, addr.n - 2);
	if (str_istarts(addr, STR("ipv6:")))
		addr = str_from(addr, 5);
	if (cidr_addr_parse(addr, &out->addr))
		out->bits = out->addr.family == 4 ? 32 : 128;
	else if (!parse_short_v4(addr, out))
		return false;
	if (!s.p)
		return true;
	if (!str_int(s, 0, out->addr.family == 4 ? 32 : 128, &bits))
		return false;
	out->bits = (uint8_t)bits;
	return true;
}

bool spam_networks_add(struct spam_networks *n, struct str word)
{
	struct entry entry = { .excluded = str_starts(word, STR("!")) };

	if (!parse_network(entry.excluded ? str_from(word, 1) : word, &entry.net))
		return false;
	vec_add(n->a, &n->entries, entry);
	return true;
}

/* ::ffff:192.0.2.1 as 192.0.2.1 */
static bool parse_address(struct str ip, struct cidr_addr *out)
{
	if (!cidr_addr_parse(ip, out))
		return false;
	*out = cidr_addr_unmapped(out);
	return true;
}

static bool is_loopback(const struct cidr_addr *addr)
{
	static const uint8_t one[16] = { [15] = 1 };

	return addr->family == 4 ? addr->b[0] == 127 : memcmp(addr->b, one, sizeof(one)) == 0;
}

bool spam_networks_have(const struct spam_networks *n, struct str ip, bool with_loopback)
{
	struct cidr_addr addr;

	if (!parse_address(ip, &addr))
		return false;
	for (size_t i = 0; n && i < n->entries.n; i++)
		if (cidr_contains(&n->entries.p[i].net, &addr))
			return !n->entries.p[i].excluded;
	return with_loopback && is_loopback(&addr);
}

bool spam_ip_is_private(struct str ip)
{
	struct cidr_addr addr;
	const uint8_t *b = addr.b;

	if (!parse_address(ip, &addr))
		return false;
	if (addr.family == 6)
		return is_loopback(&addr) || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
	return b[0] == 10 || b[0] == 127 || (b[0] == 169 && b[1] == 254) ||
	       (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
	       (b[0] == 100 && (b[1] & 0xc0) == 64);
}
