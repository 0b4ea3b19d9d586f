/* Any bytes as winmail.dat: attachments are views into it, and there is an end to them. */
#include "base/err.h"
#include "lib/archive/tnef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 256 << 20);
	struct str bytes = { (const char *)data, size };
	struct tnef_file f;
	struct tnef t;
	size_t n = 0;

	tnef_open(&t, a, bytes);
	while (tnef_next(&t, &f)) {
		ASSERT(++n <= size);
		ASSERT(!f.data.n || (f.data.p >= bytes.p && f.data.p + f.data.n <= bytes.p + size));
		if (f.name.n)
			ASSERT(f.name.p[0]);
	}
	return 0;
}
