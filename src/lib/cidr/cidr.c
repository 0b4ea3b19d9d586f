#include "lib/cidr/cidr.h"

#include <arpa/inet.h>

static int addr_bits(const struct cidr_addr *addr)
{
	return addr->family == 4 ? 32 : 128;
}

static int addr_af(const struct cidr_addr *addr)
{
	return addr->family == 4 ? AF_INET : AF_INET6;
}

bool cidr_addr_parse(struct str s, struct cidr_addr *out)
{
	struct cidr_addr addr = { .family = str_chr(s, ':') >= 0 ? 6 : 4 };
	char text[INET6_ADDRSTRLEN];

	if (s.n == 0 || s.n >= sizeof(text) || str_chr(s, '\0') >= 0)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(addr_af(&addr), text, addr.b) != 1)
		return false;
	*out = addr;
	return true;
}

struct str cidr_addr_text(struct arena *a, const struct cidr_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	ASSERT(inet_ntop(addr_af(addr), addr->b, text, sizeof(text)));
	return str_copy(a, str_of(text));
}

struct str cidr_addr_bracketed(struct arena *a, const struct cidr_addr *addr)
{
	struct str text = cidr_addr_text(a, addr);

	return addr->family == 4 ? text : str_fmt(a, "[%.*s]", STR_ARG(text));
}

int cidr_parse(struct str s, struct cidr *out, struct err *e)
{
	struct str rest = s, address = str_cut(&rest, '/');
	struct cidr net;
	int64_t bits;

	if (!rest.p)
		return err_set(e, ERR_INVALID, "no '/' and prefix length");
	if (!cidr_addr_parse(address, &net.addr))
		return err_set(e, ERR_INVALID, "'%.*s' is not an IP address", STR_ARG(address));
	if (rest.n == 0 || !ascii_is_digit(rest.p[0]) ||
	    !str_int(rest, 0, addr_bits(&net.addr), &bits))
		return err_set(e, ERR_INVALID, "'%.*s' is not a prefix length from 0 to %d",
			       STR_ARG(rest), addr_bits(&net.addr));
	net.bits = (uint8_t)bits;
	*out = net;
	return 0;
}

struct str cidr_text(struct arena *a, const struct cidr *net, bool bracketed)
{
	struct str addr = bracketed ? cidr_addr_bracketed(a, &net->addr) :
				      cidr_addr_text(a, &net->addr);

	return str_fmt(a, "%.*s/%d", STR_ARG(addr), net->bits);
}

static uint8_t byte_mask(int bits)
{
	if (bits <= 0)
		return 0;
	return bits >= 8 ? 0xff : (uint8_t)(0xff << (8 - bits));
}

struct cidr cidr_network(const struct cidr *net)
{
	struct cidr n = *net;

	for (int i = 0; i < 16; i++)
		n.addr.b[i] &= byte_mask(net->bits - 8 * i);
	return n;
}

bool cidr_has_host_bits(const struct cidr *net)
{
	struct cidr n = cidr_network(net);

	return memcmp(n.addr.b, net->addr.b, sizeof(n.addr.b)) != 0;
}

bool cidr_contains(const struct cidr *net, const struct cidr_addr *addr)
{
	uint8_t differ = 0;

	if (net->addr.family != addr->family)
		return false;
	for (int i = 0; i < 16; i++)
		differ |= (uint8_t)((net->addr.b[i] ^ addr->b[i]) & byte_mask(net->bits - 8 * i));
	return differ == 0;
}

struct cidr cidr_host(const struct cidr_addr *addr)
{
	return (struct cidr){ *addr, (uint8_t)addr_bits(addr) };
}

struct cidr_addr cidr_addr_unmapped(const struct cidr_addr *addr)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	struct cidr_addr v4 = { .family = 4 };

	if (addr->family != 6 || memcmp(addr->b, prefix, sizeof(prefix)) != 0)
		return *addr;
	memcpy(v4.b, addr->b + sizeof(prefix), 4);
	return v4;
}
