/* The first line is a pattern in Perl's syntax, the rest a subject. */
#include <stdint.h>

#include "lib/re/re.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATTERN_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", 64u << 20);
	struct str rest = { (const char *)data, size };
	struct str pattern = str_cut(&rest, '\n'), name;
	struct re_walk walk = { 0 };
	struct re_grams grams;
	struct re_caps caps;
	struct re *re;
	size_t group;
	struct err e;

	if (pattern.n > PATTERN_MAX || rest.n > PATTERN_MAX)
		return 0;
	if (re_compile_perl(a, pattern, 0, &re, &e) < 0)
		return 0;
	re_grams_init(&grams, a, rest.n);
	re_grams_add(&grams, rest);
	if (!re_possible(re, &grams) && re_match(re, rest) == RE_MATCH)
		__builtin_trap();
	walk.caps = &caps;
	for (int i = 0; i < 100 && re_next(re, rest, &walk) == RE_MATCH; i++)
		for (size_t k = 0; re_group_name(re, k, &name, &group); k++)
			re_group(&caps, rest, group);
	return 0;
}
