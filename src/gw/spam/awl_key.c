/* Who sent a mail, as far as the auto-whitelist is concerned. */
#include "base/buf.h"
#include "gw/spam/awl.h"
#include "lib/cidr/cidr.h"

enum { NETWORK_MAX = 64, IPV6_WORDS = 8 };

/* "192.0" of 192.0.0.0: trailing zeros are not written, unless all bits count. */
static void add_ipv4(struct buf *b, const struct cidr *net)
{
	int n = 4;

	while (net->bits < 32 && n > 1 && net->addr.b[n - 1] == 0)
		n--;
	for (int i = 0; i < n; i++)
		buf_addf(b, "%s%u", i ? "." : "", net->addr.b[i]);
}

/* "2001:0DB8::" */
static void add_ipv6(struct buf *b, const struct cidr *net)
{
	const uint8_t *p = net->addr.b;
	int n = IPV6_WORDS;

	while (net->bits < 128 && n > 1 && p[2 * n - 2] == 0 && p[2 * n - 1] == 0)
		n--;
	for (int i = 0; i < n; i++)
		buf_addf(b, "%s%02X%02X", i ? ":" : "", p[2 * i], p[2 * i + 1]);
	if (net->bits < 128)
		buf_addz(b, "::");
}

struct str awl_network(struct arena *a, struct str ip, unsigned ipv4_bits, unsigned ipv6_bits)
{
	struct cidr net;
	struct buf b;

	if (!cidr_addr_parse(ip, &net.addr))
		return STR("none");
	net.bits = (uint8_t)(net.addr.family == 4 ? ipv4_bits : ipv6_bits);
	net = cidr_network(&net);
	buf_init(&b, a, NETWORK_MAX);
	if (net.addr.family == 4)
		add_ipv4(&b, &net);
	else
		add_ipv6(&b, &net);
	return buf_str(&b);
}

/* The public address nearest to where the mail came from. */
static struct str origin(struct spam_message *m)
{
	static const enum spam_relay_list lists[] = { SPAM_RELAYS_UNTRUSTED, SPAM_RELAYS_TRUSTED };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct spam_relays *r = spam_relays(m, lists[i]);

		for (size_t k = r->n; k > 0; k--)
			if (r->v[k - 1].ip.n && !r->v[k - 1].ip_private)
				return r->v[k - 1].ip;
	}
	return STR_NONE;
}

/* What could be taken for something else in a key. */
static void clean(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || strchr(";'\"!|", p[i]))
			p[i] = '_';
}

struct str awl_key(struct arena *a, struct spam_message *m, unsigned ipv4_bits, unsigned ipv6_bits)
{
	struct spam_header_query q = spam_header_query_parse(STR("From:addr"));
	struct spam_texts from = spam_header(m, &q);
	struct str addr;
	char *p;

	if (from.n == 0)
		return STR_NONE;
	addr = str_trim(from.v[0]);
	if (str_chr(addr, '@') < 0)
		return STR_NONE;
	p = arena_alloc(a, addr.n);
	for (size_t i = 0; i < addr.n; i++)
		p[i] = ascii_lower(addr.p[i]);
	clean(p, addr.n);
	return str_fmt(a, "%.*s|ip=%.*s", (int)addr.n, p,
		       STR_ARG(awl_network(a, origin(m), ipv4_bits, ipv6_bits)));
}
