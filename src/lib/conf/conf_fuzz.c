/* Any text can be read; what is written is read back as the same. */
#include <stdint.h>

#include "lib/conf/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int accept_all(struct str s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

static void round_trip_sections(struct arena *a, struct str text)
{
	struct conf_file first, second;
	struct str printed;

	conf_parse(a, text, &first);
	printed = conf_print(a, &first, NULL);
	conf_parse(a, printed, &second);
	ASSERT(second.problems.n == 0);
	ASSERT(str_eq(printed, conf_print(a, &second, NULL)));
}

static void round_trip_lines(struct arena *a, enum conf_shape shape, struct str text)
{
	const struct conf_lines kind = { shape, accept_all, accept_all };
	struct conf_entries first, second;
	struct str printed;

	conf_lines_parse(a, &kind, text, &first);
	printed = conf_lines_print(a, &kind, first.list.p, first.list.n);
	conf_lines_parse(a, &kind, printed, &second);
	ASSERT(second.problems.n == 0);
	ASSERT(str_eq(printed, conf_lines_print(a, &kind, second.list.p, second.list.n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 256u << 20);
	struct str text = { (const char *)data, size };

	if (size > 1024 * 1024)
		return 0;
	round_trip_sections(a, text);
	round_trip_lines(a, CONF_TABLE, text);
	round_trip_lines(a, CONF_LIST, text);
	return 0;
}
