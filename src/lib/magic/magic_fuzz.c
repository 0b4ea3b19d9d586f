/*
 * The first byte chooses: a `magic` file, a `globs2` file, a file name or content. The first two
 * are then asked about their own bytes, the last two with the installed database.
 */
#include "lib/magic/magic.h"
#include "lib/magic/magic_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct magic *installed(void)
{
	static struct magic *m;
	struct err e;

	if (!m && magic_load(arena_open("fuzz database", 64u << 20), MAGIC_DIR, &m, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		abort();
	}
	return m;
}

static void fuzz_rules(struct arena *a, struct str in)
{
	struct rules r = { 0 };
	struct str type;
	struct err e;

	if (rules_parse(a, in, &r, &e) == 0 && in.n)
		rules_find(&r, in, &type);
}

static void fuzz_globs(struct arena *a, struct str in)
{
	struct globs g = { 0 };
	struct str type;
	struct err e;

	if (globs_parse(a, in, &g, &e) == 0)
		globs_find(&g, str_sub(in, 0, MAGIC_NAME_MAX), &type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 64u << 20);

	if (size == 0)
		return 0;
	in = str_from(in, 1);
	switch (data[0]) {
	case 'm':
		fuzz_rules(a, in);
		break;
	case 'g':
		fuzz_globs(a, in);
		break;
	case 'n':
		ASSERT(magic_of_name(installed(), in).n <= MAGIC_TYPE_MAX);
		break;
	default:
		ASSERT(magic_of_bytes(installed(), in).n > 0);
	}
	return 0;
}
