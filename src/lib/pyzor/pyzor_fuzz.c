/* Any bytes as a text, as HTML, and as a packet from the server. */
#include <stdint.h>

#include "base/err.h"
#include "lib/pyzor/pyzor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str s = { (const char *)data, size };
	struct pyzor_text t = { .a = a };
	struct pyzor_answer answer;

	pyzor_add(&t, s, STR(""), false);
	pyzor_add(&t, s, STR("utf-8"), true);
	pyzor_add(&t, s, STR("koi8-r"), false);
	ASSERT(pyzor_digest(&t).n == PYZOR_DIGEST);
	if (pyzor_answer_read(s, 1024, &answer))
		ASSERT(answer.reported >= 0 && answer.welcome >= 0);
	return 0;
}
