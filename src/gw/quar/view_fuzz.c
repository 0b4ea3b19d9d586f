/* Any bytes as a quarantined mail: it can be looked at, and the page is as safe as HTML gets. */
#include "gw/quar/view.h"
#include "lib/html/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int nowhere(void *ctx, struct str bytes, struct err *e)
{
	uint64_t *left = ctx;

	(void)e;
	ASSERT(bytes.n <= *left);
	*left -= bytes.n;
	return 0;
}

static void look_at_parts(struct arena *a, const struct quar_view *v)
{
	struct quar_part *parts;
	struct err e;
	size_t n;

	quar_view_parts(a, v, &parts, &n);
	for (size_t i = 0; i < n; i++) {
		struct sink to = { nowhere, &parts[i].size };

		ASSERT(parts[i].name.n && str_chr(parts[i].name, '/') < 0);
		ASSERT(quar_view_part_write(v, (uint32_t)i, &to, &e) == 0 && !parts[i].size);
	}
	ASSERT(quar_view_part_write(v, (uint32_t)n, NULL, &e) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct quar_view_how how = { HTML_IMAGES_EMBEDDED, true };
	struct quar_view *v;
	struct str page, header;
	bool external;
	struct err e;

	ASSERT(quar_view_open(a, (struct str){ (const char *)data, size }, &v, &e) == 0);
	header = quar_view_header(a, v);
	ASSERT(str_chr(header, '\r') < 0 && str_chr(header, '\0') < 0);
	look_at_parts(a, v);
	if (quar_view_page(a, v, &how, &external, &page, &e) == 0)
		ASSERT(str_ifind(page, STR("<script")) < 0);
	return 0;
}
