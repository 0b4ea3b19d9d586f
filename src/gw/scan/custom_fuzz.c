/* Any output of a custom check: nothing, or exactly one checked result. */
#include "gw/scan/custom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 16u << 20);
	struct str printed = { (const char *)data, size };
	struct custom_result r;
	struct err e;

	if (custom_parse(a, printed, &r, &e) < 0)
		return 0;
	ASSERT(str_starts(printed, STR("v1")));
	ASSERT(r.virus.n == 0 || r.score.n == 0);
	ASSERT(r.virus.n <= CUSTOM_VIRUS_MAX && r.score.n <= CUSTOM_SCORE_MAX);
	ASSERT(str_chr(r.virus, '\n') < 0 && str_chr(r.virus, '\0') < 0);
	return 0;
}
