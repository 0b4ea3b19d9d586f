/*
 * Any bytes as HTML of a stranger: every < of the result begins a tag of the list, or ends one, and
 * what is safe stays as it is. The first byte says what is asked for.
 */
#include "base/err.h"
#include "lib/html/html.h"
#include "lib/html/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const forbidden[] = { "script", "iframe", "object", "embed", "svg", "math",
					 "form", "input", "link", "meta", "base", "frame",
					 "body", "html", "video", "audio", "template" };

static void check(void *ctx, const struct html_event *ev)
{
	(void)ctx;
	ASSERT(ev->kind != HTML_COMMENT && ev->kind != HTML_DECLARATION);
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		ASSERT(!str_eq(ev->name, str_of(forbidden[i])));
	for (size_t i = 0; i < ev->attr_count; i++) {
		struct str name = ev->attrs[i].name, value = ev->attrs[i].value;

		ASSERT(!str_starts(name, STR("on")) && !str_eq(name, STR("srcset")));
		if (str_eq(name, STR("href")) || str_eq(name, STR("src")))
			ASSERT(str_istarts(value, STR("http")) ||
			       str_starts(value, STR("data:image/")));
		if (str_eq(name, STR("style")))
			ASSERT(str_ifind(value, STR("url(")) < 0 && str_chr(value, '\\') < 0);
	}
}

static struct str safe(struct arena *a, struct str html, uint8_t how)
{
	struct html_safe s = { .images = (enum html_images)(how % 3), .links = how & 4 };
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	html_safe_add(a, html, &s, &b);
	return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct html_parser p;
	struct str once;

	if (!size)
		return 0;
	once = safe(a, (struct str){ (const char *)data + 1, size - 1 }, data[0]);
	html_init(&p, a, check, NULL);
	html_feed(&p, once);
	html_end(&p);
	ASSERT(str_eq(safe(a, once, data[0]), once));
	return 0;
}
