#include <stdint.h>

#include "base/err.h"
#include "lib/html/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing is made up: no event is longer than the text it came from. */
static void check(void *ctx, const struct html_event *ev)
{
	size_t size = *(const size_t *)ctx;

	ASSERT(ev->attr_count <= HTML_ATTRS_MAX);
	ASSERT(ev->text.n <= size && ev->name.n <= size + sizeof("plaintext"));
}

/* The first octet says where the text is cut in two. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str text = { (const char *)data, size };
	struct html_parser p;
	size_t cut;

	if (!size)
		return 0;
	cut = data[0] % size;
	html_init(&p, a, check, &size);
	html_feed(&p, str_sub(text, 0, cut));
	html_feed(&p, str_from(text, cut));
	html_end(&p);
	return 0;
}
