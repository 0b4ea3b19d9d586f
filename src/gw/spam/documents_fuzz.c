/* Any bytes as an attachment: as a PDF, and as an office document of each kind. */
#include <stdint.h>

#include "gw/spam/ole.h"
#include "gw/spam/pdf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ole_patterns *patterns(void)
{
	static struct arena *keep;
	static struct ole_patterns p;

	if (!keep)
		ole_patterns_init(&p, keep = arena_open("patterns", 64u << 20));
	return &p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str s = { (const char *)data, size };
	struct pdf_facts pdf = { 0 };
	struct ole_facts ole = { 0 };

	pdf_facts_init(&pdf, a);
	pdf_read(a, s, &pdf);
	for (size_t i = 0; i < pdf.uris.n; i++)
		ASSERT(pdf.uris.p[i].n <= PDF_STRING_MAX);
	ole_check_encrypted(s, &ole);
	ole_check_marks(patterns(), s, &ole);
	ole_check_zipped(a, patterns(), STR("a.zip"), s, &ole);
	ole_downloads(s);
	ASSERT(ole.n_links <= OLE_LINKS_MAX && ole.unpacked <= OLE_CONTENT_MAX);
	return 0;
}
