/*
 * Any text is a settings file: every member ends within the limits of its row, and what is printed
 * is accepted again. The tables beside it are read by the same text.
 */
#include <stdint.h>

#include "gw/cfg/lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void store_again(struct arena *a, const struct prop *p, void *record)
{
	struct str text = prop_print(a, p, record);
	struct err e;

	if (p->type == PROP_INT) {
		const int64_t *v = (const void *)((const char *)record + p->off);

		/* Without a default, 0 means that it is not set. */
		ASSERT((*v >= p->min && *v <= p->max) || (*v == 0 && !p->def));
		if (*v == 0 && !p->def)
			return;
	}
	if (text.p)
		ASSERT(prop_store(a, p, record, text, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 512u << 20);
	struct str text = { (const char *)data, size };
	struct conf_entries entries;
	struct cfg *c;

	if (size > CFG_FILE_MAX)
		return 0;
	c = cfg_parse(a, STR("pmg.conf"), text, 2000);
	for (const struct cfg_section *s = cfg_sections; s->name; s++)
		for (const struct prop *p = s->props; p->type != PROP_END; p++)
			store_again(a, p, (char *)c + s->off);
	for (size_t i = 0; i < c->problems.list.n; i++)
		ASSERT(cfg_problem_text(a, &c->problems.list.p[i]).n > 0);
	for (int i = 0; i < CFG_LIST_COUNT; i++)
		conf_lines_parse(a, cfg_list_kind((enum cfg_list)i), text, &entries);
	return 0;
}
