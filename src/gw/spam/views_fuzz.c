#include <stdint.h>

#include "base/err.h"
#include "gw/spam/views.h"
#include "lib/uri/domains.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every view of any bytes; a second look must show the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct uri_domains *domains = uri_domains_new(a);
	struct spam_mail mail = { .raw = { (const char *)data, size } };
	struct spam_view_options o;
	struct spam_message *m;
	size_t n;

	uri_domains_add(domains, STR("com"));
	uri_domains_add(domains, STR("co.uk"));
	spam_view_options_init(&o, domains);
	m = spam_message_read(a, &mail, &o);
	spam_parts(m, &n);
	ASSERT(n <= SPAM_PARTS_ALL_MAX + SPAM_LEVELS_MAX);
	ASSERT(spam_body(m).v == spam_body(m).v);
	spam_body_visible(m);
	spam_body_invisible(m);
	spam_rawbody(m);
	ASSERT(spam_relays(m, SPAM_RELAYS_TRUSTED)->n + spam_relays(m, SPAM_RELAYS_UNTRUSTED)->n <=
	       SPAM_RECEIVED_MAX);
	return 0;
}
