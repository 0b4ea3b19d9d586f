/* Any text as an address and as a network: what is written is what was read. */
#include <stdint.h>

#include "lib/cidr/cidr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 1 << 20);
	struct str text = { (const char *)data, size };
	struct cidr_addr addr, again;
	struct cidr net, same;
	struct err e;

	if (size > 1000)
		return 0;
	if (cidr_addr_parse(text, &addr)) {
		ASSERT(cidr_addr_parse(cidr_addr_text(a, &addr), &again));
		ASSERT(memcmp(&addr, &again, sizeof(addr)) == 0);
	}
	if (cidr_parse(text, &net, &e) == 0) {
		ASSERT(cidr_text(a, &net, true).n > 0);
		ASSERT(cidr_parse(cidr_text(a, &net, false), &same, &e) == 0);
		ASSERT(memcmp(&net, &same, sizeof(net)) == 0);
		net = cidr_network(&net);
		ASSERT(!cidr_has_host_bits(&net) && cidr_contains(&net, &same.addr));
	}
	return 0;
}
