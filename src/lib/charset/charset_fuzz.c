/* The first line is a charset name, the rest text: the result is valid UTF-8 and not too long. */
#include "base/utf8.h"
#include "lib/charset/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str text = { (const char *)data, size }, name, out, back;
	size_t max = size % 7 ? size * 4 + 16 : size / 2;
	struct err e;

	name = str_cut(&text, '\n');
	out = charset_to_utf8(a, name, text, max);
	ASSERT(utf8_valid(out));
	ASSERT(out.n <= max);
	if (charset_from_utf8(a, name, out, size * 8 + 64, &back, &e) == 0)
		ASSERT(back.n <= size * 8 + 64);
	return 0;
}
