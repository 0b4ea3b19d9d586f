#include <stdint.h>

#include "base/err.h"
#include "lib/uri/canon.h"
#include "lib/uri/find.h"
#include "lib/uri/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line of text: what is found in it is part of it, and has forms and perhaps a host. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct uri_domains *d = uri_domains_new(a);
	struct str line = { (const char *)data, size }, host, domain;
	struct uri_found f;
	size_t at = 0;

	uri_domains_add(d, STR("com"));
	uri_domains_add(d, STR("co.uk"));
	while (uri_find(d, line, &at, &f)) {
		struct uri_forms forms = uri_canonical(a, d, NULL, f.text);

		ASSERT(f.text.n > 0 && f.text.p + f.text.n == line.p + at);
		ASSERT(forms.n >= 1 && forms.n <= URI_FORMS_MAX);
		for (size_t i = 0; i < forms.n; i++)
			if (uri_host(a, d, forms.v[i], &host, &domain))
				ASSERT(str_ends(host, domain));
	}
	uri_canonical(a, d, NULL, line);
	uri_resolve(a, str_sub(line, 0, size / 2), str_from(line, size / 2));
	return 0;
}
