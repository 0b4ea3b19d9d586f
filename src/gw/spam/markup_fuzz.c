/* Any bytes as a mail from which SpamAssassin's markup is taken. */
#include <stdint.h>

#include "gw/spam/markup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str raw = { (const char *)data, size }, out;
	struct err e;

	ASSERT(spam_mail_header(raw).n <= raw.n);
	if (spam_markup_remove(a, raw, &out, &e) < 0)
		return 0;
	ASSERT(out.n <= raw.n + 1);
	return 0;
}
