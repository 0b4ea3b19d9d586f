/* Any bytes in place of what the child says: nothing but names and types comes out of it. */
#include "base/utf8.h"
#include "lib/archive/result.h"

enum { INPUTS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct archive_content *c)
{
	ASSERT(c->n_types <= ARCHIVE_TYPES_MAX && c->n_names <= ARCHIVE_FILES_MAX);
	for (size_t i = 0; i < c->n_types; i++) {
		ASSERT(c->types[i].n && c->types[i].n <= ARCHIVE_TYPE_MAX);
		for (size_t k = 0; k < c->types[i].n; k++)
			ASSERT(c->types[i].p[k] > ' ' && c->types[i].p[k] <= '~');
		for (size_t k = 0; k < i; k++)
			ASSERT(!str_eq(c->types[i], c->types[k]));
	}
	for (size_t i = 0; i < c->n_names; i++)
		ASSERT(c->names[i].n && utf8_valid(c->names[i]) && str_chr(c->names[i], 0) < 0);
	ASSERT(utf8_valid(c->problem));
	ASSERT(c->ms >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 256 << 20);
	struct archive_content out[INPUTS] = { 0 };
	struct result_used used = { 0 };
	size_t done;
	struct err e;

	if (result_read(a, (struct str){ (const char *)data, size }, out, INPUTS, &done, &used,
			&e) == 0)
		ASSERT(done <= INPUTS);
	for (size_t i = 0; i < INPUTS; i++)
		check(&out[i]);
	return 0;
}
