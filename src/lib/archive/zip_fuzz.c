/* Any bytes as a zip file: two yes-or-no questions, and every walk through it ends. */
#include "base/err.h"
#include "lib/archive/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct str directory = zip_directory(bytes), name;
	size_t at = 0, next;

	if (zip_is_plain(bytes))
		ASSERT(size >= 22);
	while (zip_next_name(&directory, &name))
		ASSERT(name.p > bytes.p && name.p + name.n <= bytes.p + size);
	while ((next = zip_next(bytes, at)) < size) {
		ASSERT(next > at && str_starts(str_from(bytes, next), STR("PK\003\004")));
		at = next;
	}
	ASSERT(next == size);
	return 0;
}
