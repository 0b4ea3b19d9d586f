/* Any answer: a verdict with a name that can be logged, or an error. */
#include "lib/clamd/clamd_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str reply = { (const char *)data, size }, name;
	enum clamd_answer answer;
	struct err e;

	if (clamd_parse(reply, &answer, &name, &e) < 0)
		return 0;
	ASSERT((answer == CLAMD_CLEAN) == (name.n == 0));
	ASSERT(name.n <= CLAMD_REPLY_MAX && str_chr(name, '\n') < 0);
	ASSERT(answer != CLAMD_CLEAN || str_ends(reply, STR(": OK")));
	return 0;
}
