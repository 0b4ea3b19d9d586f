/* Any text is a template that is printed or refused, in bounded time and memory. */
#include <stdint.h>

#include "lib/tmpl/tmpl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tmpl_value *variables(struct arena *a)
{
	struct tmpl_value *vars = tmpl_hash(a), *list = tmpl_list(a);

	tmpl_set_path(a, vars, "pmg.mail.relay", tmpl_text(a, STR("192.0.2.1")));
	tmpl_set_path(a, vars, "pmg.mail.tls", tmpl_int(a, 1));
	tmpl_set_path(a, vars, "name", tmpl_text(a, STR("a b<c")));
	tmpl_list_add(a, list, tmpl_int(a, 2));
	tmpl_list_add(a, list, tmpl_text(a, STR("x")));
	tmpl_hash_set(vars, STR("list"), list);
	return vars;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct tmpl_places places = { 0 };
	struct str out;
	struct tmpl *t;
	struct err e;

	if (size > 65536)
		return 0;
	if (tmpl_parse(a, STR("fuzz"), (struct str){ (const char *)data, size }, &t, &e) < 0 ||
	    tmpl_render(a, t, variables(a), NULL, &out, &places, &e) < 0)
		ASSERT(e.code == ERR_INVALID || e.code == ERR_LIMIT);
	else if (out.n)
		ASSERT(tmpl_place(&places, out, out.n - 1).line > 0);
	return 0;
}
