/* Any bytes as the record of a user: one that is understood is written again as it was. */
#include "gw/people/people_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *a;
	struct str record = { (const char *)data, size };
	struct people_user u;
	struct err ignored;
	struct buf b;

	if (!a)
		a = arena_open("people fuzz", 64u << 20);
	if (people_record_read(a, record, &u, &ignored) == 0) {
		buf_init(&b, a, PEOPLE_RECORD_MAX);
		people_record_add(&b, &u);
		ASSERT(str_eq(buf_str(&b), record));
	}
	arena_reset(a);
	return 0;
}
