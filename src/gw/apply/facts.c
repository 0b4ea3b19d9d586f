#define _GNU_SOURCE
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include "gw/apply/apply_int.h"

static bool take_sockaddr(const struct sockaddr *sa, struct cidr_addr *out)
{
	*out = (struct cidr_addr){ 0 };
	if (sa && sa->sa_family == AF_INET) {
		out->family = 4;
		memcpy(out->b, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else if (sa && sa->sa_family == AF_INET6) {
		out->family = 6;
		memcpy(out->b, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	}
	return out->family != 0;
}

/* 127/8, ::1, fe80::/10: nothing that other machines know this one by. */
static bool is_local_only(const struct cidr_addr *addr)
{
	static const struct cidr_addr one = { 6, { [15] = 1 } };

	if (addr->family == 4)
		return addr->b[0] == 127 || addr->b[0] == 0;
	return memcmp(addr->b, one.b, 16) == 0 ||
	       (addr->b[0] == 0xfe && (addr->b[1] & 0xc0) == 0x80);
}

static bool resolve(const char *hostname, struct cidr_addr *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	bool found = false;

	if (getaddrinfo(hostname, NULL, &hints, &list) != 0)
		return false;
	for (struct addrinfo *at = list; at && !found; at = at->ai_next)
		found = take_sockaddr(at->ai_addr, out) && !is_local_only(out);
	freeaddrinfo(list);
	return found;
}

static uint8_t mask_bits(const struct sockaddr *mask)
{
	struct cidr_addr m;
	int bits = 0;

	if (!take_sockaddr(mask, &m))
		return 0;
	for (size_t i = 0; i < sizeof(m.b); i++)
		bits += __builtin_popcount(m.b[i]);
	return (uint8_t)bits;
}

/* IPv4 first, as the node's address in the cluster is. */
static bool first_interface(const struct ifaddrs *list, struct cidr_addr *out)
{
	for (uint8_t family = 4; family <= 6; family += 2)
		for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
			struct cidr_addr addr;

			if ((at->ifa_flags & IFF_UP) && take_sockaddr(at->ifa_addr, &addr) &&
			    addr.family == family && !is_local_only(&addr)) {
				*out = addr;
				return true;
			}
		}
	return false;
}

static void find_network(const struct ifaddrs *list, struct apply_facts *f)
{
	f->network = cidr_host(&f->int_ip);
	for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
		struct cidr_addr addr;
		uint8_t bits = mask_bits(at->ifa_netmask);

		if (!take_sockaddr(at->ifa_addr, &addr) || addr.family != f->int_ip.family ||
		    memcmp(addr.b, f->int_ip.b, sizeof(addr.b)) != 0 || bits == 0)
			continue;
		f->network.bits = bits;
		f->network = cidr_network(&f->network);
		return;
	}
}

static void add_own_addresses(struct arena *a, const struct ifaddrs *list, struct apply_facts *f)
{
	struct cidr_addr addr;

	for (const struct ifaddrs *at = list; at; at = at->ifa_next)
		if (take_sockaddr(at->ifa_addr, &addr))
			vec_add(a, &f->own, addr);
}

/* The newest version that has a cluster "main". */
static struct str postgres_version(struct arena *a)
{
	CLEAN_DIR DIR *dir = opendir("/etc/postgresql");
	struct dirent *entry;
	int64_t best = 15, version;

	for (bool first = true; dir && (entry = readdir(dir));) {
		struct str path = str_fmt(a, "/etc/postgresql/%s/main", entry->d_name);

		if (!str_int(str_of(entry->d_name), 1, 1000, &version) ||
		    access(str_z(a, path), F_OK) < 0 || (!first && version < best))
			continue;
		best = version;
		first = false;
	}
	return str_fmt(a, "%lld", (long long)best);
}

void apply_facts_system(struct arena *a, const char *hostname, struct apply_facts *out)
{
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list) < 0)
		list = NULL;
	*out = (struct apply_facts){ .int_ip = { 4, { 127, 0, 0, 1 } },
				     .postgres = postgres_version(a) };
	if (!resolve(hostname, &out->int_ip))
		first_interface(list, &out->int_ip);
	find_network(list, out);
	add_own_addresses(a, list, out);
	if (list)
		freeifaddrs(list);
}
