#include <stdint.h>

#include "base/err.h"
#include "gw/spam/views.h"
#include "lib/uri/domains.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_headers(struct spam_message *m)
{
	static const char *const queries[] = { "ALL",           "ALL:raw",   "ALL-TRUSTED",
					       "From:addr",     "From:name", "From:domain",
					       "X:host",        "X:revip",   "MESSAGEID",
					       "EnvelopeFrom",  "ToCc:addr", "Subject:raw",
					       "X-AuthorDomain" };

	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		struct spam_header_query q = spam_header_query_parse(str_of(queries[i]));
		struct str text;

		ASSERT(spam_header_text(m, &q, &text) == (spam_header(m, &q).n > 0));
	}
}

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
	ask_headers(m);
	spam_uri_details(m, &n);
	ASSERT(n <= SPAM_URIS_MAX && spam_uris(m).v == spam_uris(m).v);
	ASSERT(spam_relays(m, SPAM_RELAYS_TRUSTED)->n + spam_relays(m, SPAM_RELAYS_UNTRUSTED)->n <=
	       SPAM_RECEIVED_MAX);
	return 0;
}
