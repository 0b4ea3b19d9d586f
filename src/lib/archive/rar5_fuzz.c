/* Any bytes as a RAR 5 archive; what cannot be one is fine. */
#include "base/err.h"
#include "lib/archive/rar5.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	enum rar5_state state = rar5_check(bytes);

	ASSERT(state == RAR5_FINE || str_starts(bytes, STR("Rar!\x1a\x07\x01")));
	return 0;
}
